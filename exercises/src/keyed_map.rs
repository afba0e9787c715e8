//! A map that many threads share, locked in parts.
//!
//! # Problem
//!
//! Requests of many users keep something about each of them: a count, a session, a limit. A map
//! that two threads change at once breaks. A lock around all of it makes them wait for each other,
//! though their keys have nothing in common. And a change that looks first and stores afterwards, in
//! two calls, loses what somebody else has stored in between.
//!
//! # From Go
//!
//! ```go
//! type SafeCounter struct {
//!     mu sync.RWMutex           // readers together, a writer alone
//!     m  map[string]int         // touched without mu: the runtime may kill the program
//! }
//! func (c *SafeCounter) Inc(key string) { c.mu.Lock(); c.m[key]++; c.mu.Unlock() }
//! ```
//!
//! `sync.Map` suits keys that are written once, or by one goroutine each. It holds `any`, and what
//! reads, changes and stores is a loop around `CompareAndSwap`.
//!
//! # In Rust
//!
//! The lock holds the map, so that nobody forgets it. What a reader takes away is a clone: a reference
//! would have to hold the lock for as long as it lives. A change is one call, [`KeyedMap::update`],
//! because two calls are two chances for somebody else.
//!
//! # Invariants
//!
//! - I1: a key is always looked for where it was stored.
//! - I2: `get`, `insert`, `remove` and `update` of one key happen one after the other, in an order that
//!   every thread agrees with; `update` is one step, from what its closure is given to what it returns.
//! - I3: whatever panics, the map goes on for everyone.
//!
//! # Cancellation and panics
//!
//! Nothing waits but for a lock. Code of the caller's runs under it: `Hash`, `Eq` and `Drop` of
//! keys, `Clone` of a value, the closure of `update`. It is an exception to the rule of this book, in
//! return for `update` in one step: such code must not use the same map, or it may wait for ever,
//! and others wait while it runs. Values are given back to the caller, who drops them.
//!
//! A closure that panics has been given the value, which goes with it: the key is gone, as if it had
//! been removed. A panic in `Eq`, in `Clone` or in the hash of the key that is asked for harms no
//! other key. Only a `Hash` that panics for a key that is in the map already, when the map grows, may
//! cost others.
//!
//! # Cost
//!
//! A lock, two hashes and one look-up for each call; `update`, which takes the value out and puts it
//! back, has one more of both. Keys share the lock of their shard, of which the reference has 16, each
//! on a cache line of its own: readers of a shard come in together, but each of them writes to the
//! lock's line. `len` locks all shards, one after the other.
//!
//! # See also
//!
//! 1. `dashmap`: the same idea, with guards that borrow from the map, and entries.
//! 2. `papaya` and `scc::HashIndex`: maps whose readers take no lock.
//! 3. `Mutex<HashMap<K, V>>`: until a profile shows that anyone waits for it.

use std::borrow::Borrow;
use std::hash::Hash;

/// A map from keys to values that many threads share.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::keyed_map::KeyedMap;
/// use std::thread;
///
/// let visits = KeyedMap::new();
/// thread::scope(|scope| {
///     for name in ["ann", "bob", "ann"] {
///         let visits = &visits;
///         scope.spawn(move || visits.update(name, |count| Some(count.unwrap_or(0) + 1)));
///     }
/// });
/// assert_eq!(visits.get("ann"), Some(2));
/// assert_eq!(visits.remove("bob"), Some(1));
/// ```
#[derive(Debug)]
pub struct KeyedMap<K, V> {
    // Your own instead: `loomscope::collections` has std's map, to be made with `default()`, since a
    // model gives it a hasher of its own; and `loomscope::sync` has locks.
    pairs: Vec<(K, V)>,
}

impl<K, V> KeyedMap<K, V> {
    /// Makes a map without keys.
    pub fn new() -> Self {
        todo!("make a map without keys")
    }

    /// Returns how many keys there are.
    ///
    /// Exact where nobody writes meanwhile. Otherwise every key counts that is there all the time, and
    /// none that is not there at any time; of those that come and go, some.
    pub fn len(&self) -> usize {
        todo!("count the keys: under how many locks, and for how long is that true?")
    }

    /// Returns whether [`len`](Self::len) is zero, and is no more exact than that.
    pub fn is_empty(&self) -> bool {
        todo!("is there no key?")
    }
}

impl<K: Hash + Eq, V> KeyedMap<K, V> {
    /// Returns a clone of the key's value.
    ///
    /// # Panics
    ///
    /// Where `Hash`, `Eq` or `Clone` does; the map is as before.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        todo!("find the value: why is it a clone that leaves the lock, and no reference?")
    }

    /// Stores a value for the key, and returns the one that it replaces.
    pub fn insert(&self, key: K, value: V) -> Option<V> {
        todo!("store the value: what was there before?")
    }

    /// Removes the key, and returns its value.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        todo!("remove the key: what was its value?")
    }

    /// Gives the key's value to `change`, and stores what it returns: `None` removes the key, or leaves
    /// it missing.
    ///
    /// Nobody reads or changes this key meanwhile. `change` runs once, under a lock that other keys
    /// share: it should be short, and must not use this map, or it may wait for ever.
    ///
    /// # Panics
    ///
    /// Where `change` does: the key is gone, with the value that `change` was given; the other keys
    /// are as before.
    pub fn update(&self, key: K, change: impl FnOnce(Option<V>) -> Option<V>) {
        todo!(
            "change the value: what if another thread changes it between your look and your store?"
        )
    }
}

impl<K, V> Default for KeyedMap<K, V> {
    fn default() -> Self {
        todo!("make a map without keys: another function does")
    }
}
