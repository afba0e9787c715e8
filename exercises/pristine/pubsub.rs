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

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::num::{NonZeroU32, NonZeroUsize};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;

pub use loomscope::time::{Clock, Duration, Instant, ManualClock, SystemClock};
pub use solutions::cancel::CancelToken;

/// The longest topic, and the longest pattern, in bytes.
pub const MAX_LENGTH: usize = 1024;

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
    // Your fields: what do the handles share, and how does the last of them know that it is the last?
    parts: PhantomData<(P, C)>,
}

impl<P: Clone> Broker<P> {
    /// Makes a broker with the builder's defaults.
    pub fn new() -> Self {
        todo!("this is the builder with nothing set")
    }

    /// A builder with the defaults: no history, up to 1024 topics in the cache, the system's clock.
    pub fn builder() -> Builder<P> {
        todo!("start from the defaults: where do they live, so that the setters can change them?")
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
        todo!(
            "enter the patterns and take the replay: can a message be published between the two, and be missed or given twice?"
        )
    }

    /// Gives a message to every subscription that the topic matches, and never waits for one.
    ///
    /// The message has the next sequence number, whether or not anybody gets it; the first has 1. One
    /// that is full loses a message, as its [`Overflow`] says.
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
        todo!(
            "find who matches, without asking each; put the message where they look; wake who sleeps: what of this may happen under a lock?"
        )
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
        todo!("this is a publish without a message: which part of it is needed?")
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
        todo!("take it out wherever it is entered: who else may be using the entries now?")
    }

    /// What the broker has done so far, and how its subscribers are.
    ///
    /// A subscription that is found dead or cancelled here is removed, and is not listed.
    ///
    /// # Panics
    ///
    /// As [`unsubscribe`](Self::unsubscribe), if something is removed.
    pub fn stats(&self) -> BrokerStats {
        todo!("look at each: who is dead, and can that be told without a task that watches?")
    }
}

impl<P: Clone> Default for Broker<P> {
    fn default() -> Self {
        todo!("this is a broker with nothing set, too")
    }
}

impl<P, C: Clock> Clone for Broker<P, C> {
    fn clone(&self) -> Self {
        todo!("make one more handle: what is counted?")
    }
}

impl<P, C: Clock> Drop for Broker<P, C> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
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
    payload: PhantomData<fn(P)>,
}

impl<P: Clone, C: Clock> Builder<P, C> {
    /// Keeps the last so many messages, of all topics, for those who subscribe later. None by default.
    pub fn history(self, messages: usize) -> Self {
        todo!("keep the number: when is the memory for it needed?")
    }

    /// Remembers for up to so many topics who matches them. 1024 by default.
    pub fn topics(self, cached: NonZeroUsize) -> Self {
        todo!("keep the number: what happens to a topic that comes when so many are remembered?")
    }

    /// Reads the time from `clock`, and waits by it.
    pub fn with_clock<D: Clock>(self, clock: D) -> Builder<P, D> {
        todo!("take all other numbers along: what changes in the type?")
    }

    /// Makes the broker, which has no subscriptions.
    pub fn build(self) -> Broker<P, C> {
        todo!("make an empty broker: what of it is under which lock?")
    }
}

impl<P, C: Clock> fmt::Debug for Builder<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}

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
}

impl Subscribe {
    /// To the topics that match `pattern`: all else by default.
    pub fn to(pattern: impl Into<String>) -> Self {
        todo!("begin the list of patterns, and choose the defaults for the rest")
    }

    /// And to those that match this pattern.
    pub fn and(self, pattern: impl Into<String>) -> Self {
        todo!("add a pattern: what if it is on the list already?")
    }

    /// Its name in the statistics. None by default; two may have the same.
    pub fn name(self, name: impl Into<String>) -> Self {
        todo!("keep the name: how often will it be copied?")
    }

    /// How many messages may wait in its line: those that it has not been given, and with
    /// [`ack_within`](Self::ack_within) also those that it has been given and has not acked. 64 by
    /// default.
    pub fn capacity(self, messages: NonZeroUsize) -> Self {
        todo!("keep the number")
    }

