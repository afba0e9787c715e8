//! `get_or_insert_with`: one closure a key, outside of every lock, whatever becomes of it.

use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, Weak};
use std::thread;

use patterns::lru::SharedLru;

use crate::n;
use crate::support::within_deadline;

fn one_shard(capacity: usize) -> Arc<SharedLru<u32, u32>> {
    Arc::new(SharedLru::with_shards(n(capacity), n(1)))
}

#[test]
fn what_is_missing_is_made_and_kept() {
    within_deadline(|| {
        let cache = one_shard(2);
        assert_eq!(cache.get_or_insert_with(1, || 10), 10);
        assert_eq!(cache.get_or_insert_with(1, || unreachable!("it is there")), 10);
        assert_eq!(cache.get_or_insert_with(2, || 20), 20);
        assert_eq!(cache.get_or_insert_with(1, || unreachable!("it is there")), 10);
        assert_eq!(cache.keys(), [1, 2], "a hit is a use");
        assert_eq!(cache.get_or_insert_with(3, || 30), 30);
        assert_eq!((cache.keys(), cache.len()), (vec![3, 1], 2), "2 made room");
    });
}

#[test]
fn a_closure_may_use_the_cache() {
    within_deadline(|| {
        let cache = one_shard(10);
        let sum = cache.get_or_insert_with(1, || {
            cache.put(2, 20);
            assert_eq!((cache.get(&2), cache.get(&1), cache.len()), (Some(20), None, 1));
            20 + cache.get_or_insert_with(3, || cache.get(&2).unwrap() + 10)
        });
        assert_eq!((sum, cache.keys()), (50, vec![1, 3, 2]));
    });
}

#[test]
fn closures_of_two_keys_run_at_the_same_time() {
    within_deadline(|| {
        let (cache, meeting) = (one_shard(10), Barrier::new(2));
        thread::scope(|scope| {
            for key in [1, 2] {
                let (cache, meeting) = (&cache, &meeting);
                // Each closure waits for the other one to run.
                scope.spawn(move || {
                    cache.get_or_insert_with(key, || meeting.wait().is_leader().into())
                });
            }
        });
        assert_eq!(cache.len(), 2);
    });
}

#[test]
#[should_panic(expected = "the key that it computes")]
fn a_closure_that_waits_for_itself_panics() {
    within_deadline(|| {
        let cache = one_shard(10);
        cache.get_or_insert_with(1, || cache.get_or_insert_with(1, || 2));
    });
}

#[test]
fn a_panic_leaves_nothing_behind() {
    within_deadline(|| {
        let cache = one_shard(2);
        for _ in 0..3 {
            let make = || cache.get_or_insert_with(1, || panic!("the closure's own"));
            assert!(
                catch_unwind(AssertUnwindSafe(make)).is_err(),
                "the panic is the caller's to see"
            );
            assert_eq!((cache.get(&1), cache.len()), (None, 0));
        }
        assert_eq!(cache.get_or_insert_with(1, || 10), 10, "the key can be made again");
        assert_eq!(cache.get(&1), Some(10));
    });
}

#[test]
fn a_put_wins_over_a_closure_that_began_before() {
    within_deadline(|| {
        let cache = one_shard(2);
        let make = || {
            cache.put(1, 11);
            10
        };
        assert_eq!(cache.get_or_insert_with(1, make), 10, "the closure's own value for who asked");
        assert_eq!(cache.get(&1), Some(11), "what was put stays");
    });
}

#[test]
fn what_was_removed_meanwhile_is_not_kept() {
    within_deadline(|| {
        let ways: [fn(&SharedLru<u32, u32>); 2] =
            [|cache| _ = cache.remove(&1), |cache| cache.clear()];
        for remove in ways {
            let cache = one_shard(2);
            let make = || {
                remove(&cache);
                assert_eq!(
                    cache.get_or_insert_with(1, || 12),
                    12,
                    "who asks afterwards gets a new one"
                );
                assert_eq!(cache.get(&1), Some(12), "and that one is kept");
                cache.remove(&1);
                10
            };
            assert_eq!(cache.get_or_insert_with(1, make), 10);
            assert_eq!((cache.get(&1), cache.len()), (None, 0), "it may be out of date");
        }
    });
}

#[test]
fn all_who_ask_meanwhile_get_one_value() {
    within_deadline(|| {
        for _ in 0..50 {
            let (cache, calls, start) = (one_shard(2), AtomicUsize::new(0), Barrier::new(4));
            thread::scope(|scope| {
                for id in 0..4 {
                    let (cache, calls, start) = (&cache, &calls, &start);
                    scope.spawn(move || {
                        start.wait();
                        let value = cache.get_or_insert_with(1, || {
                            calls.fetch_add(1, SeqCst);
                            thread::yield_now();
                            id
                        });
                        assert_eq!(cache.get(&1), Some(value), "the same value for everyone");
                    });
                }
            });
            assert_eq!(calls.load(SeqCst), 1, "one closure has run");
        }
    });
}

/// A key that tells of its comparisons.
struct Told(u32, Option<Sender<()>>);

impl Hash for Told {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        let told = self.1.iter().chain(&other.1);
        told.for_each(|sender| _ = sender.send(()));
        self.0 == other.0
    }
}

impl Eq for Told {}

/// A value that puts another into its cache when it goes.
struct Goes(u32, Weak<SharedLru<Told, Arc<Goes>>>);

impl Drop for Goes {
    fn drop(&mut self) {
        if let Some(cache) = self.1.upgrade() {
            cache.put(Told(9, None), Arc::new(Goes(90, Weak::new())));
        }
    }
}

#[test]
fn who_waits_gets_the_value_though_it_is_evicted_at_once() {
    within_deadline(|| {
        let cache = Arc::new(SharedLru::with_shards(n(1), n(1)));
        cache.put(Told(8, None), Arc::new(Goes(80, Arc::downgrade(&cache))));
        let (tells, compared) = channel();
        thread::scope(|scope| {
            let made = cache.get_or_insert_with(Told(7, None), || {
                let cache = &cache;
                scope.spawn(move || {
                    let own = || unreachable!("it has waited for a value, and there was one");
                    assert_eq!(cache.get_or_insert_with(Told(7, Some(tells)), own).0, 70);
                });
                compared.recv().expect("it has found this computation");
                Arc::new(Goes(70, Weak::new()))
            });
            assert_eq!(made.0, 70);
        });
        // 7 has displaced 8, whose destructor has put 9, which has displaced 7.
        assert!(cache.get(&Told(7, None)).is_none() && cache.get(&Told(9, None)).is_some());
    });
}
