//! What is asked of the allocator: for a message, whoever and how many get it.

use patterns::pubsub::{Broker, Overflow, Subscribe, Subscription};

use crate::allocations;
use crate::scene::{n, park, poll, publish_all};
use crate::support::within_deadline;

const TOPIC: &str = "a.b.c.d.e.f";

/// All patterns of literals and stars that match `TOPIC`: 64.
fn patterns() -> impl Iterator<Item = String> {
    (0..64).map(|mask| {
        let token = |(i, token)| if mask >> i & 1 == 1 { "*" } else { token };
        Vec::from_iter(TOPIC.split('.').enumerate().map(token)).join(".")
    })
}

/// How often a publish asks for memory when it goes to these, whose lines are full.
fn allocations_with(options: impl Iterator<Item = Subscribe>) -> usize {
    let broker = Broker::new();
    let subscribe = |options: Subscribe| broker.subscribe(options.capacity(n(4))).unwrap();
    let all = Vec::<Subscription<u64>>::from_iter(options.map(subscribe));
    publish_all(&broker, TOPIC, 0..40);
    let mut matched = 0;
    let count = allocations::during(|| matched = broker.publish(TOPIC, 1).unwrap().matched);
    assert_eq!(matched, all.len());
    count
}

#[test]
fn a_publish_allocates_nothing_for_each_subscriber() {
    within_deadline(|| {
        let same = |number| allocations_with((0..number).map(|_| Subscribe::to(TOPIC)));
        let one = same(1);
        assert!(one <= 4, "{one} allocations for one message");
        assert_eq!(same(256), one, "256 who subscribed to the same");
        assert_eq!(allocations_with(patterns().map(Subscribe::to)), one, "64 patterns");
        let several = patterns().map(|pattern| Subscribe::to(pattern).and(">"));
        assert_eq!(allocations_with(several), one, "64 of two patterns");
        let newest = patterns().map(|to| Subscribe::to(to).overflow(Overflow::DropNewest));
        assert!(allocations_with(newest) <= one, "64 that are full");
    });
}

#[test]
fn to_wake_many_allocates_little() {
    within_deadline(|| {
        let broker = Broker::new();
        let subscribe = |_| broker.subscribe(Subscribe::to(TOPIC)).unwrap();
        let mut all = Vec::from_iter((0..256).map(subscribe));
        let mut count = 0;
        for _ in 0..3 {
            let wakes = Vec::from_iter(all.iter_mut().map(park));
            count = allocations::during(|| publish_all(&broker, TOPIC, [1]));
            assert!(wakes.iter().all(|wakes| wakes.count() == 1));
            all.iter_mut().for_each(|one| assert!(poll(one, &wakes[0]).is_ready()));
        }
        assert!(count <= 12, "{count} allocations to wake 256");
    });
}

#[test]
fn a_message_for_nobody_allocates_nothing() {
    within_deadline(|| {
        let broker = Broker::new();
        let one = broker.subscribe(Subscribe::to("elsewhere")).unwrap();
        publish_all(&broker, TOPIC, 0..10);
        let count = allocations::during(|| {
            publish_all(&broker, TOPIC, [1]);
            assert_eq!(broker.interest(TOPIC), Ok(0));
        });
        assert_eq!(count, 0);
        drop(one);
    });
}

#[test]
fn to_receive_allocates_nothing() {
    within_deadline(|| {
        let broker = Broker::new();
        let subscribe = |_| broker.subscribe(Subscribe::to(TOPIC)).unwrap();
        let mut all = Vec::from_iter((0..3).map(subscribe));
        publish_all(&broker, TOPIC, 0..50);
        let count = allocations::during(|| {
            for one in &mut all {
                (0..50).for_each(|number| assert_eq!(one.try_recv().unwrap().payload, number));
                assert!(one.try_recv().is_err());
            }
        });
        assert_eq!(count, 0);
    });
}

#[test]
fn topics_that_are_never_seen_again_leave_no_memory_behind() {
    within_deadline(|| {
        let broker = Broker::builder().topics(n(16)).build();
        let one: Subscription<u64> = broker.subscribe(Subscribe::to("a.>")).unwrap();
        let other = broker.subscribe(Subscribe::to("*.*.c").capacity(n(1))).unwrap();
        let publish = |number: u64| {
            let topic = format!("a.{number}.{}", "x".repeat(500));
            broker.publish(&topic, number).unwrap();
        };
        (0..200).for_each(publish);
        let kept = allocations::kept_by(|| (200..5_000).for_each(publish));
        assert!(kept < 32 * 1024, "{kept} bytes more than after 200 topics");
        drop((one, other));
    });
}
