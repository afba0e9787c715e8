//! How a thread waits where a task would be pending.

use super::line::Caller;
use loomscope::thread;
use loomscope::time::{Duration, Instant};
use std::task::Poll;

/// Repeats `step`, parked in between, until it is ready.
pub(super) fn until<R>(mut step: impl FnMut(Caller<'_>) -> Poll<R>) -> R {
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
