//! When a flight is over.

use patterns::singleflight::Group;

use crate::gate::Gate;
use crate::support::{Polled, within_deadline};

#[test]
fn a_call_after_the_end_has_a_work_of_its_own() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        gate.open();
        assert_eq!(Polled::new(group.run("key", gate.work(1))).ready().value, 1);
        assert_eq!(group.in_flight(), 0);
        let again = Polled::new(group.run("key", gate.work(2))).ready();
        assert_eq!((again.value, again.shared), (2, false), "a group is no cache");
    });
}

#[test]
fn a_value_reaches_nobody_who_came_after_the_end() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let first = Polled::new(group.run("key", gate.work(1))).pending();
        let second = Polled::new(group.run("key", gate.work(2))).pending();
        gate.open();
        assert_eq!(first.ready().value, 1);
        let late = Polled::new(group.run("key", gate.work(3))).ready();
        assert_eq!((late.value, late.shared), (3, false), "the first flight was over");
        assert_eq!(second.ready().value, 1, "it waited for the first flight");
    });
}

#[test]
fn the_end_wakes_all_who_wait() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (first, waiters) = (call(0), [call(1), call(2), call(3)]);
        gate.open();
        assert_eq!(waiters.each_ref().map(|call| call.wakes()), [0; 3], "nothing to tell them yet");
        first.ready();
        assert_eq!(waiters.each_ref().map(|call| call.wakes()), [1; 3]);
    });
}

#[test]
fn keys_count_from_their_first_call_to_the_end() {
    within_deadline(|| {
        let (group, gates) = (Group::new(), [Gate::default(), Gate::default()]);
        let call = |key: usize| Polled::new(group.run(key, gates[key].work(key))).pending();
        assert_eq!(group.in_flight(), 0);
        let (a, b, waiter) = (call(0), call(1), call(0));
        assert_eq!(group.in_flight(), 2, "two keys, whoever waits");
        gates[0].open();
        a.ready();
        assert_eq!(group.in_flight(), 1, "a value that is still to be fetched is no flight");
        waiter.ready();
        drop(b);
        assert_eq!(group.in_flight(), 0, "the only caller was dropped, and its key is still there");
    });
}

#[test]
fn a_waiter_that_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let first = Polled::new(group.run("key", gate.work(1))).pending();
        let mut waiters =
            [2, 3].map(|value| Polled::new(group.run("key", gate.work(value))).pending());
        let old = waiters.each_mut().map(|waiter| waiter.move_to_another_task());
        let waiters = waiters.map(|waiter| waiter.pending());
        gate.open();
        first.ready();
        assert_eq!(waiters.map(|waiter| waiter.wakes()), [1; 2]);
        assert_eq!(old.map(|wakes| wakes.count()), [0; 2]);
    });
}

#[test]
fn a_driver_that_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let mut driver = Polled::new(group.run("key", gate.work(1))).pending();
        let old = driver.move_to_another_task();
        let driver = driver.pending();
        gate.open();
        assert_eq!((driver.wakes(), old.count()), (1, 0));
        driver.ready();
    });
}
