//! Every interleaving of two or three who want one key.

use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

use loomscope::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use loomscope::sync::{Barrier, Mutex};
use loomscope::{Model, thread};
use patterns::lru::{ClockCache, SharedLru};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/lru")
}

fn cache() -> Arc<SharedLru<u32, u32>> {
    let [capacity, one] = [2, 1].map(|n| NonZeroUsize::new(n).unwrap());
    Arc::new(SharedLru::with_shards(capacity, one))
}

#[test]
fn two_who_miss_compute_once() {
    model("I4: one closure a key").check(|| {
        let (cache, calls) = (cache(), Arc::new(AtomicUsize::new(0)));
        let make = |value| {
            let (cache, calls) = (cache.clone(), calls.clone());
            move || {
                calls.fetch_add(1, SeqCst);
                // A closure that runs under a lock waits for itself here.
                assert_eq!(cache.len(), 0, "I4: what is being computed does not count");
                value
            }
        };
        let (theirs, their_make) = (cache.clone(), make(1));
        let other = thread::spawn_named("other", move || theirs.get_or_insert_with(7, their_make));
        let ours = cache.get_or_insert_with(7, make(2));
        assert_eq!(other.join().unwrap(), ours, "I4: both get the same value");
        assert_eq!(calls.load(SeqCst), 1, "I4: more than one closure has run");
        assert_eq!(cache.get(&7), Some(ours), "I4: what was made is not kept");
    });
}

#[test]
fn a_panic_passes_the_turn_on() {
    model("I5: after a panic one who waits computes").check(|| {
        let cache = cache();
        let theirs = cache.clone();
        let other = thread::spawn_named("panics", move || {
            let make = || theirs.get_or_insert_with(7, || panic!("the closure's own"));
            catch_unwind(AssertUnwindSafe(make)).unwrap_or(0)
        });
        assert_eq!(cache.get_or_insert_with(7, || 2), 2, "I5: the closure of who waited");
        let seen = other.join().unwrap();
        assert!(seen == 0 || seen == 2, "I5: its own panic, or our value");
        assert_eq!(cache.get(&7), Some(2));
    });
}

#[test]
fn of_two_who_wait_for_a_panic_one_computes() {
    model("I5: all who wait are told, and one computes").preemptions(2).check(|| {
        let (cache, calls) = (cache(), Arc::new(AtomicUsize::new(0)));
        let others = [1, 2].map(|value| {
            let (cache, calls) = (cache.clone(), calls.clone());
            thread::spawn_named("waits", move || {
                cache.get_or_insert_with(7, || {
                    calls.fetch_add(1, SeqCst);
                    value
                })
            })
        });
        let make = || cache.get_or_insert_with(7, || panic!("the closure's own"));
        let ours = catch_unwind(AssertUnwindSafe(make)).unwrap_or(0);
        let [one, two] = others.map(|other| other.join().unwrap());
        assert_eq!(one, two, "I5: one value for both");
        assert!(ours == 0 || ours == one, "I5: and for us, where we came later");
        assert_eq!(calls.load(SeqCst), 1, "I5: one of them has computed");
    });
}

#[test]
fn a_put_is_never_overwritten_by_an_older_computation() {
    model("I6: a put wins over a closure that began before").check(|| {
        let cache = cache();
        let theirs = cache.clone();
        let maker = thread::spawn_named("maker", move || theirs.get_or_insert_with(7, || 1));
        let displaced = cache.put(7, 2);
        let made = maker.join().unwrap();
        assert_eq!(cache.get(&7), Some(2), "I6: what was put is gone");
        let allowed = [(None, 1), (Some((7, 1)), 1), (None, 2)];
        assert!(allowed.contains(&(displaced, made)), "displaced, made: {displaced:?}, {made}");
    });
}

#[test]
fn after_a_remove_no_older_value_comes_back() {
    model("I6: what was made before a remove is not seen after it").check(|| {
        let (cache, fresh) = (cache(), Arc::new(AtomicUsize::new(0)));
        let (theirs, source) = (cache.clone(), fresh.clone());
        let maker = thread::spawn_named("maker", move || {
            theirs.get_or_insert_with(7, || source.load(SeqCst) as u32)
        });
        // The source changes, then the cache is told: the usual order.
        fresh.store(1, SeqCst);
        cache.remove(&7);
        let seen = cache.get_or_insert_with(7, || fresh.load(SeqCst) as u32);
        assert_eq!(seen, 1, "I6: a value from before the remove");
        maker.join().unwrap();
        assert_eq!(cache.get(&7), Some(1), "I6: the old value was kept in the end");
    });
}

#[test]
fn a_reader_of_a_clock_sees_a_whole_entry() {
    model("I1: what is found under a key is its value").check(|| {
        let one = NonZeroUsize::MIN;
        let cache = Arc::new(ClockCache::with_shards(one, one));
        cache.put(1, 10);
        let theirs = cache.clone();
        let writer = thread::spawn_named("writer", move || theirs.put(2, 20));
        let seen = [cache.get(&1), cache.get(&2)];
        let allowed = [[Some(10), None], [Some(10), Some(20)], [None, Some(20)]];
        assert!(allowed.contains(&seen), "I1: {seen:?}");
        assert_eq!(writer.join().unwrap(), Some((1, 10)), "the one that was there");
    });
}

