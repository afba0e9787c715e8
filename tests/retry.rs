//! What `retry` and `heartbeat` promise: as often as allowed, no sooner than due, and no longer than wanted.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "retry/clock.rs"]
mod clock;

#[path = "retry/behaviour.rs"]
mod behaviour;

#[path = "retry/properties.rs"]
mod properties;

#[path = "retry/stress.rs"]
mod stress;

#[path = "retry/leaks.rs"]
mod leaks;

use std::num::NonZeroU32;
use std::time::Duration;

use patterns::retry::{Backoff, Jitter};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// So many, which is not none.
fn times(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// Waits of 100, 200, 400, 800, 1000, 1000, … ms, and nothing left to chance.
fn steady() -> Backoff {
    Backoff::new(100 * MS, SECOND).unwrap().jitter(Jitter::None).unwrap()
}
