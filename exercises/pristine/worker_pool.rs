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

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pub use loomscope::time::{Duration, Instant};
pub use solutions::cancel::{CancelToken, Reason};
pub use solutions::circuit_breaker::{Builder as BreakerBuilder, CircuitBreaker};
pub use solutions::priority_queue::Priority;
pub use solutions::rate_limiter::{Rate, RateLimiter};
pub use solutions::retry::{Backoff, Jitter, Retry};

/// The number of keys whose breakers a pool keeps: those that were asked last.
///
/// A key that was forgotten has a new breaker when it comes again, which is closed.
pub const BREAKERS: usize = 1024;

/// Runs `work` for each job, at most `concurrency` of them at once, and returns all results in the order of
/// the jobs, or the first error.
///
/// The jobs are taken from their iterator before the first of them begins. Each runs on one of at most
/// `concurrency` tasks, and those may run in parallel. After an error, a panic or the token's cancellation no
/// further job begins; those that have begun are waited for, and whoever wants them to stop lets `work` look
/// at the token.
///
/// The answer is `Ok` if every job has succeeded, and only then: where none was to be done, that is
/// `Ok(vec![])`, and a token that is cancelled when the last job has begun changes nothing any more.
///
/// # Errors
///
/// When every job that began has ended:
///
/// - [`RunError::Failed`] if a job has failed: the first to end with an error, which need not be the first in
///   the order of the jobs. An error goes before a cancellation: it says more.
/// - [`RunError::Cancelled`] if the token was cancelled, or its deadline had passed, before every job had begun.
///
/// # Panics
///
/// With the panic of `work` or its future, if there was one: the first of them, once every job that began has
/// ended, and even where an error came before it. Outside a tokio runtime, unless there is nothing to do. And if
/// a runtime drops a job before its end.
///
/// # Cancel safety
///
/// Dropped, it asks every task to abort: each ends at its next await point. The results are lost.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::worker_pool::{CancelToken, RunError, run_all};
/// use std::num::NonZeroUsize;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (two, token) = (NonZeroUsize::new(2).unwrap(), CancelToken::new());
/// let lengths = run_all(["to", "be", "or not"], two, &token, async |word: &str| Ok::<_, ()>(word.len()));
/// assert_eq!(lengths.await, Ok(vec![2, 2, 6]));
///
/// let parsed = run_all(["1", "2", "drei"], two, &token, async |word: &str| word.parse::<u8>());
/// assert!(matches!(parsed.await, Err(RunError::Failed { index: 2, .. })));
/// # }
/// ```
pub async fn run_all<J, T, E, F, Fut>(
    jobs: impl IntoIterator<Item = J>,
    concurrency: NonZeroUsize,
    token: &CancelToken,
    work: F,
) -> Result<Vec<T>, RunError<E>>
where
    J: Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
    F: Fn(J) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
{
    todo!(
        "spawn a few tasks that share what is left to do: who takes which job, where does its result go, and who hears of the first failure?"
    )
}

/// Why [`run_all`] has no results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunError<E> {
    /// A job failed.
    Failed {
        /// Which one, counted from 0 in the order of the jobs.
        index: usize,
        /// Its error.
        error: E,
    },
    /// The token was cancelled before every job had begun.
    Cancelled(Reason),
}

impl<E> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { index, .. } => write!(f, "job {index} failed"),
            Self::Cancelled(reason) => write!(f, "{reason} before every job had begun"),
        }
    }
}

impl<E: Error + 'static> Error for RunError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed { error, .. } => Some(error),
            Self::Cancelled(_) => None,
        }
    }
}

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
    // Your fields: what do submitters, workers and those who only look share, and under which lock?
    // Replace this one, which only names the types.
    types: PhantomData<fn(J) -> (T, E)>,
}

