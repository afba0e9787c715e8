//! An [`Lru`] for many threads, in shards, and the one computation a key.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroUsize;

use crossbeam_utils::CachePadded;
use loomscope::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use loomscope::thread::{self, ThreadId};

use super::Lru;

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
// ANCHOR: types
#[derive(Debug)]
pub struct SharedLru<K, V, S = RandomState> {
    shards: Box<[Locked<Shard<K, V, S>>]>,
    /// A key is hashed before the lock; the caches inside have clones of it.
    hasher: S,
}

/// On a cache line of its own: who locks one does not slow down who locks another.
type Locked<T> = CachePadded<Mutex<T>>;

#[derive(Debug)]
struct Shard<K, V, S> {
    cache: Lru<K, V, S>,
    /// The computations under way. Not more than threads, and mostly none: so a plain list.
    making: Vec<Making<K, V>>,
    /// The number of the next computation.
    ticket: u64,
}

/// A closure that runs for a key.
#[derive(Debug)]
struct Making<K, V> {
    hash: u64,
    /// It goes into the cache with the value.
    key: K,
    ticket: u64,
    /// Whose closure it is: a thread that waits for itself would wait for ever.
    by: ThreadId,
    /// Whether nobody has put, removed or cleared the key since it began (I6). Otherwise who comes now
    /// does not wait for it, and its value is not kept.
    current: bool,
    /// Made by the first who waits, so that a computation alone allocates nothing.
    promise: Option<Promise<V>>,
}
// ANCHOR_END: types

/// How many shards suit a capacity: 16, or fewer where they would be small, as one that is full evicts
/// while others have room. A model has one, since its hashes must not matter.
pub(super) fn shards_for(capacity: NonZeroUsize) -> NonZeroUsize {
    let most = if loomscope::MODEL { 1 } else { 16 };
    NonZeroUsize::new((capacity.get() / 32).min(most)).unwrap_or(NonZeroUsize::MIN)
}

/// The capacities of so many shards, or of fewer where one would have none.
pub(super) fn split(capacity: NonZeroUsize, shards: NonZeroUsize) -> impl Iterator<Item = usize> {
    let (capacity, shards) = (capacity.get(), shards.min(capacity).get());
    assert!(capacity.div_ceil(shards) <= u32::MAX as usize, "a shard has at most u32::MAX entries");
    (0..shards).map(move |shard| capacity / shards + usize::from(shard < capacity % shards))
}

/// Other bits of the hash than those by which the shard's own table goes.
#[inline]
pub(super) fn shard_of(hash: u64, shards: usize) -> usize {
    let mixed = hash.rotate_left(32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (((mixed >> 32) * shards as u64) >> 32) as usize
}

impl<K: Hash + Eq, V> SharedLru<K, V> {
    /// Makes an empty cache for so many entries, in as many shards as suit the capacity.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self::with_hasher(capacity, shards_for(capacity), RandomState::new())
    }

    /// Makes an empty cache of so many shards, of which each has at least one entry's room: with one, the
    /// order is exact for the whole cache.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn with_shards(capacity: NonZeroUsize, shards: NonZeroUsize) -> Self {
        Self::with_hasher(capacity, shards, RandomState::new())
    }
}

impl<K: Hash + Eq, V, S: BuildHasher + Clone> SharedLru<K, V, S> {
    /// Makes an empty cache of so many shards, whose keys are hashed by this hasher and its clones.
    ///
    /// # Panics
    ///
    /// Where a shard would have more than `u32::MAX` entries.
    pub fn with_hasher(capacity: NonZeroUsize, shards: NonZeroUsize, hasher: S) -> Self {
        let shard = |capacity| {
            let capacity = NonZeroUsize::new(capacity).expect("no shard is without room");
            let cache = Lru::with_hasher(capacity, hasher.clone());
            CachePadded::new(Mutex::new(Shard { cache, making: Vec::new(), ticket: 0 }))
        };
        Self { shards: split(capacity, shards).map(shard).collect(), hasher }
    }

