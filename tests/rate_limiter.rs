//! What a rate limiter promises: never more than the burst and the rate, nothing lost, strict order.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "rate_limiter/scene.rs"]
mod scene;

#[path = "rate_limiter/behaviour.rs"]
mod behaviour;

#[path = "rate_limiter/properties.rs"]
mod properties;

#[path = "rate_limiter/stress.rs"]
mod stress;

#[path = "rate_limiter/leaks.rs"]
mod leaks;
