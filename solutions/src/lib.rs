//! The reference answers, one module a pattern, in the order of the curriculum.
//!
//! Every module says what breaks without it, what Rust changes against Go, its invariants, what a
//! cancellation or a panic does to it, and what to use in production instead.

// A module names its prerequisites `solutions::…`, so that its text also compiles as an exercise.
extern crate self as solutions;

/// Which face of the facade this is built on: the benches assert that it is the plain one.
pub use loomscope::MODEL;

pub mod wake;

#[cfg(feature = "counter")]
pub mod counter;

#[cfg(feature = "wait_group")]
pub mod wait_group;

#[cfg(feature = "keyed_map")]
pub mod keyed_map;

#[cfg(feature = "snapshot")]
pub mod snapshot;

#[cfg(feature = "channel")]
pub mod channel;

#[cfg(feature = "cancel")]
pub mod cancel;

#[cfg(feature = "semaphore")]
pub mod semaphore;

#[cfg(feature = "or_done")]
pub mod or_done;

#[cfg(feature = "fan_in")]
pub mod fan_in;

#[cfg(feature = "tee")]
pub mod tee;

#[cfg(feature = "error_group")]
pub mod error_group;

#[cfg(feature = "ride")]
pub mod ride;

#[cfg(feature = "rate_limiter")]
pub mod rate_limiter;

#[cfg(feature = "retry")]
pub mod retry;

#[cfg(feature = "circuit_breaker")]
pub mod circuit_breaker;

#[cfg(feature = "singleflight")]
pub mod singleflight;

#[cfg(feature = "lru")]
pub mod lru;

#[cfg(feature = "priority_queue")]
pub mod priority_queue;

#[cfg(feature = "pipeline")]
pub mod pipeline;

#[cfg(feature = "worker_pool")]
pub mod worker_pool;

#[cfg(feature = "pubsub")]
pub mod pubsub;
