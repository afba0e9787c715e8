//! One owner: what is kept, in which order, and what makes room.

use std::cell::Cell;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use patterns::lru::{ClockCache, Lru};

use crate::support::within_deadline;
use crate::touchy::{Touchy, fails};
use crate::{allocations, keys, n};

#[test]
fn what_is_put_is_found() {
    within_deadline(|| {
        let mut cache = Lru::new(n(3));
        assert_eq!(cache.get(&1), None, "nothing was put");
        assert_eq!(cache.put(1, "one"), None, "nothing had to make room");
        assert_eq!(cache.put(2, "two"), None);
        assert_eq!(cache.get(&1), Some(&"one"));
        assert_eq!(cache.get(&3), None, "this one was not put");
        assert_eq!(cache.get(&2).copied(), Some("two"));
        assert_eq!((cache.len(), cache.is_empty(), cache.capacity()), (2, false, n(3)));
    });
}

#[test]
fn the_least_recent_makes_room() {
    within_deadline(|| {
        let mut cache = Lru::new(n(2));
        cache.put("a", 1);
        cache.put("b", 2);
        assert_eq!(cache.put("c", 3), Some(("a", 1)), "nobody used a for longest");
        assert_eq!((cache.peek("a"), cache.peek("b"), cache.peek("c")), (None, Some(&2), Some(&3)));
        assert_eq!((keys(&cache), cache.len()), (vec!["c", "b"], 2));
    });
}

#[test]
fn a_get_makes_it_the_most_recent() {
    within_deadline(|| {
        let mut cache = Lru::new(n(3));
        (1..=3).for_each(|key| assert_eq!(cache.put(key, ()), None));
        assert_eq!(keys(&cache), [3, 2, 1], "the last put is the most recent");
        let mut check = |key, order: [i32; 3], which| {
            cache.get(&key);
            assert_eq!(keys(&cache), order, "after a get of {which}");
        };
        check(1, [1, 3, 2], "the last");
        check(3, [3, 1, 2], "the middle one");
        check(3, [3, 1, 2], "the first");
        check(2, [2, 3, 1], "the last again");
        assert_eq!(cache.put(4, ()), Some((1, ())));
    });
}

#[test]
fn a_peek_leaves_the_order() {
    within_deadline(|| {
        let mut cache = Lru::new(n(2));
        cache.put(1, "one");
        cache.put(2, "two");
        assert_eq!((cache.peek(&1), cache.peek(&7)), (Some(&"one"), None));
        assert_eq!(keys(&cache), [2, 1], "a peek is no use");
        assert_eq!(cache.put(3, "three"), Some((1, "one")));
    });
}

