//! The order form of a subscription.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;

use loomscope::time::Duration;

use super::CancelToken;
use super::pattern::{Pattern, PatternError};
use super::ring::{Key, Rules};
use super::unacked::Acks;

/// What a subscription is to get, and how it is to be treated.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::pubsub::{Replay, Subscribe};
/// use std::time::Duration;
///
/// let options = Subscribe::to("orders.*.created")
///     .and("orders.*.cancelled")
///     .name("billing")
///     .replay(Replay::Since(17))
///     .ack_within(Duration::from_secs(30));
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
#[must_use = "it is an order form: `Broker::subscribe` takes it"]
pub struct Subscribe {
    patterns: Vec<String>,
    name: Option<String>,
    capacity: NonZeroUsize,
    replay: Replay,
    ack_within: Option<Duration>,
    attempts: NonZeroU32,
    /// But for the acks.
    rules: Rules,
}

impl Subscribe {
    /// To the topics that match `pattern`: all else by default.
    pub fn to(pattern: impl Into<String>) -> Self {
        Self {
            patterns: vec![pattern.into()],
            name: None,
            capacity: const { NonZeroUsize::new(64).unwrap() },
            replay: Replay::None,
            ack_within: None,
            attempts: const { NonZeroU32::new(5).unwrap() },
            rules: Rules::default(),
        }
    }

    /// And to those that match this pattern.
    pub fn and(mut self, pattern: impl Into<String>) -> Self {
        self.patterns.push(pattern.into());
        self
    }

    /// Its name in the statistics. None by default; two may have the same.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// How many messages may wait in its line: those that it has not been given, and with
    /// [`ack_within`](Self::ack_within) also those that it has been given and has not acked. 64 by
    /// default.
    pub fn capacity(self, messages: NonZeroUsize) -> Self {
        Self { capacity: messages, ..self }
    }

    /// What becomes of a message that comes when the line is full. [`Overflow::DropOldest`] by default.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.rules.overflow = overflow;
        self
    }

    /// What of the history it gets first. [`Replay::None`] by default.
    ///
    /// The messages are put in line as if they were published now: what is more than the capacity is
    /// lost as [`Overflow`] says.
    pub fn replay(self, replay: Replay) -> Self {
        Self { replay, ..self }
    }

    /// Each message is to be acked within this time after it was given, or it is given again.
    ///
    /// So it is delivered at least once: while the subscription lives, each message that was put in
    /// its line and not lost to overflow is given until it is acked. Never before its time is over,
    /// and at most [`attempts`](Self::attempts) times: if the time is over after the last, the
    /// subscription is dead. Nothing watches the time in the background: that is done by who polls
    /// the subscription, by [`Broker::stats`](super::Broker::stats), and by a publish that would reach it.
    pub fn ack_within(self, limit: Duration) -> Self {
        Self { ack_within: Some(limit), ..self }
    }

    /// How often a message is given at most, where it has to be acked. 5 by default.
    pub fn attempts(self, attempts: NonZeroU32) -> Self {
        Self { attempts, ..self }
    }

    /// If messages wait for it, and it does not ask for one for this long, it is dead.
    ///
    /// The time begins when it last asked, or, if nothing waited for it then, when something did after
    /// that: a message came, or was due to be given again. Who waits for messages that do not come is
    /// never dead, and neither is who works on the last one. Nothing watches the time in the
    /// background: it is looked at by [`Broker::stats`](super::Broker::stats) and by a publish that would reach it.
    pub fn alive_within(mut self, limit: Duration) -> Self {
        self.rules.alive_within = Some(limit);
        self
    }

    /// Ends the subscription when `token` is cancelled: who waits is woken, and nothing more is given.
    pub fn until(mut self, token: CancelToken) -> Self {
        self.rules.token = Some(token);
        self
    }

    /// Reads the form.
    pub(super) fn parse(self) -> Result<Order, PatternError> {
        let Self { patterns, name, capacity, replay, ack_within, attempts, rules } = self;
        let patterns = patterns.into_iter().map(Pattern::parse);
        let mut patterns = patterns.collect::<Result<Vec<_>, _>>()?;
        patterns.sort_unstable();
        patterns.dedup();
        let key = Key { patterns, capacity: capacity.get() };
        let acks = ack_within.map(|within| Acks { within, attempts: attempts.get() });
        Ok(Order { name: name.map(Arc::from), key, rules: Rules { acks, ..rules }, replay })
    }
}

/// What the form says.
pub(super) struct Order {
    pub(super) name: Option<Arc<str>>,
    pub(super) key: Key,
    pub(super) rules: Rules,
    pub(super) replay: Replay,
}

/// What becomes of a message that comes to a subscription whose line is full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest in the line is lost, acked or not.
    #[default]
    DropOldest,
    /// The one that comes is lost.
    DropNewest,
    /// The one that comes is lost, and the subscription ends when it has given what it has.
    ///
    /// It can subscribe anew with [`Replay::Since`] the last that it was given.
    Disconnect,
}

/// What of the broker's history a new subscription gets, before what is published later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Replay {
    /// Nothing.
    #[default]
    None,
    /// Of the messages that match, the last so many.
    Last(usize),
    /// Those that match and have a greater sequence number than this.
    Since(u64),
}
