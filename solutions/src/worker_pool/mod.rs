//! Many jobs, few workers: the urgent first, no faster than allowed, again where it helps, and each one answered.
//!
//! # Problem
//!
//! A thousand pages are to be fetched. A task for each opens a thousand connections at once; a loop fetches
//! them one after the other. In between stands a pool: a few workers, and a queue of what waits for them.
//! Then the questions begin. What is urgent stands behind what is not; a server asks for no more than ten
//! requests a second; one that is down is asked again and again; a job panics, and its worker is gone; the
//! program ends, and nobody knows which jobs were done.
//!
//! # From Go
//!
//! A channel of jobs, a few goroutines that range over it, and a wait group:
//!
//! ```go
//! for range workers {
//!     wg.Add(1)
//!     go func() {
//!         defer wg.Done()
//!         for job := range jobs {       // ends when jobs is closed and empty
//!             results <- process(job)   // a panic in here ends the program
//!         }
//!     }()
//! }
//! ```
//!
//! It is short, and right as long as nothing goes wrong. Give it an early return, and workers wait for ever
//! to send a result; give it a context, and a pool whose context is cancelled before its first job says that
//! all went well. A channel knows no priorities, and the number of goroutines is the one it began with.
//!
//! # In Rust
//!
//! A job belongs to the pool once it was accepted, and to its submitter until then: who is refused gets it
//! back. What becomes of it is a value, too: a [`Ticket`] is a future, and it has an answer whatever happens
//! to the job, the worker or the pool. [`drain`](WorkerPool::drain) and [`abort`](WorkerPool::abort) take the
//! pool, so that nobody submits to one that is being shut down; who shares it in an `Arc` has
//! [`close`](WorkerPool::close). A job that may be tried again is lent to each attempt, and so is in an
//! [`Arc`]: it has to be `Sync`.
//!
//! # Invariants
//!
//! One lock guards the queue, the line of those who wait for room in it, and the list of the workers.
//!
//! - I1: an accepted job is in the queue, or in one worker's hand, or over. Its ticket has one answer, and has
//!   it when the job is over.
//! - I2: the jobs in the queue, and the rooms that are kept for those who were told to come, are no more than
//!   the capacity; where somebody is in line, they are as many.
//! - I3: a job is counted when it is in nobody's hand any more, and answered when it is counted. Never more are
//!   counted than were submitted.
//! - I4: more jobs are in the queue than workers are coming (called or started, and not there yet) only where no
//!   worker sleeps, and where there are as many as there may be.
//! - I5: a worker counts from before its task starts until it finds, under one hold of the lock, no job and no
//!   need for it, or until its task is dropped. So those who count are never more than the range allows; and
//!   until the pool is closed, never fewer.
//! - I6: a pool that is closed remains so, accepts nothing, and has nobody in line.
//! - I7: [`run_all`] gives each job to one task, and its result the job's place; it succeeds if no place is empty.
//!
//! # Cancellation and panics
//!
//! A [`submit`](WorkerPool::submit) that is dropped while it waits leaves the line; if it was told that there is
//! room, the next one is. A [`drain`](WorkerPool::drain) that is dropped aborts. An abort reaches a worker where
//! it awaits: its task is dropped, and with it the attempt, the job, and last the worker's seat, which counts and
//! answers the job. The same happens where a runtime ends under its pool: then the pool is closed, and what
//! waits is given up.
//!
//! Whatever panics while a job is seen to, the handler, its future or a destructor, ends the job and spares the
//! worker. Where no caller could do anything about a panic, it is swallowed: that of a waker, of a job that is
//! given up, or of a result that nobody wants. No job, result or waker is touched under the lock.
//!
//! # Cost
//!
//! A job costs two allocations, one for its ticket and one for the `Arc` that its attempts share, and short
//! locks: two of the pool, and one of the ticket for its answer and for each poll. The pool's lock is held for a
//! few stores and a step of the queue, however many jobs wait. Statistics are stores to a cache line that only
//! the worker writes; the clock is read once a job, since one ends when the next one begins. A worker that
//! sleeps is woken for a job, one that is busy finds the next one by itself.
//!
//! Memory: the queue, as far as it was ever filled, a task and a few hundred bytes for each worker, and the
//! breakers of the [`BREAKERS`] keys that were asked last. A job that waits for its retry or its token keeps
//! its worker: that bounds the jobs that are begun, and a slow key can hold up the others.
//! [`run_all`] takes one short lock a job, and allocates for a slice, not for a job.
//!
//! # See also
//!
//! 1. `rayon`: threads that compute, jobs that fork and join. It steals work and beats any queue where a job
//!    never waits; it knows no priorities and no end of the waiting.
//! 2. `threadpool`, or a channel and a few tasks: the first lines of this, without bound, answer or priority.
//! 3. `tower`: limits, retries and load shedding as layers round a service, each for itself.
//! 4. `futures::stream::StreamExt::buffer_unordered`: some jobs at a time within one task.
#![forbid(unsafe_code)]

mod builder;
mod desk;
mod error;
mod run_all;
mod seat;
mod shared;
mod stats;
mod submit;
mod ticket;
mod worker;

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

pub use loomscope::time::{Duration, Instant};
pub use solutions::cancel::{CancelToken, Reason};
pub use solutions::circuit_breaker::{Builder as BreakerBuilder, CircuitBreaker};
pub use solutions::priority_queue::Priority;
pub use solutions::rate_limiter::{Rate, RateLimiter};
pub use solutions::retry::{Backoff, Jitter, Retry};

pub use builder::Builder;
pub use error::{SubmitError, TrySubmitError};
pub use run_all::{RunError, run_all};
pub use stats::{Running, Stats, WorkerStats};
pub use ticket::{JobError, JobId, Outcome, Ticket};
pub use worker::Attempt;

