//! Real threads, many keys, one capacity.

use std::sync::Barrier;
use std::thread;

use patterns::lru::{ClockCache, SharedLru};

use crate::n;
use crate::support::within_deadline;

/// Runs `body` on four threads that start together, each with its number.
fn crowd(body: impl Fn(u64) + Sync) {
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for id in 0..4 {
            let (body, start) = (&body, &start);
            scope.spawn(move || {
                start.wait();
                body(id);
            });
        }
    });
}

#[test]
fn a_crowd_sees_only_what_was_put() {
    within_deadline(|| {
        let (cache, clock) = (SharedLru::new(n(256)), ClockCache::new(n(256)));
        crowd(|id| {
            for round in 0..3_000u64 {
                let key = (round * 7 + id * 131) % 600;
                match round % 8 {
                    0 => _ = cache.remove(&key),
                    1 | 2 => {
                        cache.put(key, key * 3);
                        clock.put(key, key * 3);
                    }
                    3 => _ = clock.remove(&key),
                    4 => assert_eq!(cache.get_or_insert_with(key, || key * 3), key * 3),
                    _ => {
                        assert!(cache.get(&key).is_none_or(|value| value == key * 3));
                        assert!(clock.get(&key).is_none_or(|value| value == key * 3));
                    }
                }
                assert!(cache.len() <= 256 && clock.len() <= 256, "more than there is room for");
            }
        });
        assert!(cache.keys().iter().all(|key| cache.peek(key) == Some(key * 3)));
    });
}

#[test]
fn a_crowd_that_panics_hangs_nobody() {
    within_deadline(|| {
        let cache = SharedLru::with_shards(n(4), n(1));
        crowd(|id| {
            for round in 0..300u64 {
                // Each key is asked for by all. Every other closure panics.
                let make = || if (round + id) % 2 == 0 { panic!("its own") } else { round };
                let asked =
                    std::panic::AssertUnwindSafe(|| cache.get_or_insert_with(round % 3, make));
                let value = std::panic::catch_unwind(asked);
                assert!(value.is_ok_and(|value| value <= 300) || (round + id) % 2 == 0);
                if round % 5 == 0 {
                    cache.remove(&(round % 3));
                }
            }
        });
        assert!(cache.len() <= 3);
    });
}
