//! What a cache promises: the exact order of use, no growth, and one computation a key.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "support/touchy.rs"]
mod touchy;

#[path = "lru/behaviour.rs"]
mod behaviour;

#[path = "lru/properties.rs"]
mod properties;

#[path = "lru/stress.rs"]
mod stress;

#[path = "lru/leaks.rs"]
mod leaks;

use std::num::NonZeroUsize;

use patterns::lru::Lru;

/// A number that is not 0.
fn n(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

/// The keys, the most recent first.
fn keys<K: Clone, V>(cache: &Lru<K, V>) -> Vec<K> {
    cache.keys().cloned().collect()
}
