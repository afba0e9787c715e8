//! Every interleaving of publishers, subscribers and those who leave, for each invariant of a broker.

use std::num::NonZeroUsize;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use loomscope::sync::Mutex;
use loomscope::task::block_on;
use loomscope::{Model, thread};
use patterns::pubsub::{
    Broker, CancelToken, Ended, ManualClock, Message, Replay, Subscribe, Subscription, TryRecvError,
};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/pubsub")
}

fn subscribe(broker: &Broker<u8>, options: Subscribe) -> Subscription<u8> {
    broker.subscribe(options).unwrap()
}

fn publish(broker: &Broker<u8>, payload: u8) {
    broker.publish("a", payload).unwrap();
}

/// What there is now: numbers and payloads.
fn drain(subscription: &mut Subscription<u8>) -> Vec<(u64, u8)> {
    std::iter::from_fn(|| subscription.try_recv().ok())
        .map(|message| (message.sequence, message.payload))
        .collect()
}

const MOMENT: Duration = Duration::from_secs(1);

#[test]
fn a_message_reaches_who_is_just_parking() {
    model("I6: who parks is woken, or has seen the message").check(|| {
        let broker = Broker::new();
        let mut subscription = subscribe(&broker, Subscribe::to("a"));
        let theirs = broker.clone();
        let publisher = thread::spawn_named("publisher", move || publish(&theirs, 1));
        assert_eq!(block_on(subscription.recv()).unwrap().payload, 1);
        publisher.join().unwrap();
    });
}

#[test]
fn two_who_share_a_line_are_both_woken() {
    model("I6: all who are parked are woken").check(|| {
        let broker = Broker::new();
        let readers = [1, 2].map(|_| {
            let mut subscription = subscribe(&broker, Subscribe::to("a"));
            thread::spawn_named("reader", move || block_on(subscription.recv()).unwrap().payload)
        });
        publish(&broker, 1);
        assert_eq!(readers.map(|reader| reader.join().unwrap()), [1, 1]);
    });
}

#[test]
fn who_leaves_takes_no_wake_up_along() {
    model("I6: a place that is used again is not woken in another's stead").check(|| {
        let broker = Broker::new();
        let mut stays = subscribe(&broker, Subscribe::to("a"));
        let mut leaves = subscribe(&broker, Subscribe::to("a"));
        assert!(leaves.next().now_or_never().is_none());
        let leaver = thread::spawn_named("leaver", move || drop(leaves));
        let theirs = broker.clone();
        let publisher = thread::spawn_named("publisher", move || publish(&theirs, 1));
        assert_eq!(block_on(stays.recv()).unwrap().payload, 1);
        leaver.join().unwrap();
        publisher.join().unwrap();
    });
}

#[test]
fn nothing_comes_after_unsubscribe_has_returned() {
    model("I5: after unsubscribe, nothing").check(|| {
        let broker = Broker::new();
        let mut subscription = subscribe(&broker, Subscribe::to("a"));
        let mut other = subscribe(&broker, Subscribe::to("a"));
        let theirs = broker.clone();
        let publisher = thread::spawn_named("publisher", move || publish(&theirs, 1));
        assert!(broker.unsubscribe(subscription.id()));
        let ended = Err(TryRecvError::Ended(Ended::Unsubscribed));
        assert_eq!(subscription.try_recv().map(|message| message.payload), ended);
        publisher.join().unwrap();
        assert_eq!(subscription.try_recv().map(|message| message.payload), ended);
        assert_eq!(drain(&mut other), [(1, 1)], "I3: the other one gets it all the same");
    });
}

#[test]
fn who_waits_hears_of_the_unsubscription() {
    model("I5: who is parked is woken, and ends").check(|| {
        let broker = Broker::new();
        let mut subscription = subscribe(&broker, Subscribe::to("a"));
        let (id, theirs) = (subscription.id(), broker.clone());
        let other = thread::spawn_named("other", move || assert!(theirs.unsubscribe(id)));
        assert!(block_on(subscription.recv()).is_none());
        assert_eq!(subscription.end(), Some(Ended::Unsubscribed));
        other.join().unwrap();
    });
}

#[test]
fn a_replay_joins_what_is_published_meanwhile() {
    model("I4: between the replay and the rest nothing is missing, and nothing comes twice").check(
        || {
            let broker = Broker::builder().history(2).build();
            let theirs = broker.clone();
            let publisher = thread::spawn_named("publisher", move || {
                publish(&theirs, 1);
                publish(&theirs, 2);
            });
            let options = Subscribe::to("a").replay(Replay::Since(0));
            let mut subscription = subscribe(&broker, options);
            publisher.join().unwrap();
            assert_eq!(drain(&mut subscription), [(1, 1), (2, 2)], "I4");
            assert_eq!(subscription.forgotten(), 0);
        },
    );
}

