//! Jobs that say themselves what their attempts do, and pools of them.

use std::future::{Future, pending};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use patterns::worker_pool::{
    Attempt, Builder, JobError, Outcome, Priority, Retry, Ticket, WorkerPool,
};
use tokio::sync::Semaphore;

pub(crate) type Answer = Result<u64, Retry<&'static str>>;
pub(crate) type Pool = WorkerPool<Job, u64, &'static str>;
pub(crate) type Asked = Ticket<u64, &'static str>;

/// What is done for each attempt, and the key of the job's breaker.
pub(crate) struct Job {
    attempt: Box<dyn Fn(Attempt) -> BoxFuture<'static, Answer> + Send + Sync>,
    pub(crate) key: Arc<str>,
}

impl Job {
    /// A job that does this for each attempt.
    pub(crate) fn new<Fut>(attempt: impl Fn(Attempt) -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self { attempt: Box::new(move |it| Box::pin(attempt(it))), key: Arc::from("") }
    }

    /// A job that is done at once.
    pub(crate) fn answers(answer: Answer) -> Self {
        Self::new(move |_| async move { answer })
    }

    /// A job that waits until the gate lets it through.
    pub(crate) fn waits_for(gate: &Gate) -> Self {
        let gate = gate.clone();
        Self::new(move |_| {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                Ok(0)
            }
        })
    }

    /// A job that never ends.
    pub(crate) fn endless() -> Self {
        Self::new(|_| pending())
    }

    /// A job that writes its number down when it begins.
    pub(crate) fn notes(log: &Log, number: u64) -> Self {
        let log = log.clone();
        Self::new(move |_| {
            log.write(number);
            async move { Ok(number) }
        })
    }

    /// The same, for this key.
    pub(crate) fn on(mut self, key: &str) -> Self {
        self.key = Arc::from(key);
        self
    }
}

/// Lets so many through as it was opened for.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub(crate) fn open(&self, times: usize) {
        self.0.add_permits(times);
    }

    pub(crate) async fn pass(&self) {
        self.0.acquire().await.expect("nobody closes it").forget();
    }
}

/// What was written down, in this order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u64>>>);

impl Log {
    pub(crate) fn write(&self, number: u64) {
        self.0.lock().unwrap().push(number);
    }

    pub(crate) fn read(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }
}

/// A pool of one worker, so that jobs run one after the other.
pub(crate) fn one_worker() -> Builder<Job> {
    WorkerPool::builder().workers(1..=1)
}

pub(crate) fn start(builder: Builder<Job>) -> Pool {
    builder.start(|job: Arc<Job>, attempt| (job.attempt)(attempt))
}

/// Hands over a job of normal priority, for which there is room.
#[track_caller]
pub(crate) fn hand_over(pool: &Pool, job: Job) -> Asked {
    hand_over_as(pool, job, Priority::Normal)
}

/// Hands over a job for which there is room.
#[track_caller]
pub(crate) fn hand_over_as(pool: &Pool, job: Job, priority: Priority) -> Asked {
    pool.try_submit(job, priority).unwrap_or_else(|error| panic!("{error}"))
}

/// What became of a job, in a word.
pub(crate) fn result(outcome: Outcome<u64, &'static str>) -> Result<u64, JobError<&'static str>> {
    outcome.result
}
