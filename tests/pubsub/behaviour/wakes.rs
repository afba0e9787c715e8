//! Who waits is woken, once; who does not wait is left alone.

use std::sync::Arc;
use std::task::Poll;

use patterns::pubsub::{Broker, Overflow, Subscribe};

use crate::scene::{SECOND, acked, broker, n, park, poll, publish_all, taken};
use crate::support::{Wakes, run, within_deadline};

#[test]
fn one_wake_up_for_each_who_waits_however_many_messages_come() {
    within_deadline(|| {
        let broker = Broker::new();
        // Of one pattern, of several, with a line of their own: all are woken once.
        let all = |i: usize| match i % 4 {
            0 => Subscribe::to("news"),
            1 => Subscribe::to("news").and(">"),
            2 => Subscribe::to("*").capacity(n(3)),
            _ => Subscribe::to("news").overflow(Overflow::DropNewest),
        };
        let subscribe = |i| broker.subscribe(all(i)).unwrap();
        let mut subscriptions = Vec::from_iter((0..40).map(subscribe));
        for _ in 0..3 {
            let wakes = Vec::from_iter(subscriptions.iter_mut().map(park));
            publish_all(&broker, "news", 0..20);
            let counts = Vec::from_iter(wakes.iter().map(|wakes| wakes.count()));
            assert_eq!(counts, [1; 40]);
            subscriptions.iter_mut().for_each(|one| drop(taken(one)));
        }
    });
}

#[test]
fn only_who_gets_the_message_is_woken() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = broker.subscribe(Subscribe::to("news")).unwrap();
        let mut sports = broker.subscribe(Subscribe::to("sports")).unwrap();
        let mut both = broker.subscribe(Subscribe::to("*")).unwrap();
        let wakes = [park(&mut news), park(&mut sports), park(&mut both)];
        publish_all(&broker, "news", [1]);
        assert_eq!(wakes.each_ref().map(|wakes| wakes.count()), [1, 0, 1]);
        // One that was woken, and one that still waits.
        publish_all(&broker, "sports", [2]);
        assert_eq!(wakes.each_ref().map(|wakes| wakes.count()), [1, 1, 1]);
    });
}

#[test]
fn who_does_not_wait_is_not_woken() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut one = broker.subscribe(Subscribe::to("news")).unwrap();
        let wakes = Arc::<Wakes>::default();
        assert!(poll(&mut one, &wakes).is_pending());
        publish_all(&broker, "news", [1]);
        assert!(matches!(poll(&mut one, &wakes), Poll::Ready(Some(_))));
        publish_all(&broker, "news", [2, 3]);
        assert_eq!(wakes.count(), 1, "it works on the first");
        assert!(matches!(poll(&mut one, &wakes), Poll::Ready(Some(_))));
        publish_all(&broker, "news", [4]);
        assert_eq!(wakes.count(), 1);
    });
}

#[test]
fn who_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut one = broker.subscribe(Subscribe::to("news")).unwrap();
        let before = park(&mut one);
        let after = park(&mut one);
        publish_all(&broker, "news", [1]);
        assert_eq!((before.count(), after.count()), (0, 1));
    });
}

#[test]
fn who_waits_is_woken_though_somebody_has_tried_meanwhile() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut one = broker.subscribe(Subscribe::to("news")).unwrap();
        let wakes = park(&mut one);
        assert!(one.try_recv().is_err());
        publish_all(&broker, "news", [1]);
        assert_eq!(wakes.count(), 1, "its last poll was pending");
    });
}

#[test]
fn who_was_woken_by_the_time_is_not_woken_by_a_message_as_well() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = broker.subscribe(acked("news", 3)).unwrap();
        publish_all(&broker, "news", [1]);
        assert_eq!(taken(&mut one), [1]);
        let wakes = park(&mut one);
        clock.advance(SECOND);
        let woken = wakes.count();
        assert!(matches!(poll(&mut one, &wakes), Poll::Ready(Some(_))));
        publish_all(&broker, "news", [2]);
        assert_eq!(wakes.count(), woken, "it works on the first");
    });
}

#[test]
fn one_that_goes_leaves_nobody_unwoken() {
    within_deadline(|| {
        let broker = Broker::new();
        for goes in 0..3 {
            let subscribe = |_| broker.subscribe(Subscribe::to("news")).unwrap();
            let mut all = Vec::from_iter((0..3).map(subscribe));
            let mut wakes = Vec::from_iter(all.iter_mut().map(park));
            drop((all.remove(goes), wakes.remove(goes)));
            publish_all(&broker, "news", [1]);
            assert!(wakes.iter().all(|wakes| wakes.count() == 1), "the {goes}-th has gone");
            // One more that is woken, and goes before it looks.
            drop((all.remove(1), wakes.remove(1)));
            assert_eq!(taken(&mut all[0]), [1]);
            let wakes = park(&mut all[0]);
            publish_all(&broker, "news", [2]);
            assert_eq!(wakes.count(), 1);
        }
    });
}

#[test]
fn a_reader_of_a_long_line_lets_its_neighbours_run() {
    run(|| async {
        let broker = Broker::new();
        let mut one = broker.subscribe(Subscribe::to("news").capacity(n(1_000))).unwrap();
        publish_all(&broker, "news", 0..1_000);
        let neighbour = tokio::spawn(async {});
        for _ in 0..1_000 {
            // Never has to wait.
            one.recv().await.unwrap();
        }
        assert!(neighbour.is_finished(), "a thousand messages, and the neighbour had no turn");
    });
}
