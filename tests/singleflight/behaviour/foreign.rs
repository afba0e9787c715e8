//! Code of the user that uses the group while the group calls it.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Wake, Waker};

use futures::FutureExt;
use futures::future::BoxFuture;
use patterns::singleflight::{Flight, Group};

use crate::gate::Gate;
use crate::support::{Polled, run, within_deadline};

#[test]
fn a_work_may_use_the_group() {
    run(|| async {
        let group = Arc::new(Group::new());
        let ours = group.clone();
        let outer = group.run("outer", move || async move {
            let inner = ours.run("inner", || async { 1 }).await.value;
            assert_eq!(ours.in_flight(), 1);
            ours.forget("outer");
            assert_eq!(ours.in_flight(), 0);
            inner + ours.run("outer", || async { 2 }).await.value
        });
        assert_eq!(outer.await.value, 3);
    });
}

/// A value and a key that look at the group whenever they are cloned or dropped.
struct Nosy(Weak<Group<Nosy, Nosy>>);

impl Nosy {
    fn look(&self) {
        if let Some(group) = self.0.upgrade() {
            group.in_flight();
        }
    }
}

impl Clone for Nosy {
    fn clone(&self) -> Self {
        self.look();
        Self(self.0.clone())
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.look();
    }
}

impl Hash for Nosy {
    fn hash<H: Hasher>(&self, _: &mut H) {
        self.look();
    }
}

impl PartialEq for Nosy {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Nosy {}

#[test]
fn keys_values_and_works_may_use_the_group() {
    within_deadline(|| {
        let (group, gate) = (Arc::new(Group::new()), Gate::default());
        let nosy = || Nosy(Arc::downgrade(&group));
        let call = || Polled::new(group.run(nosy(), gate.work(nosy())));
        let begun = || {
            let mut call = call();
            assert!(call.poll().is_pending());
            call
        };
        drop((begun(), begun()));
        let (mut first, mut second) = (begun(), begun());
        group.forget(&nosy());
        let mut third = begun();
        gate.open();
        assert!(first.poll().is_ready());
        assert!(second.poll().is_ready());
        assert!(third.poll().is_ready());
        assert_eq!(group.in_flight(), 0);
    });
}

/// A waker that polls a call on the spot.
struct OnTheSpot<'a> {
    call: Mutex<Option<BoxFuture<'a, Flight<i32>>>>,
    value: Mutex<Option<i32>>,
}

impl Wake for OnTheSpot<'static> {
    fn wake(self: Arc<Self>) {
        let Some(mut call) = self.call.lock().unwrap().take() else { return };
        let value = call.poll_unpin(&mut Context::from_waker(Waker::noop()));
        if let std::task::Poll::Ready(flight) = value {
            *self.value.lock().unwrap() = Some(flight.value);
        }
    }
}

#[test]
fn a_waker_may_poll_on_the_spot() {
    within_deadline(|| {
        for leader_goes in [false, true] {
            let group: &'static Group<&str, i32> = Box::leak(Box::default());
            let gate = Gate::default();
            let leader = Polled::new(group.run("key", gate.work(1))).pending();
            let mut waiter = group.run("key", gate.work(2)).boxed();
            let spot = Arc::new(OnTheSpot { call: Mutex::default(), value: Mutex::default() });
            let waker = Waker::from(spot.clone());
            assert!(waiter.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
            *spot.call.lock().unwrap() = Some(waiter);
            gate.open();
            if leader_goes {
                drop(leader);
            } else {
                leader.ready();
            }
            assert_eq!(*spot.value.lock().unwrap(), Some(1), "leader goes: {leader_goes}");
        }
    });
}
