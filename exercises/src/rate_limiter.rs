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

use std::borrow::Borrow;
use std::error::Error;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

pub use loomscope::time::{Clock, ManualClock, SystemClock};

/// How many tokens come in how much time: from one in nine years to one in a nanosecond.
///
/// What cannot be represented is rounded towards fewer tokens, by less than one part in 16 000 at a
/// million per second, and in proportion: less below, more above. It is exact where the time of one
/// token is a whole number of sixteenths of a nanosecond, as with 1000, 16 or 0.25 per second.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::rate_limiter::{Rate, RateError};
/// use std::time::Duration;
///
/// assert_eq!(Rate::per_second(5.0), Rate::new(300, Duration::from_secs(60)));
/// assert_eq!(Rate::per_second(0.0), Err(RateError::NotPositive));
/// assert_eq!(Rate::new(1, Duration::ZERO), Err(RateError::NotFinite));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    // Your fields: in which unit is a rate exact enough, and which way do you round?
}

impl Rate {
    /// A rate of so many tokens per second.
    ///
    /// # Errors
    ///
    /// [`RateError`]: zero, negative, infinite or no number at all, below one token in nine years (which
    /// all subnormal numbers are), or above a billion per second.
    pub fn per_second(tokens: f64) -> Result<Self, RateError> {
        todo!("refuse what is no rate: which floats are neither below, above nor equal to another?")
    }

    /// A rate of `tokens` per `time`, evenly spread.
    ///
    /// # Errors
    ///
    /// [`RateError`], as [`per_second`](Self::per_second): no tokens are not positive, no time is not
    /// finite.
    pub fn new(tokens: u32, time: Duration) -> Result<Self, RateError> {
        todo!("compute what one token costs: is a token that comes a little early one too many?")
    }
}

/// Why a rate is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateError {
    /// Zero, or less: nothing would ever be allowed.
    NotPositive,
    /// Infinite, or not a number: nothing would be limited.
    NotFinite,
    /// Less than one token in nine years.
    TooSlow,
    /// More than one token in a nanosecond.
    TooFast,
}

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPositive => "a rate must be positive",
            Self::NotFinite => "a rate must be finite",
            Self::TooSlow => "a rate must bring a token in nine years",
            Self::TooFast => "a rate must be at most a billion tokens per second",
        })
    }
}

impl Error for RateError {}

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
pub struct RateLimiter<C = SystemClock> {
    // Your fields: what has to be known to tell how many tokens there are now?
    clock: C,
}

impl RateLimiter {
    /// Makes a limiter with a full bucket of `burst` tokens.
    ///
    /// # Panics
    ///
    /// If at this rate the burst takes more than nine years to come back.
    pub fn new(rate: Rate, burst: NonZeroU32) -> Self {
        todo!("take the system's clock: what is a test going to take?")
    }
}

impl<C: Clock> RateLimiter<C> {
    /// Makes a limiter like [`new`](RateLimiter::new) that reads the time from `clock`, and waits by it.
    ///
    /// # Panics
    ///
    /// If at this rate the burst takes more than nine years to come back.
    pub fn with_clock(rate: Rate, burst: NonZeroU32, clock: C) -> Self {
        todo!("start with a full bucket: what time is it, and who will ask that again?")
    }

