//! At least once: a message comes again until it is acked, as often as agreed.

use futures::FutureExt;
use patterns::pubsub::{Broker, CancelToken, Duration, Ended, Overflow, Subscribe, SystemClock};

use crate::scene::{
    ALMOST, Listener, MOMENT, Manual, SECOND, acked, assert_ended, broker, messages, n, park, poll,
    publish_all,
};
use crate::support::{run, within_deadline};

/// What it has now: number and attempt.
fn given(from: &mut Listener<u64>) -> Vec<(u64, u32)> {
    messages(from).into_iter().map(|message| (message.sequence, message.attempt)).collect()
}

fn worker(broker: &Manual<u64>) -> Listener<u64> {
    broker.subscribe(acked("jobs", 5)).unwrap()
}

#[test]
fn an_acked_message_is_not_given_again() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = worker(&broker);
        publish_all(&broker, "jobs", [1]);
        let message = one.try_recv().unwrap();
        assert_eq!(message.attempt, 1);
        assert!(message.ack());
        assert!(!message.ack(), "it is done with already");
        clock.advance(10 * SECOND);
        assert_eq!(given(&mut one), []);
    });
}

#[test]
fn without_acks_agreed_there_is_nothing_to_ack() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = broker.subscribe(Subscribe::to("jobs")).unwrap();
        publish_all(&broker, "jobs", [1]);
        assert!(!one.try_recv().unwrap().ack());
        clock.advance(1_000 * SECOND);
        assert_eq!((given(&mut one), one.end()), (vec![], None));
    });
}

#[test]
fn one_that_is_not_acked_comes_again_when_its_time_is_over_and_not_before() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = worker(&broker);
        publish_all(&broker, "jobs", [1]);
        clock.advance(5 * SECOND);
        for attempt in 1..=3 {
            assert_eq!(given(&mut one), [(1, attempt)], "its time begins when it is given");
            clock.advance(ALMOST);
            assert_eq!(given(&mut one), []);
            clock.advance(MOMENT);
        }
    });
}

#[test]
fn each_message_has_its_own_time() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = worker(&broker);
        publish_all(&broker, "jobs", [1, 2, 3]);
        let mut at = Vec::new();
        for step in 0..8 {
            let millis = step * 400;
            // One each 400 ms for as long as there are new ones.
            if let Ok(message) = one.try_recv() {
                at.push((millis, message.sequence, message.attempt));
            }
            clock.advance(Duration::from_millis(400));
        }
        let new = [(0, 1, 1), (400, 2, 1), (800, 3, 1)];
        let again = [(1200, 1, 2), (1600, 2, 2), (2000, 3, 2), (2400, 1, 3), (2800, 2, 3)];
        assert_eq!(at, [new.as_slice(), &again].concat());
    });
}

#[test]
fn what_is_overdue_comes_first_and_the_longest_overdue_before_all() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = worker(&broker);
        publish_all(&broker, "jobs", [1, 2, 3]);
        assert_eq!(one.try_recv().unwrap().sequence, 1);
        clock.advance(ALMOST);
        assert_eq!(one.try_recv().unwrap().sequence, 2);
        clock.advance(MOMENT);
        assert_eq!(given(&mut one), [(1, 2), (3, 1)]);
        publish_all(&broker, "jobs", [4]);
        clock.advance(SECOND);
        assert_eq!(given(&mut one), [(2, 2), (1, 3), (3, 2), (4, 1)]);
    });
}

#[test]
fn any_delivery_of_a_message_acks_it() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = worker(&broker);
        publish_all(&broker, "jobs", [1, 2, 3]);
        let first = messages(&mut one);
        clock.advance(SECOND);
        assert!(first[2].ack(), "late, but nobody has noticed yet");
        let again = messages(&mut one);
        assert_eq!(again.len(), 2);
        assert!(first[0].ack() && !again[0].ack(), "the first delivery of 1");
        assert!(again[1].clone().ack() && !first[1].ack(), "a clone of the second of 2");
        clock.advance(SECOND);
        assert_eq!(given(&mut one), []);
    });
}

#[test]
fn each_subscription_acks_for_itself() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let (mut one, mut two) = (worker(&broker), worker(&broker));
        publish_all(&broker, "jobs", [1]);
        assert!(one.try_recv().unwrap().ack());
        assert_eq!(given(&mut two), [(1, 1)]);
        clock.advance(SECOND);
        assert_eq!((given(&mut one), given(&mut two)), (vec![], vec![(1, 2)]));
    });
}

