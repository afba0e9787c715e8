//! Less than the order of use: one bit, which readers can set together.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroUsize;

use crossbeam_utils::CachePadded;
use loomscope::sync::atomic::{AtomicBool, Ordering};
use loomscope::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::shared::{shard_of, shards_for, split};
use super::table::Table;

/// A cache for many readers: whoever was used since it was last looked at gets a second chance.
///
/// The entries of a shard stand in a circle, with a hand. A new entry is unmarked, and using it marks it.
/// Who needs a place turns the hand: a marked entry loses its mark and stays, the first unmarked one
/// is evicted. The new entry takes its place, and the hand goes on behind it. So the order is not exact,
/// and nothing moves when it is read: readers share the lock.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::lru::ClockCache;
/// use std::num::NonZeroUsize;
///
/// let [capacity, one] = [2, 1].map(|n| NonZeroUsize::new(n).unwrap());
/// let cache = ClockCache::with_shards(capacity, one);
/// cache.put("a", 1);
/// cache.put("b", 2);
/// assert_eq!(cache.get("a"), Some(1), "a is marked");
/// assert_eq!(cache.put("c", 3), Some(("b", 2)), "b is the first without a mark");
/// ```
// ANCHOR: types
#[derive(Debug)]
pub struct ClockCache<K, V, S = RandomState> {
    shards: Box<[Locked<Clock<K, V>>]>,
    hasher: S,
}

type Locked<T> = CachePadded<RwLock<T>>;

#[derive(Debug)]
struct Clock<K, V> {
    table: Table,
    /// The circle. Without gaps: whoever is removed is replaced by the last one.
    entries: Vec<Entry<K, V>>,
    /// Who is looked at next.
    hand: usize,
    capacity: usize,
}

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    value: V,
    /// Whether it was used since the hand came by. The one thing that is written under a reader's lock.
    marked: AtomicBool,
}
// ANCHOR_END: types

impl<K: Hash + Eq, V> ClockCache<K, V> {
    /// Makes an empty cache for so many entries, in as many shards as suit the capacity.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self::with_hasher(capacity, shards_for(capacity), RandomState::new())
    }

    /// Makes an empty cache of so many shards, of which each has at least one entry's room: with one, the
    /// whole cache is one circle.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn with_shards(capacity: NonZeroUsize, shards: NonZeroUsize) -> Self {
        Self::with_hasher(capacity, shards, RandomState::new())
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> ClockCache<K, V, S> {
    /// Makes an empty cache of so many shards, whose keys are hashed by this hasher.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn with_hasher(capacity: NonZeroUsize, shards: NonZeroUsize, hasher: S) -> Self {
        let clock = |capacity| Locked::new(RwLock::new(Clock::new(capacity)));
        Self { shards: split(capacity, shards).map(clock).collect(), hasher }
    }

    /// Returns a clone of the key's value, and marks the entry.
    // ANCHOR: get
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        let hash = self.hasher.hash_one(key);
        let clock = self.read(hash);
        let entry = &clock.entries[clock.find(hash, key)?];
        // Relaxed: the mark says nothing about other data. It is written only where it changes, so
        // that readers of a hot entry do not take its cache line away from each other.
        if !entry.marked.load(Ordering::Relaxed) {
            entry.marked.store(true, Ordering::Relaxed);
        }
        Some(entry.value.clone())
    }
    // ANCHOR_END: get

    /// Stores a value for the key, and returns the pair that it displaces: the key's own old pair, and then
    /// the entry is marked; or, where the key is new and the shard is full, the evicted one.
    pub fn put(&self, key: K, value: V) -> Option<(K, V)> {
        let hash = self.hasher.hash_one(&key);
        self.write(hash).put(hash, key, value, |key| self.hasher.hash_one(key))
    }

    /// Removes the key, and returns its value.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let removed = self.write(hash).remove(hash, key, |key| self.hasher.hash_one(key));
        // The key is dropped here, when the lock is free again.
        removed.map(|(_key, value)| value)
    }

    fn read(&self, hash: u64) -> RwLockReadGuard<'_, Clock<K, V>> {
        let shard = &self.shards[shard_of(hash, self.shards.len())];
        shard.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, hash: u64) -> RwLockWriteGuard<'_, Clock<K, V>> {
        let shard = &self.shards[shard_of(hash, self.shards.len())];
        shard.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V, S> ClockCache<K, V, S> {
    /// Returns how many entries there are: exact where nobody writes meanwhile.
    pub fn len(&self) -> usize {
        let len = |shard: &RwLock<Clock<K, V>>| {
            shard.read().unwrap_or_else(PoisonError::into_inner).entries.len()
        };
        self.shards.iter().map(|shard| len(shard)).sum()
    }

    /// Returns whether [`len`](Self::len) is zero.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Eq, V> Clock<K, V> {
    fn new(capacity: usize) -> Self {
        let table = Table::new(0, std::iter::empty());
        Self { table, entries: Vec::new(), hand: 0, capacity }
    }

    fn find<Q>(&self, hash: u64, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let place =
            self.table.find(hash, |place| self.entries[place as usize].key.borrow() == key)?;
        Some(place as usize)
    }

    // ANCHOR: put
    fn put(&mut self, hash: u64, key: K, value: V, rehash: impl Fn(&K) -> u64) -> Option<(K, V)> {
        let place = self.find(hash, &key);
        let entry = Entry { key, value, marked: AtomicBool::new(place.is_some()) };
        if let Some(place) = place {
            return Some(self.replace(place, entry));
        }
        if self.entries.len() == self.capacity {
            let place = self.turn();
            let old = rehash(&self.entries[place].key);
            self.table.remove(old, place as u32);
            self.table.insert(hash, place as u32);
            self.hand = (place + 1) % self.capacity;
            return Some(self.replace(place, entry));
        }
        if self.entries.len() == self.table.room() {
            self.grow(rehash);
        }
        self.table.insert(hash, self.entries.len() as u32);
        self.entries.push(entry);
        None
    }

    /// Turns the hand to an entry without a mark. Every step takes one away, so there is one at last.
    fn turn(&mut self) -> usize {
        while self.entries[self.hand].marked.load(Ordering::Relaxed) {
            self.entries[self.hand].marked.store(false, Ordering::Relaxed);
            self.hand = (self.hand + 1) % self.capacity;
        }
        self.hand
    }
    // ANCHOR_END: put

    fn replace(&mut self, place: usize, entry: Entry<K, V>) -> (K, V) {
        let Entry { key, value, .. } = std::mem::replace(&mut self.entries[place], entry);
        (key, value)
    }

    #[cold]
    fn grow(&mut self, rehash: impl Fn(&K) -> u64) {
        let room = (self.entries.len() * 2).max(4).min(self.capacity);
        let table = Table::new(room, self.entries.iter().map(|entry| rehash(&entry.key)));
        self.entries.reserve_exact(room - self.entries.len());
        self.table = table;
    }

    fn remove<Q>(&mut self, hash: u64, key: &Q, rehash: impl Fn(&K) -> u64) -> Option<(K, V)>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let place = self.find(hash, key)?;
        let end = self.entries.len() - 1;
        let moves = rehash(&self.entries[end].key);
        self.table.remove(hash, place as u32);
        if place != end {
            self.table.rename(moves, end as u32, place as u32);
        }
        let Entry { key, value, .. } = self.entries.swap_remove(place);
        if self.hand == end {
            self.hand = 0;
        }
        Some((key, value))
    }
}
