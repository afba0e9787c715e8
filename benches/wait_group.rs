//! What does it cost to know when the last one is done?
//!
//! `cargo bench -p benches --bench wait_group -- --table`

use benches::{Bench, timed, two_workers};
use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

/// Tasks of one group.
const TASKS: u64 = 1000;

fn main() {
    benches::run("What does it cost to know when the last one is done?", |bench| {
        enter_and_leave(bench);
        tasks(bench);
    });
}

/// One worker comes and goes: what every member of a group pays. A bare `Arc` is the floor, as it
/// counts too, and wakes nobody.
fn enter_and_leave(bench: &mut Bench) {
    /// Lets so many members come and go.
    fn measure<Member>(times: u64, mut enter: impl FnMut() -> Member) -> Duration {
        timed(|| (0..times).for_each(|_| drop(black_box(enter()))))
    }

    let group = reference::wait_group::WaitGroup::new();
    let crossbeam = crossbeam_utils::sync::WaitGroup::new();
    let tracker = TaskTracker::new();
    let counted = Arc::new(());
    let contest = bench.one_thread("a worker comes and goes");
    let contest = contest.contestant("reference", |times| measure(times, || group.worker()));
    #[cfg(feature = "yours-wait_group")]
    let yours = yours::wait_group::WaitGroup::new();
    #[cfg(feature = "yours-wait_group")]
    let contest = contest.contestant("yours", |times| measure(times, || yours.worker()));
    contest
        .contestant("crossbeam", |times| measure(times, || crossbeam.clone()))
        .contestant("TaskTracker", |times| measure(times, || tracker.token()))
        .contestant("Arc", |times| measure(times, || counted.clone()))
        .run();
}

/// A thousand tasks that do nothing are started and waited for, by a task.
fn tasks(bench: &mut Bench) {
    let runtime = &two_workers();
    let contest = bench.two_threads("a task of a group of 1000, from spawn to wait").batch(TASKS);
    let contest =
        contest.contestant("reference", |times| by_a_task(runtime, times, with_reference));
    #[cfg(feature = "yours-wait_group")]
    let contest = contest.contestant("yours", |times| by_a_task(runtime, times, with_yours));
    contest
        .contestant("TaskTracker", |times| by_a_task(runtime, times, with_task_tracker))
        .contestant("JoinSet", |times| by_a_task(runtime, times, with_join_set))
        .run();
}

/// How long a task takes to run groups of 1000, one after the other.
fn by_a_task<F, G>(runtime: &Runtime, times: u64, group: F) -> Duration
where
    F: Fn() -> G + Send + 'static,
    G: Future<Output = ()> + Send,
{
    let driver = runtime.spawn(async move {
        let start = Instant::now();
        for _ in 0..times / TASKS {
            group().await;
        }
        start.elapsed()
    });
    runtime.block_on(driver).expect("no group panics")
}

async fn with_reference() {
    let group = reference::wait_group::WaitGroup::new();
    for _ in 0..TASKS {
        let worker = group.worker();
        tokio::spawn(async move { drop(worker) });
    }
    group.wait().await;
}

#[cfg(feature = "yours-wait_group")]
async fn with_yours() {
    let group = yours::wait_group::WaitGroup::new();
    for _ in 0..TASKS {
        let worker = group.worker();
        tokio::spawn(async move { drop(worker) });
    }
    group.wait().await;
}

async fn with_task_tracker() {
    let tracker = TaskTracker::new();
    for _ in 0..TASKS {
        tracker.spawn(async {});
    }
    tracker.close();
    tracker.wait().await;
}

async fn with_join_set() {
    let mut set = JoinSet::new();
    for _ in 0..TASKS {
        set.spawn(async {});
    }
    while set.join_next().await.is_some() {}
}
