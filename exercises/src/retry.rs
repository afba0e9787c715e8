//! Try again: after waits that grow, as often as it makes sense, and no longer than anybody waits.
//!
//! # Problem
//!
//! A connection breaks, a server is restarted, a lock is held by another: a moment later the same call
//! would succeed. Who tries again at once, and all with him, keeps the server down that was about to
//! recover; who tries for ever answers a caller that has long gone; who tries again what can never
//! succeed wastes everybody's time. And a layer that tries three times above one that tries three
//! times makes nine calls of one, just when there is nobody to take them.
//!
//! # From Go
//!
//! Go has no retry in its library. Everyone has written this loop:
//!
//! ```go
//! for attempt := 1; ; attempt++ {
//!     err := call(ctx)
//!     if err == nil || !isTransient(err) || attempt == limit {
//!         return err
//!     }
//!     select {
//!     case <-time.After(base << (attempt - 1)): // past 63 doublings: no wait at all
//!     case <-ctx.Done():
//!         return ctx.Err()                      // what had failed is forgotten
//!     }
//! }
//! ```
//!
//! # In Rust
//!
//! An attempt is a future: where the token is cancelled it is dropped, whether or not it looks at a
//! token itself. Whether a failure is worth another attempt is part of its type, [`Retry`], so nobody
//! can forget to say it. A limit of zero attempts, which would succeed without having done anything,
//! is no [`NonZeroU32`](std::num::NonZeroU32). The error owns the last failure.
//!
//! # Invariants
//!
//! - I1: attempts come one after the other, the first is number 1, and there are no more than the
//!   policy allows. A success, a permanent failure and a panic are the last.
//! - I2: the wait after attempt `n` is `base × 2^(n-1)` or `cap`, whichever is less. Jitter never
//!   takes it above `cap`, and no `n` overflows. A hint comes on top, and is never cut short.
//! - I3: under a cancelled token no attempt begins and none goes on, no wait begins and none goes on;
//!   nor does a wait begin that ends no earlier than the token's deadline.
//! - I4: whatever ends a call, the number of attempts that were begun and the last failure are in the
//!   answer.
//! - I5: a budget allows `reserve` retries and `percent` of a retry for each call, and never has more
//!   than `reserve` in store. Each retry that is made costs one, and one that is not made costs none.
//! - I6: beats begin at `start + k × period`, for `k` from 1; no tick has two beats, no beat begins
//!   before the one before has ended, and ticks that pass meanwhile are skipped.
//!
//! # Cancellation and panics
//!
//! Dropped, [`retry`] drops the attempt that runs, and gives back what it has taken from the budget
//! for an attempt that has not begun. It does the same where the token is cancelled. A panic of the
//! operation or of an attempt goes through; the attempt counts as made. Nothing else is held.
//!
//! # Cost
//!
//! A call that succeeds at once without waiting costs one look at the token, and nothing is allocated.
//! The first attempt that has to wait registers with the token, once for the whole call. Each wait has
//! a timer, and with jitter one random number. A budget is one atomic word: a read-modify-write a
//! retry, and one a call, or a load where it is full.
//!
//! # See also
//!
//! 1. `backon`: the same for futures and closures, with more kinds of backoff. Its jitter comes on top
//!    of the largest wait, up to twice of it; it has neither a budget nor a word for cancelled.
//! 2. `tokio-retry`: waits are any iterator of durations.
//! 3. `tower::retry`, for services: a policy sees the request and the response, and has budgets.
//! 4. M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: what jitter is for,
//!    measured. Google's "Site Reliability Engineering", chapter 21, on budgets a client.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;

pub use loomscope::time::{Clock, Duration, ManualClock, SystemClock};
pub use solutions::cancel::{CancelToken, Reason};

