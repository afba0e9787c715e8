//! What a ride promises: the right four, all in before it leaves, and nobody stuck, whoever gives up.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "ride/crowd.rs"]
mod crowd;

#[path = "ride/behaviour.rs"]
mod behaviour;

#[path = "ride/properties.rs"]
mod properties;

#[path = "ride/stress.rs"]
mod stress;

#[path = "ride/leaks.rs"]
mod leaks;
