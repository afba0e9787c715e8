//! What does it cost to read a value that others may replace at any time?
//!
//! `cargo bench -p benches --bench snapshot -- --table`

use arc_swap::ArcSwap;
use arc_swap::cache::Cache;
use benches::{Bench, Group, race_threads, timed};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

/// What is read: a configuration of a hundred keys.
type Config = HashMap<String, u64>;

/// What a writer does beside the readers.
const REMARK: &str =
    "a writer copies all keys, which is what is allocated; only RwLock's changes one in place";

fn main() {
    benches::run("What does it cost to read a value that others may replace?", |bench| {
        compare(bench, "the pointer", |config| std::ptr::from_ref(config).addr());
        compare(bench, "a lookup in 100 keys", |config| config["key 42"] as usize);
        update(bench);
    });
}

/// Reads so, alone, in two threads, and beside a thread that updates without a pause.
fn compare(bench: &mut Bench, what: &str, look: impl Fn(&Config) -> usize + Sync + Copy) {
    contest(bench.one_thread(&format!("{what}, one thread")), Beside::Nobody, look);
    // So many that what a thread does at its first read (arc-swap's registers it) does not count.
    let group = bench.two_threads(&format!("{what}, two threads")).batch(20_000);
    contest(group, Beside::AnotherReader, look);
    let group = bench.two_threads(&format!("{what}, beside a writer"));
    let group = group.remark(REMARK);
    contest(group, Beside::AWriter, look);
}

/// Measures everything there is.
fn contest(group: Group<'_, '_>, beside: Beside, look: impl Fn(&Config) -> usize + Sync + Copy) {
    let group = group
        .contestant("reference, reader", |times| {
            beside.measure::<reference::snapshot::Snapshot<Config>, _>(times, look)
        })
        .contestant("reference, load", |times| beside.measure::<Load, _>(times, look));
    #[cfg(feature = "yours-snapshot")]
    let group = group.contestant("yours, reader", |times| {
        beside.measure::<yours::snapshot::Snapshot<Config>, _>(times, look)
    });
    group
        .contestant("arc-swap, Cache", |times| beside.measure::<ArcSwap<Config>, _>(times, look))
        .contestant("arc-swap, load", |times| beside.measure::<ArcSwapLoad, _>(times, look))
        .contestant("arc-swap, load_full", |times| beside.measure::<ArcSwapFull, _>(times, look))
        .contestant("RwLock<Arc>", |times| beside.measure::<RwLock<Arc<Config>>, _>(times, look))
        .contestant("RwLock", |times| beside.measure::<RwLock<Config>, _>(times, look))
        .run();
}

/// What it costs to replace a number, where nobody reads it and nothing large is copied.
fn update(bench: &mut Bench) {
    let snapshot = reference::snapshot::Snapshot::new(0_u64);
    let swap = ArcSwap::from_pointee(0_u64);
    let (arc, plain) = (RwLock::new(Arc::new(0_u64)), RwLock::new(0_u64));
    let contest = bench.one_thread("a number is replaced");
    let contest = contest.contestant("reference", |times| {
        timed(|| (0..times).for_each(|_| drop(snapshot.update(|old| old + 1))))
    });
    #[cfg(feature = "yours-snapshot")]
    let yours = yours::snapshot::Snapshot::new(0_u64);
    #[cfg(feature = "yours-snapshot")]
    let contest = contest.contestant("yours", |times| {
        timed(|| (0..times).for_each(|_| drop(yours.update(|old| old + 1))))
    });
    contest
        .contestant("arc-swap, rcu", |times| {
            timed(|| (0..times).for_each(|_| drop(swap.rcu(|old| **old + 1))))
        })
        .contestant("RwLock<Arc>", |times| {
            timed(|| {
                for _ in 0..times {
                    let mut arc = arc.write().unwrap_or_else(PoisonError::into_inner);
                    *arc = Arc::new(**arc + 1);
                }
            })
        })
        .contestant("RwLock", |times| {
            timed(|| {
                (0..times)
                    .for_each(|_| *plain.write().unwrap_or_else(PoisonError::into_inner) += 1);
            })
        })
        .run();
}

/// What goes on meanwhile.
#[derive(Clone, Copy)]
enum Beside {
    Nobody,
    AnotherReader,
    AWriter,
}

impl Beside {
    /// Reads so many times.
    fn measure<S, L>(self, times: u64, look: L) -> Duration
    where
        S: Shared,
        L: Fn(&Config) -> usize + Sync + Copy,
    {
        let shared = S::holding((0..100).map(|key| (format!("key {key}"), key)).collect());
        match self {
            Self::Nobody => timed(|| shared.read(times, look)),
            Self::AnotherReader => race_threads(vec![|| shared.read(times / 2, look); 2]),
            Self::AWriter => beside_a_writer(&shared, || timed(|| shared.read(times, look))),
        }
    }
}