/// Calls `op` until it succeeds, fails for good, or the policy, its budget or the token says no.
///
/// `op` is given the attempt's number, from 1, and one attempt is alive at a time. At each poll the
/// attempt comes first: what is finished is never thrown away. The limit of one attempt is its own
/// affair: [`cancel::with_timeout`](solutions::cancel::with_timeout) in `op`. An async closure that
/// changes what it has captured is no `FnMut`: change it in a closure that returns an async block.
///
/// # Errors
///
/// After each failure, in this order:
///
/// - [`Permanent`](RetryError::Permanent): the failure was.
/// - [`Exhausted`](RetryError::Exhausted): it was the last attempt of the policy.
/// - [`Cancelled`](RetryError::Cancelled): the token is cancelled, or its deadline would come before
///   the next attempt: then nobody is kept waiting for it.
/// - [`OutOfBudget`](RetryError::OutOfBudget): the budget allows no retry now.
///
/// `Cancelled` also where the token is cancelled before the first attempt, during one, or during a
/// wait.
///
/// # Panics
///
/// Where `op` or an attempt panics; and where it has to wait by the [`SystemClock`], or under a token
/// with a deadline, outside a tokio runtime with time enabled.
///
/// # Cancel safety
///
/// Dropped, it drops the attempt, wherever that stands. Nothing else is left behind; in particular,
/// the budget is not charged for a retry that has not begun.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::retry::{Backoff, CancelToken, Retry, RetryError, retry};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let policy = Backoff::new(Duration::from_millis(100), Duration::from_secs(10)).unwrap();
/// let token = CancelToken::new();
/// let answer = retry(&policy, &token, async |attempt| match attempt {
///     1 | 2 => Err(Retry::Transient("connection refused")),
///     _ => Ok(attempt),
/// });
/// assert_eq!(answer.await, Ok(3));
///
/// let answer = retry(&policy, &token, async |_| Err::<(), _>(Retry::Permanent("no such host")));
/// let error = RetryError::Permanent { attempts: 1, source: "no such host" };
/// assert_eq!(answer.await, Err(error));
/// # }
/// ```
pub async fn retry<T, E, F, Fut, C>(
    policy: &Backoff<C>,
    token: &CancelToken,
    op: F,
) -> Result<T, RetryError<E>>
where
    F: FnMut(u32) -> Fut,
    Fut: Future<Output = Result<T, Retry<E>>>,
    C: Clock,
{
    todo!(
        "call, and see how it ended: what may happen while an attempt runs, and while nobody does anything but wait?"
    )
}

/// A failed attempt, and whether another may do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry<E> {
    /// Another attempt may succeed.
    Transient(E),
    /// No attempt will.
    Permanent(E),
    /// Another attempt may succeed, but not before this time has passed: the other side said so, as
    /// with `Retry-After` in HTTP.
    ///
    /// The policy's own delay comes on top, so that those who were told the same do not come back
    /// together. The policy's cap does not apply to the hint: who comes back earlier is turned away
    /// again. Whoever cannot wait that long has a token with a deadline. Where the clock does not reach
    /// that far, as with [`Duration::MAX`], there is only the token to wait for.
    After(E, Duration),
}

/// Why [`retry`] gave up.
///
/// `attempts` is how many were begun, the one that was broken off included; `source` is the last
/// failure.
///
/// It prints what ended the call and after how many attempts, and leaves the source to whoever asks
/// for it: "permanent failure after 1 attempt", "no attempts left after 5 attempts", "no budget for a
/// retry after 2 attempts", "deadline exceeded after 3 attempts", "cancelled before the first attempt".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryError<E> {
    /// The last attempt failed for good.
    Permanent {
        /// How many attempts were begun.
        attempts: u32,
        /// The failure.
        source: E,
    },
    /// All attempts that the policy allows have failed.
    Exhausted {
        /// How many attempts were begun.
        attempts: u32,
        /// The failure of the last.
        source: E,
    },
    /// The budget did not allow another attempt.
    OutOfBudget {
        /// How many attempts were begun.
        attempts: u32,
        /// The failure of the last.
        source: E,
    },
    /// The token was cancelled, or its deadline would have come before the next attempt.
    Cancelled {
        /// How many attempts were begun.
        attempts: u32,
        /// The last failure, if any attempt came to its end.
        source: Option<E>,
        /// Why the token is cancelled; [`Reason::DeadlineExceeded`] also where it soon would have been.
        reason: Reason,
    },
}

impl<E> RetryError<E> {
    /// How many attempts were begun.
    pub fn attempts(&self) -> u32 {
        todo!("say how many attempts were begun: in which case were there none?")
    }

    /// The last failure, if any attempt came to its end.
    pub fn into_source(self) -> Option<E> {
        todo!("give the last failure: in which case is there none?")
    }
}