    /// What becomes of a message that comes when the line is full. [`Overflow::DropOldest`] by default.
    pub fn overflow(self, overflow: Overflow) -> Self {
        todo!("keep the policy")
    }

    /// What of the history it gets first. [`Replay::None`] by default.
    ///
    /// The messages are put in line as if they were published now: what is more than the capacity is
    /// lost as [`Overflow`] says.
    pub fn replay(self, replay: Replay) -> Self {
        todo!("keep the wish")
    }

    /// Each message is to be acked within this time after it was given, or it is given again.
    ///
    /// So it is delivered at least once: while the subscription lives, each message that was put in
    /// its line and not lost to overflow is given until it is acked. Never before its time is over,
    /// and at most [`attempts`](Self::attempts) times: if the time is over after the last, the
    /// subscription is dead. Nothing watches the time in the background: that is done by who polls
    /// the subscription, by [`Broker::stats`], and by a publish that would reach it.
    pub fn ack_within(self, limit: Duration) -> Self {
        todo!("keep the time: can it be so long that adding it to now overflows?")
    }

    /// How often a message is given at most, where it has to be acked. 5 by default.
    pub fn attempts(self, attempts: NonZeroU32) -> Self {
        todo!("keep the number: does the first delivery count?")
    }

    /// If messages wait for it, and it does not ask for one for this long, it is dead.
    ///
    /// The time begins when it last asked, or, if nothing waited for it then, when something did after
    /// that: a message came, or was due to be given again. Who waits for messages that do not come is
    /// never dead, and neither is who works on the last one. Nothing watches the time in the
    /// background: it is looked at by [`Broker::stats`] and by a publish that would reach it.
    pub fn alive_within(self, limit: Duration) -> Self {
        todo!("keep the time: from when on is it counted?")
    }

    /// Ends the subscription when `token` is cancelled: who waits is woken, and nothing more is given.
    pub fn until(self, token: CancelToken) -> Self {
        todo!("keep the token: who waits for it?")
    }
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
    /// [`Subscribe::ack_within`].
    pub attempt: u32,
    // Your fields: how does an ack find its way to the subscription?
}

impl<P> Message<P> {
    /// Tells that the message is done with, and need not be given again; whether that was still open.
    ///
    /// It is open from its first delivery until it is acked, lost to [`Overflow::DropOldest`], or the
    /// subscription has ended. Any of its deliveries acks it. Without [`Subscribe::ack_within`]
    /// nothing is ever open.
    pub fn ack(&self) -> bool {
        todo!("find the subscription's account of this message: what if the subscription has gone?")
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

/// Gives the messages that its patterns match, in the order of their numbers.
///
/// Only those that are given again, since nobody acked them, come later than their number says: as
/// soon as their time is over, before what has not been given yet.
///
/// As a [`Stream`] it gives the same as [`recv`](Self::recv), and is fused. Dropped, it is
/// unsubscribed: what it still had is freed.
#[must_use = "a subscription that is dropped is over"]
pub struct Subscription<P, C: Clock = SystemClock> {
    // Your fields: what does the broker have to know of it, and what does only it need?
    parts: PhantomData<(P, C)>,
}

impl<P: Clone, C: Clock> Subscription<P, C> {
    /// Its number, which no other subscription of this broker has or had.
    pub fn id(&self) -> SubscriberId {
        todo!("say the number: who gave it?")
    }

    /// Waits for the next message; `None` if there will be none any more, and [`end`](Self::end) says
    /// why.
    ///
    /// # Panics
    ///
    /// If the payload's `clone` does. That message is lost to this subscription, and no other; where
    /// it has to be acked it comes again in its time. Also as [`Broker::unsubscribe`], if it is found
    /// dead or cancelled here; and outside a tokio runtime with time enabled, if it has to wait by the
    /// system's clock: for messages that are to be acked, or for a token's deadline.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it has taken nothing.
    pub fn recv(&mut self) -> Recv<'_, P, C> {
        todo!("make a future that polls this subscription")
    }

    /// Takes the next message if there is one now.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if there is none yet, [`TryRecvError::Ended`] if there will be none.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv), but it needs no runtime.
    pub fn try_recv(&mut self) -> Result<Message<P>, TryRecvError> {
        todo!("look once: what is the order of end, redelivery and new message?")
    }

    /// How many messages it has lost to overflow since this was last asked.
    pub fn lagged(&mut self) -> u64 {
        todo!("say what is new since the last time: who counts the lost ones?")
    }

    /// How many messages the history had forgotten of those that [`Replay::Since`] asked for.
    ///
    /// Of any topic: nobody knows whether they would have matched. Zero says that nothing is missing.
    pub fn forgotten(&self) -> u64 {
        todo!("compare the number asked for with the oldest that was there: is it off by one?")
    }

    /// Why it gives nothing more, if that is so: the first cause, for good.
    ///
    /// `None` while it has, or may get, another message.
    pub fn end(&self) -> Option<Ended> {
        todo!("say why: which causes leave it what it has, and which do not?")
    }
}

impl<P: Clone, C: Clock> Stream for Subscription<P, C> {
    type Item = Message<P>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message<P>>> {
        todo!(
            "give a message or leave a waker: what if one is published between the look and the waker, and who wakes it when its time is over?"
        )
    }
}

impl<P, C: Clock> Unpin for Subscription<P, C> {}

impl<P, C: Clock> Drop for Subscription<P, C> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<P, C: Clock> fmt::Debug for Subscription<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// Waits for a message; made by [`Subscription::recv`].
#[must_use = "futures do nothing unless polled"]
pub struct Recv<'a, P, C: Clock = SystemClock> {
    subscription: &'a mut Subscription<P, C>,
}

