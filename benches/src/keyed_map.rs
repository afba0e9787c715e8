//! The maps that take part, behind one trait.

use std::collections::HashMap;
use std::sync::{Mutex, RwLock};

/// How many keys a map has; the workloads add none and remove none.
pub const KEYS: u64 = 1000;

/// A map of counts, as far as the workloads need one. All hash by std's `RandomState`.
pub trait KeyedMap: Sync {
    /// A map in which each of the [`KEYS`] counts zero.
    fn with_all_keys() -> Self;
    /// What is counted for the key.
    fn get(&self, key: u64) -> Option<u64>;
    /// Counts one more for the key.
    fn increment(&self, key: u64);
}

fn pairs() -> impl Iterator<Item = (u64, u64)> {
    (0..KEYS).map(|key| (key, 0))
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident) => {
        impl KeyedMap for $workbook::keyed_map::KeyedMap<u64, u64> {
            fn with_all_keys() -> Self {
                let map = Self::new();
                pairs().for_each(|(key, count)| _ = map.insert(key, count));
                map
            }

            fn get(&self, key: u64) -> Option<u64> {
                Self::get(self, &key)
            }

            fn increment(&self, key: u64) {
                self.update(key, |count| Some(count.unwrap_or(0) + 1));
            }
        }
    };
}

workbook!(reference);
#[cfg(feature = "yours-keyed_map")]
workbook!(yours);

impl KeyedMap for Mutex<HashMap<u64, u64>> {
    fn with_all_keys() -> Self {
        Self::new(pairs().collect())
    }

    fn get(&self, key: u64) -> Option<u64> {
        self.lock().expect("nobody panics").get(&key).copied()
    }

    fn increment(&self, key: u64) {
        *self.lock().expect("nobody panics").entry(key).or_insert(0) += 1;
    }
}

impl KeyedMap for RwLock<HashMap<u64, u64>> {
    fn with_all_keys() -> Self {
        Self::new(pairs().collect())
    }

    fn get(&self, key: u64) -> Option<u64> {
        self.read().expect("nobody panics").get(&key).copied()
    }

    fn increment(&self, key: u64) {
        *self.write().expect("nobody panics").entry(key).or_insert(0) += 1;
    }
}

impl KeyedMap for dashmap::DashMap<u64, u64> {
    fn with_all_keys() -> Self {
        pairs().collect()
    }

    fn get(&self, key: u64) -> Option<u64> {
        Self::get(self, &key).map(|count| *count)
    }

    fn increment(&self, key: u64) {
        *self.entry(key).or_insert(0) += 1;
    }
}