    /// Removes all entries; what is being computed will not be kept.
    pub fn clear(&self) {
        for shard in &self.shards {
            let capacity = lock(shard).cache.capacity();
            let empty = Lru::with_hasher(capacity, self.hasher.clone());
            let mut shard = lock(shard);
            shard.making.iter_mut().for_each(|making| making.current = false);
            let old = std::mem::replace(&mut shard.cache, empty);
            drop(shard);
            drop(old);
        }
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
        let hash = self.hasher.hash_one(key);
        self.lock(hash).cache.get_hashed(hash, key).cloned()
    }

    /// Returns a clone of the key's value, and leaves the order as it is.
    pub fn peek<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        let hash = self.hasher.hash_one(key);
        self.lock(hash).cache.peek_hashed(hash, key).cloned()
    }

    /// Stores a value for the key, and returns the pair that it displaces: the key's own old pair; or, where
    /// the key is new and its shard is full, the least recent one of the shard.
    ///
    /// It wins over a closure of [`get_or_insert_with`](Self::get_or_insert_with) that began before it.
    pub fn put(&self, key: K, value: V) -> Option<(K, V)> {
        let hash = self.hasher.hash_one(&key);
        let mut shard = self.lock(hash);
        shard.outdate(hash, &key);
        shard.cache.put_hashed(hash, key, value)
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
        let hash = self.hasher.hash_one(key);
        let mut shard = self.lock(hash);
        shard.outdate(hash, key);
        let removed = shard.cache.remove_hashed(hash, key);
        // The key is dropped when the lock is free again.
        drop(shard);
        removed.map(|(_key, value)| value)
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
    // ANCHOR: get_or_insert_with
    pub fn get_or_insert_with(&self, key: K, make: impl FnOnce() -> V) -> V
    where
        V: Clone,
    {
        let hash = self.hasher.hash_one(&key);
        loop {
            let mut shard = self.lock(hash);
            if let Some(value) = shard.cache.get_hashed(hash, &key) {
                return value.clone();
            }
            let Some(making) = shard.making_of(hash, &key) else {
                let ticket = shard.begin(hash, key);
                drop(shard);
                return Turn { cache: self, hash, ticket }.take(make);
            };
            let (by, outcome) = (making.by, making.outcome());
            drop(shard);
            assert!(by != thread::current().id(), "a closure asks for the key that it computes");
            if let Some(value) = outcome.wait() {
                return V::clone(&value);
            }
        }
    }
    // ANCHOR_END: get_or_insert_with
}

impl<K, V, S> SharedLru<K, V, S> {
    /// Returns how many entries there are: exact where nobody writes meanwhile. What is being computed
    /// does not count.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).cache.len()).sum()
    }

    /// Returns whether [`len`](Self::len) is zero.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns clones of the keys, shard by shard, in each the most recent first.
    pub fn keys(&self) -> Vec<K>
    where
        K: Clone,
    {
        let mut all = Vec::new();
        self.shards.iter().for_each(|shard| all.extend(lock(shard).cache.keys().cloned()));
        all
    }

    fn lock(&self, hash: u64) -> MutexGuard<'_, Shard<K, V, S>> {
        lock(&self.shards[shard_of(hash, self.shards.len())])
    }
}

/// Whoever panicked under the lock has left a shard that is whole: a cache that a key's `Hash` or `Eq`
/// cannot hurt, and a list of computations that is changed in one step.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Eq, V, S> Shard<K, V, S> {
    /// The computation for this key that one may wait for.
    fn making_of<Q>(&mut self, hash: u64, key: &Q) -> Option<&mut Making<K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let of = |making: &&mut Making<K, V>| {
            making.current && making.hash == hash && making.key.borrow() == key
        };
        self.making.iter_mut().find(of)
    }

    /// What is being computed for this key is old from now on.
    fn outdate<Q>(&mut self, hash: u64, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        if let Some(making) = self.making_of(hash, key) {
            making.current = false;
        }
    }

    /// Enters a computation by this thread.
    fn begin(&mut self, hash: u64, key: K) -> u64 {
        let (ticket, by) = (self.ticket, thread::current().id());
        self.ticket += 1;
        self.making.push(Making { hash, key, ticket, by, current: true, promise: None });
        ticket
    }
}

