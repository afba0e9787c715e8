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

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, RandomState};
use std::iter::FusedIterator;
use std::num::NonZeroUsize;

use loomscope::sync::{Mutex, RwLock};

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
#[derive(Debug)]
pub struct Lru<K, V, S = RandomState> {
    /// A place to begin with: what is missing to find a key fast, and to know the order?
    entries: Vec<(K, V)>,
    hasher: S,
}

impl<K: Hash + Eq, V> Lru<K, V> {
    /// Makes an empty cache for so many entries.
    ///
    /// # Panics
    ///
    /// Where the capacity is above `u32::MAX`.
    pub fn new(capacity: NonZeroUsize) -> Self {
        todo!("make an empty cache: how much memory does a capacity of ten million take?")
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> Lru<K, V, S> {
    /// Makes an empty cache for so many entries, whose keys are hashed by this hasher.
    ///
    /// # Panics
    ///
    /// Where the capacity is above `u32::MAX`.
    pub fn with_hasher(capacity: NonZeroUsize, hasher: S) -> Self {
        todo!("make an empty cache: which numbers can a link of four bytes not name?")
    }

    /// Returns the key's value, and makes the entry the most recent one.
    ///
    /// # Panics
    ///
    /// Where `Hash` or `Eq` does; nothing has changed then. The same holds for all methods.
    pub fn get<Q>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        todo!(
            "find the value: who are the neighbours of the entry before, and who are they afterwards?"
        )
    }

    /// Returns the key's value, and leaves the order as it is.
    pub fn peek<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        todo!("find the value: which line of `get` must not be here?")
    }

    /// Stores a value for the key, as the most recent entry, and returns the pair that it displaces: the
    /// key's own old pair; or, where the key is new and the cache is full, the least recent one.
    pub fn put(&mut self, key: K, value: V) -> Option<(K, V)> {
        todo!("is the key known, is there room, or who has to go? In which order do you ask?")
    }

    /// Removes the key, and returns its value.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        todo!(
            "take the entry out: what lies in its place afterwards, and who still has a link to it?"
        )
    }

    /// Removes all entries, and keeps the room for them.
    pub fn clear(&mut self) {
        todo!("forget all entries: which of your parts remember one?")
    }
}

impl<K, V, S> Lru<K, V, S> {
    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        todo!("count the entries: which of your parts knows?")
    }

    /// Returns whether there is no entry.
    pub fn is_empty(&self) -> bool {
        todo!("is there no entry?")
    }

    /// Returns how many entries there may be.
    pub fn capacity(&self) -> NonZeroUsize {
        todo!("what was it made with?")
    }

    /// Returns the keys, the most recent first, and changes nothing.
    pub fn keys(&self) -> Keys<'_, K, V> {
        todo!("begin with the most recent one: where do you keep which it is?")
    }
}

/// The keys of an [`Lru`], from the most recent to the least recent one.
#[derive(Debug)]
pub struct Keys<'a, K, V> {
    /// What it borrows from. And where does it stand?
    entries: &'a [(K, V)],
}

impl<'a, K, V> Iterator for Keys<'a, K, V> {
    type Item = &'a K;

    fn next(&mut self) -> Option<&'a K> {
        todo!("the next older one: how do you know that you are through?")
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        todo!("how many are left, exactly?")
    }
}

impl<K, V> ExactSizeIterator for Keys<'_, K, V> {}

impl<K, V> FusedIterator for Keys<'_, K, V> {}

/// An [`Lru`] that many threads share.
///
/// It is divided into shards, each of which has a lock, its part of the capacity, and an exact order of
/// its own: with several shards, an entry may be evicted while another shard has room.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::lru::SharedLru;
/// use std::num::NonZeroUsize;
/// use std::thread;
///
/// let cache = SharedLru::new(NonZeroUsize::new(100).unwrap());
/// thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| assert_eq!(cache.get_or_insert_with("answer", || 6 * 7), 42));
///     }
/// });
/// assert_eq!(cache.remove("answer"), Some(42));
/// ```
#[derive(Debug)]
pub struct SharedLru<K, V, S = RandomState> {
    /// A place to begin with. What else is shared, beside the entries?
    shared: Mutex<Vec<(K, V)>>,
    hasher: S,
}

impl<K: Hash + Eq, V> SharedLru<K, V> {
    /// Makes an empty cache for so many entries, in as many shards as suit the capacity.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn new(capacity: NonZeroUsize) -> Self {
        todo!("make an empty cache: how many locks?")
    }

    /// Makes an empty cache of so many shards, of which each has at least one entry's room: with one, the
    /// order is exact for the whole cache.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn with_shards(capacity: NonZeroUsize, shards: NonZeroUsize) -> Self {
        todo!("divide the capacity: what if it cannot be divided, or is less than the shards?")
    }
}

