//! A broker: who publishes names a topic, who subscribes names patterns of topics, and neither waits
//! for the other.
//!
//! # Problem
//!
//! Those who make news and those who want them should not know each other. So there is somebody in
//! between, who finds out for each message who wants it, among thousands of patterns. One reader that
//! hangs must cost the others nothing, and whoever leaves must leave nothing behind, while messages
//! come from all sides.
//!
//! # From Go
//!
//! ```go
//! func (b *Broker) Publish(topic string, m Message) {
//!     b.mu.RLock(); defer b.mu.RUnlock()
//!     for _, s := range b.subscribers {              // all of them, for each message
//!         if s.matches(topic) {
//!             select { case s.ch <- m: default: }    // full: this message is lost, and nobody knows
//!         }
//!     }
//! }   // and who may close s.ch, when somebody may be about to send?
//! ```
//!
//! # In Rust
//!
//! A message has many readers and no owner: it lies in an [`Arc`](std::sync::Arc), once, and each
//! reader gets a clone of the payload, or, the last of them, the payload itself. A line of messages is
//! no channel, then: those who want the same share one, and each has a cursor in it. Who has a
//! [`Subscription`] is subscribed, and who drops it is not; there is nothing to close.
//!
//! # Invariants
//!
//! - I1: a message goes to the subscriptions one of whose patterns matches its topic, to each once. What
//!   the cache remembers of a topic is what the trie would say: whatever changes the trie empties it.
//! - I2: numbers are given, and lines are written, under one lock, the desk's: each subscription sees
//!   ascending numbers, but for what is given again.
//! - I3: what was put in a subscription's line is given to it, or counted as lost to overflow, or the
//!   subscription has ended.
//! - I4: the history is read, and the line enters the trie, under the same lock: between the replay and
//!   what comes later nothing is missing, and nothing comes twice.
//! - I5: who has left, by whatever way, is in no route, has no message and no waker in its line, and is
//!   given nothing. It learns why: the first cause.
//! - I6: who finds nothing leaves its waker under the lock of the line under which it has looked; who
//!   puts a message there takes all wakers out. So nobody misses one, and who is awake is not woken.
//! - I7: when the last handle has gone, each subscription gives what it has, and ends; who waits for
//!   messages, or for the acks of those that it was given, is woken.
//! - I8: a message that is to be acked is given until it is, never before its time is over, and at most
//!   so many times; what is acked is not given again.
//! - I9: no code of the user runs under a lock: payloads are cloned and dropped, wakers called,
//!   cloned and dropped, and the clock is read outside.
//! - I10: in a line, a later message has as many readers to come as an earlier one, or more: a reader
//!   that has one before it has all behind it as well. So a message that nobody has to read any more is the
//!   first, and a line frees what has been read from its front.
//!
//! # Cancellation and panics
//!
//! Only [`Subscription::recv`] waits. Dropped, it has taken nothing; a message is taken out of the line in
//! the poll that returns it. If the payload's `clone` panics there, that message is lost to this
//! subscription, or comes again, where it is to be acked. If a waker panics, all others are woken,
//! and the panic goes on in the thread that published.
//!
//! # Cost
//!
//! A publish takes the desk's lock, finds its route in the cache, and takes the lock of each line on it,
//! one after the other: a slot and a clone of an `Arc` for each line, however many read it. The message is
//! allocated once; nothing is allocated for a reader, if its line has been as long before, or is not
//! longer than 64. A route that is not in the cache costs a walk through the trie, which takes a look
//! or two for each token, and two allocations. To take a message is the line's lock; to park, two of them.
//! Publishers wait for each other, since they agree on an order, and never for a reader.
//!
//! A line is shared by those who have the same patterns and capacity, and nothing else but
//! [`Overflow::DropOldest`]: each other wish ([`Subscribe::ack_within`], say, or a token) costs a line
//! of one's own. Payloads go with their last reader. The cache is bounded in topics; each costs its
//! text, and a pointer for each line that it leads to. Who subscribes to something new, or is the
//! last to leave, empties it.
//!
//! # See also
//!
//! 1. `tokio::sync::broadcast`: one line, no topics; who is slow loses the oldest. `async-broadcast`, `bus`:
//!    the publisher waits for the slowest.
//! 2. NATS, where patterns have this syntax, and MQTT, Redis, Kafka: between processes. Kafka keeps the
//!    history on disks, and a reader is no more than a cursor.
//! 3. `tokio::sync::watch`, or this book's `snapshot`, where only the latest counts.
#![forbid(unsafe_code)]

mod broker;
mod desk;
mod line;
mod message;
mod pattern;
mod ring;
mod routes;
mod stats;
mod subscribe;
mod subscription;
mod trie;
mod unacked;

pub use loomscope::time::{Clock, Duration, Instant, ManualClock, SystemClock};
pub use solutions::cancel::CancelToken;

pub use broker::{Broker, Builder};
pub use message::Message;
pub use pattern::{MAX_LENGTH, PatternError, TopicError};
pub use stats::{BrokerStats, Delivery, SubscriberId, SubscriberStats};
pub use subscribe::{Overflow, Replay, Subscribe};
pub use subscription::{Ended, Recv, Subscription, TryRecvError};
