//! Many owners: the same cache behind a lock, or several.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use patterns::lru::{ClockCache, SharedLru};

use crate::n;
use crate::support::within_deadline;
use crate::touchy::{Touchy, fails};

#[test]
fn one_shard_is_in_exact_order() {
    within_deadline(|| {
        let cache = SharedLru::with_shards(n(2), n(1));
        assert_eq!((cache.put("a", 1), cache.put("b", 2)), (None, None));
        assert_eq!((cache.get("a"), cache.peek("b"), cache.get("c")), (Some(1), Some(2), None));
        assert_eq!(cache.keys(), ["a", "b"], "a get is a use, a peek is none");
        assert_eq!(cache.put("c", 3), Some(("b", 2)));
        assert_eq!((cache.remove("a"), cache.remove("a"), cache.len()), (Some(1), None, 1));
        cache.clear();
        assert_eq!((cache.is_empty(), cache.get("c"), cache.put("d", 4)), (true, None, None));
    });
}

#[test]
fn shards_share_the_capacity() {
    within_deadline(|| {
        for (capacity, shards) in [(1, 1), (1, 16), (10, 4), (100, 7), (1000, 16)] {
            let cache = SharedLru::with_shards(n(capacity), n(shards));
            let clock = ClockCache::with_shards(n(capacity), n(shards));
            for key in 0..20 * capacity {
                let length = cache.len();
                let displaced = cache.put(key, key);
                assert_eq!(cache.len(), length + usize::from(displaced.is_none()));
                clock.put(key, key);
            }
            assert_eq!(cache.len(), capacity, "{shards} shards that are full");
            assert_eq!(clock.len(), capacity, "{shards} shards of a clock");
            let keys = cache.keys();
            assert_eq!(keys.len(), capacity);
            assert!(keys.iter().all(|key| cache.peek(key) == Some(*key)));
        }
        let cache = SharedLru::new(n(500));
        (0..5000).for_each(|key| _ = cache.put(key, ()));
        assert!(cache.len() <= 500 && cache.len() > 250, "{} of 500", cache.len());
    });
}

#[test]
fn a_panic_under_the_lock_spoils_nothing() {
    within_deadline(|| {
        let cache = SharedLru::with_shards(n(3), n(1));
        let clock = ClockCache::with_shards(n(3), n(1));
        (1..4).for_each(|key| _ = cache.put(Touchy(key), Touchy(key)));
        (1..4).for_each(|key| _ = clock.put(Touchy(key), Touchy(key)));
        let panics = |what, body: &dyn Fn()| {
            fails(what, 0);
            assert!(
                catch_unwind(AssertUnwindSafe(body)).is_err(),
                "the panic is the caller's: {what}"
            );
        };
        for what in ["hash", "comparison", "clone"] {
            panics(what, &|| _ = cache.get(&Touchy(1)));
            panics(what, &|| _ = clock.get(&Touchy(1)));
        }
        panics("clone", &|| _ = cache.get_or_insert_with(Touchy(1), || Touchy(1)));
        panics("comparison", &|| _ = cache.put(Touchy(1), Touchy(1)));
        panics("comparison", &|| _ = clock.put(Touchy(1), Touchy(1)));
        (1..4).for_each(|key| assert_eq!(cache.get(&Touchy(key)), Some(Touchy(key)), "it goes on"));
        (1..4).for_each(|key| assert_eq!(clock.get(&Touchy(key)), Some(Touchy(key)), "it goes on"));
        assert_eq!(cache.put(Touchy(4), Touchy(4)), Some((Touchy(1), Touchy(1))));
    });
}

/// Looks into its cache when it goes.
struct Nosy(Arc<SharedLru<u32, Option<Arc<Nosy>>>>);

impl Drop for Nosy {
    fn drop(&mut self) {
        assert!(self.0.len() <= 2, "the lock is free");
    }
}

#[test]
fn no_destructor_runs_under_the_lock() {
    within_deadline(|| {
        let cache = Arc::new(SharedLru::with_shards(n(2), n(1)));
        let nosy = || Some(Arc::new(Nosy(cache.clone())));
        _ = cache.put(1, nosy());
        _ = cache.put(1, nosy());
        _ = cache.remove(&1);
        (2..6).for_each(|key| _ = cache.put(key, nosy()));
        (6..9).for_each(|key| drop(cache.get_or_insert_with(key, nosy)));
        let outdated = || {
            cache.remove(&9);
            nosy()
        };
        drop(cache.get_or_insert_with(9, outdated));
        cache.clear();
        assert_eq!(Arc::strong_count(&cache), 1, "all of them are gone");
    });
}

#[test]
fn the_types_may_cross_threads() {
    fn crosses<T: Send + Sync + Unpin>() {}
    crosses::<SharedLru<String, u32>>();
    crosses::<ClockCache<String, u32>>();
    within_deadline(|| {
        let (cache, clock) = (SharedLru::new(n(10)), ClockCache::new(n(10)));
        std::thread::scope(|scope| {
            scope.spawn(|| (cache.put("there", 1), clock.put("there", 2)));
        });
        assert_eq!((cache.get("there"), clock.get("there")), (Some(1), Some(2)));
    });
}
