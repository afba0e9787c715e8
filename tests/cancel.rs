//! What a token promises: whoever is below hears of it, once, and whoever has left leaves no trace.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "cancel/behaviour.rs"]
mod behaviour;

#[path = "cancel/waiting.rs"]
mod waiting;

#[path = "cancel/wakers.rs"]
mod wakers;

#[path = "cancel/deadlines.rs"]
mod deadlines;

#[path = "cancel/work.rs"]
mod work;

#[path = "cancel/properties.rs"]
mod properties;

#[path = "cancel/stress.rs"]
mod stress;

#[path = "cancel/leaks.rs"]
mod leaks;
