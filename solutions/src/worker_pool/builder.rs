//! How a pool is to work.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;

use loomscope::task;
use loomscope::time::Duration;

use super::desk::Desk;
use super::shared::{KeyOf, Shared};
use super::worker::{Breakers, Rules, work};
use super::{Attempt, Backoff, BreakerBuilder, CancelToken, RateLimiter, Retry, WorkerPool};

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
    workers: RangeInclusive<usize>,
    queue: NonZeroUsize,
    patience: u32,
    idle: Duration,
    limiter: Option<Arc<RateLimiter>>,
    policy: Option<Backoff>,
    breaker: Option<(KeyOf<J>, BreakerBuilder)>,
}

impl<J: Send + Sync + 'static> Builder<J> {
    pub(super) fn new() -> Self {
        Self {
            workers: 1..=4,
            queue: const { NonZeroUsize::new(64).expect("it is not zero") },
            patience: 32,
            idle: Duration::from_secs(1),
            limiter: None,
            policy: None,
            breaker: None,
        }
    }

    /// Sets how many workers there are: never fewer than the start of the range, never more than its end.
    ///
    /// One more is started when a job waits and no worker is idle. The least may be 0: an idle pool then has
    /// no worker at all.
    ///
    /// # Panics
    ///
    /// If the range is empty, or ends at 0.
    pub fn workers(self, range: RangeInclusive<usize>) -> Self {
        assert!(!range.is_empty(), "the range of workers is empty");
        assert!(*range.end() > 0, "without a worker no job would ever run");
        Self { workers: range, ..self }
    }

    /// Sets for how many accepted jobs there is room until a worker takes them.
    pub fn queue(self, capacity: NonZeroUsize) -> Self {
        Self { queue: capacity, ..self }
    }

    /// Sets how many later jobs may overtake one, for each level that it stands below them in priority. With 0
    /// jobs run in the order of their acceptance.
    ///
    /// So a job is begun after at most those that were in the queue before it, and then its level (`High` 0,
    /// `Normal` 1, `Low` 2) times `patience` others.
    pub fn patience(self, patience: u32) -> Self {
        Self { patience, ..self }
    }

    /// Sets after how much idleness a worker ends, if there are more than the least number.
    pub fn idle(self, after: Duration) -> Self {
        Self { idle: after, ..self }
    }

    /// Makes each attempt wait for a token of `limiter`.
    ///
    /// Hand over an `Arc` of it to share it, or to change its rate while the pool works. A worker that waits for
    /// its token has its job already, which nothing can overtake any more.
    pub fn rate(self, limiter: impl Into<Arc<RateLimiter>>) -> Self {
        Self { limiter: Some(limiter.into()), ..self }
    }

    /// Tries a job again that has failed, as `policy` says: how often, after which waits, within which budget.
    ///
    /// The worker waits with its job; it is not free for another meanwhile.
    pub fn retry(self, policy: Backoff) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// Gives each key a circuit breaker of its own, made by `breaker`, and lets `key` say which one a job asks.
    ///
    /// `key` is called once for each job, by its submitter. Before each attempt the breaker of the key is
    /// asked, and then for a token: a job that is [`Rejected`](super::JobError::Rejected) costs none. An attempt that was
    /// let through goes ahead, though the breaker may have opened while it waited for its token.
    ///
    /// [`Retry::Transient`], [`Retry::After`] and a panic count as failures of what the key names.
    /// [`Retry::Permanent`] does not: who says that something is not there, and never will be, is well. An attempt that is
    /// aborted counts as neither.
    ///
    /// The breakers of the [`BREAKERS`](super::BREAKERS) keys that were asked last are kept.
    pub fn breaker(
        self,
        key: impl Fn(&J) -> Arc<str> + Send + Sync + 'static,
        breaker: BreakerBuilder,
    ) -> Self {
        Self { breaker: Some((Box::new(key), breaker)), ..self }
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
    /// A panic of the handler, or of its future, is that of its job: [`JobError::Panicked`](super::JobError::Panicked).
    pub fn start<H, Fut, T, E>(self, handler: H) -> WorkerPool<J, T, E>
    where
        H: Fn(Arc<J>, Attempt) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Retry<E>>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let Self { workers, queue, patience, idle, limiter, policy, breaker } = self;
        let (key, breakers) = breaker.map(|(key, model)| (key, Breakers::new(model))).unzip();
        let rules =
            Arc::new(Rules { handler, limiter, policy, breakers, never: CancelToken::new() });
        let desk = Desk::new(queue.get(), patience, workers);
        let spawn = move |seat| task::spawn(work(seat, rules.clone()));
        let pool = WorkerPool { shared: Arc::new(Shared::new(desk, idle, key, Box::new(spawn))) };
        pool.shared.hire_least();
        pool
    }
}

impl<J> fmt::Debug for Builder<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
