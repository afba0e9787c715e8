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

mod backoff;
mod budget;
mod error;
mod heartbeat;

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use loomscope::time::Instant;

pub use loomscope::time::{Clock, Duration, ManualClock, SystemClock};
pub use solutions::cancel::{CancelToken, Reason};

use solutions::cancel::Cancelled;

pub use backoff::{Backoff, BackoffError, Jitter};
pub use budget::RetryBudget;
use budget::Withdrawal;
pub use error::{Retry, RetryError};
pub use heartbeat::{heartbeat, heartbeat_with_clock};

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
// ANCHOR: retry
pub async fn retry<T, E, F, Fut, C>(
    policy: &Backoff<C>,
    token: &CancelToken,
    mut op: F,
) -> Result<T, RetryError<E>>
where
    F: FnMut(u32) -> Fut,
    Fut: Future<Output = Result<T, Retry<E>>>,
    C: Clock,
{
    if let Some(reason) = token.reason() {
        return Err(RetryError::Cancelled { attempts: 0, source: None, reason });
    }
    policy.deposit();
    let mut cancelled = token.cancelled();
    let (mut attempts, mut last) = (0, None);
    loop {
        attempts += 1;
        let failure = match unless(&mut cancelled, pin!(op(attempts))).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(failure)) => failure,
            Err(reason) => return Err(RetryError::Cancelled { attempts, source: last, reason }),
        };
        let (source, wait, withdrawn) = judge(policy, token, attempts, failure)?;
        if let Err(reason) = pause(policy.clock(), token, &mut cancelled, wait).await {
            return Err(RetryError::Cancelled { attempts, source: Some(source), reason });
        }
        withdrawn.spend();
        last = Some(source);
    }
}
// ANCHOR_END: retry

// ANCHOR: judge
/// What follows on a failed attempt: the end, or a wait, with the retry after it paid for.
fn judge<'p, E, C: Clock>(
    policy: &'p Backoff<C>,
    token: &CancelToken,
    attempts: u32,
    failure: Retry<E>,
) -> Result<(E, Duration, Withdrawal<'p>), RetryError<E>> {
    let (source, hint) = match failure {
        Retry::Permanent(source) => return Err(RetryError::Permanent { attempts, source }),
        Retry::Transient(source) => (source, Duration::ZERO),
        Retry::After(source, hint) => (source, hint),
    };
    if attempts >= policy.most_attempts() {
        return Err(RetryError::Exhausted { attempts, source });
    }
    let wait = hint.saturating_add(policy.delay(attempts));
    if let Some(reason) = token.reason().or_else(|| too_late(token, wait)) {
        return Err(RetryError::Cancelled { attempts, source: Some(source), reason });
    }
    match policy.withdraw() {
        Some(withdrawn) => Ok((source, wait, withdrawn)),
        None => Err(RetryError::OutOfBudget { attempts, source }),
    }
}
// ANCHOR_END: judge

/// The reason not to wait: the token's time would be over by then. A token goes by the clock of the
/// face, whichever the policy has.
fn too_late(token: &CancelToken, wait: Duration) -> Option<Reason> {
    let left = token.deadline()?.saturating_duration_since(Instant::now());
    (left <= wait).then_some(Reason::DeadlineExceeded)
}

/// Waits, unless the token is cancelled meanwhile, or just when the wait is over.
async fn pause<C: Clock>(
    clock: &C,
    token: &CancelToken,
    cancelled: &mut Cancelled<'_>,
    wait: Duration,
) -> Result<(), Reason> {
    unless(cancelled, pin!(sleep_until(clock, clock.now().checked_add(wait)))).await?;
    token.reason().map_or(Ok(()), Err)
}

/// Waits until the clock shows `at`. What no clock reaches never comes.
async fn sleep_until<C: Clock>(clock: &C, at: Option<Instant>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => pending().await,
    }
}

/// Runs `work` to its end, unless the token is cancelled first. Unlike `cancel::with_timeout` it has
/// one place with the token for many pieces of work. It borrows the work, pinned: a future that is
/// handed over to another is stored in both.
async fn unless<F: Future>(
    cancelled: &mut Cancelled<'_>,
    mut work: Pin<&mut F>,
) -> Result<F::Output, Reason> {
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => Pin::new(&mut *cancelled).poll(context).map(Err),
    })
    .await
}

/// So many nanoseconds, as far as a [`Duration`] reaches.
fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos_u128(nanos.min(Duration::MAX.as_nanos()))
}
