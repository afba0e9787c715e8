//! A bucket a key, in bounded memory.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::iter;
use std::mem;
use std::num::{NonZeroU32, NonZeroUsize};

use crossbeam_utils::CachePadded;
use loomscope::collections::HashMap;
use loomscope::sync::{Mutex, MutexGuard, PoisonError};
use loomscope::time::{Clock, Instant, SystemClock};

use super::bucket::{Quota, ticks_since};
use super::{BurstExceeded, Rate};

/// A token bucket for each key, with room for a fixed number of keys.
///
/// A key that is not known has a full bucket, so one that has been idle until its bucket was full can
/// be forgotten, and nobody can tell. Only such keys are: whatever other keys do, no key is ever
/// allowed more than its burst and its rate. Where there is no room and nothing to forget, newcomers
/// share one bucket of the same rate (one in each part of the table) until there is, and who comes
/// then starts with what is in it; the keys that are known keep their own. That does not happen
/// while, in the time in which a bucket fills, no more keys come than half of the capacity, evenly
/// spread over the parts: at most 16 of them, of 64 keys or more.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::rate_limiter::{KeyedLimiter, Rate};
/// use std::num::{NonZeroU32, NonZeroUsize};
///
/// let (burst, capacity) = (NonZeroU32::new(2).unwrap(), NonZeroUsize::new(10_000).unwrap());
/// let limiter = KeyedLimiter::<String>::new(Rate::per_second(0.1)?, burst, capacity);
/// assert_eq!([(); 3].map(|()| limiter.allow("ann")), [true, true, false]);
/// assert!(limiter.allow("bob"));
/// # Ok::<(), patterns::rate_limiter::RateError>(())
/// ```
pub struct KeyedLimiter<K, C = SystemClock> {
    /// Each key has its shard, and its hash says which.
    shards: Vec<CachePadded<Mutex<Shard<K>>>>,
    /// Never holds anything: it is here for its hasher, which is random in a program.
    picker: HashMap<(), ()>,
    quota: Quota,
    start: Instant,
    clock: C,
}

/// The most shards, and the fewest keys for which one more is worth it.
const SHARDS: usize = 16;
const KEYS_PER_SHARD: usize = 64;

impl<K> KeyedLimiter<K> {
    /// Makes a limiter that knows at most `capacity` keys at a time.
    ///
    /// # Panics
    ///
    /// If at this rate the burst takes more than nine years to come back.
    pub fn new(rate: Rate, burst: NonZeroU32, capacity: NonZeroUsize) -> Self {
        Self::with_clock(rate, burst, capacity, SystemClock)
    }
}

impl<K, C: Clock> KeyedLimiter<K, C> {
    /// Makes a limiter like [`new`](KeyedLimiter::new) that reads the time from `clock`.
    ///
    /// # Panics
    ///
    /// If at this rate the burst takes more than nine years to come back.
    pub fn with_clock(rate: Rate, burst: NonZeroU32, capacity: NonZeroUsize, clock: C) -> Self {
        rate.assert_fills(burst.get());
        let parts = (capacity.get() / KEYS_PER_SHARD).clamp(1, SHARDS);
        let room = capacity.get() / parts;
        let shard = || CachePadded::new(Mutex::new(Shard::new(room)));
        Self {
            shards: iter::repeat_with(shard).take(parts).collect(),
            picker: HashMap::default(),
            quota: Quota { interval: rate.interval(), burst: burst.get() },
            start: clock.now(),
            clock,
        }
    }