impl<E> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!("say what ended it, and after how many attempts: who prints the source?")
    }
}

impl<E: Error + 'static> Error for RetryError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        todo!("lend the last failure: which of the two `source` is whose?")
    }
}

/// How often to try, and how long to wait in between: a policy that many calls share.
///
/// Unless told otherwise it allows five attempts, has [`Jitter::Full`], which differs from call to
/// call, and no budget.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::retry::{Backoff, Jitter};
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let policy = Backoff::new(ms(100), ms(1000)).unwrap().jitter(Jitter::None).unwrap();
/// let waits = [1, 2, 3, 4, 5, u32::MAX].map(|attempt| policy.delay(attempt));
/// assert_eq!(waits, [ms(100), ms(200), ms(400), ms(800), ms(1000), ms(1000)]);
/// ```
#[derive(Debug, Clone)]
pub struct Backoff<C = SystemClock> {
    clock: C,
    // Your fields: what does a policy have to remember, and what may its calls not share?
}

impl Backoff {
    /// Makes a policy whose waits begin at `base`, double, and stop growing at `cap`.
    ///
    /// # Errors
    ///
    /// [`BackoffError::ZeroBase`], since nothing doubled is nothing: a busy loop;
    /// [`BackoffError::CapBelowBase`].
    pub fn new(base: Duration, cap: Duration) -> Result<Self, BackoffError> {
        todo!("check, and keep: which base can never grow?")
    }
}

impl<C: Clock> Backoff<C> {
    /// Sets how many attempts a call has, the first included.
    pub fn attempts(self, attempts: NonZeroU32) -> Self {
        todo!("keep the number: why can it not be zero?")
    }

    /// Sets how far a wait is left to chance.
    ///
    /// # Errors
    ///
    /// [`BackoffError::BadFraction`], if a [`Jitter::Fraction`] is not within 0 and 1.
    pub fn jitter(self, jitter: Jitter) -> Result<Self, BackoffError> {
        todo!("check, and keep: is NaN below 0, above 1, or neither?")
    }

    /// Makes jitter depend on this seed and the attempt's number alone.
    ///
    /// That is for tests: who shares the seed shares the waits, which is what jitter is to prevent.
    pub fn rng(self, seed: u64) -> Self {
        todo!("keep the seed: what else may the delay after attempt 3 depend on?")
    }

    /// Takes retries out of a budget, which other policies may share.
    pub fn budget(self, budget: RetryBudget) -> Self {
        todo!("keep the budget: whose is it when the policy is cloned?")
    }

    /// Waits by another clock. A token's deadline stays with the system's: a wait is compared with the
    /// time that is left by that clock, and no time of the one with a time of the other.
    pub fn with_clock<D: Clock>(self, clock: D) -> Backoff<D> {
        todo!("take everything over but the clock: whose type changes?")
    }

    /// How long to wait after attempt number `attempt` has failed: at most `cap`, jitter included.
    ///
    /// The first attempt has number 1; 0 counts as 1. With jitter and without a seed, each call gives
    /// another answer.
    pub fn delay(&self, attempt: u32) -> Duration {
        todo!(
            "double, cap, and leave to chance, with the crate `rand`: in which order, and what happens at attempt 100?"
        )
    }
}

/// How far a wait is left to chance, so that those who failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jitter {
    /// Not at all: for tests, and for a single caller.
    None,
    /// Anything from nothing to the whole delay.
    Full,
    /// The delay and this fraction of it, from 0 to 1, more or less; more only up to the cap. What is
    /// left below the cap is as likely here as there: nobody is sent to the cap for being above it.
    Fraction(f64),
}

/// Why there is no such policy: "the first wait is zero", "the longest wait is shorter than the first",
/// or "the fraction is not within 0 and 1".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackoffError {
    /// The first wait is zero, and so are all that are doubled from it.
    ZeroBase,
    /// The longest wait is shorter than the first.
    CapBelowBase,
    /// The fraction is not a number from 0 to 1.
    BadFraction,
}

impl fmt::Display for BackoffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!("say what is wrong with the policy, in words")
    }
}

impl Error for BackoffError {}

