//! What a broker says of itself and of those who are subscribed.

use patterns::pubsub::{
    Broker, BrokerStats, Clock, Duration, Overflow, Subscribe, SubscriberStats, TryRecvError,
};

use crate::scene::{SECOND, acked, broker, messages, n, publish_all, taken};
use crate::support::within_deadline;

fn lags(stats: &BrokerStats) -> Vec<usize> {
    stats.subscribers.iter().map(|one| one.lag).collect()
}

#[test]
fn each_message_that_was_published_is_counted() {
    within_deadline(|| {
        let broker = Broker::new();
        assert_eq!(broker.stats().published, 0);
        let _one = broker.subscribe(Subscribe::to("news")).unwrap();
        publish_all(&broker, "news", 0..5);
        publish_all(&broker, "nobody.is.there", 0..5);
        assert!(broker.publish("*", 0).is_err());
        assert_eq!(broker.stats().published, 10);
    });
}

#[test]
fn who_is_subscribed_is_listed_by_name_in_the_order_of_coming() {
    within_deadline(|| {
        let broker = Broker::<()>::new();
        let subscribe = |options| broker.subscribe(options).unwrap();
        let audit = subscribe(Subscribe::to(">").name("audit"));
        let nameless = subscribe(Subscribe::to("a"));
        let billing = subscribe(Subscribe::to("a").name(String::from("billing")));
        let again = subscribe(Subscribe::to("*").name("audit"));

        let stats = broker.stats();
        let names = stats.subscribers.iter().map(|one| one.name.as_deref());
        assert_eq!(Vec::from_iter(names), [Some("audit"), None, Some("billing"), Some("audit")]);
        assert_eq!(stats.by_name("billing").unwrap().id, billing.id());
        assert_eq!(stats.by_name("audit").unwrap().id, audit.id(), "the first");
        assert!(stats.by_name("").is_none());
        drop((audit, nameless));
        assert_eq!(broker.stats().by_name("audit").unwrap().id, again.id());
    });
}

#[test]
fn the_lag_is_what_waits() {
    within_deadline(|| {
        let broker = Broker::new();
        let options = || Subscribe::to("news").capacity(n(4));
        let mut quick = broker.subscribe(options()).unwrap();
        let mut slow = broker.subscribe(options()).unwrap();
        let mut newest = broker.subscribe(options().overflow(Overflow::DropNewest)).unwrap();
        publish_all(&broker, "news", 1..=3);
        assert_eq!(lags(&broker.stats()), [3, 3, 3]);
        assert_eq!(taken(&mut quick).len(), 3);
        assert_eq!(lags(&broker.stats()), [0, 3, 3]);
        publish_all(&broker, "news", 4..=6);
        let late = broker.subscribe(options()).unwrap();
        assert_eq!(lags(&broker.stats()), [3, 4, 4, 0]);
        assert_eq!((slow.try_recv().unwrap().payload, newest.try_recv().unwrap().payload), (3, 1));
        assert_eq!(lags(&broker.stats()), [3, 3, 3, 0]);
        drop(late);
    });
}

#[test]
fn what_is_lost_is_counted_from_the_beginning() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut slow = broker.subscribe(Subscribe::to("news").capacity(n(4))).unwrap();
        let newest = Subscribe::to("news").capacity(n(3)).overflow(Overflow::DropNewest);
        let _newest = broker.subscribe(newest).unwrap();
        let dropped = || Vec::from_iter(broker.stats().subscribers.iter().map(|one| one.dropped));
        publish_all(&broker, "news", 0..6);
        assert_eq!(dropped(), [2, 3]);
        assert_eq!(slow.lagged(), 2);
        assert_eq!(dropped(), [2, 3], "told to the subscriber, and counted on");
        publish_all(&broker, "news", 6..8);
        assert_eq!((dropped(), slow.lagged()), (vec![4, 5], 2));
    });
}

#[test]
fn unacked_and_redelivered_messages_are_counted() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = broker.subscribe(acked("jobs", 9).name("worker")).unwrap();
        let account = || {
            let stats = broker.stats();
            let worker = stats.by_name("worker").expect("it lives");
            (worker.lag, worker.unacked, worker.redelivered)
        };
        publish_all(&broker, "jobs", 1..=3);
        assert_eq!(account(), (3, 0, 0));
        let first = one.try_recv().unwrap();
        let second = one.try_recv().unwrap();
        assert_eq!(account(), (1, 2, 0));
        first.ack();
        assert_eq!(account(), (1, 1, 0));
        clock.advance(SECOND);
        assert_eq!(account(), (1, 1, 0), "it is due, and was not given yet");
        assert_eq!(messages(&mut one).len(), 2);
        assert_eq!(account(), (0, 2, 1));
        second.ack();
        clock.advance(SECOND);
        assert_eq!(messages(&mut one).len(), 1);
        assert_eq!(account(), (0, 1, 2));
    });
}

#[test]
fn it_is_told_when_somebody_last_asked() {
    within_deadline(|| {
        let (broker, clock) = broker();
        clock.advance(SECOND);
        let began = clock.now();
        let mut one = broker.subscribe(Subscribe::to("news").alive_within(100 * SECOND)).unwrap();
        let mut two = broker.subscribe(acked("news", 100)).unwrap();
        let seen = || {
            let seen = |one: &SubscriberStats| one.last_seen.expect("the time is kept") - began;
            Vec::from_iter(broker.stats().subscribers.iter().map(seen))
        };
        clock.advance(SECOND);
        assert_eq!(seen(), [Duration::ZERO; 2], "since when they are subscribed");
        assert_eq!(one.try_recv().err(), Some(TryRecvError::Empty));
        publish_all(&broker, "news", [1]);
        clock.advance(SECOND);
        assert_eq!(seen(), [SECOND, Duration::ZERO]);
        assert_eq!((taken(&mut one), taken(&mut two)), (vec![1], vec![1]));
        clock.advance(SECOND);
        assert_eq!(seen(), [2 * SECOND, 2 * SECOND]);
    });
}

#[test]
fn it_remembers_no_more_topics_than_agreed() {
    within_deadline(|| {
        let broker = Broker::builder().topics(n(8)).build();
        let mut all = broker.subscribe(Subscribe::to("news.>").capacity(n(10_000))).unwrap();
        for number in 0..1_000_u64 {
            let matched = broker.publish(&format!("news.{number}"), number).unwrap().matched;
            assert_eq!(matched, 1);
            assert_eq!(broker.publish("weather", number).unwrap().matched, 0);
            assert!(broker.stats().topics <= 8);
        }
        assert_eq!(taken(&mut all), Vec::from_iter(0..1_000));
    });
}
