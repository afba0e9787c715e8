//! Bounded parallelism: at most `n` at once, the rest wait in line.
//!
//! # Problem
//!
//! A thousand jobs started at once open a thousand connections. What is scarce needs a limit: a job
//! takes a permit before it starts and gives it back when it ends, however it ends. Those that find
//! none must wait without spinning, in a fair order, and must be able to give up.
//!
//! # From Go
//!
//! The usual form is a channel of permits: to acquire is to send, to release is to receive.
//!
//! ```go
//! permits := make(chan struct{}, 4)
//! for _, job := range jobs {
//!     permits <- struct{}{}             // waits while four are running
//!     go func() {
//!         defer func() { <-permits }()  // also when the job panics
//!         job()
//!     }()
//! }
//! ```
//!
//! It is enough for requests of one permit. Two jobs that each need three of four slots send three
//! times, stop half way with two each, and wait for each other for ever.
//!
//! # In Rust
//!
//! The right to run is a value: a [`Permit`] borrows the semaphore and goes back when it is dropped,
//! also by a panic; an [`OwnedPermit`] does the same and can move into a task. Waiting is a value
//! too: an [`Acquire`] may be dropped at any moment, and whatever it had been given is passed on.
//!
//! # Invariants
//!
//! One word holds the free permits and two flags. Who reads it knows whether the lock is needed. (A
//! plain lock around everything keeps I1 to I6 as well, and passes; the word is what makes it fast.)
//!
//! | free | `WAITERS` | `CLOSED` | meaning |
//! |------|-----------|----------|---------|
//! | n    | –         | –        | open: a request up to n takes its permits without the lock, a larger one starts the line |
//! | n    | set       | –        | the first in line needs more than n, or is about to be served: everyone else joins the line |
//! | n    | –         | set      | closed: every request fails, permits still come back |
//! | n    | set       | set      | for a moment inside `close`, under the lock |
//!
//! - I1: the permits that are free, held or granted add up to the total, which is at most
//!   [`Semaphore::MAX_PERMITS`]: never more holders than permits, and the word cannot overflow.
//! - I2: `WAITERS` is set exactly while somebody is in line. It changes under the lock only.
//! - I3: while `WAITERS` is set, permits are only taken under the lock, for the first in line, and
//!   all it asked for at once: nobody overtakes it, and nobody waits with a part in hand.
//! - I4: whenever the first in line fits, some thread is on its way to serve it. Permits are added
//!   and `WAITERS` is set in the same word, so one of the two sees the other: either the request
//!   finds the permits that came, or who brought them finds `WAITERS`, and takes the lock.
//! - I5: a place in line is left once: by the poll that completes, or by the drop of the future. A
//!   grant that was not collected goes back.
//! - I6: closed is for ever, and a waiter that was not granted before it fails.
//!
//! # Cancellation and panics
//!
//! An `Acquire` that is dropped before its first poll has done nothing. Dropped in line, it leaves;
//! was it the first, those behind it that now fit are served. Dropped after the grant, it gives the
//! permits back, and they go to the next in line. A holder that panics drops its permit.
//!
//! No waker is called, cloned or dropped under the lock, so it may poll, drop or release on this
//! very semaphore. Where a waker panics, the others are woken all the same, and then the panic goes
//! on in the thread that released; in a thread that is already panicking it ends there.
//!
//! # Cost
//!
//! Nobody in line: one compare-and-swap to acquire, one addition to release; no lock, no allocation.
//! Somebody in line: each request takes the lock twice, to join and to collect, and each release
//! once, or once more for every further waiter that it serves. The word, the lock and the ends of the
//! line share one cache line; a place in line is a slot in a table that is used again, so waiting
//! allocates only while the line is longer than it ever was, and the table does not shrink. Strict
//! order has a price: a permit is handed to a task that still has to be scheduled, where a barging
//! semaphore would let a running task have it.
//!
//! # See also
//!
//! 1. `tokio::sync::Semaphore`: also weighted and fair. It hands out parts to the first in line, so
//!    its `available_permits` is zero while one waits; it always locks to release; and it counts
//!    acquires against the task's cooperative budget, which ours does not: a loop that only acquires
//!    and releases never yields. It can also split, merge and take back permits.
//! 2. `async_lock::Semaphore`: not weighted, and barging: more throughput, no promise of order.
//! 3. `std::sync::Mutex`, where the limit is one and the holder does not await.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll};

