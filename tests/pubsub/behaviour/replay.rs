//! Who comes late gets what the history has, and then what is published: no gap, nothing twice.

use patterns::pubsub::{Broker, Ended, Overflow, Replay, Subscribe};

use crate::scene::{assert_ended, messages, n, park, publish_all, taken, with_history};
use crate::support::within_deadline;

fn keeping(messages: usize) -> Broker<u64> {
    Broker::builder().history(messages).build()
}

#[test]
fn who_does_not_ask_for_the_history_gets_none_of_it() {
    within_deadline(|| {
        let broker = keeping(10);
        publish_all(&broker, "news", [1]);
        let mut one = broker.subscribe(Subscribe::to("news")).unwrap();
        let mut two = broker.subscribe(Subscribe::to("news").replay(Replay::Last(0))).unwrap();
        assert_eq!((taken(&mut one), taken(&mut two)), (vec![], vec![]));
        assert_eq!(one.forgotten(), 0);
    });
}

#[test]
fn the_last_of_the_history_come_first() {
    within_deadline(|| {
        let broker = keeping(10);
        publish_all(&broker, "news", 1..=5);
        let mut two = broker.subscribe(Subscribe::to("news").replay(Replay::Last(2))).unwrap();
        let mut many = broker.subscribe(Subscribe::to("*").replay(Replay::Last(1_000))).unwrap();
        publish_all(&broker, "news", [6]);
        assert_eq!((taken(&mut two), taken(&mut many)), (vec![4, 5, 6], vec![1, 2, 3, 4, 5, 6]));
    });
}

#[test]
fn only_what_matches_is_replayed_and_counted() {
    within_deadline(|| {
        let broker = keeping(10);
        for (topic, number) in [("a.x", 1), ("b.x", 2), ("a.y", 3), ("b.y", 4), ("c.x", 5)] {
            publish_all(&broker, topic, [number]);
        }
        let replayed = |options: Subscribe, replay| {
            let mut one = broker.subscribe(options.replay(replay)).unwrap();
            assert_eq!(one.lagged(), 0);
            taken(&mut one)
        };
        assert_eq!(replayed(Subscribe::to("a.*"), Replay::Last(9)), [1, 3]);
        assert_eq!(replayed(Subscribe::to("a.*").and("*.x"), Replay::Last(3)), [2, 3, 5]);
        assert_eq!(replayed(Subscribe::to("b.>"), Replay::Since(2)), [4]);
        assert_eq!(replayed(Subscribe::to("d"), Replay::Since(0)), []);
    });
}

#[test]
fn since_a_number_means_after_it() {
    within_deadline(|| {
        let broker = keeping(10);
        publish_all(&broker, "news", 1..=5);
        for since in 0..8 {
            let options = Subscribe::to("news").replay(Replay::Since(since));
            let mut one = broker.subscribe(options).unwrap();
            assert_eq!(taken(&mut one), Vec::from_iter(since + 1..=5), "since {since}");
            assert_eq!(one.forgotten(), 0);
        }
    });
}

#[test]
fn a_replayed_message_is_the_message_that_was_published() {
    within_deadline(|| {
        let (broker, clock) = with_history(10);
        let mut early = broker.subscribe(Subscribe::to(">")).unwrap();
        publish_all(&broker, "a", [1]);
        clock.advance(std::time::Duration::from_secs(5));
        publish_all(&broker, "b", [2]);
        let mut late = broker.subscribe(Subscribe::to(">").replay(Replay::Since(0))).unwrap();
        for (one, other) in messages(&mut early).into_iter().zip(messages(&mut late)) {
            assert_eq!((one.sequence, &one.topic), (other.sequence, &other.topic));
            assert_eq!((one.published_at, one.payload), (other.published_at, other.payload));
            assert_eq!(other.attempt, 1);
        }
        assert!(late.end().is_none());
    });
}

#[test]
fn the_history_is_bounded_and_tells_what_it_has_forgotten() {
    within_deadline(|| {
        let broker = keeping(3);
        publish_all(&broker, "a", 1..=5);
        publish_all(&broker, "b", 6..=7);
        let since = |number, pattern| {
            let options = Subscribe::to(pattern).replay(Replay::Since(number));
            let mut one = broker.subscribe(options).unwrap();
            (taken(&mut one), one.forgotten())
        };
        assert_eq!(since(4, ">"), (vec![5, 6, 7], 0), "just enough");
        assert_eq!(since(3, ">"), (vec![5, 6, 7], 1), "4 is forgotten");
        assert_eq!(since(0, "b"), (vec![6, 7], 4));
        assert_eq!(since(9, ">"), (vec![], 0), "nothing of that kind was published yet");

        let none = keeping(0);
        publish_all(&none, "a", 1..=5);
        let one = none.subscribe(Subscribe::to("a").replay(Replay::Since(2))).unwrap();
        assert_eq!(one.forgotten(), 3, "there is no history");
    });
}

#[test]
fn a_replay_is_no_more_than_the_capacity() {
    within_deadline(|| {
        let broker = keeping(10);
        publish_all(&broker, "news", 1..=6);
        let subscribe = |overflow| {
            let options = Subscribe::to("news").replay(Replay::Since(0)).capacity(n(4));
            broker.subscribe(options.overflow(overflow)).unwrap()
        };
        let mut oldest = subscribe(Overflow::DropOldest);
        let mut newest = subscribe(Overflow::DropNewest);
        assert_eq!((oldest.lagged(), newest.lagged()), (2, 2));
        publish_all(&broker, "news", [7]);
        assert_eq!((oldest.lagged(), newest.lagged()), (1, 1));
        assert_eq!((taken(&mut oldest), taken(&mut newest)), (vec![4, 5, 6, 7], vec![1, 2, 3, 4]));

        let mut gone = subscribe(Overflow::Disconnect);
        assert_eq!(broker.publish("news", 8).unwrap().matched, 2, "it was never connected");
        assert_eq!(taken(&mut gone), [1, 2, 3, 4]);
        assert_ended(&mut gone, Ended::Overflowed);
    });
}

#[test]
fn one_that_was_disconnected_can_go_on_without_a_gap() {
    within_deadline(|| {
        let broker = keeping(100);
        let options = || Subscribe::to("news").capacity(n(8)).overflow(Overflow::Disconnect);
        let mut one = broker.subscribe(options()).unwrap();
        publish_all(&broker, "news", 1..=10);
        let mut last = 0;
        while let Ok(message) = one.try_recv() {
            assert_eq!(message.sequence, last + 1);
            last = message.sequence;
        }
        assert_ended(&mut one, Ended::Overflowed);
        let mut again = broker.subscribe(options().replay(Replay::Since(last))).unwrap();
        publish_all(&broker, "news", 11..=12);
        assert_eq!((taken(&mut again), again.forgotten()), (vec![9, 10, 11, 12], 0));
    });
}

#[test]
fn who_has_had_its_replay_waits_and_is_woken_as_all_are() {
    within_deadline(|| {
        let broker = keeping(4);
        publish_all(&broker, "news", 1..=2);
        let mut live = broker.subscribe(Subscribe::to("news")).unwrap();
        let mut late = broker.subscribe(Subscribe::to("news").replay(Replay::Last(4))).unwrap();
        assert_eq!((taken(&mut live), taken(&mut late)), (vec![], vec![1, 2]));
        let wakes = [park(&mut live), park(&mut late)];
        publish_all(&broker, "news", 3..=4);
        assert_eq!(wakes.each_ref().map(|wakes| wakes.count()), [1, 1]);
        assert_eq!((taken(&mut live), taken(&mut late)), (vec![3, 4], vec![3, 4]));
    });
}
