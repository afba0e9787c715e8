//! Caches of numbers behind one face, with one hasher for all, and keys to ask them for.

use quick_cache::UnitWeighter;
use quick_cache::sync::DefaultLifecycle;
use std::hash::{BuildHasher, Hasher};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

/// A hash of one multiplication: what is measured is the cache. std's costs some 15 ns more, for everyone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quick(u64);

impl BuildHasher for Quick {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0x243F_6A88_85A3_08D3)
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9E37_79B9_7F4A_7C15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

fn entries(capacity: usize) -> NonZeroUsize {
    NonZeroUsize::new(capacity).expect("a bench has room for something")
}

/// Numbers that look random: an xorshift, which costs a nanosecond.
#[derive(Debug, Clone, Copy)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    #[inline]
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A key below `keys`: the k-th is asked for about 1/k times as often as the first.
    pub fn skewed(&mut self, keys: u64) -> u64 {
        let part = (self.number() >> 11) as f64 / (1u64 << 53) as f64;
        (keys as f64).powf(part) as u64
    }
}

/// A cache of one owner.
pub trait Owned {
    /// An empty one.
    fn with_capacity(capacity: usize) -> Self;
    /// The value, which is used.
    fn get(&mut self, key: u64) -> Option<u64>;
    /// Stores the value, whatever has to go for it.
    fn put(&mut self, key: u64, value: u64);
}

/// A cache of many owners.
pub trait Shared: Sync {
    /// An empty one.
    fn with_capacity(capacity: usize) -> Self;
    /// The value, which is used.
    fn get(&self, key: u64) -> Option<u64>;
    /// Stores the value, whatever has to go for it.
    fn put(&self, key: u64, value: u64);
}

impl Owned for lru::LruCache<u64, u64, Quick> {
    fn with_capacity(capacity: usize) -> Self {
        Self::with_hasher(entries(capacity), Quick::default())
    }

    fn get(&mut self, key: u64) -> Option<u64> {
        self.get(&key).copied()
    }

    fn put(&mut self, key: u64, value: u64) {
        _ = self.push(key, value);
    }
}

/// schnellru's map, which counts entries.
pub type Schnell = schnellru::LruMap<u64, u64, schnellru::ByLength, Quick>;

impl Owned for Schnell {
    fn with_capacity(capacity: usize) -> Self {
        let limit = schnellru::ByLength::new(capacity as u32);
        Self::with_hasher(limit, Quick::default())
    }

    fn get(&mut self, key: u64) -> Option<u64> {
        self.get(&key).map(|value| *value)
    }

    fn put(&mut self, key: u64, value: u64) {
        self.insert(key, value);
    }
}

/// quick_cache for one thread.
pub type QuickOwned = quick_cache::unsync::Cache<u64, u64, UnitWeighter, Quick>;

impl Owned for QuickOwned {
    fn with_capacity(capacity: usize) -> Self {
        let (weighter, hasher) = (UnitWeighter, Quick::default());
        Self::with(capacity, capacity as u64, weighter, hasher, Default::default())
    }

    fn get(&mut self, key: u64) -> Option<u64> {
        Self::get(self, &key).copied()
    }

    fn put(&mut self, key: u64, value: u64) {
        self.insert(key, value);
    }
}

/// The same for the reference and for yours.
macro_rules! adapt {
    ($of:ident) => {
        impl Owned for $of::lru::Lru<u64, u64, Quick> {
            fn with_capacity(capacity: usize) -> Self {
                Self::with_hasher(entries(capacity), Quick::default())
            }

            fn get(&mut self, key: u64) -> Option<u64> {
                self.get(&key).copied()
            }

            fn put(&mut self, key: u64, value: u64) {
                _ = self.put(key, value);
            }
        }

        impl Shared for $of::lru::SharedLru<u64, u64, Quick> {
            fn with_capacity(capacity: usize) -> Self {
                Self::with_hasher(entries(capacity), entries(16), Quick::default())
            }

            fn get(&self, key: u64) -> Option<u64> {
                self.get(&key)
            }

            fn put(&self, key: u64, value: u64) {
                _ = self.put(key, value);
            }
        }

        impl Shared for $of::lru::ClockCache<u64, u64, Quick> {
            fn with_capacity(capacity: usize) -> Self {
                Self::with_hasher(entries(capacity), entries(16), Quick::default())
            }

            fn get(&self, key: u64) -> Option<u64> {
                self.get(&key)
            }

            fn put(&self, key: u64, value: u64) {
                _ = self.put(key, value);
            }
        }
    };
}

adapt!(reference);
#[cfg(feature = "yours-lru")]
adapt!(yours);

/// What one writes without a crate for it: sixteen caches, sixteen locks.
pub struct Sixteen([Mutex<lru::LruCache<u64, u64, Quick>>; 16]);

impl Sixteen {
    fn shard(&self, key: u64) -> &Mutex<lru::LruCache<u64, u64, Quick>> {
        &self.0[(Quick::default().hash_one(key) >> 60) as usize]
    }
}

impl Shared for Sixteen {
    fn with_capacity(capacity: usize) -> Self {
        Self(std::array::from_fn(|_| Mutex::new(Owned::with_capacity(capacity.div_ceil(16)))))
    }

    fn get(&self, key: u64) -> Option<u64> {
        self.shard(key).lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied()
    }

    fn put(&self, key: u64, value: u64) {
        _ = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner).push(key, value);
    }
}

/// quick_cache for many threads.
pub type QuickShared =
    quick_cache::sync::Cache<u64, u64, UnitWeighter, Quick, DefaultLifecycle<u64, u64>>;

impl Shared for QuickShared {
    fn with_capacity(capacity: usize) -> Self {
        let (weighter, hasher) = (UnitWeighter, Quick::default());
        Self::with(capacity, capacity as u64, weighter, hasher, DefaultLifecycle::default())
    }

    fn get(&self, key: u64) -> Option<u64> {
        Self::get(self, &key)
    }

    fn put(&self, key: u64, value: u64) {
        self.insert(key, value);
    }
}

/// moka's, without expiry.
pub type Moka = moka::sync::Cache<u64, u64, Quick>;

impl Shared for Moka {
    fn with_capacity(capacity: usize) -> Self {
        moka::sync::Cache::<u64, u64>::builder()
            .max_capacity(capacity as u64)
            .build_with_hasher(Quick::default())
    }

    fn get(&self, key: u64) -> Option<u64> {
        Self::get(self, &key)
    }

    fn put(&self, key: u64, value: u64) {
        self.insert(key, value);
    }
}