impl WorkerPool<(), (), ()> {
    /// A builder with the defaults: one to four workers, the additional ones for a second of idleness; room
    /// for 64 jobs in the queue, a patience of 32; one attempt a job, no rate limit and no breakers.
    ///
    /// The types of the pool are those of the handler that it is started with; the ones written here
    /// mean nothing.
    pub fn builder<J: Send + Sync + 'static>() -> Builder<J> {
        todo!("start from the defaults: where do they live, so that the setters can change them?")
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
        todo!(
            "wait for room, in order; then queue the job, and see that there is a worker for it: which of them do you wake, and when is it time for one more?"
        )
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
        todo!(
            "queue the job or give it back: what if there is room, but somebody is in line for it?"
        )
    }

    /// Takes no more jobs: those who wait in line for room get theirs back, and so does everyone after them.
    ///
    /// Jobs that were accepted run to their end, and then the workers end. For pools that are shared;
    /// who owns one can [`drain`](Self::drain) it.
    pub fn close(&self) {
        todo!("let nothing in any more: who is asleep, and what have they to be told?")
    }

    /// Whether the pool takes no more jobs: it was closed, or the runtime of its workers has gone.
    pub fn is_closed(&self) -> bool {
        todo!("say whether it was closed: can it ever change back?")
    }

    /// What the pool has done so far.
    ///
    /// A job is counted before its ticket has an answer. While jobs come and go, the numbers are those of
    /// about the same moment, and never more than were submitted.
    pub fn stats(&self) -> Stats {
        todo!(
            "add up what was counted: which numbers have to be read together, so that none is counted twice?"
        )
    }

    /// The jobs that workers have in hand, in the order of the workers.
    pub fn in_progress(&self) -> Vec<Running> {
        todo!("list what the workers have in hand: who takes an entry away if the job panics?")
    }

    /// Takes no more jobs, waits until all that were accepted have ended and every worker is gone, and says
    /// what was done. In a job of this very pool it waits for itself, for ever.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it has completed, it drops the pool: what is left is aborted, and not waited for.
    pub async fn drain(self) -> Stats {
        todo!(
            "close, and wait for the last worker: what do you wait for if there is no worker, but a job?"
        )
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
        todo!("empty the queue, stop the workers, wait for the last: who answers the tickets?")
    }
}

impl<J, T, E> fmt::Debug for WorkerPool<J, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerPool").finish_non_exhaustive()
    }
}

impl<J, T, E> Drop for WorkerPool<J, T, E> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

/// How a pool is to work; made by [`WorkerPool::builder`].
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::worker_pool::{Backoff, CircuitBreaker, Rate, RateLimiter, Retry, WorkerPool};
/// use std::num::{NonZeroU32, NonZeroUsize};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// struct Page {
///     domain: Arc<str>,
///     path: String,
/// }
/// let pool = WorkerPool::builder()
///     .workers(2..=16)
///     .queue(NonZeroUsize::new(1000).unwrap())
///     .rate(RateLimiter::new(Rate::per_second(10.0)?, NonZeroU32::new(5).unwrap()))
///     .retry(Backoff::new(Duration::from_millis(100), Duration::from_secs(10))?)
///     .breaker(|page: &Page| page.domain.clone(), CircuitBreaker::builder())
///     .start(async |page: Arc<Page>, attempt| {
///         println!("{}, attempt {}", page.path, attempt.number);
///         Ok::<_, Retry<String>>(page.domain.len() + page.path.len())
///     });
/// let page = Page { domain: "example.org".into(), path: "/".to_owned() };
/// let Ok(ticket) = pool.try_submit(page, Default::default()) else { panic!("the queue is full") };
/// assert_eq!(ticket.await.result, Ok(12));
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder makes nothing until `start`"]
pub struct Builder<J> {
    // Your fields: one for each setter. Replace this one, which only names the type.
    jobs: PhantomData<fn(&J)>,
}