/// Measures while another thread updates without a pause.
fn beside_a_writer<S: Shared>(shared: &S, measure: impl FnOnce() -> Duration) -> Duration {
    let (begun, over) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Relaxed) {
                shared.update();
                begun.store(true, Relaxed);
            }
        });
        while !begun.load(Relaxed) {
            thread::yield_now();
        }
        let time = measure();
        over.store(true, Relaxed);
        time
    })
}

/// A configuration that threads share, and one way to read it.
trait Shared: Sync {
    fn holding(config: Config) -> Self;
    /// Reads so many times.
    fn read(&self, times: u64, look: impl Fn(&Config) -> usize);
    /// Raises one value.
    fn update(&self);
}

/// Looks so many times.
fn repeat(times: u64, mut look: impl FnMut() -> usize) {
    for _ in 0..times {
        black_box(look());
    }
}

/// The copy with one value raised.
fn changed(old: &Config) -> Config {
    let mut new = old.clone();
    *new.get_mut("key 42").expect("the key is there") += 1;
    new
}

impl Shared for reference::snapshot::Snapshot<Config> {
    fn holding(config: Config) -> Self {
        Self::new(config)
    }

    fn read(&self, times: u64, look: impl Fn(&Config) -> usize) {
        let mut reader = self.reader();
        repeat(times, || look(reader.load()));
    }

    fn update(&self) {
        self.update(changed);
    }
}

#[cfg(feature = "yours-snapshot")]
impl Shared for yours::snapshot::Snapshot<Config> {
    fn holding(config: Config) -> Self {
        Self::new(config)
    }

    fn read(&self, times: u64, look: impl Fn(&Config) -> usize) {
        let mut reader = self.reader();
        repeat(times, || look(reader.load()));
    }

    fn update(&self) {
        self.update(changed);
    }
}

/// Ours without a reader.
struct Load(reference::snapshot::Snapshot<Config>);

impl Shared for Load {
    fn holding(config: Config) -> Self {
        Self(reference::snapshot::Snapshot::new(config))
    }

    fn read(&self, times: u64, look: impl Fn(&Config) -> usize) {
        repeat(times, || look(&self.0.load()));
    }

    fn update(&self) {
        self.0.update(changed);
    }
}

impl Shared for ArcSwap<Config> {
    fn holding(config: Config) -> Self {
        Self::from_pointee(config)
    }

    fn read(&self, times: u64, look: impl Fn(&Config) -> usize) {
        let mut cache = Cache::new(self);
        repeat(times, || look(cache.load()));
    }

    fn update(&self) {
        self.rcu(|old| changed(old));
    }
}

struct ArcSwapLoad(ArcSwap<Config>);

impl Shared for ArcSwapLoad {
    fn holding(config: Config) -> Self {
        Self(ArcSwap::from_pointee(config))
    }

    fn read(&self, times: u64, look: impl Fn(&Config) -> usize) {
        repeat(times, || look(&self.0.load()));
    }

    fn update(&self) {
        self.0.rcu(|old| changed(old));
    }
}

struct ArcSwapFull(ArcSwap<Config>);

impl Shared for ArcSwapFull {
    fn holding(config: Config) -> Self {
        Self(ArcSwap::from_pointee(config))
    }

    fn read(&self, times: u64, look: impl Fn(&Config) -> usize) {
        repeat(times, || look(&self.0.load_full()));
    }

    fn update(&self) {
        self.0.rcu(|old| changed(old));
    }
}

impl Shared for RwLock<Arc<Config>> {
    fn holding(config: Config) -> Self {
        Self::new(Arc::new(config))
    }

    fn read(&self, times: u64, look: impl Fn(&Config) -> usize) {
        repeat(times, || {
            let config = self.read().unwrap_or_else(PoisonError::into_inner).clone();
            look(&config)
        });
    }

    fn update(&self) {
        let old = self.read().unwrap_or_else(PoisonError::into_inner).clone();
        let new = Arc::new(changed(&old));
        *self.write().unwrap_or_else(PoisonError::into_inner) = new;
    }
}

/// Read under the lock, and changed in place under it: nothing is copied.
impl Shared for RwLock<Config> {
    fn holding(config: Config) -> Self {
        Self::new(config)
    }

    fn read(&self, times: u64, look: impl Fn(&Config) -> usize) {
        repeat(times, || look(&self.read().unwrap_or_else(PoisonError::into_inner)));
    }

    fn update(&self) {
        let mut config = self.write().unwrap_or_else(PoisonError::into_inner);
        *config.get_mut("key 42").expect("the key is there") += 1;
    }
}
