//! A worker: it takes a job, makes attempts, each as soon as the guards let it, and tells how it ended.

use std::any::Any;
use std::future::Future;
use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use solutions::circuit_breaker::CallError;
use solutions::lru::SharedLru;
use solutions::retry::retry;

use super::seat::{Seat, Task};
use super::ticket::quietly;
use super::{
    BREAKERS, Backoff, BreakerBuilder, CancelToken, CircuitBreaker, JobError, JobId, RateLimiter,
    Retry,
};

/// Which attempt of which job a handler is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// The worker that makes it: its index in [`Stats::workers`](super::Stats::workers).
    pub worker: usize,
}

/// What all workers of a pool work by.
pub(super) struct Rules<H> {
    pub(super) handler: H,
    pub(super) limiter: Option<Arc<RateLimiter>>,
    pub(super) policy: Option<Backoff>,
    pub(super) breakers: Option<Breakers>,
    /// Nobody cancels it: a job is aborted by dropping it.
    pub(super) never: CancelToken,
}

/// A breaker for each of the keys that were asked last.
pub(super) struct Breakers {
    known: SharedLru<Arc<str>, Arc<CircuitBreaker>>,
    model: BreakerBuilder,
}

impl Breakers {
    pub(super) fn new(model: BreakerBuilder) -> Self {
        let most = const { NonZeroUsize::new(BREAKERS).expect("it is not zero") };
        // One shard: the order of use is exact.
        Self { known: SharedLru::with_shards(most, NonZeroUsize::MIN), model }
    }

    fn of(&self, key: Arc<str>) -> Arc<CircuitBreaker> {
        self.known.get_or_insert_with(key, || Arc::new(self.model.clone().build()))
    }
}

/// The life of a worker.
// ANCHOR: work
pub(super) async fn work<J, T, E, H, Fut>(mut seat: Seat<J, T, E>, rules: Arc<Rules<H>>)
where
    H: Fn(Arc<J>, Attempt) -> Fut,
    Fut: Future<Output = Result<T, Retry<E>>>,
{
    seat.sit_down();
    while let Some(task) = seat.next().await {
        let result = AssertUnwindSafe(rules.see_to(task, &seat)).catch_unwind().await;
        seat.finish(result.unwrap_or_else(|panic| Err(JobError::Panicked(words(panic)))));
    }
}
// ANCHOR_END: work

impl<H> Rules<H> {
    /// Makes attempts until one is the last; the job is gone when this is over.
    // ANCHOR: guards
    async fn see_to<J, T, E, Fut>(
        &self,
        (job, key): Task<J>,
        seat: &Seat<J, T, E>,
    ) -> Result<T, JobError<E>>
    where
        H: Fn(Arc<J>, Attempt) -> Fut,
        Fut: Future<Output = Result<T, Retry<E>>>,
    {
        let job = Arc::new(job);
        let breaker = self.breakers.as_ref().zip(key).map(|(breakers, key)| breakers.of(key));
        let attempt = |number| self.attempt(&job, breaker.as_deref(), seat, number);
        match &self.policy {
            None => attempt(1).await.map_err(|failure| match failure {
                Retry::Permanent(error) | Retry::Transient(error) | Retry::After(error, _) => error,
            }),
            Some(policy) => retry(policy, &self.never, attempt).await.map_err(|given_up| {
                given_up.into_source().expect("without a cancellation, it was a failure")
            }),
        }
    }

    /// Asks the breaker, then for a token, then the handler.
    async fn attempt<J, T, E, Fut>(
        &self,
        job: &Arc<J>,
        breaker: Option<&CircuitBreaker>,
        seat: &Seat<J, T, E>,
        number: u32,
    ) -> Result<T, Retry<JobError<E>>>
    where
        H: Fn(Arc<J>, Attempt) -> Fut,
        Fut: Future<Output = Result<T, Retry<E>>>,
    {
        seat.approach(number);
        let call = async || {
            if let Some(limiter) = &self.limiter {
                limiter.acquire().await;
            }
            (self.handler)(job.clone(), seat.begin(number)).await.map_err(failed)
        };
        let Some(breaker) = breaker else { return call().await };
        let speaks_against =
            |result: &Result<_, _>| matches!(result, Err(Retry::Transient(_) | Retry::After(..)));
        breaker.call_with(call, speaks_against).await.map_err(|error| match error {
            CallError::Inner(failure) => failure,
            CallError::Open { retry_in } => Retry::Permanent(JobError::Rejected { retry_in }),
        })
    }
    // ANCHOR_END: guards
}

fn failed<E>(failure: Retry<E>) -> Retry<JobError<E>> {
    match failure {
        Retry::Transient(error) => Retry::Transient(JobError::Failed(error)),
        Retry::Permanent(error) => Retry::Permanent(JobError::Failed(error)),
        Retry::After(error, wait) => Retry::After(JobError::Failed(error), wait),
    }
}

/// What a panic said, if it was words.
fn words(panic: Box<dyn Any + Send>) -> String {
    let words = panic.downcast_ref::<String>().cloned();
    let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
    quietly(|| drop(panic));
    words.unwrap_or_else(|| "without words".to_owned())
}
