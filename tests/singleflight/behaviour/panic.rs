//! Code of the user that panics.

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use patterns::singleflight::Group;

use crate::gate::{Gate, panics};
use crate::support::{Polled, within_deadline};

#[test]
fn a_panic_leaves_no_key_behind() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let mut leader = Polled::new(group.run("key", gate.work(1))).pending();
        gate.mine();
        assert_eq!(panics(&mut leader), "the work panics");
        assert_eq!(
            group.in_flight(),
            0,
            "the key is still there, and the next call waits for ever"
        );
        gate.open();
        assert_eq!(Polled::new(group.run("key", gate.work(2))).ready().value, 2);
    });
}

#[test]
fn a_panic_is_the_leaders_and_a_waiter_begins_its_own() {
    within_deadline(|| {
        let (group, mine, gate) = (Group::new(), Gate::default(), Gate::default());
        let mut leader = Polled::new(group.run("key", mine.work(1))).pending();
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (first, second) = (call(2), call(3));
        mine.mine();
        panics(&mut leader);
        assert_eq!((first.wakes(), second.wakes()), (1, 0), "one of them has to begin again");
        let (first, second) = (first.pending(), second.pending());
        assert_eq!(gate.begun(), 1, "one work is enough for both");
        gate.open();
        let (first, second) = (first.ready(), second.ready());
        assert_eq!((first.value, first.shared), (2, false), "its own work");
        assert_eq!((second.value, second.shared), (2, true));
        assert_eq!(group.in_flight(), 0);
    });
}

#[test]
fn a_closure_that_panics_is_a_work_that_panics() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        gate.open();
        let panicking = || -> std::future::Ready<i32> { panic!("the closure panics") };
        let mut alone = Polled::new(group.run("key", panicking));
        assert_eq!(panics(&mut alone), "the closure panics");
        assert_eq!(group.in_flight(), 0);
        assert_eq!(Polled::new(group.run("key", gate.work(2))).ready().value, 2);
    });
}

#[test]
fn who_has_taken_the_work_over_has_its_panic_too() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let call = |value| Polled::new(group.run("key", gate.work(value))).pending();
        let (leader, mut first, second) = (call(1), call(2), call(3));
        drop(leader);
        gate.mine();
        assert_eq!(panics(&mut first), "the work panics");
        gate.open();
        let second = second.ready();
        assert_eq!((second.value, second.shared), (3, false));
    });
}

/// A value whose clones may panic.
#[derive(Debug)]
struct Fragile(Arc<AtomicUsize>);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(self.0.fetch_add(1, SeqCst) != 1, "the second clone panics");
        Self(self.0.clone())
    }
}

#[test]
fn a_clone_that_panics_costs_one_caller_its_value() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let value = Fragile(Arc::default());
        let call = || {
            let value = Fragile(value.0.clone());
            Polled::new(group.run("key", gate.work(value))).pending()
        };
        let calls = [call(), call(), call(), call()];
        gate.open();
        let got = calls.map(|mut call| {
            catch_unwind(AssertUnwindSafe(|| call.poll().is_ready())).unwrap_or(false)
        });
        assert_eq!(got.iter().filter(|got| !**got).count(), 1, "{got:?}");
        assert_eq!(group.in_flight(), 0);
    });
}

/// A work that panics where it is told to.
struct Bomb {
    in_poll: bool,
}

impl Future for Bomb {
    type Output = i32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<i32> {
        assert!(!self.in_poll, "the poll panics");
        Poll::Pending
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the destructor panics");
    }
}

#[test]
fn a_destructor_that_panics_leaves_no_key_behind() {
    within_deadline(|| {
        let group = Group::new();
        let alone = Polled::new(group.run("key", || Bomb { in_poll: false })).pending();
        assert!(catch_unwind(AssertUnwindSafe(|| drop(alone))).is_err(), "it is nobody else's");
        assert_eq!(group.in_flight(), 0);
    });
}

#[test]
fn a_work_that_panics_twice_does_not_end_the_process() {
    within_deadline(|| {
        let group = Group::new();
        let mut alone = Polled::new(group.run("key", || Bomb { in_poll: true }));
        assert_eq!(panics(&mut alone), "the poll panics");
        assert_eq!(group.in_flight(), 0);
    });
}

/// A waker that panics.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("the waker panics");
    }
}

#[test]
fn a_waker_that_panics_leaves_no_key_behind() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let leader = Polled::new(group.run("key", gate.work(1))).pending();
        let mut waiter = Box::pin(group.run("key", gate.work(2)));
        let waker = Waker::from(Arc::new(Panics));
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(catch_unwind(AssertUnwindSafe(|| drop(leader))).is_err(), "it wakes the waiter");
        drop(waiter);
        assert_eq!(group.in_flight(), 0, "the leader has left only half");
    });
}

#[test]
fn a_waker_that_panics_strands_no_other_waiter() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let mut leader = Polled::new(group.run("key", gate.work(1))).pending();
        let mut first = Box::pin(group.run("key", gate.work(2)));
        let waker = Waker::from(Arc::new(Panics));
        assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let second = Polled::new(group.run("key", gate.work(3))).pending();
        gate.open();
        assert_eq!(panics(&mut leader), "the waker panics");
        assert_eq!((second.wakes(), group.in_flight()), (1, 0));
        assert_eq!(second.ready().value, 1);
    });
}

#[test]
fn a_key_that_panics_harms_nobody_else() {
    /// Compared with another, it panics.
    struct Key(u32);
    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            state.write_u8(7);
        }
    }
    impl PartialEq for Key {
        fn eq(&self, other: &Self) -> bool {
            assert_eq!(self.0, other.0, "the comparison panics");
            true
        }
    }
    impl Eq for Key {}

    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let first = Polled::new(group.run(Key(1), gate.work(1))).pending();
        panics(&mut Polled::new(group.run(Key(2), gate.work(2))));
        let joins = Polled::new(group.run(Key(1), gate.work(3))).pending();
        gate.open();
        assert_eq!((first.ready().value, joins.ready().value), (1, 1));
        assert_eq!(group.in_flight(), 0);
    });
}
