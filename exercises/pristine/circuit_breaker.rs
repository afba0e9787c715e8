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

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;

use loomscope::time::Duration;

pub use loomscope::time::{Clock, ManualClock, SystemClock};

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
    clock: C,
}

impl CircuitBreaker {
    /// A builder with the defaults: five failures within ten seconds open the breaker for five
    /// seconds; then one probe decides. By the system's clock.
    pub fn builder() -> Builder {
        todo!("start from the defaults: where do they live, so that the setters can change them?")
    }
}

impl<C: Clock> CircuitBreaker<C> {
    /// Asks for the right to make one call.
    ///
    /// For calls that are not a future; else [`call`](Self::call) is more convenient, and hears of
    /// panics more exactly. Who is let through after a probe's success sees what that probe did.
    ///
    /// # Errors
    ///
    /// [`Open`] if the breaker is open, or half-open and all its probes are taken.
    pub fn permit(&self) -> Result<Permit<'_, C>, Open> {
        todo!(
            "let a call through, or say when to come back: what must be read, and by whom can it change before you act on it?"
        )
    }

    /// The state as it is now.
    ///
    /// An open breaker whose cooldown is over stays open until the next caller, who is its first
    /// probe.
    pub fn state(&self) -> State {
        todo!("say the state: is the clock needed for that?")
    }

    /// Calls `op` if the breaker lets it through; every error is a failure.
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if it was not let through, and then `op` was not called;
    /// [`CallError::Inner`] with the operation's own error.
    ///
    /// # Panics
    ///
    /// If `op` or its future does, which counts as a failure.
    ///
    /// # Cancel safety
    ///
    /// Nothing is asked before the first poll. Dropped after it, the call is given up: it counts as
    /// neither success nor failure, and a probe's place is free again.
    ///
    /// # Examples
    ///
    /// ```
    /// # use solutions as patterns;
    /// use patterns::circuit_breaker::{CallError, CircuitBreaker};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let breaker = CircuitBreaker::builder().build();
    /// match breaker.call(|| async { "42".parse::<u32>() }).await {
    ///     Ok(number) => assert_eq!(number, 42),
    ///     Err(CallError::Open { retry_in }) => println!("come back in {retry_in:?}"),
    ///     Err(CallError::Inner(error)) => println!("{error}"),
    /// }
    /// # }
    /// ```
    pub async fn call<T, E, F, Fut>(&self, op: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        todo!(
            "this is the case in which every error is a failure: which of the two is the general one?"
        )
    }

    /// Calls `op` like [`call`](Self::call); `is_failure` says which results speak against the service.
    ///
    /// An error that is no failure counts as a success: a service that finds nothing under a name has
    /// answered. And a value may be a failure: a response that says "overloaded".
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    ///
    /// # Panics
    ///
    /// If `op`, its future or `is_failure` does, which counts as a failure.
    ///
    /// # Cancel safety
    ///
    /// As [`call`](Self::call).
    ///
    /// # Examples
    ///
    /// ```
    /// # use solutions as patterns;
    /// use patterns::circuit_breaker::{CircuitBreaker, State};
    /// use std::num::NonZeroU32;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let breaker = CircuitBreaker::builder().failure_threshold(NonZeroU32::MIN).build();
    /// let server_error = |status: &Result<u16, String>| !matches!(status, Ok(..500));
    ///
    /// let _not_found = breaker.call_with(|| async { Ok(404) }, server_error).await;
    /// assert_eq!(breaker.state(), State::Closed);
    /// let _unavailable = breaker.call_with(|| async { Ok(503) }, server_error).await;
    /// assert_eq!(breaker.state(), State::Open);
    /// # }
    /// ```
    pub async fn call_with<T, E, F, Fut, P>(&self, op: F, is_failure: P) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        P: FnOnce(&Result<T, E>) -> bool,
    {
        todo!(
            "permit, operation, judgement, result: where can this future be dropped, and where can it panic?"
        )
    }
}

impl<C: Clock> fmt::Debug for CircuitBreaker<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// How a breaker treats its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All is well: everyone is let through.
    Closed,
    /// There were too many failures: nobody is let through before the cooldown is over.
    Open,
    /// The cooldown is over: a few probes are let through, and decide.
    HalfOpen,
}

/// How a breaker is to behave; made by [`CircuitBreaker::builder`](CircuitBreaker::builder).
///
/// Times of more than 584 years count as 584 years.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::circuit_breaker::CircuitBreaker;
/// use std::num::NonZeroU32;
/// use std::time::Duration;
///
/// let breaker = CircuitBreaker::builder()
///     .failure_threshold(NonZeroU32::new(3).unwrap())
///     .window(Duration::from_secs(60))
///     .cooldown(Duration::from_secs(30))
///     .probes(NonZeroU32::new(2).unwrap())
///     .build();
/// # let _ = breaker;
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder makes nothing until `build`"]
pub struct Builder<C: Clock = SystemClock> {
    clock: C,
}

impl<C: Clock> Builder<C> {
    /// So many failures within the window open the breaker. A success takes none of them back.
    pub fn failure_threshold(self, failures: NonZeroU32) -> Self {
        todo!("keep the number: what will it be compared with, and when?")
    }

    /// A failure counts together with those that follow it by no more than this.
    pub fn window(self, window: Duration) -> Self {
        todo!("keep the time: does a failure of just this age still count?")
    }

    /// How long it rejects every call when it has opened.
    pub fn cooldown(self, cooldown: Duration) -> Self {
        todo!("keep the time: what if it is so long that adding it to now overflows?")
    }

    /// So many calls are let through when the cooldown is over, at once or one after the other. If
    /// all of them succeed it closes; the first that fails opens it for another cooldown.
    pub fn probes(self, probes: NonZeroU32) -> Self {
        todo!("keep the number: does it limit those at work, or all that are let through?")
    }

    /// Reads the time from `clock`.
    pub fn with_clock<D: Clock>(self, clock: D) -> Builder<D> {
        todo!("take all other numbers along: what changes in the type?")
    }

    /// Makes a breaker, which is closed.
    pub fn build(self) -> CircuitBreaker<C> {
        todo!(
            "make a closed breaker: which of its parts does everyone read, and which only those who fail or try?"
        )
    }
}

/// The right to make one call, which is over when its result is told.
///
/// What is told counts only in the era in which the permit was given: the result of a call that
/// began before the breaker changed its state is ignored.
///
/// Dropped, it counts as neither success nor failure, and a probe's place is free again; dropped in a
/// thread that unwinds, it counts as a failure. A permit that is leaked keeps its place for ever.
#[must_use = "a permit that is dropped at once is a call that was given up"]
pub struct Permit<'a, C: Clock = SystemClock> {
    breaker: &'a CircuitBreaker<C>,
}

impl<C: Clock> Permit<'_, C> {
    /// Tells that the service did what it was called for.
    pub fn success(self) {
        todo!("tell the breaker: is this a success of the state that it is in now?")
    }

    /// Tells that the service failed.
    pub fn failure(self) {
        todo!(
            "tell the breaker: is this a failure of the state that it is in now, and is it one too many?"
        )
    }
}

impl<C: Clock> Drop for Permit<'_, C> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<C: Clock> fmt::Debug for Permit<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
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