#[test]
fn a_new_subscription_changes_the_route() {
    model("I1: a route is forgotten when a pattern comes or goes").check(|| {
        let broker = Broker::new();
        let theirs = broker.clone();
        let publisher = thread::spawn_named("publisher", move || publish(&theirs, 1));
        let mut subscription = subscribe(&broker, Subscribe::to("*"));
        publisher.join().unwrap();
        publish(&broker, 2);
        let got = drain(&mut subscription);
        assert_eq!(got.last(), Some(&(2, 2)), "I1: the message went where the old route led");
    });
}

#[test]
fn all_see_the_messages_of_two_publishers_in_one_order() {
    model("I2: each sees ascending numbers, and so all one order").check(|| {
        let broker = Broker::new();
        let mut one = subscribe(&broker, Subscribe::to("a"));
        let mut other = subscribe(&broker, Subscribe::to("*"));
        let publishers = [1, 2].map(|payload| {
            let broker = broker.clone();
            thread::spawn_named("publisher", move || publish(&broker, payload))
        });
        let mut got = drain(&mut one);
        publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
        got.extend(drain(&mut one));
        assert_eq!(got, drain(&mut other), "I2");
        assert!(got.iter().map(|(sequence, _)| *sequence).eq(1..=2), "I2");
    });
}

#[test]
fn what_is_not_given_is_counted() {
    model("I3: what comes is given or counted as lost").check(|| {
        let broker = Broker::new();
        let one = NonZeroUsize::MIN;
        let mut subscription = subscribe(&broker, Subscribe::to("a").capacity(one));
        let mut slow = subscribe(&broker, Subscribe::to("a").capacity(one));
        publish(&broker, 1);
        let theirs = broker.clone();
        let publisher = thread::spawn_named("publisher", move || publish(&theirs, 2));
        let mut got = drain(&mut subscription);
        publisher.join().unwrap();
        got.extend(drain(&mut subscription));
        assert!(got.is_sorted(), "I2");
        assert_eq!(got.len() as u64 + subscription.lagged(), 2, "I3");
        assert_eq!((drain(&mut slow), slow.lagged()), (vec![(2, 2)], 1), "I3");
    });
}

#[test]
fn who_waits_hears_of_the_close_whenever_it_comes() {
    model("I7: who is parked when the last handle goes is woken").check(|| {
        let broker = Broker::new();
        let mut subscription = subscribe(&broker, Subscribe::to("a"));
        let last = thread::spawn_named("last handle", move || {
            publish(&broker, 1);
            drop(broker);
        });
        assert_eq!(block_on(subscription.recv()).unwrap().payload, 1);
        assert!(block_on(subscription.recv()).is_none());
        assert_eq!(subscription.end(), Some(Ended::Closed));
        last.join().unwrap();
    });
}

#[test]
fn who_waits_hears_of_the_cancellation() {
    model("I5: a token that is cancelled ends who is parked").check(|| {
        let (broker, token) = (Broker::new(), CancelToken::new());
        let mut subscription = subscribe(&broker, Subscribe::to("a").until(token.clone()));
        // Nobody publishes meanwhile: that would find out about the token, too.
        let other = thread::spawn_named("other", move || token.cancel());
        assert!(block_on(subscription.recv()).is_none());
        assert_eq!(subscription.end(), Some(Ended::Cancelled));
        other.join().unwrap();
        assert_eq!(broker.publish("a", 1).unwrap().matched, 0, "I5: it is for nobody");
    });
}

type Acked = (ManualClock, Broker<u8, ManualClock>, Subscription<u8, ManualClock>, Message<u8>);

/// A subscription with a message that it has to ack within a moment.
fn acked() -> Acked {
    let clock = ManualClock::new();
    let broker = Broker::builder().with_clock(clock.clone()).build();
    let mut subscription = broker.subscribe(Subscribe::to("a").ack_within(MOMENT)).unwrap();
    broker.publish("a", 1).unwrap();
    let message = subscription.try_recv().unwrap();
    (clock, broker, subscription, message)
}

#[test]
fn what_is_acked_is_not_given_again() {
    model("I8: given until it is acked, and not after").check(|| {
        let (clock, _broker, mut subscription, message) = acked();
        clock.advance(MOMENT);
        let ack = thread::spawn_named("acks", move || message.ack());
        let again = subscription.try_recv();
        assert!(ack.join().unwrap(), "I8: it was open, given again or not");
        assert!(again.map_or(true, |again| again.attempt == 2 && !again.ack()), "I8");
        clock.advance(MOMENT);
        assert_eq!(subscription.try_recv().map(|again| again.attempt), Err(TryRecvError::Empty));
    });
}

