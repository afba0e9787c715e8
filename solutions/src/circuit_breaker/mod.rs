//! A service that keeps failing is left alone for a while, then tried with a few calls.
//!
//! # Problem
//!
//! A service is down. Every call to it waits for its time-out, holds memory and connections
//! meanwhile, and hits the service again just when it tries to come back. After a few failures it is
//! better not to call at all: fail at once, say when to come back, and let a few calls find out
//! whether the service is well again.
//!
//! # From Go
//!
//! The usual form is a lock around a state and a counter, taken before the call and after it:
//!
//! ```go
//! if err := b.admit(); err != nil {  // locks, looks at the state and the clock, unlocks
//!     return err
//! }
//! err := fn(ctx)
//! b.report(err)                      // locks, counts, perhaps changes the state, unlocks
//! return err
//! ```
//!
//! Between the two the state may have changed, and more than once; `report` takes the result for one
//! of the state that it finds. If `fn` panics, `report` never runs.
//!
//! # In Rust
//!
//! The right to one call is a value, a [`Permit`], and its result is told by consuming it: nobody
//! tells two results, or one without a right to call. Whoever is cancelled drops the permit, and
//! that is a third answer besides success and failure. The permit remembers the word that it was
//! given under, which is all that it takes to tell an old result from a new one.
//!
//! # Invariants
//!
//! One word holds the state, in two bits, and the era above them. Every change of state begins a new
//! era. The word is read by everyone, and written under the lock only.
//!
//! | state     | bits | who is let through                          | it ends with                      |
//! |-----------|------|---------------------------------------------|-----------------------------------|
//! | closed    | `00` | everyone                                    | too many failures: open           |
//! | open      | `01` | nobody; after the cooldown the first caller | that caller: half-open            |
//! | half-open | `10` | `probes` callers                            | the last success that is wanted: closed; the first failure: open |
//!
//! - I1: no two eras have the same word: each change adds one to the era. (62 bits last for 146 years
//!   of a change every nanosecond, so it never comes round.)
//! - I2: a result counts only if the word is still the one that its permit was given under.
//! - I3: in a half-open era the probes that are out, those that have succeeded and the free places
//!   add up to `probes`.
//! - I4: a half-open era closes with its last place's success, and opens with its first failure, for
//!   a whole cooldown from then.
//! - I5: a closed era opens with the failure that makes `failure_threshold` of them in this era,
//!   the first and the last no further apart than the window.
//! - I6: while it is closed, letting a call through and hearing of its success write nothing and read
//!   no clock.
//! - I7: a permit is settled once: as a success, as a failure, or as neither, which gives the place of
//!   a probe back.
//!
//! # Cancellation and panics
//!
//! A call that is dropped, at whatever await, counts as neither, and a probe's place is free again.
//! A call whose operation panics has failed: while it makes the future, in a poll, or while its result
//! is judged; the panic goes on. Whose panic it was is seen where it passes, so a call that is dropped
//! because a neighbour panicked is a cancelled call. A bare [`Permit`] cannot see that much: dropped
//! in a thread that unwinds, it counts as a failure.
//!
//! No user code runs under the lock; the clock, which may be the user's, is read before it is taken.
//! If the clock panics while a failure is told, that is not counted: the call has been given up.
//!
//! # Cost
//!
//! Closed and well: one read of a word that nobody writes, so that callers on several cores do not
//! disturb each other. Open: two reads and the clock. A failure, a probe, and a caller that finds all
//! probes out: the clock and a short lock. Memory: a queue of eight bytes for each failure in the
//! window, at most `failure_threshold` of them; it grows by doubling, and does not shrink again.
//! Nothing is allocated while all is well.
//!
//! # See also
//!
//! 1. `failsafe`: other policies (success rates, growing delays), and hooks for metrics. It locks for
//!    every call, and once the cooldown is over it lets everyone through until one fails.
//! 2. `recloser`: error rates over the last so many calls. Every result is written to a ring that all
//!    callers share, under a spin lock. Half-open it lets everyone through as well.
//! 3. `tower`'s load shedding and a bulkhead (a semaphore): they limit how much you call a service,
//!    and learn nothing from its answers.
#![forbid(unsafe_code)]

