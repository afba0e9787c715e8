//! What a map of many threads promises: a key's changes happen one after the other, whatever panics.

mod support;

#[path = "support/touchy.rs"]
mod touchy;

mod behaviour {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::thread;

    use patterns::keyed_map::KeyedMap;

    use crate::support::within_deadline;
    use crate::touchy::{Touchy, fails};

    #[test]
    fn what_is_stored_is_found() {
        within_deadline(|| {
            let map = KeyedMap::new();
            assert_eq!(map.get(&1), None, "nothing was stored");
            assert_eq!(map.insert(1, "one"), None);
            assert_eq!(map.get(&1), Some("one"));
            assert_eq!(map.get(&1), Some("one"), "a look takes nothing away");
            assert_eq!(map.get(&2), None, "this key is another one");
            assert_eq!(KeyedMap::<u32, u32>::default().get(&1), None);
        });
    }

    #[test]
    fn an_insert_returns_what_it_replaces() {
        within_deadline(|| {
            let map = KeyedMap::new();
            assert_eq!(map.insert(1, "one"), None);
            assert_eq!(map.insert(1, "eins"), Some("one"), "the value that was there");
            assert_eq!(map.insert(1, "un"), Some("eins"));
            assert_eq!(map.get(&1), Some("un"), "the last one stays");
        });
    }

    #[test]
    fn a_removed_key_is_gone() {
        within_deadline(|| {
            let map = KeyedMap::new();
            map.insert(1, "one");
            map.insert(2, "two");
            assert_eq!(map.remove(&1), Some("one"));
            assert_eq!((map.get(&1), map.get(&2)), (None, Some("two")), "1 is gone, 2 is not");
            assert_eq!(map.remove(&1), None, "it was gone already");
            assert_eq!(map.insert(1, "again"), None);
        });
    }

    #[test]
    fn a_key_is_found_by_what_it_borrows_as() {
        within_deadline(|| {
            let map = KeyedMap::new();
            for n in 0..100 {
                map.insert(format!("key {n}"), n);
            }
            for n in 0..100 {
                assert_eq!(map.get(format!("key {n}").as_str()), Some(n), "a &str finds a String");
            }
            assert_eq!(map.remove("key 7"), Some(7));
            assert_eq!(map.get("key 7"), None);
        });
    }

    #[test]
    fn an_update_replaces_the_value() {
        within_deadline(|| {
            let map = KeyedMap::new();
            map.insert("ann", 1);
            map.update("ann", |count| count.map(|count| count + 10));
            assert_eq!(map.get("ann"), Some(11), "what the closure has returned");
        });
    }

    #[test]
    fn an_update_of_a_missing_key_may_store_it() {
        within_deadline(|| {
            let map = KeyedMap::new();
            map.update("ann", |count| {
                assert_eq!(count, None, "there is no value yet");
                Some(1)
            });
            assert_eq!(map.get("ann"), Some(1));
        });
    }

    #[test]
    fn an_update_to_nothing_removes_the_key() {
        within_deadline(|| {
            let map = KeyedMap::new();
            map.insert("ann", 1);
            map.update("ann", |_| None);
            assert_eq!((map.get("ann"), map.len()), (None, 0), "the closure has returned None");
            map.update("bob", |_| None);
            assert_eq!(
                (map.get("bob"), map.len()),
                (None, 0),
                "it was not there, and still is not"
            );
        });
    }

    #[test]
    fn its_length_is_the_number_of_keys() {
        within_deadline(|| {
            let map = KeyedMap::new();
            assert!((map.len(), map.is_empty()) == (0, true), "nothing was stored");
            for n in 0..50 {
                map.insert(n % 40, n);
            }
            assert_eq!((map.len(), map.is_empty()), (40, false), "ten keys were stored twice");
            for n in 0..40 {
                map.remove(&n);
            }
            assert_eq!((map.len(), map.is_empty()), (0, true));
        });
    }

    /// Runs `body`, which must panic.
    fn panics(body: impl FnOnce()) {
        assert!(catch_unwind(AssertUnwindSafe(body)).is_err(), "the panic is the caller's to see");
    }

    #[test]
    fn a_closure_that_panics_takes_its_value_along() {
        within_deadline(|| {
            let map = KeyedMap::new();
            (0..100).for_each(|n| assert_eq!(map.insert(n, n), None));
            panics(|| map.update(7, |_| panic!("the closure's own")));
            assert_eq!(map.get(&7), None, "the closure had it");
            assert_eq!(map.len(), 99, "all others are as before");
            (0..100).filter(|n| *n != 7).for_each(|n| assert_eq!(map.get(&n), Some(n)));
            map.update(7, |old| Some(old.map_or(70, |_| 0)));
            assert_eq!(map.get(&7), Some(70), "the key can be used again");
        });
    }

    #[test]
    fn a_clone_that_panics_changes_nothing() {
        within_deadline(|| {
            let map = KeyedMap::new();
            map.insert(1, Touchy(10));
            fails("clone", 0);
            panics(|| _ = map.get(&1));
            assert_eq!(map.get(&1), Some(Touchy(10)), "the map goes on");
            map.update(1, |old| old.map(|old| Touchy(old.0 + 1)));
            assert_eq!(map.remove(&1), Some(Touchy(11)));
        });
    }

