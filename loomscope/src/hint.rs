//! What a waiting loop says to the scheduler.

/// Lets the other threads run first: a loop that spins without it counts as a livelock.
#[track_caller]
pub fn spin_loop() {
    crate::thread::yield_now();
}