    /// Takes one token, if there is one and nobody waits.
    ///
    /// # Panics
    ///
    /// Where the clock does; nothing is taken then.
    pub fn allow(&self) -> bool {
        todo!(
            "take a token if there is one: how many have come since the last look, and what if two look at once?"
        )
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
    pub fn allow_n(&self, n: u32) -> Result<bool, BurstExceeded> {
        todo!("take all of them or none: which requests can never be met?")
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
        todo!("wait for a token: who is before you, and when will it be there?")
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
        todo!(
            "wait for all of them: what happens to your place, and to what you hold, if you are dropped?"
        )
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
    pub fn set_rate(&self, rate: Rate) {
        todo!("keep what has come, change what will: who sleeps by the old rate?")
    }

    /// Returns how many tokens there are. While somebody waits they are not to be had: they are kept for
    /// the first in line.
    pub fn available(&self) -> u32 {
        todo!("count the whole tokens: does that need a write?")
    }

    /// Returns how many are in line.
    pub fn waiting(&self) -> usize {
        todo!(
            "count those in line: is the one whose time has come, but who was not polled since, still in it?"
        )
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

/// A token bucket for each key, with room for a fixed number of keys.
///
/// A key that is not known has a full bucket, so one that has been idle until its bucket was full can
/// be forgotten, and nobody can tell. Only such keys are: whatever other keys do, no key is ever
/// allowed more than its burst and its rate. Where there is no room and nothing to forget, newcomers
/// share one bucket of the same rate (one in each part of the table) until there is, and who comes
/// then starts with what is in it; the keys that are known keep their own. That does not happen
/// while, in the time in which a bucket fills, no more keys come than half of the capacity, evenly
/// spread over the parts: at most 16 of them, of 64 keys or more.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::rate_limiter::{KeyedLimiter, Rate};
/// use std::num::{NonZeroU32, NonZeroUsize};
///
/// let (burst, capacity) = (NonZeroU32::new(2).unwrap(), NonZeroUsize::new(10_000).unwrap());
/// let limiter = KeyedLimiter::<String>::new(Rate::per_second(0.1)?, burst, capacity);
/// assert_eq!([(); 3].map(|()| limiter.allow("ann")), [true, true, false]);
/// assert!(limiter.allow("bob"));
/// # Ok::<(), patterns::rate_limiter::RateError>(())
/// ```
pub struct KeyedLimiter<K, C = SystemClock> {
    // Your fields: what is kept of each key, and when may it be thrown away?
    keys: PhantomData<fn(K) -> K>,
    clock: C,
}

impl<K> KeyedLimiter<K> {
    /// Makes a limiter that knows at most `capacity` keys at a time.
    ///
    /// # Panics
    ///
    /// If at this rate the burst takes more than nine years to come back.
    pub fn new(rate: Rate, burst: NonZeroU32, capacity: NonZeroUsize) -> Self {
        todo!("take the system's clock, as above")
    }
}

impl<K, C: Clock> KeyedLimiter<K, C> {
    /// Makes a limiter like [`new`](KeyedLimiter::new) that reads the time from `clock`.
    ///
    /// # Panics
    ///
    /// If at this rate the burst takes more than nine years to come back.
    pub fn with_clock(rate: Rate, burst: NonZeroU32, capacity: NonZeroUsize, clock: C) -> Self {
        todo!("start without keys: how many of them will you have to lock for one?")
    }

    /// Returns how many keys are known: never more than the capacity.
    pub fn len(&self) -> usize {
        todo!("count the keys that are known: can it ever be more than the capacity?")
    }

    /// Returns whether no key is known.
    pub fn is_empty(&self) -> bool {
        todo!("say whether no key is known")
    }
}

impl<K: Hash + Eq, C: Clock> KeyedLimiter<K, C> {
    /// Takes one token of the key's bucket, if there is one.
    ///
    /// # Panics
    ///
    /// Where `Hash`, `Eq` or `Clone` of the key does, or the clock; nothing is taken then. They must not
    /// use this limiter, or it may wait for ever.
    pub fn allow<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        todo!(
            "find the key's bucket or make one: what if there is no room, and whom may you forget?"
        )
    }

    /// Takes `n` tokens of the key's bucket, if there are so many; none is always to be had.
    ///
    /// # Errors
    ///
    /// [`BurstExceeded`] if a full bucket would not hold so many.
    ///
    /// # Panics
    ///
    /// As [`allow`](Self::allow).
    pub fn allow_n<Q>(&self, key: &Q, n: u32) -> Result<bool, BurstExceeded>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        todo!("take all of them or none of the key's bucket")
    }
}
