//! Your answers, one module a pattern, in the order of the curriculum.
//!
//! Each module starts as a stub: the full documentation, and a `todo!` for every body. `cargo run`
//! tells which one is next. The body of a `drop` is empty, since a panic there would end the process:
//! what it must do is for you to say.
//!
//! Take locks, atomics and threads from `loomscope::sync` and `loomscope::thread`, `spawn` and
//! `block_on` from `loomscope::task`, and deadlines from `loomscope::time`, not from std, futures or
//! tokio: in a model they are how the explorer sees what your code does. Anywhere else they are the
//! plain ones. A helper of yours around `lock()` wants `#[track_caller]`: the timeline then shows who
//! called it. And the body of a model has a stack of 32 KiB: many locks in a row go into a
//! `Box<[Mutex<_>]>`.

// A stub has parameters and fields that only its answer will use.
#![allow(unused_variables, dead_code)]

/// Which face of the facade this is built on: the benches assert that it is the plain one.
pub use loomscope::MODEL;

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
