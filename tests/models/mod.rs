//! One file a pattern: every interleaving of a small program, under the explorer.

#[cfg(feature = "counter")]
mod counter;

#[cfg(feature = "wait_group")]
mod wait_group;

#[cfg(feature = "keyed_map")]
mod keyed_map;

#[cfg(feature = "snapshot")]
mod snapshot;

#[cfg(feature = "channel")]
mod channel;

#[cfg(feature = "cancel")]
mod cancel;

#[cfg(feature = "semaphore")]
mod semaphore;

#[cfg(feature = "fan_in")]
mod fan_in;

#[cfg(feature = "tee")]
mod tee;

#[cfg(feature = "error_group")]
mod error_group;

#[cfg(feature = "ride")]
mod ride;

#[cfg(feature = "rate_limiter")]
mod rate_limiter;

#[cfg(feature = "retry")]
mod retry;

#[cfg(feature = "circuit_breaker")]
mod circuit_breaker;

#[cfg(feature = "singleflight")]
mod singleflight;

#[cfg(feature = "lru")]
mod lru;

#[cfg(feature = "pipeline")]
mod pipeline;

#[cfg(feature = "worker_pool")]
mod worker_pool;

#[cfg(feature = "pubsub")]
mod pubsub;