/// A limit to how many retries come on so many calls, whoever makes them.
///
/// Each call deposits `percent` hundredths of a retry, and each retry withdraws a whole one. What is
/// not used is kept, up to `reserve` retries; that much is there at the start. So `n` calls make at
/// most `reserve + n × percent / 100` retries: where everything fails, the load is not a multiple of
/// what it was, but a few per cent more.
///
/// A budget is a handle: its clones share one account. It belongs to what is being called: one for
/// each server or service.
///
/// Source: Finagle's `RetryBudget`, without its clock; "Site Reliability Engineering", chapter 21, where
/// a client's retries are kept below a tenth of its requests.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::retry::RetryBudget;
/// use std::num::NonZeroU32;
///
/// let budget = RetryBudget::new(20, NonZeroU32::MIN);
/// assert!(budget.withdraw(), "the reserve");
/// assert!(!budget.withdraw(), "nothing is left");
/// (0..5).for_each(|_| budget.deposit());
/// assert_eq!(budget.available(), 1);
/// ```
#[derive(Clone)]
pub struct RetryBudget {
    // Your fields: what do the clones of a budget share, and in which unit is it counted?
}

impl RetryBudget {
    /// Makes a budget of `percent` retries for a hundred calls, with `reserve` retries in store.
    pub fn new(percent: u32, reserve: NonZeroU32) -> Self {
        todo!("fill it: in which unit is a fifth of a retry a whole number?")
    }

    /// Pays in for one call. [`retry`] does so when its first attempt begins.
    pub fn deposit(&self) {
        todo!(
            "pay in: what if it is nearly full, and another pays in or takes out at the same time?"
        )
    }

    /// Takes out one retry, or says that there is not a whole one. [`retry`] does so
    /// before it waits for one.
    #[must_use = "without a withdrawal there is no retry"]
    pub fn withdraw(&self) -> bool {
        todo!("take a whole retry, or none: what happens between the look and the taking?")
    }

    /// How many retries there are in store.
    pub fn available(&self) -> u32 {
        todo!("say how many whole retries there are")
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget").field("available", &self.available()).finish_non_exhaustive()
    }
}

/// Calls `beat` once every `period` until the token is cancelled, and says why it was.
///
/// The ticks are `period`, `2 × period`, `3 × period` and so on after the first poll, however long
/// beats take and however late they begin. A beat that lasts beyond the next tick skips it, and all
/// the others that it covers: no two beats overlap, and none is made up for. Where the whole program
/// slept, there is one beat when it wakes up, and the next at the next tick. A tick that the clock does
/// not reach never comes. tokio's timer rounds each tick up to the next millisecond.
///
/// Renewals of a lease, keep-alives, and reports are beats. Go's `time.Ticker` also begins after one
/// period and also drops ticks, but keeps one for whoever is late, so that two beats may follow each
/// other at once.
///
/// # Panics
///
/// If `period` is zero; where a beat panics; outside a tokio runtime with time enabled.
///
/// # Cancel safety
///
/// Dropped, it drops the beat, wherever that stands. So does the cancellation of the token: a beat
/// that must be finished belongs in a task of its own.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::retry::{CancelToken, Reason, heartbeat};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let lease = CancelToken::new().with_timeout(Duration::from_millis(3500));
/// let mut renewals = 0;
/// let renew = || {
///     renewals += 1;
///     async {}
/// };
/// assert_eq!(heartbeat(&lease, Duration::from_secs(1), renew).await, Reason::DeadlineExceeded);
/// assert_eq!(renewals, 3);
/// # }
/// ```
pub async fn heartbeat<F, Fut>(token: &CancelToken, period: Duration, beat: F) -> Reason
where
    F: FnMut() -> Fut,
    Fut: Future<Output = ()>,
{
    todo!("beat by the system's clock: what is left to do?")
}

/// Does what [`heartbeat`] does, by another clock. A token's deadline stays with the system's.
///
/// # Panics
///
/// As [`heartbeat`].
///
/// # Cancel safety
///
/// As [`heartbeat`].
pub async fn heartbeat_with_clock<F, Fut, C>(
    clock: &C,
    token: &CancelToken,
    period: Duration,
    beat: F,
) -> Reason
where
    F: FnMut() -> Fut,
    Fut: Future<Output = ()>,
    C: Clock,
{
    todo!("wait, beat, and find the next tick: counted from where, and which of them are over?")
}