use shared::Shared;
use submit::Submit;

/// The number of keys whose breakers a pool keeps: those that were asked last.
///
/// A key that was forgotten has a new breaker when it comes again, which is closed.
pub const BREAKERS: usize = 1024;

/// A number of workers that take jobs from a queue, and answer each with an [`Outcome`].
///
/// A job is accepted when there is room for it in the queue, and from then on its [`Ticket`] has an answer,
/// whatever happens. Jobs are begun by priority, and in the order of their acceptance among equals; at most so
/// many later jobs overtake one as [`patience`](Builder::patience) says. A worker has one job at a time, and
/// keeps it through all its attempts and the waits between them.
///
/// A pool is shared by reference, or in an `Arc`. Dropping it is to [`abort`](Self::abort) it without waiting.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::worker_pool::{JobError, Priority, Retry, WorkerPool};
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let parse = async |text: Arc<String>, _| text.parse::<u32>().map_err(Retry::Permanent);
/// let pool = WorkerPool::builder().workers(1..=2).start(parse);
/// let answer = pool.submit("42".to_owned(), Priority::Normal).await.unwrap();
/// let urgent = pool.submit("fortytwo".to_owned(), Priority::High).await.unwrap();
/// assert_eq!(answer.await.result, Ok(42));
/// assert!(matches!(urgent.await.result, Err(JobError::Failed(_))));
///
/// let stats = pool.drain().await;
/// assert_eq!((stats.submitted, stats.processed, stats.failed), (2, 1, 1));
/// # }
/// ```
#[must_use = "a pool that is dropped aborts its jobs"]
pub struct WorkerPool<J, T, E> {
    shared: Arc<Shared<J, T, E>>,
}

impl WorkerPool<(), (), ()> {
    /// A builder with the defaults: one to four workers, the additional ones for a second of idleness; room
    /// for 64 jobs in the queue, a patience of 32; one attempt a job, no rate limit and no breakers.
    ///
    /// The types of the pool are those of the handler that it is started with; the ones written here
    /// mean nothing.
    pub fn builder<J: Send + Sync + 'static>() -> Builder<J> {
        Builder::new()
    }
}

impl<J, T, E> WorkerPool<J, T, E>
where
    J: Send + Sync + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    /// Waits in line for room in the queue, and hands the job over.
    ///
    /// The place in line is taken by the first poll, if it does not find room. A handler that waits here for
    /// room in the queue of its own pool may wait for ever: it is workers that make room.
    ///
    /// # Errors
    ///
    /// [`SubmitError`] with the job, if the pool is closed before there is room for it.
    ///
    /// # Panics
    ///
    /// Where the breakers' key function does: the job is lost, and was not submitted. Outside a tokio runtime,
    /// if one more worker has to be started: the pool is given up then, as by an abort.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it has completed, the future has not submitted the job, and drops it; its place in line
    /// is the next one's.
    pub async fn submit(&self, job: J, priority: Priority) -> Result<Ticket<T, E>, SubmitError<J>> {
        let mut submit = Submit::new(&self.shared, job, priority);
        poll_fn(|cx| submit.poll(cx)).await
    }

    /// Hands the job over, if there is room in the queue and nobody waits for it.
    ///
    /// # Errors
    ///
    /// [`TrySubmitError`] with the job.
    ///
    /// # Panics
    ///
    /// As [`submit`](Self::submit).
    pub fn try_submit(
        &self,
        job: J,
        priority: Priority,
    ) -> Result<Ticket<T, E>, TrySubmitError<J>> {
        Submit::new(&self.shared, job, priority).now()
    }

    /// Takes no more jobs: those who wait in line for room get theirs back, and so does everyone after them.
    ///
    /// Jobs that were accepted run to their end, and then the workers end. For pools that are shared;
    /// who owns one can [`drain`](Self::drain) it.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether the pool takes no more jobs: it was closed, or the runtime of its workers has gone.
    pub fn is_closed(&self) -> bool {
        self.shared.desk().is_closed()
    }

    /// What the pool has done so far.
    ///
    /// A job is counted before its ticket has an answer. While jobs come and go, the numbers are those of
    /// about the same moment, and never more than were submitted.
    pub fn stats(&self) -> Stats {
        self.shared.desk().stats()
    }

    /// The jobs that workers have in hand, in the order of the workers.
    pub fn in_progress(&self) -> Vec<Running> {
        self.shared.desk().running()
    }

    /// Takes no more jobs, waits until all that were accepted have ended and every worker is gone, and says
    /// what was done. In a job of this very pool it waits for itself, for ever.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it has completed, it drops the pool: what is left is aborted, and not waited for.
    pub async fn drain(self) -> Stats {
        self.shared.close();
        self.shared.crew().wait().await;
        self.stats()
    }

    /// Takes no more jobs, drops those that wait, aborts those that run, waits until every worker is gone,
    /// and says what was done.
    ///
    /// A job that runs is dropped at its next await point; one that comes to its end before that ends as it
    /// does. The tickets of all others say [`JobError::Aborted`].
    ///
    /// # Cancel safety
    ///
    /// Dropped before it has completed, it drops the pool: it has been aborted, or is now, and is not waited for.
    pub async fn abort(self) -> Stats {
        self.shared.give_up();
        let crew = self.shared.crew();
        crew.abort();
        crew.wait().await;
        self.stats()
    }
}

impl<J, T, E> fmt::Debug for WorkerPool<J, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerPool").finish_non_exhaustive()
    }
}

impl<J, T, E> Drop for WorkerPool<J, T, E> {
    fn drop(&mut self) {
        self.shared.give_up();
        drop(self.shared.crew());
    }
}
