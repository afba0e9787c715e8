//! Who does not ask for what waits is dead; who has nothing to ask for is not.

use patterns::pubsub::{Broker, Clock, Duration, Ended, ManualClock, Subscribe};

use crate::scene::{
    ALMOST, Listener, MOMENT, Manual, SECOND, acked, assert_ended, broker, n, park, publish_all,
    taken,
};
use crate::support::within_deadline;

fn watched(broker: &Manual<u64>) -> Listener<u64> {
    broker.subscribe(Subscribe::to("news").alive_within(SECOND)).unwrap()
}

fn there<C: Clock>(broker: &Broker<u64, C>) -> usize {
    broker.stats().subscribers.len()
}

#[test]
fn who_does_not_ask_for_what_waits_is_dead() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = watched(&broker);
        publish_all(&broker, "news", [1]);
        clock.advance(ALMOST);
        assert_eq!(there(&broker), 1, "not yet");
        clock.advance(MOMENT);
        assert_eq!(there(&broker), 0, "found by the statistics");
        assert_ended(&mut one, Ended::Dead);

        let mut two = watched(&broker);
        assert_eq!(broker.publish("news", 2).unwrap().matched, 1);
        clock.advance(ALMOST);
        assert_eq!(broker.publish("news", 3).unwrap().matched, 1, "not yet");
        clock.advance(MOMENT);
        assert_eq!(broker.publish("news", 4).unwrap().matched, 0, "found by a publish");
        assert!(!broker.unsubscribe(two.id()));
        assert_ended(&mut two, Ended::Dead);
    });
}

#[test]
fn who_waits_for_messages_that_do_not_come_is_not_dead() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = watched(&broker);
        let wakes = park(&mut one);
        clock.advance(100 * SECOND);
        assert_eq!(there(&broker), 1);
        assert_eq!(broker.publish("news", 1).unwrap().matched, 1);
        assert_eq!(wakes.count(), 1);
        clock.advance(ALMOST);
        assert_eq!(broker.publish("news", 2).unwrap().matched, 1, "its time began with 1");
        assert_eq!(taken(&mut one), [1, 2]);

        // Also one that does not wait, but works.
        clock.advance(100 * SECOND);
        assert_eq!(broker.publish("news", 3).unwrap().matched, 1);
        clock.advance(ALMOST);
        assert_eq!(there(&broker), 1);
        clock.advance(MOMENT);
        assert_eq!(there(&broker), 0, "3 waits for too long");
    });
}

#[test]
fn who_works_on_its_last_message_is_not_dead() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = watched(&broker);
        publish_all(&broker, "news", [1, 2]);
        assert_eq!(one.try_recv().unwrap().payload, 1);
        clock.advance(ALMOST);
        assert_eq!(one.try_recv().unwrap().payload, 2);
        clock.advance(100 * SECOND);
        assert_eq!(there(&broker), 1);
    });
}

#[test]
fn who_asks_in_time_lives_however_much_waits() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = watched(&broker);
        publish_all(&broker, "news", 0..20);
        for number in 0..20 {
            clock.advance(ALMOST);
            assert_eq!(there(&broker), 1);
            assert_eq!(one.try_recv().unwrap().payload, number);
        }
    });
}

#[test]
fn a_steady_stream_keeps_nobody_alive() {
    within_deadline(|| {
        // What waits is never older than 200 ms, or 100 ms: the older ones are lost.
        for capacity in [2, 1] {
            let (broker, clock) = broker();
            let options = Subscribe::to("news").alive_within(SECOND).capacity(n(capacity));
            let mut one = broker.subscribe(options).unwrap();
            let matched = |number| {
                clock.advance(Duration::from_millis(100));
                broker.publish("news", number).unwrap().matched
            };
            let alive = (0..30).map(matched).take_while(|&matched| matched == 1).count();
            assert_eq!(alive, 10, "the first came after 100 ms, and room for {capacity}");
            assert_ended(&mut one, Ended::Dead);
        }
    });
}

#[test]
fn who_asks_before_anybody_has_looked_is_alive() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = watched(&broker);
        publish_all(&broker, "news", [1, 2]);
        clock.advance(100 * SECOND);
        assert_eq!(one.end(), None);
        assert_eq!(one.try_recv().unwrap().payload, 1);
        clock.advance(ALMOST);
        assert_eq!(there(&broker), 1);
    });
}

#[test]
fn nobody_is_dead_where_that_was_not_agreed() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = broker.subscribe(Subscribe::to("news")).unwrap();
        publish_all(&broker, "news", [1]);
        clock.advance(1_000_000 * SECOND);
        assert_eq!(broker.publish("news", 2).unwrap().matched, 1);
        assert_eq!((there(&broker), taken(&mut one)), (1, vec![1, 2]));
    });
}

#[test]
fn a_replay_that_nobody_asks_for_waits_as_well() {
    within_deadline(|| {
        let clock = ManualClock::new();
        let broker = Broker::builder().history(4).with_clock(clock.clone()).build();
        publish_all(&broker, "news", [1]);
        clock.advance(100 * SECOND);
        let options = Subscribe::to("news").replay(patterns::pubsub::Replay::Last(4));
        let one = broker.subscribe(options.alive_within(SECOND)).unwrap();
        clock.advance(ALMOST);
        assert_eq!(there(&broker), 1, "its time began when it subscribed");
        clock.advance(MOMENT);
        assert_eq!((there(&broker), one.end()), (0, Some(Ended::Dead)));
    });
}

#[test]
fn a_message_that_is_due_again_waits_as_well() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = broker.subscribe(acked("news", 5).alive_within(2 * SECOND)).unwrap();
        publish_all(&broker, "news", [1]);
        let message = one.try_recv().unwrap();
        clock.advance(3 * SECOND - MOMENT);
        assert_eq!(there(&broker), 1, "it was due after one second");
        clock.advance(MOMENT);
        assert_eq!(there(&broker), 0, "and two more have gone by");
        assert!(!message.ack());
        assert_ended(&mut one, Ended::Dead);
    });
}

#[test]
fn a_dead_one_leaves_the_others() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let (mut dead, mut alive) = (watched(&broker), watched(&broker));
        let mut unwatched = broker.subscribe(Subscribe::to("news")).unwrap();
        publish_all(&broker, "news", [1]);
        assert_eq!(taken(&mut alive), [1]);
        clock.advance(SECOND);
        let wakes = park(&mut alive);
        assert_eq!(broker.publish("news", 2).unwrap().matched, 2);
        assert_eq!(wakes.count(), 1);
        assert_eq!((taken(&mut alive), taken(&mut unwatched)), (vec![2], vec![1, 2]));
        assert_ended(&mut dead, Ended::Dead);
    });
}
