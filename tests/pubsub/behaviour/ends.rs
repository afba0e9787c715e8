//! Whoever ends a subscription, and wherever it stands: nothing comes after.

use std::time::Duration;

use futures::FutureExt;
use patterns::pubsub::{Broker, CancelToken, Ended, Overflow, Subscribe, Subscription};

use crate::scene::{acked, assert_ended, broker, n, park, publish_all, taken};
use crate::support::{run, within_deadline};

fn subscribe(broker: &Broker<u64>) -> Subscription<u64> {
    broker.subscribe(Subscribe::to("news")).unwrap()
}

fn until(broker: &Broker<u64>, token: &CancelToken) -> Subscription<u64> {
    broker.subscribe(Subscribe::to("news").until(token.clone())).unwrap()
}

#[test]
fn an_unsubscribed_one_gives_nothing_not_even_what_it_had() {
    within_deadline(|| {
        let broker = Broker::new();
        let (mut one, mut other) = (subscribe(&broker), subscribe(&broker));
        publish_all(&broker, "news", [1, 2]);
        assert_eq!(one.try_recv().unwrap().payload, 1);
        assert!(broker.unsubscribe(one.id()));
        assert_eq!(broker.publish("news", 3).unwrap().matched, 1);
        assert_ended(&mut one, Ended::Unsubscribed);
        assert_eq!(taken(&mut other), [1, 2, 3]);
    });
}

#[test]
fn one_is_unsubscribed_once_and_only_that_one() {
    within_deadline(|| {
        let broker = Broker::new();
        let ids = [(); 3].map(|()| {
            let one = subscribe(&broker);
            assert!(broker.unsubscribe(one.id()));
            assert!(!broker.unsubscribe(one.id()), "it is gone");
            one.id()
        });
        let mut another = subscribe(&broker);
        assert!(!ids.contains(&another.id()), "a number is used once");
        assert!(ids.iter().all(|&id| !broker.unsubscribe(id)));
        let (id, elsewhere) = (another.id(), Broker::<u64>::new());
        assert!(!elsewhere.unsubscribe(id));
        publish_all(&broker, "news", [1]);
        assert_eq!(taken(&mut another), [1]);
        drop(another);
        assert!(!broker.unsubscribe(id), "it was dropped");
    });
}

#[test]
fn who_waits_is_woken_when_it_is_unsubscribed() {
    within_deadline(|| {
        let broker = Broker::new();
        let (mut one, mut other) = (subscribe(&broker), subscribe(&broker));
        let (wakes, others) = (park(&mut one), park(&mut other));
        broker.unsubscribe(one.id());
        assert_eq!((wakes.count(), others.count()), (1, 0));
        assert_ended(&mut one, Ended::Unsubscribed);
    });
}

#[test]
fn a_dropped_one_is_no_longer_there_and_the_others_are() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut all = Vec::from_iter((0..4).map(|_| subscribe(&broker)));
        publish_all(&broker, "news", [1]);
        assert_eq!(taken(&mut all[3]), [1]);
        let wakes = park(&mut all[3]);
        // The first, the last, and one in the middle; some have read, and some have not.
        for left in [3, 2, 1] {
            drop(all.remove(if left == 2 { 1 } else { 0 }));
            assert_eq!(broker.publish("news", left).unwrap().matched, left as usize);
        }
        assert_eq!(wakes.count(), 1, "the neighbours' going is no news");
        assert_eq!(taken(&mut all[0]), [3, 2, 1]);
        assert_eq!(broker.stats().subscribers.len(), 1);
    });
}

#[test]
fn a_cancelled_one_gives_nothing_not_even_what_it_had() {
    within_deadline(|| {
        let (broker, token) = (Broker::new(), CancelToken::new());
        let (mut one, mut other) = (until(&broker, &token), subscribe(&broker));
        publish_all(&broker, "news", [1, 2]);
        assert_eq!(one.try_recv().unwrap().payload, 1);
        token.cancel();
        assert_eq!(one.end(), Some(Ended::Cancelled));
        assert_ended(&mut one, Ended::Cancelled);
        assert_eq!(broker.publish("news", 3).unwrap().matched, 1);
        assert_eq!(taken(&mut other), [1, 2, 3]);
    });
}

#[test]
fn a_cancelled_one_is_gone_though_nobody_asks_it() {
    within_deadline(|| {
        let (broker, token) = (Broker::new(), CancelToken::new());
        let one = until(&broker, &token);
        let mut other = subscribe(&broker);
        assert_eq!(broker.publish("news", 1).unwrap().matched, 2);
        token.cancel();
        let stats = broker.stats();
        assert_eq!(Vec::from_iter(stats.subscribers.iter().map(|who| who.id)), [other.id()]);
        let again = until(&broker, &CancelToken::new());
        assert_eq!(broker.publish("news", 2).unwrap().matched, 2);

        let token = CancelToken::new();
        let two = until(&broker, &token.child());
        token.cancel();
        assert_eq!(
            broker.publish("news", 3).unwrap().matched,
            2,
            "and nobody asked for statistics"
        );
        assert_eq!((one.end(), two.end()), (Some(Ended::Cancelled), Some(Ended::Cancelled)));
        assert_eq!((taken(&mut other), again.end()), (vec![1, 2, 3], None));
    });
}

#[test]
fn who_waits_is_woken_when_its_token_is_cancelled() {
    within_deadline(|| {
        let (broker, token) = (Broker::new(), CancelToken::new());
        let (mut one, mut other) = (until(&broker, &token), subscribe(&broker));
        let (wakes, others) = (park(&mut one), park(&mut other));
        token.cancel();
        assert_eq!(others.count(), 0);
        assert!(wakes.count() > 0, "it waits for a message that will never come");
        assert_ended(&mut one, Ended::Cancelled);
    });
}