impl<J: Send + Sync + 'static> Builder<J> {
    /// Sets how many workers there are: never fewer than the start of the range, never more than its end.
    ///
    /// One more is started when a job waits and no worker is idle. The least may be 0: an idle pool then has
    /// no worker at all.
    ///
    /// # Panics
    ///
    /// If the range is empty, or ends at 0.
    pub fn workers(self, range: RangeInclusive<usize>) -> Self {
        todo!("check, and keep: with which ranges would no job ever run?")
    }

    /// Sets for how many accepted jobs there is room until a worker takes them.
    pub fn queue(self, capacity: NonZeroUsize) -> Self {
        todo!("keep the number: is a job that a worker has taken still in the queue?")
    }

    /// Sets how many later jobs may overtake one, for each level that it stands below them in priority. With 0
    /// jobs run in the order of their acceptance.
    ///
    /// So a job is begun after at most those that were in the queue before it, and then its level (`High` 0,
    /// `Normal` 1, `Low` 2) times `patience` others.
    pub fn patience(self, patience: u32) -> Self {
        todo!("keep the number: whose is it?")
    }

    /// Sets after how much idleness a worker ends, if there are more than the least number.
    pub fn idle(self, after: Duration) -> Self {
        todo!("keep the time: what if it is so long that adding it to now overflows?")
    }

    /// Makes each attempt wait for a token of `limiter`.
    ///
    /// Hand over an `Arc` of it to share it, or to change its rate while the pool works. A worker that waits for
    /// its token has its job already, which nothing can overtake any more.
    pub fn rate(self, limiter: impl Into<Arc<RateLimiter>>) -> Self {
        todo!("keep the limiter: who else may have it?")
    }

    /// Tries a job again that has failed, as `policy` says: how often, after which waits, within which budget.
    ///
    /// The worker waits with its job; it is not free for another meanwhile.
    pub fn retry(self, policy: Backoff) -> Self {
        todo!("keep the policy: what does it answer that you need not answer again?")
    }

    /// Gives each key a circuit breaker of its own, made by `breaker`, and lets `key` say which one a job asks.
    ///
    /// `key` is called once for each job, by its submitter. Before each attempt the breaker of the key is
    /// asked, and then for a token: a job that is [`Rejected`](JobError::Rejected) costs none. An attempt that was
    /// let through goes ahead, though the breaker may have opened while it waited for its token.
    ///
    /// [`Retry::Transient`], [`Retry::After`] and a panic count as failures of what the key names.
    /// [`Retry::Permanent`] does not: who says that something is not there, and never will be, is well. An attempt that is
    /// aborted counts as neither.
    ///
    /// The breakers of the [`BREAKERS`] keys that were asked last are kept.
    pub fn breaker(
        self,
        key: impl Fn(&J) -> Arc<str> + Send + Sync + 'static,
        breaker: BreakerBuilder,
    ) -> Self {
        todo!("keep both: how many breakers will there be, and which may be forgotten?")
    }

    /// Starts the least number of workers, which call `handler` for each attempt of each job.
    ///
    /// The pool keeps the handler: one that submits to its own pool has it as a `Weak`, since with an `Arc`
    /// the two would keep each other for ever.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, if the least number of workers is not 0. Later the runtime needs its time
    /// enabled, unless the number of workers is fixed and there are neither retries nor a rate limit: a worker
    /// panics without, and the pool is given up.
    ///
    /// A panic of the handler, or of its future, is that of its job: [`JobError::Panicked`].
    pub fn start<H, Fut, T, E>(self, handler: H) -> WorkerPool<J, T, E>
    where
        H: Fn(Arc<J>, Attempt) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Retry<E>>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        todo!(
            "start the workers, with `loomscope::task::spawn`: what does each of them do, from its start to its end?"
        )
    }
}

impl<J> fmt::Debug for Builder<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}

/// The number of a job in its pool, from 1, in the order of acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!("write it as in: job 7")
    }
}

/// Which attempt of which job a handler is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// The worker that makes it: its index in [`Stats::workers`].
    pub worker: usize,
}

/// The answer to a job, when there is one: the future that was given for it.
///
/// It has an answer whatever happens, also where the pool was dropped, or its runtime is gone. When it has, the
/// handler's future and the pool's share in the job are dropped, and the job is counted in [`Stats`].
/// Dropping it does not cancel the job. Polled again after it has completed, it panics.
pub struct Ticket<T, E> {
    // Your fields: who else has to reach this place? Replace this one, which only names the types.
    types: Option<Box<(T, E)>>,
}

impl<T, E> Ticket<T, E> {
    /// The number of the job.
    pub fn id(&self) -> JobId {
        todo!("say which job it is: who gave it its number?")
    }
}

impl<T, E> Future for Ticket<T, E> {
    type Output = Outcome<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("give the outcome, or leave the waker: what if the job ends between the two?")
    }
}

impl<T, E> fmt::Debug for Ticket<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T, E> {
    /// The number of the job.
    pub id: JobId,
    /// The handler's value, or why there is none.
    pub result: Result<T, JobError<E>>,
    /// How many attempts were begun.
    pub attempts: u32,
    /// The worker that had the job, if one had.
    pub worker: Option<usize>,
}

