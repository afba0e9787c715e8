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
#![forbid(unsafe_code)]

mod acquire;
mod limited;
mod line;

use std::error::Error;
use std::fmt;
use std::iter;
use std::mem;
use std::task::{Poll, Waker};

use loomscope::sync::atomic::{AtomicUsize, Ordering};
use loomscope::sync::{Arc, Mutex, MutexGuard};
use solutions::wake::wake_all;

pub use acquire::{Acquire, AcquireOwned, OwnedPermit, Permit};
pub use limited::run_limited;
use line::{Left, Line, Standing, Ticket};

/// Set for ever by `close`.
const CLOSED: usize = 0b01;
/// Set while somebody is in line.
const WAITERS: usize = 0b10;
/// One permit: the bits above the flags are the number of free permits.
const ONE: usize = 0b100;

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
#[repr(align(64))]
pub struct Semaphore {
    /// Free permits, `WAITERS` and `CLOSED`: see the table above.
    word: AtomicUsize,
    /// How many permits exist, free or not. Apart from the word, which every acquire and release
    /// would have to share with it, though only `add_permits` and `forget` change it.
    total: AtomicUsize,
    /// Those who wait, first in first out.
    line: Mutex<Line>,
}

// Two cores that hand permits to each other send this one cache line back and forth, and with it all
// that a waiter needs but its own slot.
const _: () = assert!(loomscope::MODEL || size_of::<Semaphore>() == 64);

impl Semaphore {
    /// The most permits that one semaphore can have, free and held together.
    pub const MAX_PERMITS: usize = usize::MAX / ONE;

    /// Makes a semaphore with so many free permits.
    ///
    /// # Panics
    ///
    /// If `permits` is more than [`MAX_PERMITS`](Self::MAX_PERMITS), which the message names.
    pub fn new(permits: usize) -> Self {
        assert_possible(permits);
        Self {
            word: AtomicUsize::new(permits * ONE),
            total: AtomicUsize::new(permits),
            line: Mutex::new(Line::new()),
        }
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
    #[inline]
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
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
    #[inline]
    pub fn acquire_many(&self, n: usize) -> Acquire<'_> {
        assert_possible(n);
        Acquire::new(self, n)
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
    #[inline]
    pub fn acquire_owned(self: Arc<Self>) -> AcquireOwned {
        self.acquire_many_owned(1)
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
    #[inline]
    pub fn acquire_many_owned(self: Arc<Self>, n: usize) -> AcquireOwned {
        assert_possible(n);
        AcquireOwned::new(self, n)
    }

    /// Takes one permit if one is free and nobody waits.
    ///
    /// # Errors
    ///
    /// [`TryAcquireError::NoPermits`] if none is free, or somebody is in line;
    /// [`TryAcquireError::Closed`] if the semaphore is closed.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
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
    #[inline]
    pub fn try_acquire_many(&self, n: usize) -> Result<Permit<'_>, TryAcquireError> {
        assert_possible(n);
        self.take(n).map(|()| Permit::new(self, n))
    }

    /// Adds `n` new permits, and serves those in line who then fit.
    ///
    /// # Panics
    ///
    /// If there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS), counting those that are held;
    /// nothing has been added then.
    pub fn add_permits(&self, n: usize) {
        let grown = |total: usize| total.checked_add(n).filter(|sum| *sum <= Self::MAX_PERMITS);
        // Relaxed: the total is compared with the limit and publishes nothing.
        let added = self.total.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown);
        assert!(added.is_ok(), "a semaphore has at most MAX_PERMITS permits");
        self.release(n);
    }

    /// How many permits are free. While somebody waits they are not to be had: they are kept for
    /// the first in line.
    pub fn available_permits(&self) -> usize {
        self.word.load(Ordering::Acquire) / ONE
    }

    /// How many requests are in line.
    pub fn waiting(&self) -> usize {
        self.line().len()
    }

    /// Closes the semaphore for ever: those in line, and every later request, fail with [`Closed`].
    ///
    /// Permits that were granted before remain valid, and come back when they are dropped.
    pub fn close(&self) {
        let mut line = self.line();
        // Release: who is told `Closed` without the lock sees what came before the closing.
        self.word.fetch_or(CLOSED, Ordering::Release);
        self.word.fetch_and(!WAITERS, Ordering::Relaxed);
        let wakers = line.close();
        drop(line);
        wake_all(wakers.into_iter());
    }