impl<K, V, S> Shard<K, V, S> {
    /// Takes a computation out of the list.
    fn end(&mut self, ticket: u64) -> Option<Making<K, V>> {
        let place = self.making.iter().position(|making| making.ticket == ticket)?;
        Some(self.making.swap_remove(place))
    }
}

impl<K, V> Making<K, V> {
    fn outcome(&mut self) -> Arc<Outcome<V>> {
        self.promise.get_or_insert_with(Promise::default).0.clone()
    }
}

/// The right, and the duty, to compute a key's value. Dropped before the value is there, it passes on.
struct Turn<'a, K, V, S> {
    cache: &'a SharedLru<K, V, S>,
    hash: u64,
    ticket: u64,
}

// ANCHOR: turn
impl<K: Hash + Eq, V: Clone, S: BuildHasher> Turn<'_, K, V, S> {
    fn take(self, make: impl FnOnce() -> V) -> V {
        let value = make();
        let copy = value.clone();
        if let Some(promise) = self.keep(copy) {
            promise.fulfil(value.clone());
        }
        value
    }

    /// Ends the computation, and stores the value where it is still wanted.
    fn keep(self, value: V) -> Option<Promise<V>> {
        let (cache, hash) = (self.cache, self.hash);
        let mut shard = cache.lock(hash);
        let Making { key, current, promise, .. } = shard.end(self.ticket)?;
        // The turn has come to its end, and has nothing left to pass on. The promise is still there: should
        // a key's `Hash` or `Eq` panic below, it is dropped, and so broken.
        std::mem::forget(self);
        let displaced = match current {
            true => shard.cache.put_hashed(hash, key, value),
            false => Some((key, value)),
        };
        // Destructors run when the lock is free again.
        drop(shard);
        drop(displaced);
        promise
    }
}

impl<K, V, S> Drop for Turn<'_, K, V, S> {
    fn drop(&mut self) {
        let making = self.cache.lock(self.hash).end(self.ticket);
        // Where there still is one, the closure has panicked, and its promise is broken.
        drop(making);
    }
}
// ANCHOR_END: turn

/// What those who wait hold on to.
#[derive(Debug)]
struct Outcome<V> {
    state: Mutex<State<V>>,
    told: Condvar,
}

#[derive(Debug)]
enum State<V> {
    Open,
    /// Shared, so that `Clone` runs without the lock.
    Made(Arc<V>),
    Broken,
}

// ANCHOR: outcome
impl<V> Outcome<V> {
    /// The value; or nothing, where the closure has panicked.
    fn wait(&self) -> Option<Arc<V>> {
        let mut state = lock(&self.state);
        loop {
            match &*state {
                State::Open => {}
                State::Made(value) => return Some(value.clone()),
                State::Broken => return None,
            }
            state = self.told.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn tell(&self, news: State<V>) {
        *lock(&self.state) = news;
        self.told.notify_all();
    }
}

/// A promise to those who wait. It can be fulfilled, and it is broken where it is dropped before.
#[derive(Debug)]
struct Promise<V>(Arc<Outcome<V>>);

impl<V> Promise<V> {
    fn fulfil(self, value: V) {
        self.0.tell(State::Made(Arc::new(value)));
    }
}

impl<V> Drop for Promise<V> {
    fn drop(&mut self) {
        if matches!(*lock(&self.0.state), State::Open) {
            self.0.tell(State::Broken);
        }
    }
}
// ANCHOR_END: outcome

impl<V> Default for Promise<V> {
    fn default() -> Self {
        Self(Arc::new(Outcome { state: Mutex::new(State::Open), told: Condvar::new() }))
    }
}