use loomscope::sync::Arc;
use solutions::wait_group::WaitGroup;

/// A number of permits, handed out in the order in which they were asked for.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::semaphore::{Semaphore, TryAcquireError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let seats = Semaphore::new(2);
/// let table = seats.acquire_many(2).await?;
/// assert_eq!(seats.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
/// drop(table);
/// assert_eq!(seats.available_permits(), 2);
/// # Ok(())
/// # }
/// ```
pub struct Semaphore {
    // Your fields: which of them change together, and which lock guards what?
}

impl Semaphore {
    /// The most permits that one semaphore can have, free and held together.
    pub const MAX_PERMITS: usize = usize::MAX / 4;

    /// Makes a semaphore with so many free permits.
    ///
    /// # Panics
    ///
    /// If `permits` is more than [`MAX_PERMITS`](Self::MAX_PERMITS), which the message names.
    pub fn new(permits: usize) -> Self {
        todo!(
            "keep the permits, and refuse more than MAX_PERMITS: which of them are free, and who else will change that number?"
        )
    }

    /// Waits in line for one permit.
    ///
    /// The place in line is taken by the first poll.
    ///
    /// # Errors
    ///
    /// [`Closed`], at once or later, if the semaphore is closed before the permit is granted.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it has completed, the future has taken nothing: it leaves the line, and what
    /// it had been granted goes to the next.
    pub fn acquire(&self) -> Acquire<'_> {
        todo!("ask for one permit: what does a future do before its first poll?")
    }

    /// Waits in line for `n` permits, all at once.
    ///
    /// A request for none completes at once. One for more than there are waits until permits are
    /// added, and those behind it wait for it.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// If `n` is more than [`MAX_PERMITS`](Self::MAX_PERMITS): it would wait for ever.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many(&self, n: usize) -> Acquire<'_> {
        todo!("make the request without taking anything yet: when does it get its place in line?")
    }

    /// Waits like [`acquire`](Self::acquire), for a permit that can move into a task.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_owned(self: Arc<Self>) -> AcquireOwned {
        todo!("ask for one permit: who keeps the semaphore alive while this waits?")
    }

    /// Waits like [`acquire_many`](Self::acquire_many), for permits that can move into a task.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// If `n` is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many_owned(self: Arc<Self>, n: usize) -> AcquireOwned {
        todo!("make the request: who keeps the semaphore alive while it waits?")
    }

    /// Takes one permit if one is free and nobody waits.
    ///
    /// # Errors
    ///
    /// [`TryAcquireError::NoPermits`] if none is free, or somebody is in line;
    /// [`TryAcquireError::Closed`] if the semaphore is closed.
    pub fn try_acquire(&self) -> Result<Permit<'_>, TryAcquireError> {
        todo!("take one permit or say why not: what if some are free, but somebody is in line?")
    }

    /// Takes `n` permits if so many are free and nobody waits; none is always to be had.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire).
    ///
    /// # Panics
    ///
    /// If `n` is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub fn try_acquire_many(&self, n: usize) -> Result<Permit<'_>, TryAcquireError> {
        todo!(
            "take all of them or none: can another thread change the count between your look and your step?"
        )
    }

    /// Adds `n` new permits, and serves those in line who then fit.
    ///
    /// # Panics
    ///
    /// If there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS), counting those that are held;
    /// nothing has been added then.
    pub fn add_permits(&self, n: usize) {
        todo!("add, then serve the line: how many of those who wait may fit now?")
    }

    /// How many permits are free. While somebody waits they are not to be had: they are kept for
    /// the first in line.
    pub fn available_permits(&self) -> usize {
        todo!("read how many are free: does it need the lock?")
    }

    /// How many requests are in line.
    pub fn waiting(&self) -> usize {
        todo!("count those in line: is one that was granted, but not polled since, still in it?")
    }

    /// Closes the semaphore for ever: those in line, and every later request, fail with [`Closed`].
    ///
    /// Permits that were granted before remain valid, and come back when they are dropped.
    pub fn close(&self) {
        todo!("let nobody in any more: who is asleep, and who wakes them?")
    }

    /// Whether the semaphore is closed.
    pub fn is_closed(&self) -> bool {
        todo!("say whether it was closed: can it ever change back?")
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available_permits", &self.available_permits())
            .field("waiting", &self.waiting())
            .field("closed", &self.is_closed())
            .finish()
    }
}

