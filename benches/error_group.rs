//! What does it cost that tasks end together, with one error?
//!
//! `cargo bench -p benches --bench error_group -- --table`

use benches::{Bench, Group, current_thread, two_workers};
use futures::stream::{self, FuturesUnordered, StreamExt, TryStreamExt};
use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, yield_now};
use tokio_util::task::TaskTracker;

/// Tasks of one group.
const TASKS: u64 = 1000;
/// Tasks at once, where there is a limit.
const LIMIT: usize = 16;
/// What all workloads have to be read with.
const REMARK: &str = "FuturesUnordered and try_for_each_concurrent spawn nothing: all is done by the one task that \
    waits, and a second core does not help them. TaskTracker knows of no error, and aborts nothing.";

type Outcome = Result<(), u64>;

fn main() {
    benches::run("What does it cost that tasks end together, with one error?", |bench| {
        let (one, two) = (&current_thread(), &two_workers());
        compare(bench, one, two, "a task that does nothing, of 1000", |_| async { Ok(()) });
        compare(bench, one, two, "a task that waits once, of 1000", waits_once);
        compare(bench, one, two, "a task of 1000, and one in the middle fails", one_fails);
        limited(bench, one, two);
    });
}

async fn waits_once(_: u64) -> Outcome {
    yield_now().await;
    Ok(())
}

async fn one_fails(number: u64) -> Outcome {
    if number == TASKS / 2 { Err(number) } else { Ok(()) }
}

/// A workload, on one thread and on two.
fn compare<T, F>(bench: &mut Bench, one: &Runtime, two: &Runtime, name: &str, task: T)
where
    T: Fn(u64) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Outcome> + Send + 'static,
{
    contest(bench.one_thread(&format!("{name}, current thread")), one, task);
    contest(bench.two_threads(&format!("{name}, two workers")), two, task);
}

fn contest<T, F>(contest: Group<'_, '_>, runtime: &Runtime, task: T)
where
    T: Fn(u64) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Outcome> + Send + 'static,
{
    let contest = contest
        .batch(TASKS)
        .remark(REMARK)
        .contestant("reference", |times| by_a_task(runtime, times, move || with_reference(task)));
    #[cfg(feature = "yours-error_group")]
    let contest =
        contest.contestant("yours", |times| by_a_task(runtime, times, move || with_yours(task)));
    contest
        .contestant("TaskTracker", |times| {
            by_a_task(runtime, times, move || with_task_tracker(task))
        })
        .contestant("JoinSet", |times| by_a_task(runtime, times, move || with_join_set(task)))
        .contestant("FuturesUnordered", |times| {
            by_a_task(runtime, times, move || with_futures_unordered(task))
        })
        .contestant("try_for_each_c.", |times| {
            by_a_task(runtime, times, move || with_for_each(task, None))
        })
        .run();
}

/// At most 16 at once.
fn limited(bench: &mut Bench, one: &Runtime, two: &Runtime) {
    let name = "a task of 1000 that waits once, 16 at once";
    contest_limited(bench.one_thread(&format!("{name}, current thread")), one);
    contest_limited(bench.two_threads(&format!("{name}, two workers")), two);
}

fn contest_limited(contest: Group<'_, '_>, runtime: &Runtime) {
    let contest = contest.batch(TASKS).remark(REMARK).contestant("reference", |times| {
        by_a_task(runtime, times, || with_reference_limited(waits_once))
    });
    #[cfg(feature = "yours-error_group")]
    let contest = contest
        .contestant("yours", |times| by_a_task(runtime, times, || with_yours_limited(waits_once)));
    contest
        .contestant("TaskTracker + Semaphore", |times| {
            by_a_task(runtime, times, || with_semaphore(waits_once))
        })
        .contestant("JoinSet", |times| {
            by_a_task(runtime, times, || with_join_set_limited(waits_once))
        })
        .contestant("try_for_each_c.", |times| {
            by_a_task(runtime, times, || with_for_each(waits_once, Some(LIMIT)))
        })
        .run();
}

