//! The order of use: a ring of entries, linked by their places in one vector.
//!
//! It goes once through all entries, from the most recent to the least recent (I2), and `newer` and
//! `older` are inverse to each other.

/// Entries from the one used last to the one that nobody used for longest, whose `next` is the first
/// again: the ring has no end that a link could forget.
#[derive(Debug)]
pub(super) struct Ring<K, V> {
    /// Without gaps: whoever leaves is replaced by the last of the vector.
    nodes: Vec<Node<K, V>>,
    /// The most recent one; without a meaning where there is none.
    first: u32,
}

// ANCHOR: node
#[derive(Debug)]
pub(super) struct Node<K, V> {
    pub(super) key: K,
    pub(super) value: V,
    /// The places of the neighbours. A link is a number of four bytes: nothing to own, to count or
    /// to free, and half of a pointer.
    newer: u32,
    older: u32,
}
// ANCHOR_END: node

const _: () = assert!(size_of::<Node<u64, u64>>() == 24, "a key, a value and two links");

impl<K, V> Ring<K, V> {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), first: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Makes room for so many in all, and not for one more.
    pub(super) fn reserve(&mut self, room: usize) {
        self.nodes.reserve_exact(room - self.nodes.len());
    }

    #[inline]
    pub(super) fn node(&self, place: u32) -> &Node<K, V> {
        &self.nodes[place as usize]
    }

    #[inline]
    fn node_mut(&mut self, place: u32) -> &mut Node<K, V> {
        &mut self.nodes[place as usize]
    }

    /// In the order of the places.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node<K, V>> {
        self.nodes.iter()
    }

    /// The place of the most recent one, if there is any.
    pub(super) fn first(&self) -> u32 {
        self.first
    }

    pub(super) fn older(&self, place: u32) -> u32 {
        self.node(place).older
    }

    /// The place of the least recent one. There must be one.
    #[inline]
    pub(super) fn last(&self) -> u32 {
        self.node(self.first).newer
    }

    /// Makes this one the most recent.
    // ANCHOR: touch
    #[inline]
    pub(super) fn touch(&mut self, place: u32) {
        if place == self.first {
            return;
        }
        if place != self.last() {
            self.unlink(place);
            self.link(place);
        }
        // The last is the neighbour of the first: for it, the ring turns, and no link changes.
        self.first = place;
    }

    fn unlink(&mut self, place: u32) {
        let Node { newer, older, .. } = *self.node(place);
        self.node_mut(newer).older = older;
        self.node_mut(older).newer = newer;
    }

    /// Between the last and the first.
    fn link(&mut self, place: u32) {
        let (first, last) = (self.first, self.last());
        self.node_mut(last).older = place;
        self.node_mut(first).newer = place;
        let node = self.node_mut(place);
        (node.newer, node.older) = (last, first);
    }
    // ANCHOR_END: touch

    /// Adds one more, the most recent.
    pub(super) fn push(&mut self, key: K, value: V) {
        let place = self.nodes.len() as u32;
        self.nodes.push(Node { key, value, newer: place, older: place });
        if place != 0 {
            self.link(place);
        }
        self.first = place;
    }

    /// Puts another entry here, in the same place of the order, and returns the old one.
    #[inline]
    pub(super) fn replace(&mut self, place: u32, key: K, value: V) -> (K, V) {
        let node = self.node_mut(place);
        (std::mem::replace(&mut node.key, key), std::mem::replace(&mut node.value, value))
    }

    /// Takes one out. The one in the last place of the vector moves into its place.
    // ANCHOR: remove
    pub(super) fn remove(&mut self, place: u32) -> (K, V) {
        self.unlink(place);
        if self.first == place {
            self.first = self.older(place);
        }
        let end = self.nodes.len() as u32 - 1;
        if place != end {
            // The neighbours first: one that is alone is its own neighbour, and takes this along.
            let Node { newer, older, .. } = *self.node(end);
            self.node_mut(newer).older = place;
            self.node_mut(older).newer = place;
            if self.first == end {
                self.first = place;
            }
        }
        let node = self.nodes.swap_remove(place as usize);
        (node.key, node.value)
    }
    // ANCHOR_END: remove

    pub(super) fn clear(&mut self) {
        self.nodes.clear();
    }
}
