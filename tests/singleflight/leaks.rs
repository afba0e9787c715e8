//! What is left when it is over: no value, no work, no waker, no key; and what is asked for meanwhile.

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Waker};

use futures::FutureExt;
use patterns::singleflight::Group;

use crate::allocations;
use crate::gate::Gate;
use crate::support::{Census, Payload, Polled, Wakes, within_deadline};

/// A key that is counted until it is dropped.
struct Key(Payload);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.value.hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.value == other.0.value
    }
}

impl Eq for Key {}

#[test]
fn nothing_is_kept_when_all_have_their_value() {
    within_deadline(|| {
        let (group, gate, census) = (Group::new(), Gate::default(), Census::default());
        let call = |key: u64| {
            let value = Arc::new(census.payload(key));
            Polled::new(group.run(Key(census.payload(key)), gate.work(value))).pending()
        };
        let calls = [1, 2, 1, 1, 2, 3].map(call);
        gate.open();
        calls.into_iter().for_each(|call| drop(call.ready()));
        assert_eq!((census.alive(), group.in_flight()), (0, 0));
    });
}

/// A value that counts its clones.
#[derive(Debug, Default)]
struct Counted(Arc<AtomicUsize>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, SeqCst);
        Self(self.0.clone())
    }
}

#[test]
fn the_value_of_a_call_that_is_alone_is_not_cloned() {
    within_deadline(|| {
        let (group, gate, clones) = (Group::new(), Gate::default(), Arc::default());
        let call = || {
            let value = Counted(Arc::clone(&clones));
            Polled::new(group.run("key", gate.work(value))).pending()
        };
        let (alone, waiter) = (call(), call());
        drop(waiter);
        gate.open();
        alone.ready();
        assert_eq!(clones.load(SeqCst), 0, "nobody else wanted a clone when the work ended");
    });
}

#[test]
fn no_waker_is_kept_when_its_wait_is_over() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let kept = || Arc::strong_count(&wakes) - 2;
        let wait = || {
            let mut call = group.run("key", gate.work(1)).boxed_local();
            assert!(call.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
            call
        };
        let leader = Polled::new(group.run("key", gate.work(1))).pending();
        let (first, second, third) = (wait(), wait(), wait());
        assert_eq!(kept(), 3);
        drop(second);
        assert_eq!(kept(), 2, "a waiter that is gone has left its waker behind");
        gate.open();
        leader.ready();
        assert_eq!(kept(), 0, "all were woken");
        drop((first, third));
    });
}

#[test]
fn a_flight_makes_two_allocations() {
    within_deadline(|| {
        let group = Group::new();
        let mut context = Context::from_waker(Waker::noop());
        let mut round = || {
            let call = std::pin::pin!(group.run("key", || async { 7 }));
            assert!(call.poll(&mut context).is_ready());
        };
        round();
        let made = allocations::during(|| (0..100).for_each(|_| round()));
        assert!(made <= 200, "a hundred calls made {made} allocations");
    });
}

#[test]
fn the_first_that_waits_asks_for_no_memory() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let leader = Polled::new(group.run("key", gate.work(1))).pending();
        let made = allocations::during(|| {
            let mut waiter = std::pin::pin!(group.run("key", || async { 2 }));
            let mut context = Context::from_waker(Waker::noop());
            assert!(waiter.as_mut().poll(&mut context).is_pending());
            assert!(waiter.as_mut().poll(&mut context).is_pending());
        });
        assert_eq!(made, 0, "the flight itself has no place for the first waker");
        drop(leader);
    });
}

#[test]
fn waiters_that_come_and_go_leave_no_trace() {
    within_deadline(|| {
        let (group, gate) = (Group::new(), Gate::default());
        let leader = Polled::new(group.run("key", gate.work(1))).pending();
        let stays = [2, 3].map(|value| Polled::new(group.run("key", gate.work(value))).pending());
        let mut context = Context::from_waker(Waker::noop());
        let mut round = || {
            let waiter = std::pin::pin!(group.run("key", || async { 2 }));
            assert!(waiter.poll(&mut context).is_pending());
        };
        round();
        let kept = allocations::kept_by(|| (0..1000).for_each(|_| round()));
        assert_eq!(kept, 0, "a thousand waiters that gave up are remembered");
        drop((leader, stays));
    });
}