/// Looks into its cache when it goes.
struct Nosy(Arc<SharedLru<u32, Arc<Nosy>>>);

impl Drop for Nosy {
    fn drop(&mut self) {
        assert!(self.0.len() <= 1);
    }
}

#[test]
fn a_destructor_may_use_the_cache() {
    model("I4: no destructor runs under a lock").check(|| {
        let one = NonZeroUsize::MIN;
        let cache = Arc::new(SharedLru::with_shards(one, one));
        let nosy = || Arc::new(Nosy(cache.clone()));
        drop(cache.put(1, nosy()));
        drop(cache.get_or_insert_with(2, nosy));
        drop(cache.get_or_insert_with(3, || {
            drop(cache.put(3, nosy()));
            nosy()
        }));
        cache.clear();
        assert_eq!(Arc::strong_count(&cache), 1, "all of them are gone");
    });
}

/// A key that looks into its caches when it goes.
struct NosyKey(Weak<Caches>);

struct Caches {
    shared: SharedLru<NosyKey, u32>,
    clock: ClockCache<NosyKey, u32>,
}

impl Drop for NosyKey {
    fn drop(&mut self) {
        if let Some(caches) = self.0.upgrade() {
            assert!(caches.shared.len() + caches.clock.len() <= 2);
        }
    }
}

impl Hash for NosyKey {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl PartialEq for NosyKey {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for NosyKey {}

#[test]
fn a_key_may_use_the_cache_when_it_goes() {
    model("I4: no key is dropped under a lock").check(|| {
        let one = NonZeroUsize::MIN;
        let (shared, clock) = (SharedLru::with_shards(one, one), ClockCache::with_shards(one, one));
        let caches = Arc::new(Caches { shared, clock });
        let nosy = || NosyKey(Arc::downgrade(&caches));
        for value in 0..2 {
            caches.shared.put(nosy(), value);
            caches.clock.put(nosy(), value);
        }
        assert_eq!(caches.shared.remove(&nosy()), Some(1));
        assert_eq!(caches.clock.remove(&nosy()), Some(1));
        for _ in 0..2 {
            assert_eq!(caches.shared.get_or_insert_with(nosy(), || 2), 2);
        }
        caches.shared.clear();
        let outdated = || caches.shared.remove(&nosy()).unwrap_or(3);
        assert_eq!(caches.shared.get_or_insert_with(nosy(), outdated), 3);
    });
}

/// A key that waits, when it is compared for the first time, until another one is compared.
struct Meets(u32, Mutex<Option<Arc<Barrier>>>);

impl Meets {
    fn alone(key: u32) -> Self {
        Self(key, Mutex::new(None))
    }

    fn at(key: u32, meeting: &Arc<Barrier>) -> Self {
        Self(key, Mutex::new(Some(meeting.clone())))
    }
}

impl Hash for Meets {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialEq for Meets {
    fn eq(&self, other: &Self) -> bool {
        for key in [self, other] {
            let meeting = key.1.lock().unwrap().take();
            meeting.into_iter().for_each(|meeting| _ = meeting.wait());
        }
        self.0 == other.0
    }
}

impl Eq for Meets {}

#[test]
fn two_readers_of_a_clock_are_in_at_once() {
    model("a reader does not wait for another").check(|| {
        let (one, meeting) = (NonZeroUsize::MIN, Arc::new(Barrier::new(2)));
        let cache = Arc::new(ClockCache::with_shards(one, one));
        cache.put(Meets::alone(1), 10);
        let (theirs, key) = (cache.clone(), Meets::at(1, &meeting));
        let other = thread::spawn_named("other reader", move || theirs.get(&key));
        assert_eq!(cache.get(&Meets::at(1, &meeting)), Some(10));
        assert_eq!(other.join().unwrap(), Some(10));
    });
}

#[test]
fn two_shards_are_used_at_once() {
    model("who uses one shard does not wait for another").check(|| {
        let (two, meeting) = (NonZeroUsize::new(2).unwrap(), Arc::new(Barrier::new(2)));
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let cache = Arc::new(SharedLru::with_hasher(two, two, hasher));
        // Each shard has room for one: who displaces nobody has found the other shard.
        cache.put(Meets::alone(0), 0);
        let other = (1..64).find(|&key| cache.put(Meets::alone(key), key).is_none());
        let other = other.expect("of 64 keys, one has another shard");
        let (theirs, key) = (cache.clone(), Meets::at(other, &meeting));
        let reader = thread::spawn_named("other shard", move || theirs.get(&key));
        assert_eq!(cache.get(&Meets::at(other - 1, &meeting)), Some(other - 1));
        assert_eq!(reader.join().unwrap(), Some(other));
    });
}
