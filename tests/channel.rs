//! What a channel promises: each value to one receiver, in order, and nothing lost or stranded,
//! whoever is dropped, and whenever.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "channel/behaviour.rs"]
mod behaviour;
#[path = "channel/leaks.rs"]
mod leaks;
#[path = "channel/properties.rs"]
mod properties;
#[path = "channel/stress.rs"]
mod stress;
