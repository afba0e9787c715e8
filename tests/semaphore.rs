//! What a semaphore promises: never more holders than permits, strict order, nothing lost.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "semaphore/behaviour.rs"]
mod behaviour;

#[path = "semaphore/properties.rs"]
mod properties;

#[path = "semaphore/stress.rs"]
mod stress;

#[path = "semaphore/leaks.rs"]
mod leaks;
