//! A token bucket: bursts up to a limit, and in the long run no more than a rate.
//!
//! # Problem
//!
//! A service that can do a thousand requests a second breaks at ten thousand. It has to refuse some,
//! or let them wait, and be exact about it: one who pays for a thousand gets a thousand, in bursts if
//! they like, and never more. The decision stands in the way of every request, so it has to be cheap,
//! and cheapest when the answer is no.
//!
//! # From Go
//!
//! The well-known form is a channel of tokens, filled by a ticker:
//!
//! ```go
//! tokens := make(chan struct{}, burst)
//! go func() {
//!     for range time.Tick(time.Second / rate) { // a slow receiver: ticks are dropped
//!         select { case tokens <- struct{}{}: default: }
//!     }                                         // never ends
//! }()
//! ```
//!
//! At 10 000 per second the timer cannot keep up, and most of the tokens never come. Every limiter
//! keeps a goroutine for ever, and a rate of zero divides by zero. `golang.org/x/time/rate` computes
//! the tokens from the time instead, under a mutex.
//!
//! # In Rust
//!
//! No task fills the bucket: how many tokens there are follows from the time, which comes from a
//! [`Clock`] that the caller may bring. So a limiter is a plain value, which owns nothing that has to be
//! stopped, and a test runs it through a day in a moment. What cannot be a rate is no [`Rate`]: the
//! error comes when it is made, not when it is used.
//!
//! # Invariants
//!
//! Time is counted in ticks of a sixteenth of a nanosecond. A token is worth so many ticks, its
//! *interval*; one word holds the tick at which the bucket will be full again (the "theoretical arrival
//! time" of the algorithm's inventors). The further ahead that is, the emptier the bucket. (A count of
//! tokens, exact and no float, the time of the last look and the rate under one lock keep everything
//! below as well, and pass; the word is what makes it fast.)
//!
//! | word | tokens |
//! |------|--------|
//! | now, or earlier | a full bucket, `burst` tokens |
//! | `k` intervals ahead of now | `burst - k`, and a part of one where `k` is not whole |
//! | `burst` intervals ahead of now | none |
//! | [`u64::MAX`] | the rate is being changed: whoever sees it waits for the end of that |
//!
//! - I1: the word is never more than `burst` intervals ahead of the clock of whoever moved it there, and
//!   every token moves it by one interval from now or from where it was, whichever is later. So in no
//!   stretch of time are more than `burst + rate × time` tokens taken, and none of those that came while
//!   there was room for them is lost.
//! - I2: the word only grows, also when the rate changes: who finds the word that it has seen finds
//!   everything as it has seen it. What a faster rate takes off the word is added to `shift`, which is
//!   added to every reading of the clock. (When the shift has come to two years it begins at zero
//!   again, and the word falls back by as much. To be deceived by that, one would have to read the
//!   word, sleep until it has grown by two years, and find it the same to the tick.)
//! - I3: the interval and the shift change only while the word is sealed. So one who has read the word,
//!   both of them, and the same word again, has read things that belong together.
//! - I4: a change of the rate keeps the tokens that there are, to the part, rounded down.
//! - I5: while somebody is in line, tokens are only taken by the first in line, all that it asked for at
//!   once. It takes them in its own poll, so nobody in line holds any.
//! - I6: the first in line sleeps until there is enough for it, by the rate that holds: after each change
//!   it is woken to look again.
//! - I7: a key of a [`KeyedLimiter`] is forgotten only when its bucket is full.
//!
//! # Cancellation and panics
//!
//! An `acquire` waits in line, and then, as the first, for time to pass. Dropped at either point it has
//! taken nothing, leaves the line, and the next becomes the first. While it is not polled, though its
//! time has come, those behind it wait.
//!
//! The clock and the wakers are the caller's, and neither is used under a lock. A clock that panics
//! leaves everything as it was; a waker that panics in `set_rate` leaves the new rate in force. A clock
//! that goes back gives no tokens twice: until it is where it was, there are fewer.
//!
//! # Cost
//!
//! `allow` reads the clock, and does one compare-and-swap if the answer is yes; a no writes nothing, so
//! that those who are refused do not slow each other down. The clock costs more than the rest: bring a
//! cheaper one where that counts. Nothing is allocated, nothing runs in the background. Waiting takes a
//! place in the line of a [semaphore](crate::semaphore), and one timer for all who wait: the first in
//! line's. What comes while a full bucket's first in line is still waking up is lost, so with a burst
//! of 1 and waits that are no longer than the runtime's timer is exact (a millisecond in tokio), those
//! who wait get less than the rate; a larger burst makes up for it.
//!
//! A word of 64 bits is good for 36 years of uptime, less the time in which the bucket fills, and
//! less two years if the rate changes. After that nothing is allowed any more.
//!
//! # See also
//!
//! 1. `governor`: the same algorithm, on whole nanoseconds. Rounds an interval down, so that it allows
//!    more than was asked, up to twice as much near a billion per second; neither keeps an order
//!    among those who wait, nor can its rate be changed.
//! 2. `tower::limit::RateLimit`: so many in a fixed window, so up to twice as many across its border.
//! 3. [Semaphore](crate::semaphore): where it matters how many run at once, not how often they start.
#![forbid(unsafe_code)]

