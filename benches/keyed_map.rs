//! What does each step from one lock to many bring, and to whom?
//!
//! `cargo bench -p benches --bench keyed_map -- --table`

use benches::keyed_map::{KEYS, KeyedMap};
use benches::{Bench, Group, race_threads, timed};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Mutex, RwLock};
use std::time::Duration;

fn main() {
    benches::run("What does each step from one lock to many bring, and to whom?", |bench| {
        let all = [
            (1, Work { writes: 0, keys: KEYS }, "one thread reads"),
            (2, Work { writes: 0, keys: KEYS }, "two threads read"),
            (1, Work { writes: 100, keys: KEYS }, "one thread updates many keys"),
            (2, Work { writes: 10, keys: KEYS }, "two threads, 90 reads for 10 updates"),
            (2, Work { writes: 100, keys: KEYS }, "two threads update many keys"),
            (2, Work { writes: 100, keys: 1 }, "two threads update one key"),
        ];
        all.into_iter().for_each(|(threads, work, name)| compare(bench, threads, work, name));
    });
}

/// What a thread does with the map.
#[derive(Clone, Copy)]
struct Work {
    /// Of a hundred operations so many are updates; the others read.
    writes: u64,
    /// How many keys take part.
    keys: u64,
}

impl Work {
    /// So many operations, in an order of keys and kinds that only looks random.
    fn run(self, map: &impl KeyedMap, times: u64, seed: u64) {
        let mut random = seed;
        for _ in 0..times {
            // An xorshift: it costs a nanosecond, and the same for everyone.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let key = random % self.keys;
            if (random >> 32) % 100 < self.writes {
                map.increment(key);
            } else {
                black_box(map.get(key));
            }
        }
    }

    fn measure<M: KeyedMap>(self, threads: u64, times: u64) -> Duration {
        let map = M::with_all_keys();
        match threads {
            1 => timed(|| self.run(&map, times, 1)),
            _ => {
                let map = &map;
                let body = |seed| move || self.run(map, times / threads, seed);
                race_threads((1..=threads).map(body).collect())
            }
        }
    }
}

/// The reference, which has shards, the two steps before it, and a crate.
fn compare(bench: &mut Bench, threads: u64, work: Work, name: &str) {
    let group: Group<'_, '_> = match threads {
        1 => bench.one_thread(name),
        _ => bench.two_threads(name),
    };
    let remark = match work.writes {
        0 => "",
        _ => {
            "an update of the reference takes the value out and puts it back; all others add in place"
        }
    };
    let group = group.batch(threads).contestant("reference", |times| {
        work.measure::<reference::keyed_map::KeyedMap<u64, u64>>(threads, times)
    });
    #[cfg(feature = "yours-keyed_map")]
    let group = group.contestant("yours", |times| {
        work.measure::<yours::keyed_map::KeyedMap<u64, u64>>(threads, times)
    });
    group
        .contestant("Mutex", |times| work.measure::<Mutex<HashMap<u64, u64>>>(threads, times))
        .contestant("RwLock", |times| work.measure::<RwLock<HashMap<u64, u64>>>(threads, times))
        .contestant("dashmap", |times| work.measure::<dashmap::DashMap<u64, u64>>(threads, times))
        .remark(remark)
        .run();
}