#[test]
fn a_token_is_heeded_from_the_first_moment() {
    run(|| async {
        let (broker, token) = (Broker::new(), CancelToken::new());
        token.cancel();
        let mut one = until(&broker, &token);
        assert_eq!(broker.publish("news", 1).unwrap().matched, 0);
        assert!(broker.stats().subscribers.is_empty());
        assert_ended(&mut one, Ended::Cancelled);

        // A deadline: nobody cancels, and nobody is there to wake but the clock.
        let mut one = until(&broker, &CancelToken::new().with_timeout(Duration::from_secs(60)));
        assert!(one.recv().now_or_never().is_none());
        assert!(one.recv().await.is_none());
        assert_ended(&mut one, Ended::Cancelled);
    });
}

#[test]
fn a_token_waits_for_a_task_wherever_that_goes() {
    within_deadline(|| {
        let (broker, token) = (Broker::new(), CancelToken::new());
        let mut one = until(&broker, &token);
        let first = park(&mut one);
        let second = park(&mut one);
        publish_all(&broker, "news", [1]);
        assert_eq!(second.count(), 1, "the waker of the last poll");
        assert_eq!(taken(&mut one), [1]);
        let third = park(&mut one);
        token.cancel();
        assert!(third.count() > 0, "its waker is of a task that it has left");
        let _may_have_been_woken = first;
    });
}

#[test]
fn the_first_cause_of_an_end_stays() {
    within_deadline(|| {
        let (broker, token) = (Broker::new(), CancelToken::new());
        let (mut one, mut two) = (until(&broker, &token), until(&broker, &token));
        broker.unsubscribe(one.id());
        token.cancel();
        assert!(two.recv().now_or_never().is_some());
        assert!(!broker.unsubscribe(two.id()));
        drop(broker);
        assert_ended(&mut one, Ended::Unsubscribed);
        assert_ended(&mut two, Ended::Cancelled);
    });
}

#[test]
fn what_was_cancelled_stays_so_though_nobody_has_noticed() {
    within_deadline(|| {
        let token = CancelToken::new();
        let broker = Broker::new();
        let mut one = until(&broker, &token);
        let mut two = until(&broker, &token);
        token.cancel();
        assert_eq!((one.end(), two.end()), (Some(Ended::Cancelled), Some(Ended::Cancelled)));
        assert!(!broker.unsubscribe(two.id()), "it has ended, though the broker has not noticed");
        assert_eq!(two.end(), Some(Ended::Cancelled));
        drop(broker);
        assert_ended(&mut one, Ended::Cancelled);
        assert_ended(&mut two, Ended::Cancelled);
    });
}

#[test]
fn what_was_closed_is_so_still_when_its_token_is_cancelled() {
    within_deadline(|| {
        let token = CancelToken::new();
        let (broker, _clock) = broker();
        let subscribe =
            |options: Subscribe| broker.subscribe(options.until(token.clone())).unwrap();
        let mut empty = subscribe(Subscribe::to("sports"));
        let unasked = subscribe(Subscribe::to("sports"));
        let mut drained = subscribe(Subscribe::to("news"));
        let mut acking = subscribe(acked("news", 3));
        publish_all(&broker, "news", [1]);
        drop(broker);
        assert!(drained.try_recv().is_ok());
        assert!(acking.try_recv().unwrap().ack());
        // Nobody has asked them yet.
        token.cancel();
        assert_eq!(unasked.end(), Some(Ended::Closed));
        assert_ended(&mut empty, Ended::Closed);
        assert_ended(&mut drained, Ended::Closed);
        assert_ended(&mut acking, Ended::Closed);
    });
}

#[test]
fn one_that_has_left_is_not_disturbed_by_what_becomes_of_the_others() {
    within_deadline(|| {
        let broker = Broker::new();
        let subscribe = || broker.subscribe(Subscribe::to("news").capacity(n(2))).unwrap();
        let (mut left, mut slow, mut quick) = (subscribe(), subscribe(), subscribe());
        publish_all(&broker, "news", [1]);
        assert!(broker.unsubscribe(left.id()));
        publish_all(&broker, "news", 2..=4);
        assert_eq!((left.lagged(), slow.lagged()), (0, 2), "what it had was not lost to overflow");
        assert_eq!(taken(&mut quick), [3, 4]);
        drop(broker);
        assert_ended(&mut left, Ended::Unsubscribed);
        assert_ended(&mut quick, Ended::Closed);
        assert_eq!(taken(&mut slow), [3, 4]);
        assert_ended(&mut slow, Ended::Closed);
    });
}

#[test]
fn one_that_still_gives_what_it_has_can_be_ended() {
    within_deadline(|| {
        let (broker, token) = (Broker::new(), CancelToken::new());
        let options = || {
            let options = Subscribe::to("news").capacity(n(2)).overflow(Overflow::Disconnect);
            broker.subscribe(options.until(token.clone())).unwrap()
        };
        let (mut one, mut two, mut three) = (options(), options(), until(&broker, &token));
        publish_all(&broker, "news", 1..=3);
        let there = || broker.stats().subscribers.len();
        assert_eq!(there(), 3, "two are not drained yet");
        assert!(broker.unsubscribe(one.id()));
        assert_ended(&mut one, Ended::Unsubscribed);
        assert_eq!(there(), 2);
        drop(broker);
        assert_eq!(three.try_recv().unwrap().payload, 1);
        token.cancel();
        assert_ended(&mut two, Ended::Cancelled);
        assert_ended(&mut three, Ended::Cancelled);
    });
}
