//! What `or_done` and `or` promise: whoever comes first ends it, and nothing is lost or left over.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "or_done/script.rs"]
mod script;

#[path = "or_done/behaviour.rs"]
mod behaviour;

#[path = "or_done/properties.rs"]
mod properties;

#[path = "or_done/stress.rs"]
mod stress;

#[path = "or_done/leaks.rs"]
mod leaks;
