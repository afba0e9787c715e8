//! All jobs are at hand: no queue is needed, only somebody to say who takes the next.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::iter::Enumerate;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::vec;

use loomscope::sync::{Mutex, MutexGuard};
use loomscope::task::coop;
use solutions::error_group::ErrorGroup;

use super::{CancelToken, Reason};

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
    let jobs: Vec<J> = jobs.into_iter().collect();
    let tasks = concurrency.get().min(jobs.len());
    let board = Arc::new(Board::new(jobs));
    let work = Arc::new(work);
    let mut group = ErrorGroup::child_of(token, None);
    for _ in 0..tasks {
        let (board, work, token) = (board.clone(), work.clone(), group.token().clone());
        group.spawn(async move { board.work_off(&*work, &token).await }).await;
    }
    group.wait().await.map_err(|(index, error)| RunError::Failed { index, error })?;
    let cancelled = || token.reason().expect("nothing but a cancellation leaves a job out");
    board.results().ok_or_else(|| RunError::Cancelled(cancelled()))
}

/// What is left to do, and what was done.
struct Board<J, T>(Mutex<Lists<J, T>>);

struct Lists<J, T> {
    jobs: Enumerate<vec::IntoIter<J>>,
    results: Vec<Option<T>>,
}

impl<J, T> Board<J, T> {
    fn new(jobs: Vec<J>) -> Self {
        let mut results = Vec::new();
        results.resize_with(jobs.len(), || None);
        Self(Mutex::new(Lists { jobs: jobs.into_iter().enumerate(), results }))
    }

    /// One of the tasks: runs jobs until there are no more, or one fails, or the token is cancelled.
    // ANCHOR: work_off
    async fn work_off<E, Fut: Future<Output = Result<T, E>>>(
        &self,
        work: &impl Fn(J) -> Fut,
        token: &CancelToken,
    ) -> Result<(), (usize, E)> {
        let mut done = None;
        while let Some((index, job)) = self.swap(done, token) {
            let result = work(job).await.map_err(|error| (index, error))?;
            done = Some((index, result));
            breathe().await;
        }
        Ok(())
    }

    /// Leaves a result, and takes a job: one short lock for both.
    fn swap(&self, done: Option<(usize, T)>, token: &CancelToken) -> Option<(usize, J)> {
        let is_over = token.is_cancelled();
        let mut lists = self.lists();
        if let Some((index, result)) = done {
            lists.results[index] = Some(result);
        }
        if is_over { None } else { lists.jobs.next() }
    }
    // ANCHOR_END: work_off

    /// All results, if none is missing.
    fn results(&self) -> Option<Vec<T>> {
        let results = mem::take(&mut self.lists().results);
        results.into_iter().collect()
    }

    fn lists(&self) -> MutexGuard<'_, Lists<J, T>> {
        self.0.lock().expect("nothing panics under this lock: no code of others runs there")
    }
}

/// Lets the neighbours run once in a while: a job that never waits would keep the thread.
async fn breathe() {
    poll_fn(|cx| {
        ready!(coop::poll_proceed(cx)).made_progress();
        Poll::Ready(())
    })
    .await;
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
