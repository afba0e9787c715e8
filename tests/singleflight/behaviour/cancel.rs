//! Callers that are dropped.

use std::sync::{Arc, Mutex};

use patterns::singleflight::Group;

use crate::gate::Gate;
use crate::support::{Census, Polled, within_deadline};

#[test]
fn a_dropped_leader_leaves_its_work_to_a_waiter() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (leader, waiter, other) = (call(1), call(2), call(3));
        drop(leader);
        assert_eq!(waiter.wakes(), 1, "nobody polls the work, and the waiter sleeps");
        let waiter = waiter.pending();
        gate.open();
        let value = waiter.ready();
        assert_eq!((value.value, value.shared), (1, true), "the leader's work, driven on");
        assert_eq!(other.ready().value, 1);
        assert_eq!(gate.begun(), 1, "no other work was needed");
    });
}

#[test]
fn the_work_goes_on_from_every_await_point() {
    within_deadline(|| {
        for drops_at in 0..4 {
            let group = Group::new();
            let gates = [(); 4].map(|()| Gate::default());
            let log = Arc::new(Mutex::new(Vec::new()));
            let work = || {
                let (gates, log) = (gates.clone(), log.clone());
                async move {
                    for (stage, gate) in gates.iter().enumerate() {
                        log.lock().unwrap().push(stage);
                        gate.pass().await;
                    }
                }
            };
            let mut leader = Polled::new(group.run("key", work)).pending();
            let mut waiter = Polled::new(group.run("key", work)).pending();
            for gate in &gates[..drops_at] {
                gate.open();
                leader = leader.pending();
            }
            drop(leader);
            for gate in &gates[drops_at..] {
                waiter = waiter.pending();
                gate.open();
            }
            waiter.ready();
            assert_eq!(*log.lock().unwrap(), [0, 1, 2, 3], "dropped at stage {drops_at}");
        }
    });
}

#[test]
fn a_dropped_leader_wakes_the_one_who_waits_longest() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (leader, waiters) = (call(0), [call(1), call(2), call(3)]);
        drop(leader);
        assert_eq!(waiters.each_ref().map(|call| call.wakes()), [1, 0, 0], "one is enough");
        let [first, second, third] = waiters;
        // Polled though not woken: it may go on with the work. Then the first waits on, in its place.
        let second = second.pending();
        let first = first.pending();
        drop(second);
        assert_eq!(
            (first.wakes(), third.wakes()),
            (2, 0),
            "the first still comes before the third"
        );
        drop((first, third));
    });
}

#[test]
fn who_drives_is_in_line_no_more() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (leader, first, second, third) = (call(0), call(1), call(2), call(3));
        drop(leader);
        // The first was woken, and the second is polled before it.
        let second = second.pending();
        drop(first);
        let before = third.wakes();
        drop(second);
        assert!(third.wakes() > before, "the one who is gone was woken in its stead");
        gate.open();
        assert_eq!(third.ready().value, 0);
    });
}

#[test]
fn who_drives_is_woken_by_the_work() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (leader, waiter) = (call(1), call(2));
        drop(leader);
        let waiter = waiter.pending();
        let before = waiter.wakes();
        gate.open();
        assert_eq!(waiter.wakes(), before + 1, "the work still calls the one who is gone");
        waiter.ready();
    });
}

#[test]
fn what_woke_a_leader_that_is_dropped_is_not_lost() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (leader, waiter) = (call(1), call(2));
        gate.open();
        assert_eq!((leader.wakes(), waiter.wakes()), (1, 0));
        drop(leader);
        assert_eq!(waiter.wakes(), 1, "the leader's wake-up went with it");
        assert_eq!(waiter.ready().value, 1);
    });
}

#[test]
fn the_turn_goes_on_when_the_one_who_was_woken_is_dropped() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (leader, first, second) = (call(1), call(2), call(3));
        drop(leader);
        assert_eq!((first.wakes(), second.wakes()), (1, 0));
        drop(first);
        assert_eq!(second.wakes(), 1, "the turn went with the one who never took it");
        gate.open();
        assert_eq!(second.ready().value, 1);
    });
}

#[test]
fn a_waiter_that_is_dropped_is_missed_by_nobody() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (leader, waiters) = (call(1), [call(2), call(3), call(4)]);
        let [first, second, third] = waiters;
        drop(first);
        drop(third);
        assert_eq!((leader.wakes(), second.wakes()), (0, 0), "that is no reason to wake anybody");
        gate.open();
        assert_eq!((leader.ready().value, second.ready().value), (1, 1));
        assert_eq!(gate.begun(), 1);
    });
}

#[test]
fn the_last_caller_takes_the_work_along() {
    within_deadline(|| {
        for leader_first in [true, false] {
            let (group, gate, census) = (Group::new(), Gate::default(), Census::default());
            let call = || {
                let payload = Arc::new(census.payload(1));
                Polled::new(group.run("key", gate.work(payload))).pending()
            };
            let (leader, waiter) = (call(), call());
            let (first, last) = if leader_first { (leader, waiter) } else { (waiter, leader) };
            drop(first);
            assert_eq!(group.in_flight(), 1, "there is still somebody who wants it");
            drop(last);
            assert_eq!((group.in_flight(), census.alive()), (0, 0));
            let again = call();
            gate.open();
            assert!(!again.ready().shared, "nothing was under way");
        }
    });
}
