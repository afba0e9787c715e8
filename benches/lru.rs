//! What does it cost to remember what was used last, and what does an exact order bring?
//!
//! `cargo bench -p benches --bench lru -- --table`

use benches::lru::{Moka, Owned, Quick, QuickOwned, QuickShared, Random, Schnell, Shared, Sixteen};
use benches::{Bench, race_threads, timed};
use reference::lru::{ClockCache, Lru, SharedLru};
use std::hint::black_box;
use std::time::Duration;

type OurLru = Lru<u64, u64, Quick>;
type OurShared = SharedLru<u64, u64, Quick>;
type OurClock = ClockCache<u64, u64, Quick>;

/// How many entries a cache has room for.
const ROOM: u64 = 10_000;
/// How many different keys the skewed workloads ask for.
const KEYS: u64 = 20 * ROOM;

fn main() {
    benches::run("What does it cost to remember what was used last?", |bench| {
        for work in [Work::Hit, Work::GetOrPut, Work::Churn] {
            alone(bench, work);
        }
        for work in [Work::Hit, Work::GetOrPut] {
            together(bench, work);
        }
    });
    if std::env::args().any(|arg| arg == "--table") {
        print_hit_ratios();
    }
}

/// What is asked of a cache.
#[derive(Clone, Copy)]
enum Work {
    /// Keys that are there, each as often as any other.
    Hit,
    /// Some keys much more often than others; who is missing is put.
    GetOrPut,
    /// New keys only: each one has to make room.
    Churn,
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Self::Hit => "get hit",
            Self::GetOrPut => "skewed get or put",
            Self::Churn => "insert churn",
        }
    }

    fn keys(self, seed: u64) -> Keys {
        let mut random = Random(seed);
        let skewed = match self {
            Self::GetOrPut => (0..1 << 17).map(|_| random.skewed(KEYS)).collect(),
            Self::Hit | Self::Churn => Vec::new(),
        };
        Keys { work: self, random, skewed, count: 0 }
    }
}

/// Which key comes next.
#[derive(Clone)]
struct Keys {
    work: Work,
    random: Random,
    /// Made before the clock runs: such a key costs more than a look-up.
    skewed: Vec<u64>,
    count: u64,
}

impl Keys {
    #[inline]
    fn next(&mut self) -> u64 {
        self.count += 1;
        match self.work {
            Work::Hit => self.random.number() % ROOM,
            Work::GetOrPut => self.skewed[self.count as usize % self.skewed.len()],
            Work::Churn => ROOM + self.count,
        }
    }
}

/// One owner.
fn alone(bench: &mut Bench, work: Work) {
    fn measure<C: Owned>(work: Work) -> impl FnMut(u64) -> Duration {
        let mut cache = C::with_capacity(ROOM as usize);
        let mut keys = work.keys(0x5DEE_CE66);
        (0..ROOM).for_each(|key| cache.put(key, key));
        move |times| {
            timed(|| {
                for _ in 0..times {
                    let key = keys.next();
                    if matches!(work, Work::Churn) || black_box(cache.get(key)).is_none() {
                        cache.put(key, key);
                    }
                }
            })
        }
    }
    let group = bench
        .one_thread(&format!("{}, one owner", work.name()))
        .contestant("reference", measure::<OurLru>(work));
    #[cfg(feature = "yours-lru")]
    let group = group.contestant("yours", measure::<yours::lru::Lru<u64, u64, Quick>>(work));
    group
        .contestant("schnellru", measure::<Schnell>(work))
        .contestant("lru", measure::<lru::LruCache<u64, u64, Quick>>(work))
        .contestant("quick_cache", measure::<QuickOwned>(work))
        .remark("10 000 entries; one hasher for all; quick_cache keeps no exact order")
        .run();
}

/// Two threads.
fn together(bench: &mut Bench, work: Work) {
    fn measure<C: Shared>(work: Work) -> impl FnMut(u64) -> Duration {
        let cache = C::with_capacity(ROOM as usize);
        let keys = [1, 2].map(|seed| work.keys(0x5DEE_CE66 * seed));
        (0..ROOM).for_each(|key| cache.put(key, key));
        move |times| {
            let cache = &cache;
            let body = |keys: &Keys| {
                let mut keys = keys.clone();
                move || {
                    for _ in 0..times / 2 {
                        let key = keys.next();
                        if black_box(cache.get(key)).is_none() {
                            cache.put(key, key);
                        }
                    }
                }
            };
            race_threads(keys.iter().map(body).collect())
        }
    }
    let group = bench
        .two_threads(&format!("{}, two threads", work.name()))
        .batch(2)
        .contestant("SharedLru", measure::<OurShared>(work))
        .contestant("ClockCache", measure::<OurClock>(work));
    #[cfg(feature = "yours-lru")]
    let group = group
        .contestant("yours, shared", measure::<yours::lru::SharedLru<u64, u64, Quick>>(work))
        .contestant("yours, clock", measure::<yours::lru::ClockCache<u64, u64, Quick>>(work));
    group
        .contestant("16 × Mutex<lru>", measure::<Sixteen>(work))
        .contestant("quick_cache", measure::<QuickShared>(work))
        .contestant("moka", measure::<Moka>(work))
        .remark("10 000 entries; one hasher for all; exact order within a shard: SharedLru and the Mutex")
        .run();
}

/// How often a cache has what is asked for: the same two traces for everyone, in per cent.
fn print_hit_ratios() {
    const ASKED: usize = 400_000;
    let mut random = Random(0x5DEE_CE66);
    let skewed: Vec<u64> = (0..ASKED).map(|_| random.skewed(KEYS)).collect();
    // Every so often somebody reads a long row of keys once, and never again.
    let scanned: Vec<u64> = (0..ASKED as u64)
        .map(|n| if n % 50_000 < 10_000 { KEYS + n } else { random.skewed(KEYS) })
        .collect();
    println!("\nhits in per cent, {ROOM} entries for {KEYS} keys");
    println!("{:<12} {:>8} {:>12}", "", "skewed", "with scans");
    let row = |name: &str, hits: fn(&[u64]) -> f64| {
        println!("{name:<12} {:>8.1} {:>12.1}", hits(&skewed), hits(&scanned));
    };
    row("exact order", |trace| {
        let mut cache = OurLru::with_capacity(ROOM as usize);
        hits(trace, |key| {
            let hit = cache.get(&key).is_some();
            if !hit {
                cache.put(key, key);
            }
            hit
        })
    });
    row("SharedLru", shared_hits::<OurShared>);
    row("ClockCache", shared_hits::<OurClock>);
    row("quick_cache", shared_hits::<QuickShared>);
    row("moka", shared_hits::<Moka>);
}

fn shared_hits<C: Shared>(trace: &[u64]) -> f64 {
    let cache = C::with_capacity(ROOM as usize);
    hits(trace, |key| {
        let hit = cache.get(key).is_some();
        if !hit {
            cache.put(key, key);
        }
        hit
    })
}

fn hits(trace: &[u64], ask: impl FnMut(u64) -> bool) -> f64 {
    let hits = trace.iter().copied().map(ask).filter(|hit| *hit).count();
    hits as f64 * 100.0 / trace.len() as f64
}
