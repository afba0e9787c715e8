//! What a tee promises: every item to both, in order, as far apart as agreed, and nobody stranded.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "tee/feed.rs"]
mod feed;

#[path = "tee/behaviour.rs"]
mod behaviour;

#[path = "tee/properties.rs"]
mod properties;

#[path = "tee/stress.rs"]
mod stress;

#[path = "tee/leaks.rs"]
mod leaks;