    /// Whether the semaphore is closed.
    pub fn is_closed(&self) -> bool {
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Takes permits without the lock, or says why that cannot be done.
    // ANCHOR: take
    #[inline]
    fn take(&self, need: usize) -> Result<(), TryAcquireError> {
        // Acquire, also where it fails: pairs with the Release of a permit's return, so that the
        // next holder sees what the last one did, and with that of `close`.
        let mut word = self.word.load(Ordering::Acquire);
        while word & (WAITERS | CLOSED) == 0 && word / ONE >= need {
            let rest = word - need * ONE;
            match self.word.compare_exchange_weak(word, rest, Ordering::Acquire, Ordering::Acquire)
            {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
        refusal(word, need)
    }
    // ANCHOR_END: take

    /// Takes permits, or joins the line: the slow half of an acquire.
    // ANCHOR: join
    #[cold]
    fn join(&self, need: usize, waker: &Waker) -> Result<Option<Ticket>, Closed> {
        // Cloned before the lock is taken, and where it is not needed, dropped after.
        let waker = waker.clone();
        let mut line = self.line();
        let mut word = self.word.load(Ordering::Acquire);
        // I4: the permits are counted and `WAITERS` is set in one step, so that no permit can come
        // back between the two unseen.
        while word & WAITERS == 0 {
            if word & CLOSED != 0 {
                return Err(Closed);
            }
            let fits = word / ONE >= need;
            let next = if fits { word - need * ONE } else { word | WAITERS };
            match self.word.compare_exchange_weak(word, next, Ordering::Acquire, Ordering::Acquire)
            {
                Ok(_) if fits => return Ok(None),
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        Ok(Some(line.push(need, waker)))
    }
    // ANCHOR_END: join

    /// Puts permits back, and serves the line if there is one.
    // ANCHOR: release
    #[inline]
    fn release(&self, n: usize) {
        // Release: pairs with the Acquire of whoever takes these permits.
        if self.word.fetch_add(n * ONE, Ordering::Release) & WAITERS != 0 {
            self.serve();
        }
    }

    /// Grants permits to the first in line, and the next, for as long as they fit.
    #[cold]
    fn serve(&self) {
        let granted = iter::successors(
            self.grant(),
            |(_, next_fits)| {
                if *next_fits { self.grant() } else { None }
            },
        );
        wake_all(granted.map(|(waker, _)| waker));
    }

    /// Grants the first request in line if it fits; says whether the next one fits as well.
    fn grant(&self) -> Option<(Waker, bool)> {
        let mut line = self.line();
        // Acquire: pairs with the Release of each return; the lock hands it on to the waiter.
        let free = self.word.load(Ordering::Acquire) / ONE;
        let need = line.first().filter(|need| *need <= free)?;
        let waker = line.grant();
        let next_fits = line.first().is_some_and(|next| next <= free - need);
        // I3: nobody else takes while `WAITERS` is set, so what was free still is.
        let bit = if line.is_empty() { WAITERS } else { 0 };
        // Relaxed: who takes the rest reads on along the chain that the returns began.
        self.word.fetch_sub(need * ONE + bit, Ordering::Relaxed);
        Some((waker, next_fits))
    }
    // ANCHOR_END: release

    /// How things stand for one in line, who leaves if it is over: a later poll of an acquire.
    #[cold]
    fn collect(&self, ticket: Ticket, waker: &Waker) -> Poll<Result<(), Closed>> {
        // Outlives the lock: it is where the old waker ends, and neither its drop nor a clone is
        // ours to run under the lock.
        let mut fresh = None;
        loop {
            let mut line = self.line();
            let outcome = match line.standing(ticket) {
                Standing::Waiting(known) if known.will_wake(waker) => return Poll::Pending,
                Standing::Waiting(known) => match &mut fresh {
                    Some(fresh) => {
                        mem::swap(known, fresh);
                        return Poll::Pending;
                    }
                    None => {
                        drop(line);
                        fresh = Some(waker.clone());
                        continue;
                    }
                },
                Standing::Granted => Ok(()),
                Standing::Closed => Err(Closed),
            };
            line.leave(ticket);
            return Poll::Ready(outcome);
        }
    }

    /// Leaves the line, or gives back what was granted: the drop of an acquire.
    #[cold]
    fn give_up(&self, ticket: Ticket, need: usize) {
        let mut line = self.line();
        let was_first = line.is_first(ticket);
        let left = line.leave(ticket);
        if was_first && line.is_empty() {
            // Relaxed: nothing is published; see `grant`.
            self.word.fetch_and(!WAITERS, Ordering::Relaxed);
        }
        drop(line);
        match left {
            // The waker lives until the others have been served: its drop may panic.
            Left::Waiting(_waker) if was_first => self.serve(),
            Left::Waiting(_) | Left::Closed => {}
            Left::Granted => self.release(need),
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().expect("nothing panics under this lock: no waker is touched there")
    }

    /// Takes permits out of the world: they will not come back.
    fn retire(&self, n: usize) {
        // Relaxed: see `add_permits`.
        self.total.fetch_sub(n, Ordering::Relaxed);
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

/// Why a request that saw this word did not get its permits; a request for none did.
#[cold]
fn refusal(word: usize, need: usize) -> Result<(), TryAcquireError> {
    if word & CLOSED != 0 {
        Err(TryAcquireError::Closed)
    } else if need > 0 {
        Err(TryAcquireError::NoPermits)
    } else {
        Ok(())
    }
}

#[inline]
fn assert_possible(permits: usize) {
    assert!(permits <= Semaphore::MAX_PERMITS, "a semaphore has at most MAX_PERMITS permits");
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