mod builder;
mod call;
mod ledger;
mod permit;
mod word;

use std::error::Error;
use std::fmt;
use std::mem;

use loomscope::sync::atomic::{AtomicU64, Ordering};
use loomscope::sync::{Mutex, MutexGuard};
use loomscope::time::{Duration, Instant};

pub use builder::Builder;
pub use loomscope::time::{Clock, ManualClock, SystemClock};
pub use permit::Permit;
pub use word::State;

use builder::{Limits, nanos};
use ledger::Ledger;
use permit::End;
use word::Word;

/// Lets calls to a service through while it is well, and rejects them for a while when it is not.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::circuit_breaker::{CallError, CircuitBreaker, State};
/// use std::num::NonZeroU32;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let breaker = CircuitBreaker::builder().failure_threshold(NonZeroU32::MIN).build();
/// let failed = breaker.call(|| async { Err::<(), _>("no route to host") }).await;
/// assert_eq!(failed, Err(CallError::Inner("no route to host")));
///
/// let rejected = breaker.call(|| async { Ok::<_, &str>("never called") }).await;
/// assert!(matches!(rejected, Err(CallError::Open { .. })));
/// assert_eq!(breaker.state(), State::Open);
/// # }
/// ```
pub struct CircuitBreaker<C: Clock = SystemClock> {
    /// State and era: see the table above. Written under the lock only.
    word: AtomicU64,
    /// When the cooldown is over: in nanoseconds since the start, as all times here. Written under
    /// the lock, before the word that says open.
    until: AtomicU64,
    /// When the breaker was made. Times since then are numbers, which fit an atomic and do not
    /// overflow.
    start: Instant,
    clock: C,
    limits: Limits,
    /// What the current era has seen.
    ledger: Mutex<Ledger>,
}

impl CircuitBreaker {
    /// A builder with the defaults: five failures within ten seconds open the breaker for five
    /// seconds; then one probe decides. By the system's clock.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl<C: Clock> CircuitBreaker<C> {
    fn new(clock: C, limits: Limits) -> Self {
        Self {
            word: AtomicU64::new(Word::FIRST.bits()),
            until: AtomicU64::new(0),
            start: clock.now(),
            clock,
            limits,
            ledger: Mutex::default(),
        }
    }