#[test]
fn what_is_not_acked_is_given_to_who_waits() {
    model("I8: who is parked is woken when a message is to be given again").check(|| {
        let (clock, _broker, mut subscription, message) = acked();
        let time = thread::spawn_named("time", move || clock.advance(MOMENT));
        let again = block_on(subscription.recv()).unwrap();
        assert_eq!((again.sequence, again.attempt), (message.sequence, 2), "I8");
        time.join().unwrap();
    });
}

#[test]
fn the_last_ack_ends_who_waits_for_it() {
    model("I7: of a closed broker, who waits for acks ends with the last").check(|| {
        let (_clock, broker, mut subscription, message) = acked();
        drop(broker);
        let ack = thread::spawn_named("acks", move || assert!(message.ack()));
        assert!(block_on(subscription.recv()).is_none());
        assert_eq!(subscription.end(), Some(Ended::Closed));
        ack.join().unwrap();
    });
}

/// A payload that looks at its broker when it is cloned and when it is dropped.
struct Nosy(Weak<Mutex<Option<Broker<Nosy>>>>);

impl Nosy {
    fn look(&self) {
        let broker = self.0.upgrade().and_then(|broker| broker.lock().unwrap().clone());
        if let Some(broker) = broker {
            broker.stats();
        }
    }
}

impl Clone for Nosy {
    fn clone(&self) -> Self {
        self.look();
        Self(self.0.clone())
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.look();
    }
}

#[test]
fn payloads_are_cloned_and_dropped_without_a_lock() {
    model("I9: no lock is held while a payload is cloned or dropped").check(|| {
        let broker = Broker::builder().history(1).build();
        let known = Arc::new(Mutex::new(Some(broker.clone())));
        let nosy = || Nosy(Arc::downgrade(&known));
        assert!(broker.publish("*", nosy()).is_err(), "no topic");
        broker.publish("b", nosy()).unwrap();
        let options = || Subscribe::to("a").capacity(NonZeroUsize::MIN);
        let mut clones = broker.subscribe(options()).unwrap();
        let acks = broker.subscribe(options().ack_within(MOMENT)).unwrap();
        let mut acks = acks;
        for _ in 0..2 {
            broker.publish("a", nosy()).unwrap();
        }
        assert!(acks.try_recv().is_ok_and(|message| message.ack()));
        broker.publish("a", nosy()).unwrap();
        assert!(clones.try_recv().is_ok());
        broker.unsubscribe(acks.id());
        broker.publish("a", nosy()).unwrap();
        drop(clones);
        known.lock().unwrap().take();
    });
}

/// A waker that polls its subscription on the spot.
struct OnTheSpot(Mutex<Option<Subscription<u8>>>);

impl Wake for OnTheSpot {
    fn wake(self: Arc<Self>) {
        let subscription = self.0.lock().unwrap().take();
        let polled = subscription.map(|mut subscription| subscription.next().now_or_never());
        assert!(polled.is_some_and(|polled| polled.is_some()), "a message, or the end");
    }
}

/// A waker that takes a subscription along when it goes, as the last waker of a task does.
struct Holds(Mutex<Option<Subscription<u8>>>);

impl Wake for Holds {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Holds {
    fn drop(&mut self) {
        let subscription = self.0.lock().unwrap().take();
        drop(subscription);
    }
}

fn park(subscription: &mut Subscription<u8>, waker: Waker) {
    let polled = subscription.poll_next_unpin(&mut Context::from_waker(&waker));
    assert!(matches!(polled, Poll::Pending));
}

#[test]
fn wakers_are_called_without_a_lock() {
    model("I9: no lock is held while a waker is called").check(|| {
        let ends: [fn(Broker<u8>, _); 3] = [
            |broker, _| publish(&broker, 1),
            |broker, id| assert!(broker.unsubscribe(id)),
            |broker, _| drop(broker),
        ];
        for end in ends {
            let broker = Broker::new();
            let mut parks = subscribe(&broker, Subscribe::to("a"));
            let (id, spot) = (parks.id(), Arc::new(OnTheSpot(Mutex::new(None))));
            park(&mut parks, Waker::from(spot.clone()));
            *spot.0.lock().unwrap() = Some(parks);
            end(broker, id);
            assert!(spot.0.lock().unwrap().is_none(), "I6: it was not woken");
        }
    });
}

#[test]
fn wakers_are_dropped_without_a_lock() {
    model("I9: no lock is held while a waker is dropped").check(|| {
        let broker = Broker::new();
        let holding = || {
            let held = subscribe(&broker, Subscribe::to("a"));
            let mut holds = subscribe(&broker, Subscribe::to("a"));
            park(&mut holds, Waker::from(Arc::new(Holds(Mutex::new(Some(held))))));
            holds
        };
        drop(holding());
        let mut moves = holding();
        park(&mut moves, Waker::noop().clone());
        let _woken = holding();
        publish(&broker, 1);
        assert_eq!(broker.stats().subscribers.len(), 2, "what the wakers held has gone");
    });
}