/// How long a task takes to run groups of 1000, one after the other.
fn by_a_task<G>(runtime: &Runtime, times: u64, group: impl Fn() -> G + Send + 'static) -> Duration
where
    G: Future<Output = Outcome> + Send,
{
    let driver = runtime.spawn(async move {
        let start = Instant::now();
        for _ in 0..times / TASKS {
            // Some workloads fail, as they should.
            let _ = group().await;
        }
        start.elapsed()
    });
    runtime.block_on(driver).expect("no group panics")
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident, $run:ident, $limited:ident) => {
        async fn $run<F>(task: impl Fn(u64) -> F + Send) -> Outcome
        where
            F: Future<Output = Outcome> + Send + 'static,
        {
            let mut group = $workbook::error_group::ErrorGroup::new();
            for number in 0..TASKS {
                group.spawn(task(number)).await;
            }
            group.wait().await
        }

        async fn $limited<F>(task: impl Fn(u64) -> F + Send) -> Outcome
        where
            F: Future<Output = Outcome> + Send + 'static,
        {
            let limit = NonZeroUsize::new(LIMIT).expect("it is not zero");
            let mut group = $workbook::error_group::ErrorGroup::with_limit(limit);
            for number in 0..TASKS {
                group.spawn(task(number)).await;
            }
            group.wait().await
        }
    };
}

workbook!(reference, with_reference, with_reference_limited);
#[cfg(feature = "yours-error_group")]
workbook!(yours, with_yours, with_yours_limited);

async fn with_task_tracker<F>(task: impl Fn(u64) -> F + Send) -> Outcome
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let tracker = TaskTracker::new();
    for number in 0..TASKS {
        tracker.spawn(task(number));
    }
    tracker.close();
    tracker.wait().await;
    Ok(())
}

async fn with_semaphore<F>(task: impl Fn(u64) -> F + Send) -> Outcome
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let (tracker, permits) = (TaskTracker::new(), Arc::new(Semaphore::new(LIMIT)));
    for number in 0..TASKS {
        let permit = permits.clone().acquire_owned().await.expect("nobody closes it");
        let task = task(number);
        tracker.spawn(async move {
            let outcome = task.await;
            drop(permit);
            outcome
        });
    }
    tracker.close();
    tracker.wait().await;
    Ok(())
}

async fn with_join_set<F>(task: impl Fn(u64) -> F + Send) -> Outcome
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let mut set = JoinSet::new();
    for number in 0..TASKS {
        set.spawn(task(number));
    }
    let mut outcome = Ok(());
    while let Some(ended) = set.join_next().await {
        outcome = outcome.and(ended.expect("no task panics"));
    }
    outcome
}

async fn with_join_set_limited<F>(task: impl Fn(u64) -> F + Send) -> Outcome
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let (mut set, mut outcome) = (JoinSet::new(), Ok(()));
    for number in 0..TASKS {
        while set.len() >= LIMIT
            && let Some(ended) = set.join_next().await
        {
            outcome = outcome.and(ended.expect("no task panics"));
        }
        set.spawn(task(number));
    }
    while let Some(ended) = set.join_next().await {
        outcome = outcome.and(ended.expect("no task panics"));
    }
    outcome
}

async fn with_futures_unordered<F>(task: impl Fn(u64) -> F + Send) -> Outcome
where
    F: Future<Output = Outcome> + Send,
{
    let mut all: FuturesUnordered<_> = (0..TASKS).map(task).collect();
    let mut outcome = Ok(());
    while let Some(ended) = all.next().await {
        outcome = outcome.and(ended);
    }
    outcome
}

async fn with_for_each<F>(task: impl Fn(u64) -> F + Send, limit: Option<usize>) -> Outcome
where
    F: Future<Output = Outcome> + Send,
{
    stream::iter((0..TASKS).map(Ok)).try_for_each_concurrent(limit, task).await
}
