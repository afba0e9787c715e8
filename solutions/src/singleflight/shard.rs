//! The flights of some of the keys.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use loomscope::collections::HashMap;

use super::shared::Shared;

/// The flights that can be found, by the hash of their key. The hash is made before the lock is taken,
/// and only once: under the lock none but `Eq` of keys runs, and that only where the hashes are equal.
pub(super) struct Shard<K, V> {
    flights: HashMap<u64, Listed<K, V>, BuildHasherDefault<AsItIs>>,
    /// Those that found their hash in use by another key: hardly ever any.
    others: Vec<Listed<K, V>>,
}

/// A flight that can be found.
pub(super) struct Listed<K, V> {
    key: K,
    pub(super) id: Id,
    pub(super) flight: Arc<Shared<V>>,
    /// How many have come, less those who have gone.
    pub(super) callers: usize,
}

/// Which flight it is: two of one key, one after the other, have different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) hash: u64,
    /// Where it is in memory. Who asks for a flight by its id holds it.
    address: usize,
}

impl<K, V> Shard<K, V> {
    pub(super) fn len(&self) -> usize {
        self.flights.len() + self.others.len()
    }

    pub(super) fn find<Q>(&mut self, hash: u64, key: &Q) -> Option<&mut Listed<K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.with_hash(hash).find(|listed| listed.key.borrow() == key)
    }

    pub(super) fn get(&mut self, id: Id) -> Option<&mut Listed<K, V>> {
        self.with_hash(id.hash).find(|listed| listed.id == id)
    }

    pub(super) fn insert(&mut self, new: Listed<K, V>) {
        match self.flights.entry(new.id.hash) {
            Entry::Vacant(place) => _ = place.insert(new),
            Entry::Occupied(_) => self.others.push(new),
        }
    }

    pub(super) fn remove(&mut self, id: Id) -> Option<Listed<K, V>> {
        if self.flights.get(&id.hash).is_some_and(|listed| listed.id == id) {
            return self.flights.remove(&id.hash);
        }
        let place = self.others.iter().position(|listed| listed.id == id)?;
        Some(self.others.swap_remove(place))
    }

    fn with_hash(&mut self, hash: u64) -> impl Iterator<Item = &mut Listed<K, V>> {
        let others = self.others.iter_mut().filter(move |listed| listed.id.hash == hash);
        self.flights.get_mut(&hash).into_iter().chain(others)
    }
}

impl<K, V> Default for Shard<K, V> {
    fn default() -> Self {
        Self { flights: HashMap::default(), others: Vec::new() }
    }
}

impl<K, V> Listed<K, V> {
    /// A flight of one caller.
    pub(super) fn new(hash: u64, key: K, flight: Arc<Shared<V>>) -> Self {
        Self { key, id: Id { hash, address: Arc::as_ptr(&flight).addr() }, flight, callers: 1 }
    }
}

/// A hash is not hashed again.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, _: &[u8]) {
        unreachable!("only hashes are hashed");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