    /// Asks for the right to make one call.
    ///
    /// For calls that are not a future; else [`call`](Self::call) is more convenient, and hears of
    /// panics more exactly. Who is let through after a probe's success sees what that probe did.
    ///
    /// # Errors
    ///
    /// [`Open`] if the breaker is open, or half-open and all its probes are taken.
    // ANCHOR: permit
    #[inline]
    pub fn permit(&self) -> Result<Permit<'_, C>, Open> {
        // Acquire: pairs with the Release of `turn`. Who finds it closed sees what the last probe
        // did, and who finds it open sees until when.
        let word = Word::from_bits(self.word.load(Ordering::Acquire));
        if word.state() == State::Closed {
            return Ok(Permit::new(self, word));
        }
        self.knock(word)
    }
    // ANCHOR_END: permit

    /// The state as it is now.
    ///
    /// An open breaker whose cooldown is over stays open until the next caller, who is its first
    /// probe.
    pub fn state(&self) -> State {
        self.word().state()
    }

    /// Asks at a breaker that was not closed a moment ago.
    // ANCHOR: knock
    #[cold]
    fn knock(&self, seen: Word) -> Result<Permit<'_, C>, Open> {
        let now = self.now();
        if seen.state() == State::Open {
            // Almost everyone is sent away here, without the lock.
            self.cooldown_is_over(now)?;
        }
        let mut ledger = self.ledger();
        let mut word = self.word();
        if word.state() == State::Open {
            self.cooldown_is_over(now)?;
            ledger.begin_probing(&self.limits);
            word = self.turn(State::HalfOpen);
        }
        if word.state() == State::HalfOpen && !ledger.take_place() {
            // It may change at any moment: the probes decide.
            return Err(Open { retry_in: Duration::ZERO });
        }
        Ok(Permit::new(self, word))
    }
    // ANCHOR_END: knock

    fn cooldown_is_over(&self, now: u64) -> Result<(), Open> {
        // Relaxed: at least as new as the word that was read before, with Acquire or under the lock.
        // If it is newer, then the breaker has opened once more, and the answer is right for that.
        match self.until.load(Ordering::Relaxed).saturating_sub(now) {
            0 => Ok(()),
            rest => Err(Open { retry_in: Duration::from_nanos(rest) }),
        }
    }

    /// Hears how the call ended whose permit was given under `word`.
    #[inline]
    fn settle(&self, word: Word, end: End) {
        // I6: while it is closed, only a failure is news.
        if word.state() != State::Closed || end == End::Failure {
            self.note(word, end);
        }
    }

    // ANCHOR: note
    #[cold]
    fn note(&self, word: Word, end: End) {
        let now = if end == End::Failure { self.time_of_failure(word) } else { 0 };
        let mut ledger = self.ledger();
        if word != self.word() {
            return; // I2
        }
        match (word.state(), end) {
            (State::Closed, End::Failure) => {
                if ledger.is_one_too_many(now, &self.limits) {
                    self.open(now);
                }
            }
            (State::HalfOpen, End::Success) => {
                if ledger.is_last_success() {
                    self.turn(State::Closed);
                }
            }
            (State::HalfOpen, End::Failure) => self.open(now),
            (State::HalfOpen, End::Neither) => ledger.give_place_back(),
            // The first two were no news, and no permit is given while it is open.
            (State::Closed, End::Success | End::Neither) | (State::Open, _) => {}
        }
    }
    // ANCHOR_END: note

    /// The time, for a permit that is told as a failure. If the clock panics its place comes back.
    fn time_of_failure(&self, word: Word) -> u64 {
        let unheard = Unheard(self, word);
        let now = self.now();
        mem::forget(unheard);
        now
    }

    /// Opens for a whole cooldown; under the lock.
    fn open(&self, now: u64) {
        // Relaxed: the Release of `turn` publishes it.
        self.until.store(now.saturating_add(self.limits.cooldown), Ordering::Relaxed);
        self.turn(State::Open);
    }

    /// Begins a new era; under the lock.
    fn turn(&self, state: State) -> Word {
        let word = self.word().next(state);
        // Release: pairs with the Acquire of `permit`. The probe that closes comes from the lock, and
        // so do those before it: what they did is published as well.
        self.word.store(word.bits(), Ordering::Release);
        word
    }

    /// The word, which does not change under the lock.
    fn word(&self) -> Word {
        // Relaxed: the lock has it in order, and `state` says no more than the word.
        Word::from_bits(self.word.load(Ordering::Relaxed))
    }

    /// The time. Never under the lock: the clock may be the user's.
    fn now(&self) -> u64 {
        nanos(self.clock.now().saturating_duration_since(self.start))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nothing panics under this lock: no user code runs there")
    }
}

/// A failure that is not heard of, because the clock has panicked.
struct Unheard<'a, C: Clock>(&'a CircuitBreaker<C>, Word);

impl<C: Clock> Drop for Unheard<'_, C> {
    fn drop(&mut self) {
        self.0.settle(self.1, End::Neither);
    }
}

impl<C: Clock> fmt::Debug for CircuitBreaker<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// The breaker lets no call through now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// No call is let through before so much time has passed: the rest of the cooldown. Zero where
    /// all probes are taken: it is they who decide, at any moment, so wait as long as you see fit.
    pub retry_in: Duration,
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the circuit is open, retry in {:?}", self.retry_in)
    }
}

impl Error for Open {}

/// Why a call has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallError<E> {
    /// The breaker did not let it through: the operation was not called.
    Open {
        /// As [`Open::retry_in`].
        retry_in: Duration,
    },
    /// The operation's own error.
    Inner(E),
}

impl<E> From<Open> for CallError<E> {
    fn from(open: Open) -> Self {
        Self::Open { retry_in: open.retry_in }
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { retry_in } => Open { retry_in: *retry_in }.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open { .. } => None,
            // It is shown as this error is, so what comes next is its own source.
            Self::Inner(error) => error.source(),
        }
    }
}
