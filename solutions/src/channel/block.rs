//! How a thread waits where a task would be pending.

use super::line::Caller;
use loomscope::time::{Duration, Instant};
use loomscope::{MODEL, thread};
use std::task::Poll;

/// How often a thread that finds nothing offers its time to others before it joins the line and
/// parks: a park and its wake-up cost some 10 µs, and most waits are over sooner.
/// Once in models, where a yield is a step.
const YIELDS: u32 = if MODEL { 1 } else { 64 };

/// Repeats `step` until it is ready: at first in passing, then in line and parked in between.
pub(super) fn until<R>(mut step: impl FnMut(Caller<'_>) -> Poll<R>) -> R {
    for _ in 0..YIELDS {
        match step(Caller::Passing) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::yield_now(),
        }
    }
    loop {
        match step(Caller::Thread) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::park(),
        }
    }
}

/// Repeats `step`, parked in between, until it is ready or the time is over.
pub(super) fn for_at_most<R>(
    limit: Duration,
    mut step: impl FnMut(Caller<'_>) -> Poll<R>,
) -> Option<R> {
    let Some(deadline) = Instant::now().checked_add(limit) else { return Some(until(step)) };
    loop {
        if let Poll::Ready(outcome) = step(Caller::Thread) {
            return Some(outcome);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}
