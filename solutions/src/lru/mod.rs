//! A cache of a fixed size: when it is full, what nobody used for longest makes room.
//!
//! # Problem
//!
//! A cache that only grows is a leak. One that throws away anything at all throws away what is asked for a
//! moment later. Whoever was used lately will probably be used again: so keep those. And where many
//! threads miss the same key at once, each of them fetches what one fetch would have given to all.
//!
//! # From Go
//!
//! ```go
//! type LRU struct { items map[string]*list.Element; order *list.List; cap int } // container/list: an allocation an entry
//! func (c *LRU) Get(key string) (any, bool) {
//!     e, ok := c.items[key]; if !ok { return nil, false }
//!     c.order.MoveToFront(e)          // a read that writes: the lock around it cannot be an RLock
//!     return e.Value.(*entry).value, true
//! }
//! ```
//!
//! # In Rust
//!
//! A node with a neighbour on each side has two owners and none, and the borrow checker has a point: who
//! frees it? So no node is owned by a node. All of them live in one vector, and a link is a place in it,
//! a number of four bytes. A pair that leaves is given back to the caller, so that its destructor runs
//! where the caller wants it.
//!
//! # Invariants
//!
//! - I1: what is found under a key is the value that was put last, and every entry is found.
//! - I2: the order has each entry once, from the most recent to the least recent.
//! - I3: there are never more entries than the capacity. Once it is reached, no entry allocates.
//! - I4: a closure of [`SharedLru::get_or_insert_with`] runs without a lock, and at most one at a time
//!   for a key that nobody removes or replaces meanwhile; all who ask for the key meanwhile get its value.
//! - I5: who waits for a closure is told of its end, also of an end by panic, and then one of them runs its own.
//! - I6: what a closure returns is not kept where its key was put, removed or cleared after it began.
//!
//! # Cancellation and panics
//!
//! Nothing is async: `get_or_insert_with` blocks its thread while another one computes. For a `Hash`
//! or an `Eq` that panics: all code of the caller's has run before the first change, so that no entry
//! has changed; but a clock may have taken marks away, and what is being computed for the key may not
//! be kept. A pair that is displaced is returned; its destructor is the caller's business.
//!
//! Under the lock of a shard, [`SharedLru`] and [`ClockCache`] run `Hash` and `Eq` of keys and `Clone` of
//! what they return: an exception to the rule of this book, as for `keyed_map`. Such code must not use the
//! same cache. Keep an `Arc<V>` where cloning is dear. No closure runs under a lock, and no destructor but
//! of a pair whose `put` panics. A panic leaves the shard whole, and it goes on for everyone.
//!
//! # Cost
//!
//! A call takes the same time, however many entries there are; but for `clear`, a walk through the
//! keys, now and then a `put` that doubles the room, which hashes all keys anew, and a clock's `put`,
//! whose hand may have to go past many marks. Links and index take less than 100 bytes an entry (in
//! the reference 17), and the capacity says nothing about memory until it is needed.
//!
//! [`SharedLru`] has a lock a shard, and even a `get` writes. [`ClockCache`] lets readers of a shard in
//! together, and gives up the exact order for it.
//!
//! # See also
//!
//! 1. `lru`: pointers for links, a fuller interface. `schnellru`: the links in the table itself, `unsafe`.
//! 2. `quick_cache`: shards, the clock's bit, and ghosts of evicted keys against scans.
//! 3. `moka`: expiry, weights, an admission policy, async.
//! 4. `singleflight` where the one computation is async.
#![forbid(unsafe_code)]

mod clock;
mod ring;
mod shared;
mod table;

pub use clock::ClockCache;
pub use shared::SharedLru;

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, RandomState};
use std::iter::FusedIterator;
use std::num::NonZeroUsize;

use ring::Ring;
use table::Table;

/// A cache that keeps the entries that were used last, in the exact order of use.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::lru::Lru;
/// use std::num::NonZeroUsize;
///
/// let mut cache = Lru::new(NonZeroUsize::new(2).unwrap());
/// cache.put("a", 1);
/// cache.put("b", 2);
/// assert_eq!(cache.get("a"), Some(&1), "now b is the older one");
/// assert_eq!(cache.put("c", 3), Some(("b", 2)), "and makes room");
/// assert!(cache.keys().eq(["c", "a"].iter()));
/// ```
// ANCHOR: types
#[derive(Debug)]
pub struct Lru<K, V, S = RandomState> {
    /// From a key's hash to the place of its entry.
    table: Table,
    /// The entries, in the order of use.
    ring: Ring<K, V>,
    capacity: NonZeroUsize,
    hasher: S,
}
// ANCHOR_END: types

