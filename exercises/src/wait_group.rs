//! Wait until every worker is done, however each of them ends.
//!
//! # Problem
//!
//! A function starts workers and must not return before the last has ended: its caller will read
//! their results, or free what they use. Joining a list of handles needs the list, and a worker
//! that starts further workers cannot add to it.
//!
//! # From Go
//!
//! `sync.WaitGroup` is a counter that the programmer keeps in step by hand:
//!
//! ```go
//! wg.Add(1)                 // before `go`: inside it, Wait may come first
//! go func() {
//!     defer wg.Done()       // forgotten, Wait never ends; called twice, it panics
//!     crawl(url)
//! }()
//! wg.Wait()
//! ```
//!
//! # In Rust
//!
//! A [`Worker`] *is* one count: it exists, so it is waited for; it is dropped, so it is done. None
//! of the three mistakes above can be written: the worker is made before it can be moved into a
//! task, its drop cannot be forgotten by a panic, and nobody drops it twice. [`WaitGroup::wait`]
//! takes the group: there is one waiter, so room for one waker is enough, and a new worker can
//! only come from a living one, so a count that has reached zero stays there.
//!
//! # Invariants
//!
//! - I1: the count is the number of workers alive. The group holds one of its own until the wait
//!   begins, so that no other is ever the last while nobody waits.
//! - I2: a wait ends only after it has seen the count at zero.
//! - I3: the waiter leaves its waker before it looks at the count; the last worker lowers the count
//!   before it looks for a waker. Whoever comes second sees what the first has done: no wake-up
//!   is lost.
//!
//! # Cancellation and panics
//!
//! A wait that is dropped gives up the group: its workers run on, and nobody waits for them; the
//! last of them wakes the task that gave up once more. A worker whose owner panics is dropped by the
//! unwinding, and counts down like any other.
//!
//! # Cost
//!
//! One allocation a group, none a worker or a wait. Two atomic operations a worker for its count, and
//! two for its share in the group. One wake-up a group: only the last worker wakes, and where all
//! have ended before the wait, nobody does.
//!
//! # See also
//!
//! 1. `std::thread::scope`, where the workers are threads that borrow from their caller.
//! 2. `tokio::task::JoinSet`, which also gives the results, and aborts what is left when dropped.
//! 3. `tokio_util::task::TaskTracker`: a wait group that is closed before it is waited for, and
//!    may be waited for by many.

use loomscope::sync::Arc;

/// Waits for the workers it has made.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::wait_group::WaitGroup;
/// use std::thread;
///
/// let group = WaitGroup::new();
/// for part in 0..4 {
///     let worker = group.worker();
///     thread::spawn(move || {
///         println!("part {part}");
///         drop(worker);
///     });
/// }
/// group.wait_blocking();
/// ```
#[derive(Debug)]
#[must_use = "a group that nobody waits for waits for nobody"]
pub struct WaitGroup {
    shared: Arc<Shared>,
}

/// One count of its group: the group waits until it is dropped.
///
/// A clone is another worker of the same group, so that a worker can start others.
#[derive(Debug)]
#[must_use = "a worker that is dropped at once has already ended"]
pub struct Worker {
    shared: Arc<Shared>,
}

/// What the group and its workers have in common.
#[derive(Debug, Default)]
struct Shared {
    // Your fields: what must a worker that ends find here?
}

impl WaitGroup {
    /// Makes a group without workers.
    pub fn new() -> Self {
        todo!("make a group without workers")
    }

    /// Makes a worker, which is waited for from now on.
    pub fn worker(&self) -> Worker {
        todo!("count one more: why here, and not when the worker starts?")
    }

    /// Waits until no worker is left; with none there, it does not wait.
    ///
    /// What the workers did is visible to whoever has waited for them.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the group: the workers run on, and can no longer be waited for.
    pub async fn wait(self) {
        todo!("wait for zero: what if the last worker ends between your look and your sleep?")
    }

    /// Waits like [`wait`](Self::wait), and blocks the thread meanwhile.
    ///
    /// # Panics
    ///
    /// Inside a future that `futures::executor` runs: that thread has other tasks to poll.
    pub fn wait_blocking(self) {
        todo!(
            "wait on this thread: is there a function in `loomscope::task` that runs a future here?"
        )
    }
}

impl Default for WaitGroup {
    fn default() -> Self {
        todo!("make the same group as `new`")
    }
}

impl Clone for Worker {
    fn clone(&self) -> Self {
        todo!("make another worker: does the group know of it?")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}
