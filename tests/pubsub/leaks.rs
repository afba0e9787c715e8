//! What is left when it is over: no message, no waker, no entry, no task.

use std::sync::Arc;

use patterns::pubsub::{Broker, CancelToken, Overflow, Replay, Subscribe, Subscription};

use crate::allocations;
use crate::scene::{Manual, SECOND, acked, broker, n, poll, taken, with_history};
use crate::support::{Census, Payload, Wakes, run, within_deadline};

type Counted = Arc<Payload>;

fn publish(broker: &Manual<Counted>, census: &Census, numbers: std::ops::Range<u64>) {
    for number in numbers {
        broker.publish("news", Arc::new(census.payload(number))).unwrap();
    }
}

fn all_kinds() -> Vec<Subscribe> {
    vec![
        Subscribe::to("news"),
        Subscribe::to("news").and(">").capacity(n(3)),
        Subscribe::to("*").overflow(Overflow::DropNewest).capacity(n(2)),
        Subscribe::to("news").overflow(Overflow::Disconnect).capacity(n(2)),
        acked("news", 9),
        Subscribe::to(">").alive_within(100 * SECOND),
        Subscribe::to("news").until(CancelToken::new()),
        Subscribe::to("news").replay(Replay::Last(2)),
    ]
}

#[test]
fn a_message_is_freed_when_all_have_had_it() {
    within_deadline(|| {
        let census = Census::default();
        let (broker, _clock) = broker();
        let subscribe = || broker.subscribe(Subscribe::to("news")).unwrap();
        let (mut one, mut two) = (subscribe(), subscribe());
        publish(&broker, &census, 0..5);
        drop(taken(&mut one));
        assert_eq!(census.alive(), 5, "one has had them");
        drop(two.try_recv().unwrap());
        assert_eq!(census.alive(), 4);
        drop(taken(&mut two));
        assert_eq!(census.alive(), 0);
        publish(&broker, &census, 5..8);
        drop(taken(&mut one));
        drop(two);
        assert_eq!(census.alive(), 0, "who has not had them has gone");
    });
}