impl<K: Hash + Eq, V, S: BuildHasher + Clone> SharedLru<K, V, S> {
    /// Makes an empty cache of so many shards, whose keys are hashed by this hasher and its clones.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn with_hasher(capacity: NonZeroUsize, shards: NonZeroUsize, hasher: S) -> Self {
        todo!("keep the hasher: for what is it asked, besides the caches inside?")
    }

    /// Removes all entries; what is being computed will not be kept.
    pub fn clear(&self) {
        todo!("empty the cache: what of the closures that run, and where do the values go?")
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> SharedLru<K, V, S> {
    /// Returns a clone of the key's value, and makes the entry its shard's most recent one.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        todo!("find the value under the lock: why is it a clone that leaves it?")
    }

    /// Returns a clone of the key's value, and leaves the order as it is.
    pub fn peek<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        todo!("find the value, and leave the order")
    }

    /// Stores a value for the key, and returns the pair that it displaces: the key's own old pair; or, where
    /// the key is new and its shard is full, the least recent one of the shard.
    ///
    /// It wins over a closure of [`get_or_insert_with`](Self::get_or_insert_with) that began before it.
    pub fn put(&self, key: K, value: V) -> Option<(K, V)> {
        todo!("store the value: what if a closure for this key runs just now?")
    }

    /// Removes the key, and returns its value.
    ///
    /// What a closure of [`get_or_insert_with`](Self::get_or_insert_with) returns that began before it
    /// is not kept, and nobody who asks from now on gets it.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        todo!(
            "remove the key: what if a closure for it runs just now, and when is the key dropped?"
        )
    }

    /// Returns a clone of the key's value. Where there is none, `make` computes it, once for all who ask at
    /// the same time: the others block until it is there.
    ///
    /// `make` runs without a lock: it may use the cache, also to ask for another key. Two closures
    /// that wait for each other's keys wait for ever.
    ///
    /// # Panics
    ///
    /// Where `make` does: then nothing is stored, and one of those who wait runs its own closure. And where
    /// `make` asks for the very key that it computes, by this method: it would wait for itself.
    pub fn get_or_insert_with(&self, key: K, make: impl FnOnce() -> V) -> V
    where
        V: Clone,
    {
        todo!("who computes, who waits, and who tells them, also when the closure panics?")
    }
}

impl<K, V, S> SharedLru<K, V, S> {
    /// Returns how many entries there are: exact where nobody writes meanwhile. What is being computed
    /// does not count.
    pub fn len(&self) -> usize {
        todo!("count the entries: under how many locks, and for how long is that true?")
    }

    /// Returns whether [`len`](Self::len) is zero.
    pub fn is_empty(&self) -> bool {
        todo!("is there no entry?")
    }

    /// Returns clones of the keys, shard by shard, in each the most recent first.
    pub fn keys(&self) -> Vec<K>
    where
        K: Clone,
    {
        todo!("clone the keys, the most recent first")
    }
}

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
#[derive(Debug)]
pub struct ClockCache<K, V, S = RandomState> {
    /// A place to begin with. What may a reader change?
    shared: RwLock<Vec<(K, V)>>,
    hasher: S,
}

impl<K: Hash + Eq, V> ClockCache<K, V> {
    /// Makes an empty cache for so many entries, in as many shards as suit the capacity.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn new(capacity: NonZeroUsize) -> Self {
        todo!("make an empty cache: which lock lets readers in together?")
    }

    /// Makes an empty cache of so many shards, of which each has at least one entry's room: with one, the
    /// whole cache is one circle.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn with_shards(capacity: NonZeroUsize, shards: NonZeroUsize) -> Self {
        todo!("divide the capacity, as before")
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> ClockCache<K, V, S> {
    /// Makes an empty cache of so many shards, whose keys are hashed by this hasher.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn with_hasher(capacity: NonZeroUsize, shards: NonZeroUsize, hasher: S) -> Self {
        todo!("keep the hasher: where is the hand in an empty circle?")
    }

    /// Returns a clone of the key's value, and marks the entry.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        todo!("find the value, and mark it: how, if all you have is a reader's lock?")
    }

    /// Stores a value for the key, and returns the pair that it displaces: the key's own old pair, and then
    /// the entry is marked; or, where the key is new and the shard is full, the evicted one.
    pub fn put(&self, key: K, value: V) -> Option<(K, V)> {
        todo!("is the key known, is there room, or where does the hand stop? Who takes marks away?")
    }

    /// Removes the key, and returns its value.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        todo!("take the entry out: where is the hand if it stood there?")
    }
}

impl<K, V, S> ClockCache<K, V, S> {
    /// Returns how many entries there are: exact where nobody writes meanwhile.
    pub fn len(&self) -> usize {
        todo!("count the entries")
    }

    /// Returns whether [`len`](Self::len) is zero.
    pub fn is_empty(&self) -> bool {
        todo!("is there no entry?")
    }
}