impl<P: Clone, C: Clock> Future for Recv<'_, P, C> {
    type Output = Option<Message<P>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("poll the subscription")
    }
}

impl<P, C: Clock> fmt::Debug for Recv<'_, P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").finish_non_exhaustive()
    }
}

/// Which subscription of a broker: no two ever have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberId(u64);

/// Why a subscription gives nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// [`Broker::unsubscribe`] was called. What it had is lost.
    Unsubscribed,
    /// Its token was cancelled. What it had is lost.
    Cancelled,
    /// The last handle of the broker has gone, and it has given all that it had; what has to be acked
    /// is acked.
    Closed,
    /// A message came when it was full ([`Overflow::Disconnect`]), and it has given what it had; what
    /// has to be acked is acked.
    Overflowed,
    /// A message was not acked by the end of its last attempt, or it did not ask in time for what
    /// waited. What it had is lost.
    Dead,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsubscribed => f.write_str("unsubscribed"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Closed => f.write_str("the broker is closed"),
            Self::Overflowed => f.write_str("too many messages came"),
            Self::Dead => f.write_str("dead: it did not ack or ask in time"),
        }
    }
}

impl Error for Ended {}

/// Why there is no message now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is none yet.
    Empty,
    /// There will be none any more.
    Ended(Ended),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no message yet"),
            Self::Ended(why) => write!(f, "the subscription has ended: {why}"),
        }
    }
}

impl Error for TryRecvError {}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// The token `>` is there, and is not the last.
    RestNotLast,
    /// It has more than [`MAX_LENGTH`] bytes.
    TooLong,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RestNotLast => f.write_str("`>` has to be the last token of a pattern"),
            Self::TooLong => write!(f, "a pattern has at most {MAX_LENGTH} bytes"),
        }
    }
}

impl Error for PatternError {}

/// Why a text is no topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopicError {
    /// One of its tokens is `*` or `>`.
    Wildcard,
    /// It has more than [`MAX_LENGTH`] bytes.
    TooLong,
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard => f.write_str("`*` and `>` are for patterns, not for topics"),
            Self::TooLong => write!(f, "a topic has at most {MAX_LENGTH} bytes"),
        }
    }
}

impl Error for TopicError {}

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
        todo!("look for the name")
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
    /// [`Subscribe::ack_within`] or [`Subscribe::alive_within`]: to look at the clock costs as much as
    /// a whole delivery.
    pub last_seen: Option<Instant>,
}
