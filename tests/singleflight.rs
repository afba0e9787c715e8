//! What a singleflight promises: one execution at a time for a key, whoever of its callers goes.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "singleflight/gate.rs"]
mod gate;

#[path = "singleflight/behaviour.rs"]
mod behaviour;

#[path = "singleflight/properties.rs"]
mod properties;

#[path = "singleflight/stress.rs"]
mod stress;

#[path = "singleflight/leaks.rs"]
mod leaks;
