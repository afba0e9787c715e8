//! Who is slow loses messages, as agreed, and nobody else does.

use patterns::pubsub::{Broker, Delivery, Ended, Overflow, Subscribe, Subscription};

use crate::scene::{assert_ended, n, publish_all, taken};
use crate::support::within_deadline;

fn slow(broker: &Broker<u64>, capacity: usize, overflow: Overflow) -> Subscription<u64> {
    let options = Subscribe::to("news").capacity(n(capacity)).overflow(overflow);
    broker.subscribe(options).unwrap()
}

#[test]
fn the_oldest_is_lost_where_that_is_agreed() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = slow(&broker, 3, Overflow::DropOldest);
        publish_all(&broker, "news", 1..=3);
        assert_eq!(news.lagged(), 0, "three are not too many");
        publish_all(&broker, "news", 4..=5);
        assert_eq!((taken(&mut news), news.lagged()), (vec![3, 4, 5], 2));
        publish_all(&broker, "news", 6..=8);
        assert_eq!((taken(&mut news), news.lagged()), (vec![6, 7, 8], 0));
    });
}

#[test]
fn the_newest_is_lost_where_that_is_agreed() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = slow(&broker, 3, Overflow::DropNewest);
        publish_all(&broker, "news", 1..=5);
        assert_eq!(news.try_recv().unwrap().payload, 1);
        publish_all(&broker, "news", 6..=7);
        assert_eq!((taken(&mut news), news.lagged()), (vec![2, 3, 6], 3));
    });
}

#[test]
fn one_that_is_to_be_disconnected_gives_what_it_has_and_ends() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = slow(&broker, 3, Overflow::Disconnect);
        publish_all(&broker, "news", 1..=3);
        assert_eq!(news.try_recv().unwrap().payload, 1);
        publish_all(&broker, "news", [4]);
        assert_eq!(news.end(), None, "it is full, and nothing is lost");
        let lost = Delivery { sequence: 5, matched: 1, dropped: 1 };
        assert_eq!(broker.publish("news", 5), Ok(lost));
        assert_eq!(broker.publish("news", 6).unwrap().matched, 0, "it is no longer there");
        assert_eq!((news.end(), news.lagged()), (None, 1));
        assert_eq!(taken(&mut news), [2, 3, 4], "no gap");
        assert_ended(&mut news, Ended::Overflowed);
        assert!(!broker.unsubscribe(news.id()), "it has ended by itself");
    });
}

#[test]
fn each_message_lost_is_told_to_who_published_and_to_who_lost_it() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut oldest = slow(&broker, 2, Overflow::DropOldest);
        let mut newest = slow(&broker, 4, Overflow::DropNewest);
        let mut large = slow(&broker, 64, Overflow::DropOldest);
        let dropped = |number| broker.publish("news", number).unwrap().dropped;
        let told = Vec::from_iter((1..=6).map(dropped));
        assert_eq!(told, [0, 0, 1, 1, 2, 2]);
        assert_eq!((oldest.lagged(), newest.lagged(), large.lagged()), (4, 2, 0));
        assert_eq!((oldest.lagged(), newest.lagged()), (0, 0), "it was said already");
        assert_eq!((taken(&mut oldest), taken(&mut newest)), (vec![5, 6], vec![1, 2, 3, 4]));
        assert_eq!(taken(&mut large), [1, 2, 3, 4, 5, 6]);
    });
}

#[test]
fn each_of_those_with_one_pattern_loses_only_what_it_did_not_take() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut all = Vec::from_iter((0..4).map(|_| slow(&broker, 4, Overflow::DropOldest)));
        let mut expected = [const { Vec::new() }; 4];
        let mut lost = [0; 4];
        // The i-th takes one message after each (i + 1)-th that is published: the first keeps up.
        for number in 0..40_u64 {
            let delivery = broker.publish("news", number).unwrap();
            let mut now = 0;
            for i in 0..4 {
                expected[i].push(number);
                if expected[i].len() > 4 {
                    expected[i].remove(0);
                    lost[i] += 1;
                    now += 1;
                }
            }
            assert_eq!((delivery.matched, delivery.dropped), (4, now), "message {number}");
            for i in 0..4 {
                if number % (i as u64 + 1) == 0 {
                    let message = all[i].try_recv().unwrap().payload;
                    assert_eq!(message, expected[i].remove(0), "the {i}-th");
                }
            }
        }
        for (i, one) in all.iter_mut().enumerate() {
            assert_eq!((taken(one), one.lagged()), (expected[i].clone(), lost[i]), "the {i}-th");
        }
    });
}

#[test]
fn one_who_comes_to_a_full_line_begins_with_an_empty_one() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut slow_one = slow(&broker, 4, Overflow::DropOldest);
        publish_all(&broker, "news", 0..10);
        let mut late = slow(&broker, 4, Overflow::DropOldest);
        assert_eq!((taken(&mut late), late.lagged()), (vec![], 0));
        publish_all(&broker, "news", 10..13);
        assert_eq!((taken(&mut late), late.lagged()), (vec![10, 11, 12], 0));
        assert_eq!((taken(&mut slow_one), slow_one.lagged()), (vec![9, 10, 11, 12], 9));
    });
}

#[test]
fn a_line_of_one_has_the_last_message() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut last = slow(&broker, 1, Overflow::DropOldest);
        let mut first = slow(&broker, 1, Overflow::DropNewest);
        for round in 0..3 {
            publish_all(&broker, "news", [10 * round, 10 * round + 1, 10 * round + 2]);
            assert_eq!((taken(&mut last), last.lagged()), (vec![10 * round + 2], 2));
            assert_eq!((taken(&mut first), first.lagged()), (vec![10 * round], 2));
        }
    });
}

#[test]
fn a_large_capacity_costs_nothing_until_it_is_used() {
    within_deadline(|| {
        let broker = Broker::builder().history(usize::MAX).topics(n(usize::MAX)).build();
        let options = || Subscribe::to("news").capacity(n(usize::MAX));
        for overflow in [Overflow::DropOldest, Overflow::DropNewest, Overflow::Disconnect] {
            let mut one = broker.subscribe(options().overflow(overflow)).unwrap();
            publish_all(&broker, "news", 0..100);
            assert_eq!(taken(&mut one).len(), 100);
        }
    });
}

#[test]
fn someone_who_is_stuck_costs_the_others_nothing() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut stuck = slow(&broker, 8, Overflow::DropOldest);
        let mut quick = slow(&broker, 8, Overflow::DropOldest);
        let mut other = broker.subscribe(Subscribe::to(">").capacity(n(8))).unwrap();
        for number in 0..10_000 {
            publish_all(&broker, "news", [number]);
            assert_eq!(taken(&mut quick), [number]);
            assert_eq!(taken(&mut other), [number]);
        }
        assert_eq!((quick.lagged(), other.lagged(), stuck.lagged()), (0, 0, 9_992));
        assert_eq!(taken(&mut stuck), Vec::from_iter(9_992..10_000));
    });
}
