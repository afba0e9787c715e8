//! Who shares what with whom.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use patterns::singleflight::{Flight, Group};

use crate::gate::Gate;
use crate::support::{Polled, run, within_deadline};

#[test]
fn a_call_returns_what_its_work_returns() {
    run(|| async {
        let group = Group::new();
        let one = group.run("one", || async { 1 }).await;
        // The closure borrows, what it makes does not.
        let value = 2;
        let work = || async move { value };
        let two = group.run("two", &work).await;
        assert_eq!(one, Flight { value: 1, shared: false });
        assert_eq!(two, Flight { value: 2, shared: false });
    });
}

#[test]
fn callers_of_one_key_share_one_work() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let calls = [call(1), call(2), call(3)];
        assert_eq!(gate.begun(), 1, "one closure was called, for all");
        gate.open();
        let values = calls.map(|call| call.ready());
        assert_eq!(values.map(|flight| flight.value), [1; 3]);
        assert_eq!(values.map(|flight| flight.shared), [false, true, true]);
    });
}

#[test]
fn another_key_has_a_flight_of_its_own() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |key| Polled::new(group.run(key, gate.work(10 * key))).pending();
        let calls = [call(1), call(2), call(1), call(2)];
        assert_eq!((gate.begun(), group.in_flight()), (2, 2));
        gate.open();
        assert_eq!(calls.map(|call| call.ready().value), [10, 20, 10, 20]);
    });
}

#[test]
fn keys_with_the_same_hash_are_still_two_keys() {
    #[derive(PartialEq, Eq)]
    struct Key(u32);
    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            state.write_u8(7);
        }
    }

    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |key| Polled::new(group.run(Key(key), gate.work(key))).pending();
        let calls = [call(1), call(2), call(3), call(1), call(2), call(3)];
        assert_eq!((gate.begun(), group.in_flight()), (3, 3));
        group.forget(&Key(2));
        assert_eq!(group.in_flight(), 2);
        gate.open();
        assert_eq!(calls.map(|call| call.ready().value), [1, 2, 3, 1, 2, 3]);
        assert_eq!(group.in_flight(), 0);
    });
}

#[test]
fn nothing_begins_before_the_first_poll() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let unpolled = group.run("key", gate.work(1));
        assert_eq!((gate.begun(), group.in_flight()), (0, 0));
        gate.open();
        assert_eq!(Polled::new(group.run("key", gate.work(2))).ready().value, 2);
        drop(unpolled);
    });
}

#[test]
fn a_call_can_move_to_another_thread() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    fn shareable<T: Send + Sync>() {}
    shareable::<Group<String, Arc<str>>>();

    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let mut call = Polled::new(sendable(group.run(1, gate.work(1)))).pending();
        gate.open();
        let polled = thread::scope(|scope| scope.spawn(|| call.poll()).join().unwrap());
        assert!(polled.is_ready());
    });
}

#[test]
fn a_slow_key_holds_up_only_those_that_share_its_lock() {
    /// A key whose comparison does something first.
    struct Slow<F>(u32, F);
    impl<F> Hash for Slow<F> {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }
    impl<F: Fn()> PartialEq for Slow<F> {
        fn eq(&self, other: &Self) -> bool {
            (self.1)();
            (other.1)();
            self.0 == other.0
        }
    }
    impl<F: Fn()> Eq for Slow<F> {}

    within_deadline(|| {
        let group = Group::<Slow<Box<dyn Fn() + Send>>, u32>::new();
        let (compares, compared) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let slow = Box::new(move || {
            compares.send(()).expect("the test waits for it");
            let _ = may_go_on.recv();
        });
        let gate = Gate::default();
        let pending = Polled::new(group.run(Slow(0, slow), gate.work(0))).pending();
        let (done, first_done) = channel();
        thread::scope(|scope| {
            let group = &group;
            scope.spawn(move || {
                let mut joins = Polled::new(group.run(Slow(0, Box::new(|| ())), || async { 0 }));
                assert!(joins.poll().is_pending());
            });
            compared.recv().unwrap();
            for key in 1..=64 {
                let done = done.clone();
                scope.spawn(move || {
                    Polled::new(group.run(Slow(key, Box::new(|| ())), || async { 0 })).ready();
                    done.send(key).unwrap();
                });
            }
            first_done.recv().expect("of 64 keys, one has another lock");
            drop(go_on);
        });
        drop(pending);
    });
}
