//! What a snapshot promises: whole versions, no lost update, and reads that wait for no change.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "snapshot/behaviour.rs"]
mod behaviour;

#[path = "snapshot/properties.rs"]
mod properties;

#[path = "snapshot/stress.rs"]
mod stress;

#[path = "snapshot/leaks.rs"]
mod leaks;
