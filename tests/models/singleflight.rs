//! Every interleaving of callers that come, go, panic and forget, for each invariant of a singleflight.

use std::future::{Future, poll_fn};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use futures::FutureExt;
use loomscope::sync::Mutex;
use loomscope::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use loomscope::task::{block_on, yield_now};
use loomscope::{Model, thread};
use patterns::singleflight::{Flight, Group};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/singleflight")
}

type Shared = Arc<Group<u8, usize>>;

/// A call that shares in its group, so that it can be dropped anywhere.
fn call<F>(group: &Shared, work: impl FnOnce() -> F + Send + 'static) -> Call
where
    F: Future<Output = usize> + Send + 'static,
{
    let group = group.clone();
    Box::pin(async move { group.run(1, work).await })
}

type Call = Pin<Box<dyn Future<Output = Flight<usize>> + Send>>;

/// Has its value at its second poll, whoever polls; it wakes nobody.
fn second_poll(value: usize) -> impl Future<Output = usize> + Send {
    nth_poll(2, value)
}

fn nth_poll(n: usize, value: usize) -> impl Future<Output = usize> + Send {
    let mut polls = 0;
    poll_fn(move |_| {
        polls += 1;
        if polls < n { Poll::Pending } else { Poll::Ready(value) }
    })
}

#[test]
fn no_two_works_of_a_key_run_at_once() {
    model("I1: of a key, one work at a time").check(|| {
        let (group, running) = (Shared::default(), Arc::new(AtomicUsize::new(0)));
        let work = {
            let running = running.clone();
            move || async move {
                assert_eq!(running.fetch_add(1, SeqCst), 0, "I1: two works run at once");
                running.fetch_sub(1, SeqCst);
                1
            }
        };
        let theirs = call(&group, work.clone());
        let other = thread::spawn_named("other", move || block_on(theirs).value);
        assert_eq!(block_on(call(&group, work)).value, 1);
        assert_eq!(other.join().unwrap(), 1);
        assert_eq!(group.in_flight(), 0, "I5: a key was left behind");
    });
}

#[test]
fn a_waiter_hears_of_the_end_whenever_it_comes() {
    model("I4: the end reaches who is just joining").check(|| {
        let group = Shared::default();
        let mut leader = call(&group, || second_poll(1));
        assert!((&mut leader).now_or_never().is_none());
        let theirs = call(&group, || async { 2 });
        let waiter = thread::spawn_named("waiter", move || block_on(theirs));
        assert_eq!(leader.now_or_never().map(|flight| flight.value), Some(1));
        let got = waiter.join().unwrap();
        assert_eq!(got.shared, got.value == 1, "it has shared, or run its own");
    });
}

#[test]
fn a_waiter_goes_on_when_the_leader_leaves() {
    model("I3: the turn reaches who is just joining").check(|| {
        let group = Shared::default();
        let mut leader = call(&group, || second_poll(1));
        assert!((&mut leader).now_or_never().is_none());
        let theirs = call(&group, || async { 2 });
        let waiter = thread::spawn_named("waiter", move || block_on(theirs));
        drop(leader);
        let got = waiter.join().unwrap();
        assert_eq!(got.shared, got.value == 1, "it has driven the leader's work, or run its own");
        assert_eq!(group.in_flight(), 0, "I5: a key was left behind");
    });
}

#[test]
fn the_turn_is_not_lost_with_one_who_leaves() {
    model("I3: a waiter that is dropped passes the turn on").check(|| {
        let group = Shared::default();
        let mut leader = call(&group, || second_poll(1));
        assert!((&mut leader).now_or_never().is_none());
        let mut first = call(&group, || async { 2 });
        assert!((&mut first).now_or_never().is_none());
        let mut second = call(&group, || async { 3 });
        assert!((&mut second).now_or_never().is_none());
        let leader = thread::spawn_named("leader", move || drop(leader));
        let first = thread::spawn_named("first waiter", move || drop(first));
        assert_eq!(block_on(second), Flight { value: 1, shared: true });
        leader.join().unwrap();
        first.join().unwrap();
        assert_eq!(group.in_flight(), 0, "I5: a key was left behind");
    });
}

#[test]
fn a_waiter_begins_anew_when_the_leader_panics() {
    model("I3: a panic frees the turn").check(|| {
        let group = Shared::default();
        let mut polled = false;
        let mut leader = call(&group, move || {
            poll_fn(move |_| {
                assert!(!std::mem::replace(&mut polled, true), "the second poll panics");
                Poll::Pending
            })
        });
        assert!((&mut leader).now_or_never().is_none());
        let theirs = call(&group, || async { 2 });
        let waiter = thread::spawn_named("waiter", move || block_on(theirs));
        let panic = catch_unwind(AssertUnwindSafe(|| leader.now_or_never()));
        assert!(panic.is_err());
        assert_eq!(waiter.join().unwrap(), Flight { value: 2, shared: false });
        assert_eq!(group.in_flight(), 0, "I5: a key was left behind");
    });
}

#[test]
fn who_has_a_value_finds_the_flight_ended() {
    model("I2: a flight is off the list before anybody has its value").check(|| {
        let group = Shared::default();
        let mut leader = call(&group, || second_poll(1));
        assert!((&mut leader).now_or_never().is_none());
        let mut waiter = call(&group, || async { 2 });
        assert!((&mut waiter).now_or_never().is_none());
        let theirs = group.clone();
        let waiter = thread::spawn_named("waiter", move || {
            assert_eq!(block_on(waiter).value, 1);
            let again = block_on(theirs.run(1, || async { 3 })).value;
            assert_eq!(again, 3, "I2: it began after the end, and has the old value");
        });
        leader.now_or_never().expect("the second poll is the last");
        waiter.join().unwrap();
    });
}

#[test]
fn the_end_of_a_forgotten_flight_spares_the_next() {
    model("I6: only the flight itself is taken off the list").check(|| {
        let group = Shared::default();
        let mut old = call(&group, || second_poll(1));
        assert!((&mut old).now_or_never().is_none());
        let ends = thread::spawn_named("old", move || old.now_or_never().unwrap().value);
        group.forget(&1);
        let mut new = call(&group, || second_poll(2));
        assert!((&mut new).now_or_never().is_none(), "I6: the old flight was joined");
        assert_eq!(ends.join().unwrap(), 1);
        assert_eq!(group.in_flight(), 1, "I6: the old flight took the new one off the list");
        assert_eq!(new.now_or_never(), Some(Flight { value: 2, shared: false }));
    });
}

#[test]
fn the_last_of_two_who_leave_at_once_takes_the_key_along() {
    model("I5: nothing is left when all are gone").check(|| {
        let group = Shared::default();
        let kept = Arc::new(());
        let theirs = kept.clone();
        let mut leader = call(&group, move || async move {
            let _kept = theirs;
            yield_now().await;
            1
        });
        assert!((&mut leader).now_or_never().is_none());
        let mut waiter = call(&group, || async { 2 });
        assert!((&mut waiter).now_or_never().is_none());
        let other = thread::spawn_named("waiter", move || drop(waiter));
        drop(leader);
        other.join().unwrap();
        assert_eq!(group.in_flight(), 0, "I5: a key was left behind");
        assert_eq!(Arc::strong_count(&kept), 1, "I5: the work was left behind");
    });
}

#[test]
fn who_comes_while_the_last_one_leaves_is_not_left_alone() {
    model("I5: only a flight without callers is taken off the list").check(|| {
        let group = Shared::default();
        let mut leader = call(&group, || nth_poll(3, 1));
        assert!((&mut leader).now_or_never().is_none());
        let leaves = thread::spawn_named("leaves", move || drop(leader));
        let mut comes = call(&group, || nth_poll(2, 2));
        assert!((&mut comes).now_or_never().is_none(), "the leader's work, or its own, must wait");
        leaves.join().unwrap();
        assert_eq!(group.in_flight(), 1, "I5: its flight is gone, and it is still there");
        drop(comes);
        assert_eq!(group.in_flight(), 0, "I5: a key was left behind");
    });
}

#[test]
fn a_work_may_call_for_another_key() {
    model("no lock is held while a work is polled").check(|| {
        let group = Shared::default();
        let ours = group.clone();
        let outer = call(&group, move || async move { ours.run(2, || async { 1 }).await.value });
        let theirs = group.clone();
        let other = thread::spawn_named("other", move || block_on(theirs.run(2, || async { 1 })));
        assert_eq!(block_on(outer).value, 1);
        other.join().unwrap();
    });
}

/// A waker that polls a call of its own on the spot.
struct OnTheSpot(Mutex<Option<Call>>);

impl Wake for OnTheSpot {
    fn wake(self: Arc<Self>) {
        let call = self.0.lock().unwrap().take();
        assert!(call.is_some_and(|call| call.now_or_never().is_some()), "its turn or its value");
    }
}

#[test]
fn a_waker_is_called_without_a_lock() {
    model("no lock is held while a waker is called").check(|| {
        for leader_goes in [true, false] {
            let group = Shared::default();
            let mut leader = call(&group, || second_poll(1));
            assert!((&mut leader).now_or_never().is_none());
            let mut waiter = call(&group, || async { 2 });
            let spot = Arc::new(OnTheSpot(Mutex::new(None)));
            let waker = Waker::from(spot.clone());
            assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            *spot.0.lock().unwrap() = Some(waiter);
            if leader_goes {
                drop(leader);
            } else {
                assert!(leader.now_or_never().is_some());
            }
            assert!(spot.0.lock().unwrap().is_none(), "I3: the waiter was not woken");
        }
    });
}

/// A key that looks at its group when it is dropped, and a value that does so when it is cloned.
#[derive(Debug)]
struct Nosy(Weak<Group<Nosy, Nosy>>);

impl Nosy {
    fn look(&self) {
        if let Some(group) = self.0.upgrade() {
            group.in_flight();
        }
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.look();
    }
}

impl Clone for Nosy {
    fn clone(&self) -> Self {
        self.look();
        Self(self.0.clone())
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
fn keys_and_values_are_touched_without_a_lock() {
    model("no lock is held while a key is hashed or dropped, or a value cloned").check(|| {
        let group = Arc::new(Group::new());
        let nosy = || Nosy(Arc::downgrade(&group));
        let call = || {
            let value = nosy();
            Box::pin(group.run(nosy(), || {
                let (mut polls, mut value) = (0, Some(value));
                poll_fn(move |_| {
                    polls += 1;
                    if polls < 2 { Poll::Pending } else { Poll::Ready(value.take().unwrap()) }
                })
            }))
        };
        let (mut first, mut second) = (call(), call());
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        group.forget(&nosy());
        let mut third = call();
        assert!((&mut third).now_or_never().is_none());
        drop(third);
        assert!(first.now_or_never().is_some());
        assert!(second.now_or_never().is_some());
        assert_eq!(group.in_flight(), 0);
    });
}

/// A waker that takes a call along when it goes, as the last waker of a task does.
struct Holds(Mutex<Option<Call>>);

impl Wake for Holds {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Holds {
    fn drop(&mut self) {
        let call = self.0.lock().unwrap().take();
        drop(call);
    }
}

#[test]
fn a_waker_is_dropped_without_a_lock() {
    model("no lock is held while a waker is dropped").check(|| {
        let group = Shared::default();
        let mut leader = call(&group, || second_poll(1));
        assert!((&mut leader).now_or_never().is_none());
        // The line has the only waker of a task that waits for the same flight.
        let held_by_the_line = || {
            let mut held = call(&group, || async { 2 });
            assert!((&mut held).now_or_never().is_none());
            let waker = Waker::from(Arc::new(Holds(Mutex::new(Some(held)))));
            let mut waiter = call(&group, || async { 3 });
            assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            waiter
        };
        drop(held_by_the_line());
        let mut moves = held_by_the_line();
        assert!((&mut moves).now_or_never().is_none());
        let ended = held_by_the_line();
        let mut drives = held_by_the_line();
        drop(leader);
        assert_eq!((&mut drives).now_or_never(), Some(Flight { value: 1, shared: true }));
        drop((moves, ended));
        assert_eq!(group.in_flight(), 0, "I5: a key was left behind");
    });
}

/// A value that drops a call for itself when it is cloned.
#[derive(Debug)]
struct Takes(Arc<Mutex<Option<CallFor>>>);

struct CallFor(Pin<Box<dyn Future<Output = Flight<Takes>> + Send>>);

impl std::fmt::Debug for CallFor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CallFor")
    }
}

impl Clone for Takes {
    fn clone(&self) -> Self {
        let call = self.0.lock().unwrap().take();
        drop(call);
        Self(self.0.clone())
    }
}

#[test]
fn a_value_is_cloned_without_a_lock() {
    model("no lock is held while a value is cloned").check(|| {
        let group = Arc::new(Group::new());
        let slot = Arc::new(Mutex::new(None));
        let begun = || {
            let (group, value) = (group.clone(), Takes(slot.clone()));
            let work = || {
                let (mut polls, mut value) = (0, Some(value));
                poll_fn(move |_| {
                    polls += 1;
                    if polls < 2 { Poll::Pending } else { Poll::Ready(value.take().unwrap()) }
                })
            };
            let mut call: Pin<Box<_>> = Box::pin(async move { group.run(1, work).await });
            assert!((&mut call).now_or_never().is_none());
            CallFor(call)
        };
        let [mut leader, mut waiter, one, two] = [begun(), begun(), begun(), begun()];
        for (call, takes) in [(&mut leader, one), (&mut waiter, two)] {
            *slot.lock().unwrap() = Some(takes);
            assert!((&mut call.0).now_or_never().is_some());
            assert!(slot.lock().unwrap().is_none(), "it was cloned");
        }
        assert_eq!(group.in_flight(), 0);
    });
}
