//! What does it cost to count, alone and side by side?
//!
//! `cargo bench -p benches --bench counter -- --table`

use benches::{Bench, race_threads, timed};
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

fn main() {
    benches::run("What does it cost to count, alone and side by side?", |bench| {
        alone(bench);
        side_by_side(bench);
        sums(bench);
        cells(bench);
    });
}

/// Something that adds one, through `&self` or by a cell that its thread owns.
trait Adds: Sync {
    /// Adds one, so many times.
    fn add_ones(&self, times: u64);
}

/// Says so many times that one is added; nothing of it is taken out of the loop.
fn repeat(times: u64, mut add: impl FnMut(u64)) {
    (0..times).for_each(|_| add(black_box(1)));
}

struct Shared<C>(C);
struct Owned<C>(C);

/// The contestants of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident) => {
        impl Adds for Shared<$workbook::counter::Counter> {
            fn add_ones(&self, times: u64) {
                repeat(times, |n| self.0.add(n));
            }
        }

        impl Adds for Owned<$workbook::counter::Counter> {
            fn add_ones(&self, times: u64) {
                let mut cell = self.0.cell();
                repeat(times, |n| cell.add(n));
            }
        }
    };
}

workbook!(reference);
#[cfg(feature = "yours-counter")]
workbook!(yours);

impl Adds for AtomicU64 {
    fn add_ones(&self, times: u64) {
        repeat(times, |n| _ = self.fetch_add(n, Relaxed));
    }
}

impl Adds for Mutex<u64> {
    fn add_ones(&self, times: u64) {
        repeat(times, |n| *self.lock().expect("nobody panics") += n);
    }
}

/// One thread adds.
fn alone(bench: &mut Bench) {
    fn measure(counter: impl Adds, times: u64) -> Duration {
        timed(|| counter.add_ones(times))
    }

    let contest = bench.one_thread("one thread adds");
    let contest = contest
        .contestant("reference: cell", |times| {
            measure(Owned(reference::counter::Counter::new()), times)
        })
        .contestant("reference: add", |times| {
            measure(Shared(reference::counter::Counter::new()), times)
        });
    #[cfg(feature = "yours-counter")]
    let contest = contest
        .contestant("yours: cell", |times| measure(Owned(yours::counter::Counter::new()), times))
        .contestant("yours: add", |times| measure(Shared(yours::counter::Counter::new()), times));
    contest
        .contestant("one atomic", |times| measure(AtomicU64::new(0), times))
        .contestant("Mutex", |times| measure(Mutex::new(0), times))
        .run();
}

/// Two threads add to one counter: the time of both, for the adds of both.
fn side_by_side(bench: &mut Bench) {
    fn measure(counter: impl Adds, times: u64) -> Duration {
        race_threads(vec![|| counter.add_ones(times / 2); 2])
    }

    let contest = bench.two_threads("two threads add").batch(2);
    let contest = contest
        .contestant("reference: cell", |times| {
            measure(Owned(reference::counter::Counter::new()), times)
        })
        .contestant("reference: add", |times| {
            measure(Shared(reference::counter::Counter::new()), times)
        });
    #[cfg(feature = "yours-counter")]
    let contest = contest
        .contestant("yours: cell", |times| measure(Owned(yours::counter::Counter::new()), times))
        .contestant("yours: add", |times| measure(Shared(yours::counter::Counter::new()), times));
    contest
        .contestant("one atomic", |times| measure(AtomicU64::new(0), times))
        .contestant("Mutex", |times| measure(Mutex::new(0), times))
        .run();
}

/// The other side of spreading out: who wants the sum reads every word.
fn sums(bench: &mut Bench) {
    fn measure(times: u64, sum: impl Fn() -> u64) -> Duration {
        timed(|| (0..times).for_each(|_| _ = black_box(sum())))
    }

    let counter = reference::counter::Counter::new();
    let cells = [(); 2].map(|()| counter.cell());
    let (atomic, mutex) = (AtomicU64::new(0), Mutex::new(0));
    let contest = bench.one_thread("a sum, with two cells alive");
    let contest = contest.contestant("reference", |times| measure(times, || counter.sum()));
    #[cfg(feature = "yours-counter")]
    let yours = yours::counter::Counter::new();
    #[cfg(feature = "yours-counter")]
    let your_cells = [(); 2].map(|()| yours.cell());
    #[cfg(feature = "yours-counter")]
    let contest = contest.contestant("yours", |times| measure(times, || yours.sum()));
    contest
        .contestant("one atomic", |times| measure(times, || atomic.load(Relaxed)))
        .contestant("Mutex", |times| measure(times, || *mutex.lock().expect("nobody panics")))
        .run();
    drop(cells);
    #[cfg(feature = "yours-counter")]
    drop(your_cells);
}

/// A cell that adds once and goes is no bargain: what is saved is paid for when it is made.
fn cells(bench: &mut Bench) {
    let counter = reference::counter::Counter::new();
    let contest = bench.one_thread("a cell is made, adds once, and is dropped");
    let contest = contest
        .contestant("reference", |times| timed(|| repeat(times, |n| counter.cell().add(n))))
        .contestant("reference: add", |times| timed(|| repeat(times, |n| counter.add(n))));
    #[cfg(feature = "yours-counter")]
    let yours = yours::counter::Counter::new();
    #[cfg(feature = "yours-counter")]
    let contest =
        contest.contestant("yours", |times| timed(|| repeat(times, |n| yours.cell().add(n))));
    contest.run();
}
