//! What a broker tells of itself.

use std::sync::Arc;

use loomscope::time::Instant;

/// What became of a message that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The message's number.
    pub sequence: u64,
    /// To how many subscriptions it goes.
    pub matched: usize,
    /// How many of these lost a message by it: this one, or an older.
    pub dropped: usize,
}

/// Which subscription of a broker: no two ever have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberId(pub(super) u64);

/// What a broker has done, and how its subscribers are.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BrokerStats {
    /// How many messages were published: the number of the last.
    pub published: u64,
    /// For how many topics it remembers who matches them.
    pub topics: usize,
    /// Those who are subscribed, in the order in which they came.
    pub subscribers: Vec<SubscriberStats>,
}

impl BrokerStats {
    /// The first subscriber with this name.
    pub fn by_name(&self, name: &str) -> Option<&SubscriberStats> {
        self.subscribers.iter().find(|subscriber| subscriber.name.as_deref() == Some(name))
    }
}

/// How a subscriber is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriberStats {
    /// Which one it is.
    pub id: SubscriberId,
    /// Its name, if it has one.
    pub name: Option<Arc<str>>,
    /// How many messages wait for it that it has not been given once.
    pub lag: usize,
    /// How many it has lost to overflow.
    pub dropped: u64,
    /// How many it has been given, and has not acked, of those that it has to ack.
    pub unacked: usize,
    /// How often it was given a message again.
    pub redelivered: u64,
    /// When it last asked for a message; until it has, when it subscribed. Only known with
    /// [`Subscribe::ack_within`](super::Subscribe::ack_within) or [`Subscribe::alive_within`](super::Subscribe::alive_within): to look at the clock costs as much as
    /// a whole delivery.
    pub last_seen: Option<Instant>,
}