    #[test]
    fn a_key_that_panics_harms_no_other() {
        within_deadline(|| {
            for what in ["hash", "comparison"] {
                let map = KeyedMap::new();
                map.insert(Touchy(1), 1);
                map.insert(Touchy(2), 2);
                fails(what, 0);
                panics(|| _ = map.insert(Touchy(1), 10));
                fails(what, 0);
                panics(|| _ = map.remove(&Touchy(1)));
                fails(what, 0);
                panics(|| _ = map.get(&Touchy(1)));
                assert_eq!(map.get(&Touchy(1)), Some(1), "nothing has changed: {what}");
                fails(what, 0);
                panics(|| map.update(Touchy(1), |_| Some(20)));
                assert_eq!(map.get(&Touchy(2)), Some(2), "the other key: {what}");
                map.insert(Touchy(1), 3);
                assert_eq!(
                    (map.get(&Touchy(1)), map.len()),
                    (Some(3), 2),
                    "the map goes on: {what}"
                );
            }
        });
    }

    #[test]
    fn the_types_may_cross_threads() {
        fn crosses<T: Send + Sync + Unpin>() {}
        crosses::<KeyedMap<String, u32>>();
        within_deadline(|| {
            let map = Arc::new(KeyedMap::new());
            let theirs = map.clone();
            thread::spawn(move || theirs.insert("there", 1)).join().unwrap();
            assert_eq!(map.get("there"), Some(1));
        });
    }
}

mod properties {
    use std::collections::HashMap;

    use patterns::keyed_map::KeyedMap;
    use proptest::prelude::*;

    use crate::support::{cases, within_deadline};

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Get(u8),
        Insert(u8, u32),
        Remove(u8),
        Update(u8, Option<u32>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let key = || 0..12u8;
        prop_oneof![
            key().prop_map(Step::Get),
            (key(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
            key().prop_map(Step::Remove),
            (key(), any::<Option<u32>>()).prop_map(|(key, value)| Step::Update(key, value)),
        ]
    }

    /// Every step answers as std's map does.
    fn play(script: &[Step]) {
        let (map, mut plain) = (KeyedMap::new(), HashMap::new());
        for step in script {
            match *step {
                Step::Get(key) => assert_eq!(map.get(&key), plain.get(&key).copied(), "{step:?}"),
                Step::Insert(key, value) => {
                    assert_eq!(map.insert(key, value), plain.insert(key, value), "{step:?}");
                }
                Step::Remove(key) => assert_eq!(map.remove(&key), plain.remove(&key), "{step:?}"),
                Step::Update(key, value) => {
                    let mut calls = 0;
                    map.update(key, |old| {
                        calls += 1;
                        assert_eq!(old, plain.remove(&key), "{step:?}");
                        value
                    });
                    assert_eq!(calls, 1, "{step:?} calls its closure");
                    value.map(|value| plain.insert(key, value));
                }
            }
            assert_eq!(map.len(), plain.len(), "after {step:?}");
        }
    }

    #[test]
    fn on_one_thread_it_is_a_map() {
        within_deadline(|| {
            let config = cases(128, 1);
            let script = proptest::collection::vec(step(), 0..80);
            proptest!(config, |(script in script)| play(&script));
        });
    }
}

mod stress {
    use std::sync::{Arc, Barrier};
    use std::thread;

    use patterns::keyed_map::KeyedMap;

    use crate::support::within_deadline;

    #[test]
    fn no_update_is_lost_between_threads() {
        within_deadline(|| {
            const ROUNDS: u64 = 2_000;
            let (map, start) = (Arc::new(KeyedMap::new()), Arc::new(Barrier::new(4)));
            let threads: Vec<_> = (0..4)
                .map(|id| {
                    let (map, start) = (map.clone(), start.clone());
                    thread::spawn(move || {
                        start.wait();
                        for round in 0..ROUNDS {
                            // One key that all of them change, and some that come and go.
                            map.update(0, |count| Some(count.unwrap_or(0) + 1));
                            let own = 1 + id + 4 * (round % 16);
                            assert_eq!(map.insert(own, round), None);
                            assert_eq!(map.get(&own), Some(round));
                            assert_eq!(map.remove(&own), Some(round));
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(map.get(&0), Some(4 * ROUNDS), "every update has added one");
            assert_eq!(map.len(), 1, "what came has gone");
        });
    }
}

mod leaks {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use patterns::keyed_map::KeyedMap;

    use crate::support::{Census, within_deadline};

    #[test]
    fn every_value_is_dropped_once() {
        within_deadline(|| {
            let (map, census) = (KeyedMap::new(), Census::default());
            (0..10).for_each(|n| drop(map.insert(n, census.payload(n))));
            assert_eq!(census.alive(), 10);
            drop(map.insert(1, census.payload(1)));
            assert_eq!(census.alive(), 10, "one was replaced");
            map.update(1, |old| old.map(|old| census.payload(old.value + 1)));
            assert_eq!(census.alive(), 10, "one was updated");
            drop(map.remove(&1));
            map.update(2, |_| None);
            let panicked = catch_unwind(AssertUnwindSafe(|| map.update(3, |_| panic!("its own"))));
            assert!(panicked.is_err());
            assert_eq!(
                census.alive(),
                7,
                "one removed, one updated to nothing, one lost in a panic"
            );
            drop(map);
            assert_eq!(census.alive(), 0, "the map is gone");
        });
    }

    #[test]
    fn no_key_outlives_its_value() {
        within_deadline(|| {
            let map = KeyedMap::new();
            let key = Arc::new("key");
            map.insert(key.clone(), 1);
            assert_eq!(map.insert(key.clone(), 2), Some(1));
            map.update(key.clone(), |value| value);
            assert_eq!(Arc::strong_count(&key), 2, "one is ours, one is in the map");
            map.update(key.clone(), |_| None);
            assert_eq!(Arc::strong_count(&key), 1, "its value was updated to nothing");
            map.insert(key.clone(), 3);
            assert_eq!(map.remove(&key), Some(3));
            assert_eq!(Arc::strong_count(&key), 1, "it was removed");
        });
    }
}