mod bucket;
mod keyed;
mod rate;

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::num::NonZeroU32;
use std::pin::pin;
use std::task::{Poll, ready};
use std::time::Duration;

use loomscope::sync::Mutex;
use loomscope::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use loomscope::task::AtomicWaker;
use loomscope::time::Instant;
use solutions::semaphore::{Permit, Semaphore};

use bucket::{NEVER, Quota, SEALED, ticks_since};
pub use keyed::KeyedLimiter;
pub use loomscope::time::{Clock, ManualClock, SystemClock};
use rate::TICKS_PER_NANO;
pub use rate::{Rate, RateError};

/// A bucket of tokens that fills at a rate, up to a burst; it starts full.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::rate_limiter::{ManualClock, Rate, RateLimiter};
/// use std::num::NonZeroU32;
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let (rate, burst) = (Rate::per_second(2.0)?, NonZeroU32::new(3).unwrap());
/// let limiter = RateLimiter::with_clock(rate, burst, clock.clone());
/// assert_eq!([(); 4].map(|()| limiter.allow()), [true, true, true, false]);
/// clock.advance(Duration::from_millis(500));
/// assert_eq!([(); 2].map(|()| limiter.allow()), [true, false]);
/// # Ok::<(), patterns::rate_limiter::RateError>(())
/// ```
// ANCHOR: types
pub struct RateLimiter<C = SystemClock> {
    /// The tick at which the bucket will be full, or `SEALED`: see the table above.
    word: AtomicU64,
    /// The ticks that bring one token. Changes only while the word is sealed, and so does the shift.
    interval: AtomicU64,
    /// What is added to the ticks of the clock.
    shift: AtomicU64,
    burst: u32,
    /// Held by the one who changes the rate.
    changing: Mutex<()>,
    /// How many are in line, the first included.
    waiting: AtomicUsize,
    /// The line: its one permit is the first place, and whoever holds it is the first.
    turn: Semaphore,
    /// The waker of the first in line.
    first: AtomicWaker,
    start: Instant,
    clock: C,
}
// ANCHOR_END: types

impl RateLimiter {
    /// Makes a limiter with a full bucket of `burst` tokens.
    ///
    /// # Panics
    ///
    /// If at this rate the burst takes more than nine years to come back.
    pub fn new(rate: Rate, burst: NonZeroU32) -> Self {
        Self::with_clock(rate, burst, SystemClock)
    }
}

impl<C: Clock> RateLimiter<C> {
    /// Makes a limiter like [`new`](RateLimiter::new) that reads the time from `clock`, and waits by it.
    ///
    /// # Panics
    ///
    /// If at this rate the burst takes more than nine years to come back.
    pub fn with_clock(rate: Rate, burst: NonZeroU32, clock: C) -> Self {
        rate.assert_fills(burst.get());
        Self {
            word: AtomicU64::new(0),
            interval: AtomicU64::new(rate.interval()),
            shift: AtomicU64::new(0),
            burst: burst.get(),
            changing: Mutex::new(()),
            waiting: AtomicUsize::new(0),
            turn: Semaphore::new(1),
            first: AtomicWaker::new(),
            start: clock.now(),
            clock,
        }
    }

