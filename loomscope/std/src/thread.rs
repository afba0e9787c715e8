//! std's threads.

pub use std::thread::{
    JoinHandle, Scope, ScopedJoinHandle, Thread, ThreadId, current, panicking, park, park_timeout,
    scope, spawn, yield_now,
};

/// Starts a thread with a name, which is its column's title in a timeline.
///
/// # Panics
///
/// Where the system cannot start another thread.
pub fn spawn_named<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .expect("the system can start another thread")
}
