//! Flights whose key is forgotten.

use patterns::singleflight::Group;

use crate::gate::Gate;
use crate::support::{Polled, within_deadline};

#[test]
fn after_forget_a_call_begins_its_own_flight() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run(String::from("key"), gate.work(value))).pending();
        let old = [call(1), call(2)];
        group.forget("another");
        assert_eq!(group.in_flight(), 1, "it was to forget another key");
        group.forget("key");
        assert_eq!(group.in_flight(), 0);
        let new = [call(3), call(4)];
        assert_eq!((gate.begun(), group.in_flight()), (2, 1));
        gate.open();
        assert_eq!(old.map(|call| call.ready().value), [1, 1], "they get what they waited for");
        assert_eq!(new.map(|call| call.ready().value), [3, 3]);
    });
}

#[test]
fn the_end_of_a_forgotten_flight_is_not_the_end_of_the_new_one() {
    within_deadline(|| {
        let (group, gates) = (Group::new(), [Gate::default(), Gate::default()]);
        let old = Polled::new(group.run("key", gates[0].work(1))).pending();
        group.forget("key");
        let new = Polled::new(group.run("key", gates[1].work(2))).pending();
        gates[0].open();
        assert_eq!(old.ready().value, 1);
        assert_eq!(group.in_flight(), 1, "the old flight took the new one along");
        let joins = Polled::new(group.run("key", gates[1].work(3))).pending();
        gates[1].open();
        assert_eq!((new.ready().value, joins.ready().value), (2, 2));
    });
}

#[test]
fn who_leaves_a_forgotten_flight_does_not_leave_the_new_one() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let old = [call(1), call(2)];
        group.forget("key");
        let new = call(3);
        drop(old);
        assert_eq!(group.in_flight(), 1);
        let joins = call(4);
        gate.open();
        assert_eq!((new.ready().value, joins.ready().value), (3, 3));
    });
}

#[test]
fn the_work_of_a_forgotten_flight_is_handed_on_too() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (first, second) = (call(1), call(2));
        group.forget("key");
        drop(first);
        gate.open();
        assert_eq!(second.wakes(), 1);
        assert_eq!((second.ready().value, gate.begun()), (1, 1));
    });
}