impl<K: Hash + Eq, V> Lru<K, V> {
    /// Makes an empty cache for so many entries.
    ///
    /// # Panics
    ///
    /// Where the capacity is above `u32::MAX`.
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self::with_hasher(capacity, RandomState::new())
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> Lru<K, V, S> {
    /// Makes an empty cache for so many entries, whose keys are hashed by this hasher.
    ///
    /// # Panics
    ///
    /// Where the capacity is above `u32::MAX`.
    pub fn with_hasher(capacity: NonZeroUsize, hasher: S) -> Self {
        assert!(u32::try_from(capacity.get()).is_ok(), "a cache has at most u32::MAX entries");
        Self { table: Table::new(0, std::iter::empty()), ring: Ring::new(), capacity, hasher }
    }

    /// Returns the key's value, and makes the entry the most recent one.
    ///
    /// # Panics
    ///
    /// Where `Hash` or `Eq` does; nothing has changed then. The same holds for all methods.
    // ANCHOR: get
    pub fn get<Q>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.get_hashed(self.hash(key), key)
    }

    #[inline]
    fn get_hashed<Q>(&mut self, hash: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let place = self.find(hash, key)?;
        self.ring.touch(place);
        Some(&self.ring.node(place).value)
    }
    // ANCHOR_END: get

    /// Returns the key's value, and leaves the order as it is.
    pub fn peek<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.peek_hashed(self.hash(key), key)
    }

    fn peek_hashed<Q>(&self, hash: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        Some(&self.ring.node(self.find(hash, key)?).value)
    }

    /// Stores a value for the key, as the most recent entry, and returns the pair that it displaces: the
    /// key's own old pair; or, where the key is new and the cache is full, the least recent one.
    pub fn put(&mut self, key: K, value: V) -> Option<(K, V)> {
        self.put_hashed(self.hash(&key), key, value)
    }

    // ANCHOR: put
    fn put_hashed(&mut self, hash: u64, key: K, value: V) -> Option<(K, V)> {
        if let Some(place) = self.find(hash, &key) {
            self.ring.touch(place);
            return Some(self.ring.replace(place, key, value));
        }
        if self.ring.len() == self.capacity.get() {
            return Some(self.evict_for(hash, key, value));
        }
        if self.ring.len() == self.table.room() {
            self.grow();
        }
        self.table.insert(hash, self.ring.len() as u32);
        self.ring.push(key, value);
        None
    }

    /// Puts the entry into the place of the least recent one.
    fn evict_for(&mut self, hash: u64, key: K, value: V) -> (K, V) {
        let last = self.ring.last();
        let old = self.hash(&self.ring.node(last).key);
        // From here on only code of our own runs: what is changed is changed as a whole.
        self.table.remove(old, last);
        self.table.insert(hash, last);
        self.ring.touch(last);
        self.ring.replace(last, key, value)
    }
    // ANCHOR_END: put

    /// Twice the room, and no more than will ever be used.
    #[cold]
    fn grow(&mut self) {
        let room = (self.ring.len() * 2).max(4).min(self.capacity.get());
        let hashes = self.ring.nodes().map(|node| self.hash(&node.key));
        let table = Table::new(room, hashes);
        self.ring.reserve(room);
        self.table = table;
    }

    /// Removes the key, and returns its value.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let (_key, value) = self.remove_hashed(self.hash(key), key)?;
        Some(value)
    }

    // ANCHOR: remove
    fn remove_hashed<Q>(&mut self, hash: u64, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let place = self.find(hash, key)?;
        let end = self.ring.len() as u32 - 1;
        let moves = self.hash(&self.ring.node(end).key);
        self.table.remove(hash, place);
        if place != end {
            self.table.rename(moves, end, place);
        }
        Some(self.ring.remove(place))
    }
    // ANCHOR_END: remove

    /// Removes all entries, and keeps the room for them.
    pub fn clear(&mut self) {
        self.table.clear();
        self.ring.clear();
    }

    #[inline]
    fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    #[inline]
    fn find<Q>(&self, hash: u64, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.table.find(hash, |place| self.ring.node(place).key.borrow() == key)
    }
}

impl<K, V, S> Lru<K, V, S> {
    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Returns whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many entries there may be.
    pub fn capacity(&self) -> NonZeroUsize {
        self.capacity
    }

    /// Returns the keys, the most recent first, and changes nothing.
    pub fn keys(&self) -> Keys<'_, K, V> {
        Keys { ring: &self.ring, at: self.ring.first(), left: self.len() }
    }
}

/// The keys of an [`Lru`], from the most recent to the least recent one.
#[derive(Debug)]
pub struct Keys<'a, K, V> {
    ring: &'a Ring<K, V>,
    at: u32,
    left: usize,
}

impl<'a, K, V> Iterator for Keys<'a, K, V> {
    type Item = &'a K;

    fn next(&mut self) -> Option<&'a K> {
        self.left = self.left.checked_sub(1)?;
        let place = self.at;
        self.at = self.ring.older(place);
        Some(&self.ring.node(place).key)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K, V> ExactSizeIterator for Keys<'_, K, V> {}

impl<K, V> FusedIterator for Keys<'_, K, V> {}
