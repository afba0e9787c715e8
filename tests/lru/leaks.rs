//! Every key and every value is dropped once, and no later than it has to be.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use patterns::lru::{ClockCache, Lru, SharedLru};

use crate::n;
use crate::support::{Census, within_deadline};

#[test]
fn every_value_is_dropped_once() {
    within_deadline(|| {
        let (census, mut cache) = (Census::default(), Lru::new(n(4)));
        (0..10).for_each(|key| _ = cache.put(key, census.payload(key)));
        assert_eq!(census.alive(), 4, "who makes room is given away");
        _ = cache.put(9, census.payload(9));
        assert_eq!(census.alive(), 4, "one was replaced");
        _ = cache.remove(&7);
        assert_eq!(census.alive(), 3, "one was removed");
        _ = cache.put(10, census.payload(10));
        cache.clear();
        assert_eq!(census.alive(), 0, "all were cleared");
        (0..3).for_each(|key| _ = cache.put(key, census.payload(key)));
        drop(cache);
        assert_eq!(census.alive(), 0, "the cache is gone");
    });
}

#[test]
fn every_shared_value_is_dropped_once() {
    within_deadline(|| {
        let census = Census::default();
        let cache = SharedLru::with_shards(n(4), n(1));
        let clock = ClockCache::with_shards(n(4), n(1));
        let payload = |key| Arc::new(census.payload(key));
        for key in 0..10 {
            cache.get_or_insert_with(key, || payload(key));
            clock.put(key, payload(key));
        }
        assert_eq!(census.alive(), 8, "four in each");
        cache.get_or_insert_with(20, || {
            cache.put(20, payload(20));
            payload(20)
        });
        let panics = || cache.get_or_insert_with(21, || panic!("its own"));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(census.alive(), 8, "the closure's value was not kept");
        clock.remove(&9);
        cache.clear();
        assert_eq!(census.alive(), 3, "what is left is in the clock");
        drop(clock);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn no_key_outlives_its_value() {
    within_deadline(|| {
        let key = Arc::new("key");
        let mut cache = Lru::new(n(2));
        cache.put(key.clone(), 1);
        _ = cache.put(key.clone(), 2);
        assert_eq!(Arc::strong_count(&key), 2, "one is ours, one is in the cache");
        assert_eq!(cache.remove(&key), Some(2));
        assert_eq!(Arc::strong_count(&key), 1, "it was removed");
        let shared = SharedLru::with_shards(n(2), n(1));
        let make = || shared.get_or_insert_with(key.clone(), || panic!("its own"));
        assert!(catch_unwind(AssertUnwindSafe(make)).is_err());
        assert_eq!(Arc::strong_count(&key), 1, "its closure has panicked");
        assert_eq!(shared.get_or_insert_with(key.clone(), || 1), 1);
        assert_eq!(shared.get_or_insert_with(key.clone(), || 2), 1);
        assert_eq!(Arc::strong_count(&key), 2, "one is in the cache");
    });
}
