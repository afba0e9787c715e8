//! The clock: not the exact order, but nearly as many hits.

use patterns::lru::{ClockCache, Lru};

use crate::support::within_deadline;
use crate::{allocations, n};

fn one_shard<V>(capacity: usize) -> ClockCache<u64, V> {
    ClockCache::with_shards(n(capacity), n(1))
}

#[test]
fn a_clock_keeps_what_is_put() {
    within_deadline(|| {
        let cache = one_shard(3);
        assert_eq!((cache.get(&1), cache.is_empty()), (None, true));
        assert_eq!((cache.put(1, "one"), cache.put(2, "two")), (None, None));
        assert_eq!((cache.get(&1), cache.get(&2)), (Some("one"), Some("two")));
        assert_eq!(cache.put(1, "eins"), Some((1, "one")), "its own old pair");
        assert_eq!((cache.get(&1), cache.len()), (Some("eins"), 2));
        assert_eq!((cache.remove(&1), cache.remove(&1)), (Some("eins"), None));
        assert_eq!((cache.get(&1), cache.get(&2), cache.len()), (None, Some("two"), 1));
    });
}

#[test]
fn who_was_used_gets_a_second_chance() {
    within_deadline(|| {
        let cache = one_shard(3);
        (1..=3).for_each(|key| _ = cache.put(key, ()));
        cache.get(&1);
        assert_eq!(cache.put(4, ()), Some((2, ())), "1 was used: the hand goes on to 2");
        assert_eq!(cache.put(5, ()), Some((3, ())));
        assert_eq!(cache.put(6, ()), Some((1, ())), "a second chance, and no third one");
    });
}

#[test]
fn where_all_were_used_the_oldest_goes() {
    within_deadline(|| {
        let cache = one_shard(3);
        (1..=3).for_each(|key| _ = cache.put(key, ()));
        (1..=3).for_each(|key| _ = cache.get(&key));
        assert_eq!(cache.put(4, ()), Some((1, ())), "the hand goes round once");
        assert_eq!(cache.put(5, ()), Some((2, ())), "and has taken all marks away");
    });
}

#[test]
fn a_full_clock_allocates_nothing_for_an_entry() {
    within_deadline(|| {
        let cache = one_shard(1000);
        (0..5000u64).for_each(|key| _ = cache.put(key, key));
        let count = allocations::during(|| {
            (5000..15_000).for_each(|key| {
                cache.put(key, key);
                cache.get(&(key - 300));
            });
        });
        assert!(count <= 10, "{count} allocations for 10 000 entries");
    });
}

/// Keys of which few are asked for often: the k-th about 1/k times as often as the first.
fn skewed(length: usize, keys: f64) -> impl Iterator<Item = u64> {
    let mut random = 88_172_645_463_325_252u64;
    std::iter::repeat_with(move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        keys.powf((random >> 11) as f64 / (1u64 << 53) as f64) as u64
    })
    .take(length)
}

#[test]
fn a_clock_hits_nearly_as_often_as_the_exact_order() {
    within_deadline(|| {
        const ASKED: usize = 60_000;
        let (clock, mut exact) = (one_shard(500), Lru::new(n(500)));
        let (mut by_clock, mut by_order) = (0, 0);
        for key in skewed(ASKED, 10_000.0) {
            match clock.get(&key) {
                Some(()) => by_clock += 1,
                None => _ = clock.put(key, ()),
            }
            match exact.get(&key) {
                Some(()) => by_order += 1,
                None => _ = exact.put(key, ()),
            }
        }
        let percent = |hits: usize| hits as f64 * 100.0 / ASKED as f64;
        let (clock, exact) = (percent(by_clock), percent(by_order));
        assert!(exact > 40.0, "{exact:.1} % hits in exact order");
        assert!(
            (clock - exact).abs() < 2.0,
            "{clock:.1} % hits by the clock, {exact:.1} % in order"
        );
    });
}