/// Why a job has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobError<E> {
    /// The last attempt failed: for good, or there was to be no other.
    Failed(E),
    /// The breaker of the job's key let no attempt through, the first or a further one. It is not tried again.
    Rejected {
        /// No attempt would be let through before so much time has passed; see
        /// [`Open::retry_in`](solutions::circuit_breaker::Open::retry_in).
        retry_in: Duration,
    },
    /// The handler panicked, with these words if they were words. It is not tried again.
    Panicked(String),
    /// The pool was aborted, or dropped, or its runtime has gone, before the job had ended.
    Aborted,
}

impl<E: fmt::Display> fmt::Display for JobError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Rejected { retry_in } => write!(f, "the circuit is open, retry in {retry_in:?}"),
            Self::Panicked(words) => write!(f, "the job panicked: {words}"),
            Self::Aborted => f.write_str("the job was aborted"),
        }
    }
}

impl<E: Error + 'static> Error for JobError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // It is shown as this error is, so what comes next is its own source.
            Self::Failed(error) => error.source(),
            Self::Rejected { .. } | Self::Panicked(_) | Self::Aborted => None,
        }
    }
}

/// A job that a worker has in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The number of the job.
    pub id: JobId,
    /// The key of its breaker, where there are breakers.
    pub key: Option<Arc<str>>,
    /// The worker: its index in [`Stats::workers`].
    pub worker: usize,
    /// The attempt that is made, or that waits for its breaker and its token, from 1. During the wait for a
    /// retry it is the one that has failed.
    pub attempt: u32,
    /// When the worker took the job.
    pub since: Instant,
}

/// What a pool has done so far, in numbers of jobs.
///
/// When nothing is queued or in progress, `submitted` is the sum of `processed`, `failed`, `rejected` and
/// `aborted`, and `processed` and `failed` are the sums over all workers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Accepted jobs.
    pub submitted: u64,
    /// Jobs that wait for a worker.
    pub queued: u64,
    /// Jobs that a worker has in hand.
    pub in_progress: u64,
    /// Jobs that ended with a value.
    pub processed: u64,
    /// Jobs that ended as [`JobError::Failed`] or [`JobError::Panicked`].
    pub failed: u64,
    /// Attempts beyond the first of each job.
    pub retried: u64,
    /// Jobs that ended as [`JobError::Rejected`].
    pub rejected: u64,
    /// Jobs that ended as [`JobError::Aborted`].
    pub aborted: u64,
    /// Workers that there are now.
    pub alive: usize,
    /// What each worker has done. There are as many as there were workers at one time; one that is started
    /// when another has ended takes over its place, the first that is free.
    pub workers: Vec<WorkerStats>,
}

/// What one worker has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkerStats {
    /// Its jobs that ended with a value.
    pub processed: u64,
    /// Its jobs that ended as [`JobError::Failed`] or [`JobError::Panicked`].
    pub failed: u64,
    /// How long it had a job in hand, waits for tokens and retries included, as far as its jobs have ended.
    pub busy: Duration,
}

/// The pool is closed; this is the job that it did not take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SubmitError<J>(pub J);

impl<J> SubmitError<J> {
    /// The job that was not submitted.
    pub fn into_inner(self) -> J {
        self.0
    }
}

impl<J> fmt::Debug for SubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubmitError(..)")
    }
}

impl<J> fmt::Display for SubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool is closed")
    }
}

impl<J> Error for SubmitError<J> {}

/// Why a job was not submitted at once, with the job.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySubmitError<J> {
    /// There is no room in the queue, or others wait for it.
    Full(J),
    /// The pool is closed.
    Closed(J),
}

impl<J> TrySubmitError<J> {
    /// The job that was not submitted.
    pub fn into_inner(self) -> J {
        match self {
            Self::Full(job) | Self::Closed(job) => job,
        }
    }
}

impl<J> fmt::Debug for TrySubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<J> fmt::Display for TrySubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the queue of the pool is full",
            Self::Closed(_) => "the pool is closed",
        })
    }
}

impl<J> Error for TrySubmitError<J> {}
