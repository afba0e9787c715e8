//! Where a topic leads: the trie knows, and a cache in front of it remembers.

use std::num::NonZeroUsize;
use std::sync::Arc;

use solutions::lru::Lru;

use super::pattern::{TopicError, check_topic};
use super::ring::Ring;
use super::trie::Trie;

pub(super) struct Routes<P> {
    trie: Trie<Arc<Ring<P>>>,
    /// By topic, what the trie says of it now: whatever changes the trie empties it.
    cache: Lru<Arc<str>, Route<P>>,
}

pub(super) struct Route<P> {
    /// The topic, once for all of its messages.
    pub(super) topic: Arc<str>,
    /// The rings that it leads to, each once.
    pub(super) rings: Vec<Arc<Ring<P>>>,
}

impl<P> Routes<P> {
    pub(super) fn new(topics: NonZeroUsize) -> Self {
        let most = NonZeroUsize::new(u32::MAX as usize).expect("it is above zero");
        Self { trie: Trie::default(), cache: Lru::new(topics.min(most)) }
    }

    pub(super) fn add(&mut self, ring: &Arc<Ring<P>>) {
        for pattern in &ring.key.patterns {
            self.trie.insert(pattern, ring.clone());
        }
        self.cache.clear();
    }

    pub(super) fn remove(&mut self, ring: &Arc<Ring<P>>) {
        for pattern in &ring.key.patterns {
            self.trie.remove(pattern.tokens(), &|other| Arc::ptr_eq(ring, other));
        }
        self.cache.clear();
    }

    /// Has `then` use the route of a topic.
    // ANCHOR: route
    pub(super) fn with<R>(
        &mut self,
        topic: &str,
        then: impl FnOnce(&Route<P>) -> R,
    ) -> Result<R, TopicError> {
        if let Some(route) = self.cache.get(topic) {
            return Ok(then(route));
        }
        check_topic(topic)?;
        let mut rings = Vec::new();
        self.trie.find(topic.split('.'), &mut rings);
        // A ring that is there twice has two patterns that match.
        rings.sort_unstable_by_key(|ring| ring.id);
        rings.dedup_by_key(|ring| ring.id);
        let route = Route { topic: topic.into(), rings };
        let result = then(&route);
        self.cache.put(route.topic.clone(), route);
        Ok(result)
    }
    // ANCHOR_END: route

    pub(super) fn cached(&self) -> usize {
        self.cache.len()
    }
}