#[test]
fn after_its_last_attempt_the_subscription_is_dead() {
    within_deadline(|| {
        let (broker, clock) = broker();
        for attempts in 1..=3 {
            let mut one = broker.subscribe(acked("jobs", attempts)).unwrap();
            publish_all(&broker, "jobs", [0]);
            for attempt in 1..=attempts {
                assert_eq!(messages(&mut one)[0].attempt, attempt);
                clock.advance(ALMOST);
                publish_all(&broker, "jobs", [u64::from(attempt)]);
                assert_eq!(one.end(), None);
                clock.advance(MOMENT);
            }
            let wait = one.recv().now_or_never().expect("its last time is over");
            assert!(wait.is_none(), "attempt {} of {attempts}", wait.unwrap().attempt);
            assert_ended(&mut one, Ended::Dead);
            assert_eq!(broker.publish("jobs", 9).unwrap().matched, 0);
        }
    });
}

#[test]
fn a_dead_one_is_found_though_it_does_not_ask() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let subscribe = || {
            let mut one = broker.subscribe(acked("jobs", 1)).unwrap();
            publish_all(&broker, "jobs", [1]);
            let message = one.try_recv().unwrap();
            clock.advance(ALMOST);
            assert_eq!(broker.publish("jobs", 2).unwrap().matched, 1);
            assert_eq!(broker.stats().subscribers.len(), 1);
            (one, message)
        };
        let (mut one, message) = subscribe();
        clock.advance(MOMENT);
        assert_eq!(broker.publish("jobs", 3).unwrap().matched, 0, "found by a publish");
        assert!(!message.ack() && !broker.unsubscribe(one.id()), "too late");
        assert_ended(&mut one, Ended::Dead);

        let (mut two, message) = subscribe();
        clock.advance(MOMENT);
        assert!(broker.stats().subscribers.is_empty(), "found by the statistics");
        assert!(!message.ack(), "too late");
        assert_ended(&mut two, Ended::Dead);

        let (mut three, message) = subscribe();
        clock.advance(MOMENT);
        assert!(message.ack(), "late, but nobody has noticed");
        assert_eq!(broker.publish("jobs", 3).unwrap().matched, 1);
        assert_eq!(given(&mut three), [(7, 1), (8, 1)]);
    });
}

#[test]
fn who_waits_is_woken_when_the_time_of_a_message_is_over() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = broker.subscribe(acked("jobs", 2)).unwrap();
        publish_all(&broker, "jobs", [1]);
        assert_eq!(given(&mut one), [(1, 1)]);
        for attempt in [Some(2), None] {
            let wakes = park(&mut one);
            clock.advance(SECOND);
            assert!(wakes.count() > 0, "nobody else will wake it");
            let message = one.recv().now_or_never().expect("it is time");
            assert_eq!(message.map(|message| message.attempt), attempt);
        }
        assert_ended(&mut one, Ended::Dead);
    });
}

#[test]
fn who_waits_for_the_time_of_a_message_hears_of_its_token_as_well() {
    within_deadline(|| {
        let ((broker, clock), token) = (broker(), CancelToken::new());
        let mut one = broker.subscribe(acked("jobs", 3).until(token.clone())).unwrap();
        publish_all(&broker, "jobs", [1]);
        assert_eq!(given(&mut one), [(1, 1)]);
        let wakes = park(&mut one);
        clock.advance(SECOND);
        assert!(wakes.count() > 0, "nobody else will wake it: there is a token");
        assert_eq!(given(&mut one), [(1, 2)]);
        let wakes = park(&mut one);
        token.cancel();
        assert!(wakes.count() > 0, "nobody else will wake it: the time is not over");
        assert_ended(&mut one, Ended::Cancelled);
    });
}

#[test]
fn by_the_systems_clock_a_message_comes_again_in_time() {
    run(|| async {
        let broker = Broker::<u64, SystemClock>::new();
        let mut one = broker.subscribe(acked("jobs", 3)).unwrap();
        publish_all(&broker, "jobs", [1]);
        let began = tokio::time::Instant::now();
        let mut times = Vec::new();
        while let Some(message) = one.recv().await {
            times.push((message.attempt, began.elapsed().as_millis()));
            assert!(times.len() <= 3, "attempt {} of 3", message.attempt);
        }
        assert_eq!(times.iter().map(|&(attempt, _)| attempt).collect::<Vec<_>>(), [1, 2, 3]);
        // tokio's timers round up to the next millisecond.
        for (attempt, at) in times {
            let due = 1_000 * (u128::from(attempt) - 1);
            assert!((due..due + 10).contains(&at), "attempt {attempt} after {at} ms");
        }
        assert_ended(&mut one, Ended::Dead);
    });
}

#[test]
fn a_wait_that_is_dropped_leaves_the_time_as_it_was() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = worker(&broker);
        publish_all(&broker, "jobs", [1]);
        assert_eq!(given(&mut one), [(1, 1)]);
        clock.advance(ALMOST);
        assert!(one.recv().now_or_never().is_none(), "it waits, and is dropped");
        let (before, after) = (park(&mut one), park(&mut one));
        clock.advance(MOMENT);
        assert!(after.count() > 0, "the waker of the last poll");
        assert_eq!(given(&mut one), [(1, 2)]);
        drop(before);
    });
}

