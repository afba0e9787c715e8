//! What a pipeline promises: every entry once and to all, in the order that was asked for, never more
//! on the way than there is room for, and nothing left behind.
//!
//! Its parts can be done one after the other, in the order of `behaviour.rs`: begin with
//! `cargo test -p exercises --test pipeline ::log::`.

mod support;

#[path = "pipeline/parts.rs"]
mod parts;

#[path = "pipeline/behaviour.rs"]
mod behaviour;

#[path = "pipeline/properties.rs"]
mod properties;

#[path = "pipeline/stress.rs"]
mod stress;

#[path = "pipeline/leaks.rs"]
mod leaks;
