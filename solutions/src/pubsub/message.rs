//! A message: once for all who get it, and as each of them gets it.

use std::fmt;
use std::sync::Arc;

use loomscope::time::Instant;

use super::ring::Ring;

/// A message as it lies in the lines and in the history, once for all of them.
pub(super) struct Entry<P> {
    pub(super) topic: Arc<str>,
    pub(super) payload: P,
    pub(super) published_at: Instant,
    pub(super) sequence: u64,
}

/// A message as a subscription gives it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Message<P> {
    /// Where it was published.
    pub topic: Arc<str>,
    /// What was published: a clone, made when this message was given, or the very one.
    pub payload: P,
    /// When it was published, by the broker's clock.
    pub published_at: Instant,
    /// Its number: each broker counts what is published there.
    pub sequence: u64,
    /// How often this subscription has given it, this time included. Always 1 without
    /// [`Subscribe::ack_within`](super::Subscribe::ack_within).
    pub attempt: u32,
    receipt: Option<Receipt<P>>,
}

/// Where an ack goes.
struct Receipt<P> {
    /// The line of the subscription, which has it for itself.
    ring: Arc<Ring<P>>,
    sequence: u64,
}

impl<P: Clone> Message<P> {
    /// Makes a subscription's own message. Whoever is the last to need an entry gets the payload
    /// itself; the others, a clone.
    pub(super) fn new(entry: Arc<Entry<P>>, attempt: u32, acked_at: Option<&Arc<Ring<P>>>) -> Self {
        let (topic, published_at) = (entry.topic.clone(), entry.published_at);
        let sequence = entry.sequence;
        let receipt = acked_at.map(|ring| Receipt { ring: ring.clone(), sequence });
        // To look is cheaper than to try in vain.
        let payload = match Arc::strong_count(&entry) {
            1 => Arc::try_unwrap(entry).map_or_else(|e| e.payload.clone(), |e| e.payload),
            _ => entry.payload.clone(),
        };
        Self { topic, payload, published_at, sequence, attempt, receipt }
    }
}

impl<P> Message<P> {
    /// Tells that the message is done with, and need not be given again; whether that was still open.
    ///
    /// It is open from its first delivery until it is acked, lost to [`Overflow::DropOldest`](super::Overflow::DropOldest), or the
    /// subscription has ended. Any of its deliveries acks it. Without [`Subscribe::ack_within`](super::Subscribe::ack_within)
    /// nothing is ever open.
    pub fn ack(&self) -> bool {
        self.receipt.as_ref().is_some_and(|receipt| receipt.ring.ack(receipt.sequence))
    }
}

impl<P> Clone for Receipt<P> {
    fn clone(&self) -> Self {
        Self { ring: self.ring.clone(), sequence: self.sequence }
    }
}

impl<P: fmt::Debug> fmt::Debug for Message<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("topic", &self.topic)
            .field("payload", &self.payload)
            .field("published_at", &self.published_at)
            .field("sequence", &self.sequence)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
