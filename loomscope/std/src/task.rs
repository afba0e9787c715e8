//! tokio's tasks, and what a runtime-free primitive needs to be polled and woken.

pub use futures::executor::block_on;
pub use futures::task::AtomicWaker;
pub use tokio::task::{AbortHandle, JoinError, JoinHandle, spawn, yield_now};

/// The cooperative budget: a future that is always ready lets its neighbours run once in a while.
pub mod coop {
    pub use tokio::task::coop::{RestoreOnPending, poll_proceed};
}
