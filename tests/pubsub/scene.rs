//! Brokers whose clock the test moves, and subscriptions that are polled by hand.

use std::num::{NonZeroU32, NonZeroUsize};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::Stream;
use patterns::pubsub::{Broker, Clock, Ended, ManualClock, Message, Subscribe, Subscription};

use crate::support::Wakes;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const ALMOST: Duration = Duration::from_millis(999);
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

pub(crate) type Manual<P> = Broker<P, ManualClock>;
pub(crate) type Listener<P> = Subscription<P, ManualClock>;

/// A broker without a history, and its clock.
pub(crate) fn broker<P: Clone>() -> (Manual<P>, ManualClock) {
    with_history(0)
}

/// A broker that keeps so many messages, and its clock.
pub(crate) fn with_history<P: Clone>(messages: usize) -> (Manual<P>, ManualClock) {
    let clock = ManualClock::new();
    (Broker::builder().history(messages).with_clock(clock.clone()).build(), clock)
}

pub(crate) fn n(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("a capacity is not zero")
}

/// To `pattern`, with acks within a second, `attempts` times.
pub(crate) fn acked(pattern: &str, attempts: u32) -> Subscribe {
    let attempts = NonZeroU32::new(attempts).expect("a message is given at least once");
    Subscribe::to(pattern).ack_within(SECOND).attempts(attempts)
}

/// Publishes these numbers, as many messages on one topic.
pub(crate) fn publish_all<C: Clock>(
    broker: &Broker<u64, C>,
    topic: &str,
    numbers: impl IntoIterator<Item = u64>,
) {
    for number in numbers {
        broker.publish(topic, number).expect("it is a topic");
    }
}

/// Takes all that it has now; of one that never comes to an end, more than anybody has published.
pub(crate) fn messages<P: Clone, C: Clock>(from: &mut Subscription<P, C>) -> Vec<Message<P>> {
    std::iter::from_fn(|| from.try_recv().ok()).take(25_000).collect()
}

/// Takes all that it has now: what was published.
pub(crate) fn taken<P: Clone, C: Clock>(from: &mut Subscription<P, C>) -> Vec<P> {
    messages(from).into_iter().map(|message| message.payload).collect()
}

/// Polls once, with a waker that counts in `wakes`.
pub(crate) fn poll<P: Clone, C: Clock>(
    subscription: &mut Subscription<P, C>,
    wakes: &Arc<Wakes>,
) -> Poll<Option<Message<P>>> {
    let waker = Waker::from(wakes.clone());
    Pin::new(subscription).poll_next(&mut Context::from_waker(&waker))
}

/// Polls once, finds that it has to wait, and returns what counts its wake-ups.
#[track_caller]
pub(crate) fn park<P: Clone, C: Clock>(subscription: &mut Subscription<P, C>) -> Arc<Wakes> {
    let wakes = Arc::default();
    assert!(poll(subscription, &wakes).is_pending(), "there should be nothing to give");
    wakes
}

/// Sees that it has ended, by every way of asking, and for this reason.
#[track_caller]
pub(crate) fn assert_ended<P: Clone, C: Clock>(from: &mut Subscription<P, C>, why: Ended) {
    use patterns::pubsub::TryRecvError;
    for _ in 0..2 {
        match poll(from, &Arc::default()) {
            Poll::Ready(None) => {}
            Poll::Ready(Some(message)) => {
                panic!("{why:?}, and message {} came after the end", message.sequence)
            }
            Poll::Pending => panic!("it should have ended: {why:?}; it waits"),
        }
        assert_eq!(from.try_recv().err(), Some(TryRecvError::Ended(why)));
        assert_eq!(from.end(), Some(why));
    }
}

/// Whether a topic matches a pattern: token by token, as one would explain it.
pub(crate) fn matches(pattern: &str, topic: &str) -> bool {
    let (mut patterns, mut topics) = (pattern.split('.'), topic.split('.'));
    loop {
        match (patterns.next(), topics.next()) {
            (None, None) | (Some(">"), Some(_)) => return true,
            (Some("*"), Some(_)) => {}
            (Some(expected), Some(token)) if expected == token => {}
            _ => return false,
        }
    }
}
