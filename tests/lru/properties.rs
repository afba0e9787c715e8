//! Random scripts against caches so simple that anybody sees that they are right.

use patterns::lru::{ClockCache, Lru, SharedLru};
use proptest::prelude::*;

use crate::support::{cases, within_deadline};
use crate::{keys, n};

#[derive(Debug, Clone, Copy)]
enum Step {
    Get(u8),
    Peek(u8),
    Put(u8, u32),
    Remove(u8),
    Clear,
}

fn step(keys: u8) -> impl Strategy<Value = Step> {
    let key = move || 0..keys;
    prop_oneof![
        6 => key().prop_map(Step::Get),
        2 => key().prop_map(Step::Peek),
        10 => (key(), any::<u32>()).prop_map(|(key, value)| Step::Put(key, value)),
        4 => key().prop_map(Step::Remove),
        1 => Just(Step::Clear).prop_filter("seldom", |_| true),
    ]
}

/// The most recent pair first.
#[derive(Default)]
struct Naive(Vec<(u8, u32)>);

impl Naive {
    fn take(&mut self, key: u8) -> Option<(u8, u32)> {
        let place = self.0.iter().position(|pair| pair.0 == key)?;
        Some(self.0.remove(place))
    }

    fn peek(&self, key: u8) -> Option<u32> {
        self.0.iter().find(|pair| pair.0 == key).map(|pair| pair.1)
    }

    fn get(&mut self, key: u8) -> Option<u32> {
        let pair = self.take(key)?;
        self.0.insert(0, pair);
        Some(pair.1)
    }

    fn put(&mut self, capacity: usize, key: u8, value: u32) -> Option<(u8, u32)> {
        let old = self.take(key);
        let old = old.or_else(|| if self.0.len() == capacity { self.0.pop() } else { None });
        self.0.insert(0, (key, value));
        old
    }

    fn keys(&self) -> Vec<u8> {
        self.0.iter().map(|pair| pair.0).collect()
    }
}

/// Every step answers as the naive cache does, and leaves the same order.
fn play(capacity: usize, script: &[Step]) {
    let mut cache = Lru::new(n(capacity));
    let shared = SharedLru::with_shards(n(capacity), n(1));
    let mut naive = Naive::default();
    for step in script {
        match *step {
            Step::Get(key) => {
                let expected = naive.get(key);
                assert_eq!(cache.get(&key).copied(), expected, "{step:?}");
                assert_eq!(shared.get(&key), expected, "{step:?}, shared");
            }
            Step::Peek(key) => {
                assert_eq!(cache.peek(&key).copied(), naive.peek(key), "{step:?}");
                assert_eq!(shared.peek(&key), naive.peek(key), "{step:?}, shared");
            }
            Step::Put(key, value) => {
                let expected = naive.put(capacity, key, value);
                assert_eq!(cache.put(key, value), expected, "{step:?}");
                assert_eq!(shared.put(key, value), expected, "{step:?}, shared");
            }
            Step::Remove(key) => {
                let expected = naive.take(key).map(|pair| pair.1);
                assert_eq!(cache.remove(&key), expected, "{step:?}");
                assert_eq!(shared.remove(&key), expected, "{step:?}, shared");
            }
            Step::Clear => {
                naive.0.clear();
                cache.clear();
                shared.clear();
            }
        }
        assert_eq!(keys(&cache), naive.keys(), "the order after {step:?}");
        assert_eq!(shared.keys(), naive.keys(), "the shared order after {step:?}");
        assert_eq!((cache.len(), shared.len()), (naive.0.len(), naive.0.len()), "after {step:?}");
    }
}

#[test]
fn the_order_is_exact() {
    within_deadline(|| {
        let config = cases(192, 1);
        let script = (1..8usize, proptest::collection::vec(step(10), 0..80));
        proptest!(config, |((capacity, script) in script)| play(capacity, &script));
    });
}

#[test]
fn the_order_is_exact_where_there_are_many() {
    within_deadline(|| {
        let config = cases(12, 2);
        let script = (60..120usize, proptest::collection::vec(step(200), 500..900));
        proptest!(config, |((capacity, script) in script)| play(capacity, &script));
    });
}

/// The clock as its documentation tells it, without a removal: the first of the line is looked at next.
#[derive(Default)]
struct Line(Vec<(u8, u32, bool)>);

impl Line {
    fn get(&mut self, key: u8) -> Option<u32> {
        let entry = self.0.iter_mut().find(|entry| entry.0 == key)?;
        entry.2 = true;
        Some(entry.1)
    }

    fn put(&mut self, capacity: usize, key: u8, value: u32) -> Option<(u8, u32)> {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.0 == key) {
            let old = std::mem::replace(entry, (key, value, true));
            return Some((old.0, old.1));
        }
        let full = self.0.len() == capacity;
        let evicted = full.then(|| {
            while self.0[0].2 {
                self.0[0].2 = false;
                self.0.rotate_left(1);
            }
            self.0.remove(0)
        });
        self.0.push((key, value, false));
        evicted.map(|(key, value, _)| (key, value))
    }
}

#[test]
fn the_clock_goes_as_documented() {
    within_deadline(|| {
        let config = cases(192, 3);
        let script = (1..8usize, proptest::collection::vec(step(10), 0..80));
        proptest!(config, |((capacity, script) in script)| {
            let (cache, mut line) = (ClockCache::with_shards(n(capacity), n(1)), Line::default());
            for step in script {
                match step {
                    Step::Put(key, value) => {
                        assert_eq!(cache.put(key, value), line.put(capacity, key, value), "{step:?}");
                    }
                    Step::Get(key) | Step::Peek(key) | Step::Remove(key) => {
                        assert_eq!(cache.get(&key), line.get(key), "{step:?}");
                    }
                    Step::Clear => {}
                }
                assert_eq!(cache.len(), line.0.len(), "after {step:?}");
            }
        });
    });
}

/// With removals the order is the clock's own business; what is found is not.
#[test]
fn a_clock_never_mixes_its_entries_up() {
    within_deadline(|| {
        let config = cases(192, 4);
        let script = (1..8usize, proptest::collection::vec(step(10), 0..80));
        proptest!(config, |((capacity, script) in script)| {
            let cache = ClockCache::with_shards(n(capacity), n(1));
            let mut known = std::collections::HashMap::new();
            for step in script {
                match step {
                    Step::Put(key, value) => {
                        let full = known.len() == capacity && !known.contains_key(&key);
                        let old = cache.put(key, value);
                        assert!(old.is_some() == (full || known.contains_key(&key)), "{step:?}");
                        if let Some((key, value)) = old {
                            assert_eq!(known.remove(&key), Some(value), "{step:?}");
                        }
                        known.insert(key, value);
                    }
                    Step::Remove(key) => assert_eq!(cache.remove(&key), known.remove(&key), "{step:?}"),
                    _ => {}
                }
                assert_eq!(cache.len(), known.len(), "after {step:?}");
                for key in 0..10 {
                    let marks = key % 2 == 0;
                    if marks {
                        assert_eq!(cache.get(&key), known.get(&key).copied(), "after {step:?}");
                    }
                }
            }
        });
    });
}
