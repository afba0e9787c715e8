//! What a circuit breaker promises: it opens when too much fails, tries with exactly so many probes,
//! and believes no result of another era.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "circuit_breaker/parts.rs"]
mod parts;

#[path = "circuit_breaker/behaviour.rs"]
mod behaviour;

#[path = "circuit_breaker/properties.rs"]
mod properties;

#[path = "circuit_breaker/stress.rs"]
mod stress;

#[path = "circuit_breaker/leaks.rs"]
mod leaks;