    /// Returns how many keys are known: never more than the capacity.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Returns whether no key is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Hash + Eq, C: Clock> KeyedLimiter<K, C> {
    /// Takes one token of the key's bucket, if there is one.
    ///
    /// # Panics
    ///
    /// Where `Hash`, `Eq` or `Clone` of the key does, or the clock; nothing is taken then. They must not
    /// use this limiter, or it may wait for ever.
    pub fn allow<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.take(key, 1)
    }

    /// Takes `n` tokens of the key's bucket, if there are so many; none is always to be had.
    ///
    /// # Errors
    ///
    /// [`BurstExceeded`] if a full bucket would not hold so many.
    ///
    /// # Panics
    ///
    /// As [`allow`](Self::allow).
    pub fn allow_n<Q>(&self, key: &Q, n: u32) -> Result<bool, BurstExceeded>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if n > self.quota.burst {
            return Err(BurstExceeded { asked: n, burst: self.quota.burst });
        }
        Ok(n == 0 || self.take(key, n))
    }

    fn take<Q>(&self, key: &Q, n: u32) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let now = ticks_since(self.start, &self.clock);
        let hash = self.picker.hasher().hash_one(key) as usize;
        let mut shard = lock(&self.shards[hash % self.shards.len()]);
        // Who is forgotten is idle by now: nobody may come with an earlier time, when it was not.
        shard.latest = shard.latest.max(now);
        let now = shard.latest;
        let spend = |full_at| self.quota.spend(full_at, now, n).ok();
        let (allowed, forgotten) = shard.take(key, now, spend);
        // Keys are the caller's: their drops wait for the end of the lock.
        drop(shard);
        drop(forgotten);
        allowed
    }
}

/// Buckets in two generations: one that gives a token is young, and the old ones are forgotten all at
/// once, when the last of them is full again. Nobody has to search for the one that is.
// ANCHOR: shard
struct Shard<K> {
    /// For each key when its bucket will be full.
    young: HashMap<K, u64>,
    old: HashMap<K, u64>,
    /// When all of the young, and all of the old, will be full at the latest.
    young_full_at: u64,
    old_full_at: u64,
    /// The bucket of those for whom there is no room. A new key starts with what is in it, or it might
    /// have the shared tokens and then its own.
    shared: u64,
    /// The latest time that a caller has brought.
    latest: u64,
    room: usize,
}
// ANCHOR_END: shard

impl<K> Shard<K> {
    fn new(room: usize) -> Self {
        let (young, old) = Default::default();
        Self { young, old, young_full_at: 0, old_full_at: 0, shared: 0, latest: 0, room }
    }

    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

impl<K: Hash + Eq> Shard<K> {
    /// Takes tokens from the key's bucket by `spend`, which is given when that is full. Returns the keys
    /// that are forgotten, too.
    // ANCHOR: take
    fn take<Q>(
        &mut self,
        key: &Q,
        now: u64,
        spend: impl Fn(u64) -> Option<u64>,
    ) -> (bool, Vec<HashMap<K, u64>>)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(full_at) = self.young.get_mut(key) {
            let next = spend(*full_at);
            *full_at = next.unwrap_or(*full_at);
            self.young_full_at = self.young_full_at.max(*full_at);
            return (next.is_some(), Vec::new());
        }
        let old = self.old.get(key).copied();
        let forgotten = if old.is_none() { self.make_room(now) } else { Vec::new() };
        let Some(next) = spend(old.unwrap_or(self.shared)) else {
            return (false, forgotten);
        };
        if old.is_none() && self.len() == self.room {
            self.shared = next;
        } else {
            self.young_full_at = self.young_full_at.max(next);
            let key = self.old.remove_entry(key).map_or_else(|| key.to_owned(), |(key, _)| key);
            self.young.insert(key, next);
        }
        (true, forgotten)
    }
    // ANCHOR_END: take

    /// Makes room for a key that is not known, if that can be done; returns who is forgotten for it.
    // ANCHOR: make_room
    fn make_room(&mut self, now: u64) -> Vec<HashMap<K, u64>> {
        let mut forgotten = Vec::new();
        // Twice where all are young: the young become old, and may be full as well.
        while self.may_forget(now) {
            forgotten.push(mem::replace(&mut self.old, mem::take(&mut self.young)));
            self.old_full_at = mem::take(&mut self.young_full_at);
        }
        forgotten
    }

    /// Whether the old buckets are all full, and the young have half of the room, or there is none left.
    fn may_forget(&self, now: u64) -> bool {
        let is_time = self.young.len() >= self.room.div_ceil(2) || self.len() == self.room;
        is_time && self.old_full_at <= now
    }
    // ANCHOR_END: make_room
}

/// Whoever panicked under the lock has left a map that is whole: std's survives a `Hash`, an `Eq` or a
/// `Clone` that panics.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