#[test]
fn unacked_messages_take_room() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let subscribe = |overflow| {
            broker.subscribe(acked("jobs", 5).capacity(n(3)).overflow(overflow)).unwrap()
        };
        let mut oldest = subscribe(Overflow::DropOldest);
        let mut newest = subscribe(Overflow::DropNewest);
        publish_all(&broker, "jobs", 1..=3);
        let (old, new) = (messages(&mut oldest), messages(&mut newest));
        // A gap counts: what is acked has left, wherever it stood.
        assert!(old[1].ack() && new[1].ack());
        assert_eq!(broker.publish("jobs", 4).unwrap().dropped, 0);
        assert_eq!(broker.publish("jobs", 5).unwrap().dropped, 2);
        assert_eq!((oldest.lagged(), newest.lagged()), (1, 1));
        assert!(!old[0].ack(), "the oldest was lost");
        assert!(new[0].ack(), "the oldest was kept");
        clock.advance(SECOND);
        assert_eq!(given(&mut oldest), [(3, 2), (4, 1), (5, 1)]);
        assert_eq!(given(&mut newest), [(3, 2), (4, 1)]);
    });
}

#[test]
fn one_that_is_disconnected_may_still_ack() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let options = acked("jobs", 5).capacity(n(2)).overflow(Overflow::Disconnect);
        let mut one = broker.subscribe(options).unwrap();
        publish_all(&broker, "jobs", 1..=2);
        let first = one.try_recv().unwrap();
        assert_eq!(broker.publish("jobs", 3).unwrap().dropped, 1, "two are in line, one unacked");
        let second = one.try_recv().unwrap();
        assert!(first.ack());
        assert_eq!(one.end(), None);
        let wakes = park(&mut one);
        clock.advance(SECOND);
        assert!(wakes.count() > 0);
        assert_eq!(given(&mut one), [(2, 2)]);
        let wakes = park(&mut one);
        assert!(second.ack());
        assert!(wakes.count() > 0, "who waits has to learn that it was the last");
        assert_ended(&mut one, Ended::Overflowed);
    });
}

#[test]
fn a_closed_broker_still_owes_what_was_not_acked() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let (mut one, mut two) = (worker(&broker), broker.subscribe(acked("jobs", 1)).unwrap());
        publish_all(&broker, "jobs", [1]);
        drop(broker);
        assert_eq!((given(&mut one), given(&mut two)), (vec![(1, 1)], vec![(1, 1)]));
        clock.advance(SECOND);
        assert_ended(&mut two, Ended::Dead);
        let wakes = std::sync::Arc::default();
        let std::task::Poll::Ready(Some(again)) = poll(&mut one, &wakes) else {
            panic!("it is time");
        };
        let wakes = park(&mut one);
        assert_eq!(one.end(), None);
        assert!(again.ack());
        assert!(wakes.count() > 0, "who waits has to learn that it was the last");
        assert_ended(&mut one, Ended::Closed);
    });
}

#[test]
fn when_the_subscription_has_ended_there_is_nothing_to_ack() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let (mut one, mut two) = (worker(&broker), worker(&broker));
        publish_all(&broker, "jobs", [1]);
        let (first, second) = (one.try_recv().unwrap(), two.try_recv().unwrap());
        broker.unsubscribe(one.id());
        drop(two);
        assert!(!first.ack() && !second.ack());
        clock.advance(SECOND);
        assert_ended(&mut one, Ended::Unsubscribed);

        let token = CancelToken::new();
        let mut three = broker.subscribe(acked("jobs", 3).until(token.clone())).unwrap();
        publish_all(&broker, "jobs", [2]);
        let third = three.try_recv().unwrap();
        drop(broker);
        token.cancel();
        assert_eq!(three.end(), Some(Ended::Cancelled));
        assert!(!third.ack(), "it has ended, though nobody has asked for a message since");
        assert_ended(&mut three, Ended::Cancelled);
    });
}

#[test]
fn a_time_that_never_comes_is_no_time() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let options = Subscribe::to("jobs").ack_within(Duration::MAX).alive_within(Duration::MAX);
        let mut one = broker.subscribe(options).unwrap();
        publish_all(&broker, "jobs", [1, 2]);
        let message = one.try_recv().unwrap();
        clock.advance(1_000_000 * SECOND);
        assert_eq!(broker.stats().subscribers[0].unacked, 1);
        assert_eq!(given(&mut one), [(2, 1)]);
        assert!(message.ack());
        park(&mut one);
    });
}