/// One permit, or several, of a semaphore: they go back when this is dropped.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once limits nothing"]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl Permit<'_> {
    /// Keeps the permits taken: the semaphore has so many fewer from now on.
    pub fn forget(self) {
        todo!("let the permits go for good: what would the drop do otherwise?")
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

/// A [`Permit`] that shares in its semaphore, so that it can move into a task.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once limits nothing"]
pub struct OwnedPermit {
    semaphore: Arc<Semaphore>,
}

impl OwnedPermit {
    /// Keeps the permits taken: the semaphore has so many fewer from now on.
    pub fn forget(self) {
        todo!("let the permits go for good: what would the drop do otherwise?")
    }
}

impl Drop for OwnedPermit {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

/// The future of [`Semaphore::acquire`] and [`Semaphore::acquire_many`].
///
/// Polled again after it has completed, it panics.
#[must_use = "a future does nothing until it is polled"]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<Permit<'a>, Closed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!(
            "take, or join the line and leave the waker: what if a permit comes back between the two?"
        )
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

/// The future of [`Semaphore::acquire_owned`] and [`Semaphore::acquire_many_owned`].
///
/// Polled again after it has completed, it panics.
#[must_use = "a future does nothing until it is polled"]
pub struct AcquireOwned {
    semaphore: Arc<Semaphore>,
}

impl Future for AcquireOwned {
    type Output = Result<OwnedPermit, Closed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("take, or join the line: whose semaphore does the permit refer to afterwards?")
    }
}

impl Drop for AcquireOwned {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

/// The semaphore is closed: no permit will ever be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore is closed")
    }
}

impl Error for Closed {}

/// Why permits could not be taken at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryAcquireError {
    /// Too few are free, or others wait for those that are.
    NoPermits,
    /// The semaphore is closed.
    Closed,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPermits => "no permits are to be had",
            Self::Closed => "the semaphore is closed",
        })
    }
}

impl Error for TryAcquireError {}

/// Runs every job on a task of its own, at most `limit` of them at once, and waits for the last.
///
/// The next job is asked of the iterator only when there is a permit for it, so that an endless
/// iterator is drawn no faster than its jobs end. A job that panics gives its permit back and counts
/// as ended; its panic goes no further than its task.
///
/// # Panics
///
/// Outside a tokio runtime, as soon as there is a job to spawn.
///
/// # Cancel safety
///
/// Dropping the future starts no further job. Those that run are not aborted, and nobody waits for
/// them.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::semaphore::run_limited;
/// use std::num::NonZeroUsize;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let two = NonZeroUsize::new(2).unwrap();
/// run_limited(two, (1..=5).map(|page| async move { println!("page {page}") })).await;
/// println!("all five are done");
/// # }
/// ```
pub async fn run_limited<I>(limit: NonZeroUsize, jobs: I)
where
    I: IntoIterator,
    I::Item: Future<Output = ()> + Send + 'static,
{
    // From an earlier chapter; yours would do, if you say `crate::` here.
    let group = WaitGroup::new();
    todo!(
        "take a permit, then the next job, and spawn it with `loomscope::task::spawn`: what must move into its task?"
    )
}
