//! What an error group promises: one answer, the first failure, and no task that outlives it.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "error_group/behaviour.rs"]
mod behaviour;
#[path = "error_group/leaks.rs"]
mod leaks;
#[path = "error_group/properties.rs"]
mod properties;
#[path = "error_group/stress.rs"]
mod stress;