#[test]
fn a_put_of_a_known_key_displaces_only_its_own_pair() {
    within_deadline(|| {
        let mut cache = Lru::new(n(2));
        cache.put("a".to_owned(), 1);
        cache.put("b".to_owned(), 2);
        let (new, old) = ("b".to_owned(), cache.keys().next().unwrap().as_ptr());
        let displaced = cache.put(new, 20);
        assert_eq!(displaced, Some(("b".to_owned(), 2)), "it is full, and yet a has not to go");
        assert_eq!(displaced.unwrap().0.as_ptr(), old, "the old key, not its equal");
        assert_eq!(cache.put("a".to_owned(), 10), Some(("a".to_owned(), 1)));
        assert_eq!((cache.len(), keys(&cache)), (2, vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((cache.peek("a"), cache.peek("b")), (Some(&10), Some(&20)));
    });
}

#[test]
fn room_for_one_is_enough() {
    within_deadline(|| {
        let mut cache = Lru::new(n(1));
        assert_eq!(cache.put(1, 10), None);
        assert_eq!(cache.put(2, 20), Some((1, 10)));
        assert_eq!((cache.get(&1).copied(), cache.get(&2).copied()), (None, Some(20)));
        assert_eq!(cache.put(2, 21), Some((2, 20)));
        assert_eq!(cache.remove(&2), Some(21));
        assert_eq!((keys(&cache), cache.put(3, 30)), (vec![], None), "it is empty again");
        assert_eq!(cache.put(4, 40), Some((3, 30)));
        assert_eq!(keys(&cache), [4]);
    });
}

#[test]
fn a_removed_key_makes_room() {
    within_deadline(|| {
        for gone in 1..=4 {
            let mut cache = Lru::new(n(4));
            (1..=4).for_each(|key| _ = cache.put(key, key * 10));
            assert_eq!((cache.remove(&gone), cache.remove(&gone)), (Some(gone * 10), None));
            let left: Vec<_> = (1..=4).rev().filter(|key| *key != gone).collect();
            assert_eq!(keys(&cache), left, "without {gone}");
            assert_eq!((cache.len(), cache.put(5, 50)), (3, None), "there is a place for 5");
            left.iter().for_each(|key| assert_eq!(cache.peek(key), Some(&(key * 10))));
            assert_eq!(cache.put(6, 60).map(|pair| pair.0), left.last().copied());
        }
    });
}

#[test]
fn after_a_clear_it_is_as_new() {
    within_deadline(|| {
        let mut cache = Lru::new(n(2));
        (0..5).for_each(|key| _ = cache.put(key, key));
        cache.clear();
        assert_eq!((cache.len(), cache.peek(&4), keys(&cache)), (0, None, vec![]));
        assert_eq!((cache.put(4, 0), cache.put(7, 1)), (None, None));
        assert_eq!((cache.put(8, 2), keys(&cache)), (Some((4, 0)), vec![8, 7]));
    });
}

/// Gives every key the same hash.
#[derive(Clone, Copy, Default)]
struct Same;

impl Hasher for Same {
    fn finish(&self) -> u64 {
        7
    }

    fn write(&mut self, _: &[u8]) {}
}

#[test]
fn keys_of_one_hash_are_told_apart() {
    within_deadline(|| {
        let mut cache = Lru::with_hasher(n(300), BuildHasherDefault::<Same>::default());
        for key in 0..600 {
            let displaced = cache.put(key, key + 1);
            assert_eq!(displaced, (key >= 300).then(|| (key - 300, key - 299)));
        }
        (300..600).for_each(|key| assert_eq!(cache.get(&key), Some(&(key + 1))));
        (300..600).step_by(2).for_each(|key| assert_eq!(cache.remove(&key), Some(key + 1)));
        (300..600).for_each(|key| assert_eq!(cache.peek(&key).is_some(), key % 2 == 1));
    });
}

thread_local! {
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// A key whose comparisons are counted.
#[derive(Debug, Eq)]
struct Counted(u64);

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        COMPARED.set(COMPARED.get() + 1);
        self.0 == other.0
    }
}

#[test]
fn a_call_looks_at_few_keys() {
    within_deadline(|| {
        const ENTRIES: usize = 10_000;
        let (mut cache, clock) = (Lru::new(n(ENTRIES)), ClockCache::with_shards(n(ENTRIES), n(1)));
        for key in 0..2 * ENTRIES as u64 {
            cache.put(Counted(key), ());
            cache.get(&Counted(key / 2));
            clock.put(Counted(key), ());
            clock.get(&Counted(key / 2));
            if key % 10 == 0 {
                cache.remove(&Counted(key));
                clock.remove(&Counted(key));
            }
            let (compared, calls) = (COMPARED.get() as u64, 5 * (key + 1));
            assert!(compared < 100 + 3 * calls, "{compared} comparisons in {calls} calls");
        }
    });
}

#[test]
fn a_capacity_costs_nothing_until_it_is_used() {
    within_deadline(|| {
        let bytes = allocations::kept_by(|| {
            let mut cache = Lru::new(n(10_000_000));
            cache.put(1u64, 1u64);
            std::mem::forget(cache);
        });
        assert!(bytes < 10_000, "one entry of ten million takes {bytes} bytes");
    });
}

#[test]
fn a_full_cache_allocates_nothing_for_an_entry() {
    within_deadline(|| {
        let mut cache = Lru::new(n(1000));
        (0..5000u64).for_each(|key| _ = cache.put(key, key));
        let count = allocations::during(|| {
            for key in 5000..15_000 {
                cache.put(key, key);
                cache.get(&(key - 500));
                if key % 10 == 0 {
                    cache.remove(&(key - 5));
                }
            }
        });
        // A table of std's may put itself in order once or twice. An allocation an entry would be 10 000.
        assert!(count <= 10, "{count} allocations for 10 000 entries");
    });
}

#[test]
fn links_are_small() {
    within_deadline(|| {
        const ENTRIES: usize = 14_000;
        let bytes = allocations::kept_by(|| {
            let mut cache = Lru::new(n(ENTRIES));
            (0..ENTRIES as u64).for_each(|key| _ = cache.put(key, key));
            std::mem::forget(cache);
        });
        let entry = bytes as usize / ENTRIES;
        assert!(entry <= 100, "{entry} bytes an entry, of which 16 are key and value");
    });
}

#[test]
#[should_panic(expected = "u32::MAX")]
fn more_than_a_link_can_name_is_refused() {
    within_deadline(|| drop(Lru::<u32, u32>::new(n(u32::MAX as usize + 1))));
}

/// Does something to a full cache, with a panic in the n-th call of `what`, until there are no more calls.
fn with_panics(what: &'static str, act: fn(&mut Lru<Touchy, u64>)) {
    for call in 0..20 {
        let mut cache = Lru::new(n(4));
        (0..4).for_each(|key| _ = cache.put(Touchy(key), key * 10));
        fails(what, call);
        let panicked = catch_unwind(AssertUnwindSafe(|| act(&mut cache))).is_err();
        fails("", 0);
        if !panicked {
            return;
        }
        let order: Vec<_> = cache.keys().map(|key| key.0).collect();
        assert_eq!(order, [3, 2, 1, 0], "nothing has changed: {what} {call}");
        for key in order {
            assert_eq!(cache.peek(&Touchy(key)), Some(&(key * 10)), "{what} {call}, key {key}");
        }
        (10..14).for_each(|key| _ = cache.put(Touchy(key), key * 10));
        let order: Vec<_> = cache.keys().map(|key| key.0).collect();
        assert_eq!(order, [13, 12, 11, 10], "the cache goes on: {what} {call}");
    }
    panic!("it panics each time: {what}");
}

#[test]
fn a_key_that_panics_leaves_a_whole_cache() {
    within_deadline(|| {
        for what in ["hash", "comparison"] {
            with_panics(what, |cache| _ = cache.get(&Touchy(0)).copied());
            with_panics(what, |cache| _ = cache.put(Touchy(7), 70));
            with_panics(what, |cache| _ = cache.put(Touchy(1), 10));
            with_panics(what, |cache| _ = cache.remove(&Touchy(1)));
        }
    });
}

#[test]
fn the_types_are_as_free_as_their_parts() {
    fn crosses<T: Send + Sync + Unpin>() {}
    crosses::<Lru<String, u32>>();
    crosses::<patterns::lru::Keys<'_, String, u32>>();
    within_deadline(|| {
        let mut cache = Lru::new(n(2));
        assert_eq!(cache.keys().len(), 0, "the number of keys is known beforehand");
        cache.put(1, 1);
        let keys = cache.keys();
        assert_eq!(keys.len(), 1);
    });
}
