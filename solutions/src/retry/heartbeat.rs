//! Something that has to happen again and again: on time, one at a time, and not twice for a pause.

use std::future::Future;
use std::pin::pin;

use loomscope::time::{Clock, Duration, SystemClock};

use super::{CancelToken, Reason, nanos, sleep_until, unless};

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
    heartbeat_with_clock(&SystemClock, token, period, beat).await
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
// ANCHOR: heartbeat
pub async fn heartbeat_with_clock<F, Fut, C>(
    clock: &C,
    token: &CancelToken,
    period: Duration,
    mut beat: F,
) -> Reason
where
    F: FnMut() -> Fut,
    Fut: Future<Output = ()>,
    C: Clock,
{
    assert!(!period.is_zero(), "a heartbeat without a period");
    let (start, mut cancelled) = (clock.now(), token.cancelled());
    let mut tick = period;
    loop {
        let at = start.checked_add(tick);
        if let Err(reason) = unless(&mut cancelled, pin!(sleep_until(clock, at))).await {
            return reason;
        }
        if let Some(reason) = token.reason() {
            return reason;
        }
        if let Err(reason) = unless(&mut cancelled, pin!(beat())).await {
            return reason;
        }
        tick = next_tick(tick, clock.now().saturating_duration_since(start), period);
    }
}

/// The first tick after `tick` that is not over yet. All of them are counted from the start: to add a
/// period to the time of the last beat would add its delay as well.
fn next_tick(tick: Duration, elapsed: Duration, period: Duration) -> Duration {
    let reached = elapsed.as_nanos().div_ceil(period.as_nanos());
    nanos(reached * period.as_nanos()).max(tick.saturating_add(period))
}
// ANCHOR_END: heartbeat