    /// Takes one token, if there is one and nobody waits.
    ///
    /// # Panics
    ///
    /// Where the clock does; nothing is taken then.
    #[inline]
    pub fn allow(&self) -> bool {
        self.try_take(1)
    }

    /// Takes `n` tokens, if there are so many and nobody waits; none is always to be had.
    ///
    /// # Errors
    ///
    /// [`BurstExceeded`] if a full bucket would not hold so many.
    ///
    /// # Panics
    ///
    /// Where the clock does; nothing is taken then.
    #[inline]
    pub fn allow_n(&self, n: u32) -> Result<bool, BurstExceeded> {
        self.check(n)?;
        Ok(n == 0 || self.try_take(n))
    }

    /// Waits in line for one token.
    ///
    /// The place in line is taken by the first poll, if it does not find a token.
    ///
    /// # Panics
    ///
    /// Where the clock does; nothing is taken then.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it has completed, the future has taken nothing, and leaves the line.
    pub async fn acquire(&self) {
        self.take_in_turn(1).await;
    }

    /// Waits in line for `n` tokens, all at once; none is always to be had.
    ///
    /// # Errors
    ///
    /// [`BurstExceeded`], at once, if a full bucket would not hold so many.
    ///
    /// # Panics
    ///
    /// Where the clock does; nothing is taken then.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_n(&self, n: u32) -> Result<(), BurstExceeded> {
        self.check(n)?;
        if n > 0 {
            self.take_in_turn(n).await;
        }
        Ok(())
    }

    /// Changes how fast tokens come from now on; the burst remains, and so do the tokens that there are.
    ///
    /// Whoever asks while this call runs is judged by the old rate or by the new one. The first in line
    /// looks again, and sleeps by the new rate.
    ///
    /// # Panics
    ///
    /// If at this rate the burst takes more than nine years to come back, or where the clock does:
    /// nothing has changed then. Where a waker does: the rate has changed.
    // ANCHOR: set_rate
    pub fn set_rate(&self, rate: Rate) {
        rate.assert_fills(self.burst);
        let now = self.ticks();
        let changing = self.changing.lock().expect("nothing panics under this lock");
        let word = self.word.swap(SEALED, Ordering::AcqRel);
        let interval = self.interval.load(Ordering::Relaxed);
        let shift = self.shift.load(Ordering::Relaxed);
        let owed = word.saturating_sub(now.saturating_add(shift));
        let owes = convert(owed, interval, rate.interval());
        // I2: the word grows, though less may be owed than before.
        let shift = shift.saturating_add(owed.saturating_sub(owes)).saturating_add(1);
        let shift = if shift > MOST_SHIFT { 0 } else { shift };
        // Release, all three: pairs with the Acquires of `look`. Who sees one of the first two and then
        // looks at the word sees that it was sealed; who sees the new word sees both of them.
        self.interval.store(rate.interval(), Ordering::Release);
        self.shift.store(shift, Ordering::Release);
        let word = now.saturating_add(shift).saturating_add(owes).min(SEALED - 1);
        self.word.store(word, Ordering::Release);
        drop(changing);
        self.first.wake();
    }
    // ANCHOR_END: set_rate

    /// Returns how many tokens there are. While somebody waits they are not to be had: they are kept for
    /// the first in line.
    pub fn available(&self) -> u32 {
        let now = self.ticks();
        let (word, quota, shift) = self.look();
        quota.available(word, now.saturating_add(shift))
    }

    /// Returns how many are in line.
    pub fn waiting(&self) -> usize {
        // Relaxed: nothing is read because of it; one who joins at this moment counts or does not.
        self.waiting.load(Ordering::Relaxed)
    }

    fn check(&self, n: u32) -> Result<(), BurstExceeded> {
        if n > self.burst { Err(BurstExceeded { asked: n, burst: self.burst }) } else { Ok(()) }
    }

    #[inline]
    fn ticks(&self) -> u64 {
        ticks_since(self.start, &self.clock)
    }

    /// Takes tokens without waiting. The clock is read before the look at the line: a token that comes
    /// after somebody has joined is not there yet.
    #[inline]
    fn try_take(&self, n: u32) -> bool {
        let now = self.ticks();
        self.waiting() == 0 && self.take(n, now).is_ok()
    }

    /// Takes `n` tokens of those that there are at the tick `now`; or says when there will be enough.
    // ANCHOR: take
    #[inline]
    fn take(&self, n: u32, now: u64) -> Result<(), u64> {
        loop {
            let (word, quota, shift) = self.look();
            let next = quota
                .spend(word, now.saturating_add(shift), n)
                .map_err(|at| if at == NEVER { at } else { at - shift })?;
            // Relaxed: a token carries nothing with it, and I2 says that what was read still holds.
            let swap =
                self.word.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed);
            if swap.is_ok() {
                return Ok(());
            }
        }
    }
    // ANCHOR_END: take

    /// Reads the word, and the rate and the shift that belong to it. Writes nothing.
    // ANCHOR: look
    #[inline]
    fn look(&self) -> (u64, Quota, u64) {
        loop {
            // Acquire, all three: see `set_rate`.
            let word = self.word.load(Ordering::Acquire);
            let interval = self.interval.load(Ordering::Acquire);
            let shift = self.shift.load(Ordering::Acquire);
            // Relaxed: had one of the two been new, this would be later than the seal.
            if word == SEALED {
                drop(self.changing.lock());
            } else if self.word.load(Ordering::Relaxed) == word {
                return (word, Quota { interval, burst: self.burst }, shift);
            }
        }
    }
    // ANCHOR_END: look

    /// Takes tokens at once, or in line.
    // ANCHOR: take_in_turn
    async fn take_in_turn(&self, n: u32) {
        if !self.try_take(n) {
            let _place = Place::take(&self.waiting);
            let turn = self.turn.acquire().await.expect("nobody closes the line");
            let _first = First { waker: &self.first, _turn: turn };
            self.take_as_first(n).await;
        }
    }

    /// Sleeps until there is enough, or the rate changes, and looks again.
    async fn take_as_first(&self, n: u32) {
        let mut sleeps_until = None;
        let mut sleep = pin!(None);
        poll_fn(|context| {
            // I6: first the waker, then the look. A change of the rate after the look finds the waker.
            self.first.register(context.waker());
            let Err(at) = self.take(n, self.ticks()) else {
                return Poll::Ready(());
            };
            if sleeps_until != Some(at) {
                sleeps_until = Some(at);
                sleep.set(self.instant(at).map(|at| self.clock.sleep_until(at)));
            }
            // Beyond the end of the clock: only another rate can help.
            let Some(timer) = sleep.as_mut().as_pin_mut() else {
                return Poll::Pending;
            };
            ready!(timer.poll(context));
            // It has just passed, or the timer is ahead of the clock: let others run, and look again.
            sleeps_until = None;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
    // ANCHOR_END: take_in_turn

    /// When the clock will show so many ticks, if it ever can.
    fn instant(&self, ticks: u64) -> Option<Instant> {
        if ticks == NEVER {
            return None;
        }
        self.start.checked_add(Duration::from_nanos(ticks.div_ceil(TICKS_PER_NANO)))
    }
}

impl<C: Clock> fmt::Debug for RateLimiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("available", &self.available())
            .field("waiting", &self.waiting())
            .finish()
    }
}

/// How far the clock is shifted at the most, in ticks: two years.
const MOST_SHIFT: u64 = 1 << 60;

/// Ticks of one rate in those of another, in which they are worth no more tokens.
fn convert(ticks: u64, from: u64, to: u64) -> u64 {
    let ticks = (u128::from(ticks) * u128::from(to)).div_ceil(u128::from(from));
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// A place in line, until it is dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The first in line, until it is dropped.
struct First<'a> {
    waker: &'a AtomicWaker,
    /// Dropped last: then the next becomes the first, and brings its own waker.
    _turn: Permit<'a>,
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        drop(self.waker.take());
    }
}

/// More tokens were asked for than a full bucket holds: there will never be so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstExceeded {
    /// How many were asked for.
    pub asked: u32,
    /// How many a full bucket holds.
    pub burst: u32,
}

impl fmt::Display for BurstExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens were asked for, and the burst is {}", self.asked, self.burst)
    }
}

impl Error for BurstExceeded {}
