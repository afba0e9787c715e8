//! The handle to a broker, and how one is made.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::Arc;

use loomscope::time::{Clock, SystemClock};

use super::desk::Shared;
use super::pattern::{PatternError, TopicError};
use super::subscribe::Subscribe;
use super::subscription::Subscription;
use super::{BrokerStats, Delivery, Ended, SubscriberId};

/// A handle to a broker; its clones are handles to the same one.
///
/// Topics and patterns are tokens with a `.` between them: `orders.eu.created` has three. A token is
/// any text without a dot, and may be empty: `""` is one empty token, `"a."` has two tokens. In a
/// pattern the token `*` matches exactly one token, whichever, and the token `>`, which has to be the
/// last, matches one or more. Only a whole token is a wildcard: `a*` stands for itself. Tokens are
/// equal if their bytes are.
///
/// When the last handle has gone the broker is closed: each subscription gives what it still has, and
/// ends.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::pubsub::{Broker, Subscribe};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let broker = Broker::new();
/// let mut all = broker.subscribe(Subscribe::to(">")).unwrap();
/// let mut created = broker.subscribe(Subscribe::to("*.created")).unwrap();
///
/// let delivery = broker.publish("orders.created", 7).unwrap();
/// assert_eq!(delivery.matched, 2);
/// assert_eq!(broker.publish("orders.eu.created", 8).unwrap().matched, 1);
/// drop(broker);
///
/// assert_eq!(all.recv().await.unwrap().payload, 7);
/// assert_eq!(all.recv().await.unwrap().payload, 8);
/// assert_eq!(&*created.recv().await.unwrap().topic, "orders.created");
/// assert!(created.recv().await.is_none());
/// # }
/// ```
pub struct Broker<P, C: Clock = SystemClock> {
    handles: Arc<Handles<P, C>>,
}

/// What the handles share, and the subscriptions do not: it goes with the last of them.
struct Handles<P, C: Clock> {
    shared: Arc<Shared<P, C>>,
}

impl<P: Clone> Broker<P> {
    /// Makes a broker with the builder's defaults.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A builder with the defaults: no history, up to 1024 topics in the cache, the system's clock.
    pub fn builder() -> Builder<P> {
        let topics = const { NonZeroUsize::new(1024).unwrap() };
        Builder { clock: SystemClock, history: 0, topics, payload: PhantomData }
    }
}

impl<P: Clone, C: Clock> Broker<P, C> {
    /// Subscribes to what is published from now on, and to what the history has of it, if asked for.
    ///
    /// A message that matches several patterns of one subscription is given to it once. If the
    /// subscription's token is cancelled already it has ended from the start, and so has one that
    /// is to be disconnected where its replay alone is more than its capacity (after the replay's
    /// first messages).
    ///
    /// # Errors
    ///
    /// [`PatternError`] for the first pattern that is none; nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use solutions as patterns;
    /// use patterns::pubsub::{Broker, Overflow, PatternError, Subscribe};
    /// use std::num::NonZeroUsize;
    ///
    /// let broker = Broker::<String>::new();
    /// let options = Subscribe::to("orders.*")
    ///     .and("payments.>")
    ///     .name("audit")
    ///     .capacity(NonZeroUsize::new(1000).unwrap())
    ///     .overflow(Overflow::DropNewest);
    /// let subscription = broker.subscribe(options).unwrap();
    /// assert_eq!(broker.stats().by_name("audit").unwrap().id, subscription.id());
    ///
    /// let no_pattern = broker.subscribe(Subscribe::to(">.created"));
    /// assert_eq!(no_pattern.err(), Some(PatternError::RestNotLast));
    /// ```
    pub fn subscribe(&self, options: Subscribe) -> Result<Subscription<P, C>, PatternError> {
        let shared = &self.handles.shared;
        let joined = shared.subscribe(options)?;
        Ok(Subscription::new(shared.clone(), joined))
    }

