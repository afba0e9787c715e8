//! What a merge and its counterpart promise: every item once, in order, from whoever is ready to
//! whoever asks; nobody starves, nobody is forgotten, and nothing goes with whoever leaves.
//!
//! The merge comes first: `cargo test -p exercises --test fan_in ::fan_in::`.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "fan_in/feed.rs"]
mod feed;

#[path = "fan_in/behaviour.rs"]
mod behaviour;

#[path = "fan_in/properties.rs"]
mod properties;

#[path = "fan_in/stress.rs"]
mod stress;

#[path = "fan_in/leaks.rs"]
mod leaks;
