//! A semaphore for those who may start, a wait group for those who have.

use std::future::Future;
use std::num::NonZeroUsize;

use loomscope::sync::Arc;
use loomscope::task;
use solutions::wait_group::WaitGroup;

use super::Semaphore;

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
    let semaphore = Arc::new(Semaphore::new(limit.get().min(Semaphore::MAX_PERMITS)));
    let group = WaitGroup::new();
    let mut jobs = jobs.into_iter();
    loop {
        let permit = semaphore.clone().acquire_owned().await.expect("nobody closes it");
        let Some(job) = jobs.next() else { break };
        let worker = group.worker();
        task::spawn(async move {
            let _ending = (permit, worker);
            job.await;
        });
    }
    group.wait().await;
}