    /// Gives a message to every subscription that the topic matches, and never waits for one.
    ///
    /// The message has the next sequence number, whether or not anybody gets it; the first has 1. One
    /// that is full loses a message, as its [`Overflow`](super::Overflow) says.
    ///
    /// A subscription that is found dead or cancelled here is removed, and gets nothing.
    ///
    /// # Errors
    ///
    /// [`TopicError`] if it is no topic; nothing has changed then, and no number was taken.
    ///
    /// # Panics
    ///
    /// If a waker, or the destructor of a message that is lost, panics: after the message has been
    /// given to all, and all have been woken.
    ///
    /// # Examples
    ///
    /// ```
    /// # use solutions as patterns;
    /// use patterns::pubsub::{Broker, Delivery, Subscribe, TopicError};
    ///
    /// let broker = Broker::new();
    /// let _one = broker.subscribe(Subscribe::to("news")).unwrap();
    /// assert_eq!(broker.publish("news", "rain"), Ok(Delivery { sequence: 1, matched: 1, dropped: 0 }));
    /// assert_eq!(broker.publish("news.*", "?"), Err(TopicError::Wildcard));
    /// ```
    pub fn publish(&self, topic: &str, payload: P) -> Result<Delivery, TopicError> {
        self.handles.shared.publish(topic, payload)
    }

    /// To how many subscriptions a message on this topic would go now, so that nobody makes a payload
    /// for no one.
    ///
    /// As far as the broker has noticed: one that is dead or cancelled, and was not found yet, counts.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub fn interest(&self, topic: &str) -> Result<usize, TopicError> {
        self.handles.shared.interest(topic)
    }

    /// Ends a subscription; whether it was still there.
    ///
    /// Who asks it after this has returned gets nothing, not even what it had; if somebody waits for
    /// it they are woken, and it ends. A `recv` that is cloning a payload meanwhile still gives that
    /// one.
    ///
    /// # Panics
    ///
    /// If the waker of who waits, or the destructor of a message that nobody else has, panics: after
    /// the subscription has gone.
    pub fn unsubscribe(&self, id: SubscriberId) -> bool {
        self.handles.shared.remove(id, Ended::Unsubscribed)
    }

    /// What the broker has done so far, and how its subscribers are.
    ///
    /// A subscription that is found dead or cancelled here is removed, and is not listed.
    ///
    /// # Panics
    ///
    /// As [`unsubscribe`](Self::unsubscribe), if something is removed.
    pub fn stats(&self) -> BrokerStats {
        self.handles.shared.stats()
    }
}

impl<P: Clone> Default for Broker<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P, C: Clock> Clone for Broker<P, C> {
    fn clone(&self) -> Self {
        Self { handles: self.handles.clone() }
    }
}

impl<P, C: Clock> Drop for Handles<P, C> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl<P, C: Clock> fmt::Debug for Broker<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").finish_non_exhaustive()
    }
}

/// How a broker is to behave; made by [`Broker::builder`](Broker::builder).
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::pubsub::{Broker, ManualClock};
/// use std::num::NonZeroUsize;
///
/// let clock = ManualClock::new();
/// let broker = Broker::builder()
///     .history(1000)
///     .topics(NonZeroUsize::new(256).unwrap())
///     .with_clock(clock.clone())
///     .build();
/// assert_eq!(broker.publish("clocks.set", "noon").unwrap().sequence, 1);
/// ```
#[must_use = "a builder makes nothing until `build`"]
pub struct Builder<P, C: Clock = SystemClock> {
    clock: C,
    history: usize,
    topics: NonZeroUsize,
    payload: PhantomData<fn(P)>,
}

impl<P: Clone, C: Clock> Builder<P, C> {
    /// Keeps the last so many messages, of all topics, for those who subscribe later. None by default.
    pub fn history(self, messages: usize) -> Self {
        Self { history: messages, ..self }
    }

    /// Remembers for up to so many topics who matches them. 1024 by default.
    pub fn topics(self, cached: NonZeroUsize) -> Self {
        Self { topics: cached, ..self }
    }

    /// Reads the time from `clock`, and waits by it.
    pub fn with_clock<D: Clock>(self, clock: D) -> Builder<P, D> {
        let Self { clock: _, history, topics, payload } = self;
        Builder { clock, history, topics, payload }
    }

    /// Makes the broker, which has no subscriptions.
    pub fn build(self) -> Broker<P, C> {
        let shared = Arc::new(Shared::new(self.clock, self.history, self.topics));
        Broker { handles: Arc::new(Handles { shared }) }
    }
}

impl<P, C: Clock> fmt::Debug for Builder<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