#[test]
fn a_message_that_nobody_gets_is_not_kept() {
    within_deadline(|| {
        let census = Census::default();
        let (broker, _clock) = broker();
        let one = broker.subscribe(Subscribe::to("sports")).unwrap();
        publish(&broker, &census, 0..5);
        assert_eq!(census.alive(), 0);
        drop(one);
        // The topic is known, and so is that somebody wanted it.
        let other = broker.subscribe(Subscribe::to("news")).unwrap();
        publish(&broker, &census, 0..5);
        drop(other);
        publish(&broker, &census, 0..5);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn no_more_is_kept_than_the_capacity_and_the_history() {
    within_deadline(|| {
        let census = Census::default();
        let (broker, _clock) = with_history(7);
        publish(&broker, &census, 0..50);
        assert_eq!(census.alive(), 7);
        let slow = broker.subscribe(Subscribe::to("news").capacity(n(20))).unwrap();
        publish(&broker, &census, 50..100);
        assert_eq!(census.alive(), 20);
        drop(slow);
        assert_eq!(census.alive(), 7);
        drop(broker);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn the_history_goes_with_the_last_handle() {
    within_deadline(|| {
        let census = Census::default();
        let (broker, _clock) = with_history(7);
        let mut one = broker.subscribe(Subscribe::to("news")).unwrap();
        publish(&broker, &census, 0..3);
        drop(taken(&mut one));
        drop(broker);
        assert_eq!(census.alive(), 0, "nobody can ask for it any more");
        drop(one);
    });
}

#[test]
fn whoever_goes_takes_its_messages_along() {
    within_deadline(|| {
        for options in all_kinds() {
            let told = format!("{options:?}");
            let census = Census::default();
            let (broker, clock) = broker();
            let subscribe = || broker.subscribe(options.clone()).unwrap();
            let (dropped, unsubscribed, mut half) = (subscribe(), subscribe(), subscribe());
            publish(&broker, &census, 0..6);
            drop(half.try_recv().unwrap());
            drop(dropped);
            assert!(broker.unsubscribe(unsubscribed.id()));
            drop(half);
            assert_eq!(census.alive(), 0, "{told}");
            assert!(broker.stats().subscribers.is_empty(), "{told}");
            drop((unsubscribed, clock));
        }
    });
}

#[test]
fn subscriptions_and_handles_may_go_in_any_order() {
    within_deadline(|| {
        for options in all_kinds() {
            for broker_first in [true, false] {
                let census = Census::default();
                let (broker, _clock) = with_history(3);
                let one = broker.subscribe(options.clone()).unwrap();
                publish(&broker, &census, 0..6);
                if broker_first {
                    drop(broker);
                    drop(one);
                } else {
                    drop(one);
                    drop(broker);
                }
                assert_eq!(census.alive(), 0, "{options:?}");
            }
        }
    });
}

#[test]
fn the_cancelled_and_the_dead_keep_nothing_once_they_are_found() {
    within_deadline(|| {
        let census = Census::default();
        let (broker, clock) = broker();
        let token = CancelToken::new();
        let cancelled = broker.subscribe(Subscribe::to("news").until(token.clone())).unwrap();
        publish(&broker, &census, 0..4);
        token.cancel();
        drop(broker.stats());
        assert_eq!(census.alive(), 0, "cancelled");

        let deaf = broker.subscribe(Subscribe::to("news").alive_within(SECOND)).unwrap();
        let mut failing = broker.subscribe(acked("news", 1)).unwrap();
        publish(&broker, &census, 0..4);
        drop(failing.try_recv().unwrap());
        clock.advance(SECOND);
        drop(broker.stats());
        assert_eq!(census.alive(), 0, "dead");
        drop((cancelled, deaf, failing));
    });
}

#[test]
fn an_acked_message_is_freed() {
    within_deadline(|| {
        let census = Census::default();
        let (broker, clock) = broker();
        let mut one = broker.subscribe(acked("news", 9)).unwrap();
        publish(&broker, &census, 0..3);
        let held = one.try_recv().unwrap();
        let second = one.try_recv().unwrap();
        assert!(second.ack());
        drop(second);
        assert_eq!(census.alive(), 2);
        drop(one);
        assert_eq!(census.alive(), 1, "a message that is held keeps only itself");
        assert!(!held.ack());
        drop((held, broker, clock));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn no_waker_is_kept_when_its_wait_is_over() {
    within_deadline(|| {
        for options in all_kinds() {
            let told = format!("{options:?}");
            let (broker, _clock) = broker::<u64>();
            let wakes = Arc::new(Wakes::default());
            let kept = || Arc::strong_count(&wakes) - 1;
            let subscribe = || broker.subscribe(options.clone()).unwrap();
            let (mut one, mut two, mut three) = (subscribe(), subscribe(), subscribe());
            for one in [&mut one, &mut two, &mut three] {
                assert!(poll(one, &wakes).is_pending());
            }
            assert!(kept() >= 3);
            broker.unsubscribe(one.id());
            drop(one);
            drop(two);
            broker.publish("news", 1).unwrap();
            assert!(poll(&mut three, &wakes).is_ready());
            drop(three);
            assert_eq!(kept(), 0, "{told}");
        }
    });
}

#[test]
fn a_token_that_lives_on_knows_nothing_of_those_that_went() {
    within_deadline(|| {
        let (broker, token, wakes) = (Broker::<u64>::new(), CancelToken::new(), Arc::default());
        for _ in 0..10 {
            let options = Subscribe::to("news").until(token.clone());
            let mut one = broker.subscribe(options).unwrap();
            assert!(poll(&mut one, &wakes).is_pending());
        }
        assert_eq!(Arc::strong_count(&wakes), 1);
        assert!(!token.is_cancelled());
    });
}

#[test]
fn ten_thousand_that_came_and_went_leave_no_memory_behind() {
    within_deadline(|| {
        let (broker, _clock) = broker::<u64>();
        let _stays = broker.subscribe(Subscribe::to("news")).unwrap();
        let round = |number: u64| {
            drop(broker.subscribe(Subscribe::to("news")));
            for options in all_kinds() {
                let options = options.and(format!("a.{number}.*.b{}.>", number % 7));
                let one = broker.subscribe(options.name("guest")).unwrap();
                broker.publish("news", number).unwrap();
                if number.is_multiple_of(2) {
                    assert!(broker.unsubscribe(one.id()));
                }
            }
        };
        (0..50).for_each(round);
        let kept = allocations::kept_by(|| (50..1_300).for_each(round));
        assert!(kept < 4 * 1024, "{kept} bytes more than after 400");
    });
}

#[test]
fn no_task_runs_in_the_background() {
    run(|| async {
        let broker = Broker::new();
        let kinds = all_kinds().into_iter().map(|options| broker.subscribe(options).unwrap());
        let mut all: Vec<Subscription<u64>> = kinds.collect();
        broker.publish("news", 1).unwrap();
        for one in &mut all {
            one.recv().await.unwrap();
        }
        let alive = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        assert_eq!(alive, 0);
    });
}
