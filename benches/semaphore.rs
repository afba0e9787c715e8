//! What does a permit cost, when nobody waits for it and when everybody does?
//!
//! `cargo bench -p benches --bench semaphore -- --table`

use benches::semaphore::Semaphore;
use benches::{Group, current_thread, race_tasks, timed, two_workers};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::yield_now;

fn main() {
    benches::run("What does a permit cost, when nobody waits and when everybody does?", |bench| {
        compare(bench.one_thread("acquire and release, nobody waits"), &Uncontended);
        compare(bench.one_thread("try_acquire and release, nobody waits"), &UncontendedTry);
        let (one, two) = (&current_thread(), &two_workers());
        let held = |runtime| Contended { runtime, permits: 4, across_a_yield: true };
        let short = Contended { runtime: two, permits: 1, across_a_yield: false };
        let workload = "64 tasks, 4 permits, held across a yield";
        compare(bench.one_thread(&format!("{workload}, current thread")), &held(one));
        compare(bench.two_threads(workload), &held(two));
        compare(bench.two_threads("64 tasks, 1 permit, given back at once"), &short);
    });
}

/// Something to do with a semaphore, whichever it is.
trait Workload {
    /// Acquires and releases so many times.
    fn measure<S: Semaphore>(&self, times: u64) -> Duration;
}

/// Measures every semaphore there is.
fn compare<'b>(group: Group<'_, 'b>, workload: &'b impl Workload) {
    let group = group.batch(Contended::TASKS).contestant("reference", |times| {
        workload.measure::<reference::semaphore::Semaphore>(times)
    });
    #[cfg(feature = "yours-semaphore")]
    let group =
        group.contestant("yours", |times| workload.measure::<yours::semaphore::Semaphore>(times));
    group
        .contestant("asyncband", |times| workload.measure::<asyncband::semaphore::Semaphore>(times))
        .contestant("async-lock", |times| workload.measure::<async_lock::Semaphore>(times))
        .contestant("tokio", |times| workload.measure::<tokio::sync::Semaphore>(times))
        .run();
}

/// One task; some permits are always free.
struct Uncontended;

impl Workload for Uncontended {
    fn measure<S: Semaphore>(&self, times: u64) -> Duration {
        let semaphore = S::with_permits(4);
        current_thread().block_on(async {
            let start = Instant::now();
            for _ in 0..times {
                drop(black_box(semaphore.acquire().await));
            }
            start.elapsed()
        })
    }
}

/// The same without a future.
struct UncontendedTry;

impl Workload for UncontendedTry {
    fn measure<S: Semaphore>(&self, times: u64) -> Duration {
        let semaphore = S::with_permits(4);
        timed(|| {
            for _ in 0..times {
                drop(black_box(semaphore.try_acquire()));
            }
        })
    }
}

/// Many tasks share few permits.
struct Contended<'a> {
    runtime: &'a Runtime,
    permits: usize,
    across_a_yield: bool,
}

impl Contended<'_> {
    const TASKS: u64 = 64;
}

impl Workload for Contended<'_> {
    fn measure<S: Semaphore>(&self, times: u64) -> Duration {
        let semaphore = Arc::new(S::with_permits(self.permits));
        let task = || hold_in_turn(semaphore.clone(), self.across_a_yield, times / Self::TASKS);
        race_tasks(self.runtime, (0..Self::TASKS).map(|_| task()).collect())
    }
}

/// What each of the tasks does.
async fn hold_in_turn<S: Semaphore>(semaphore: Arc<S>, across_a_yield: bool, times: u64) {
    for _ in 0..times {
        let permit = semaphore.acquire().await;
        if across_a_yield {
            yield_now().await;
        }
        drop(permit);
    }
}
