//! What others bring along, the source, clones, destructors and wakers, may panic and may come back.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::panicking;

use futures::Stream;
use patterns::tee::{Lag, Tee, tee};

use crate::feed::{Feed, feed, halves};
use crate::support::{Wakes, panic_of, within_deadline};

/// Does `act` when it is woken.
struct Acting<F: Fn()>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Acting<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn acting(act: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Acting(act)))
}

/// An item that does something when it is cloned, and when it is dropped.
struct Touchy {
    on_clone: Act,
    on_drop: Act,
}

type Act = Arc<dyn Fn() + Send + Sync>;

impl Touchy {
    fn new(
        on_clone: impl Fn() + Send + Sync + 'static,
        on_drop: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self { on_clone: Arc::new(on_clone), on_drop: Arc::new(on_drop) }
    }
}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        (self.on_clone)();
        Self { on_clone: self.on_clone.clone(), on_drop: self.on_drop.clone() }
    }
}

impl Drop for Touchy {
    fn drop(&mut self) {
        // A second panic would abort, and hide the first.
        if !panicking() {
            (self.on_drop)();
        }
    }
}

/// A half that others can get at.
type Place<S> = Arc<Mutex<Option<Tee<S>>>>;

fn poll_in_place<S>(place: &Place<S>, waker: &Waker) -> Poll<Option<S::Item>>
where
    S: Stream,
    S::Item: Clone,
{
    let mut place = place.lock().unwrap();
    let half = place.as_mut().expect("the half is in its place");
    Pin::new(half).poll_next(&mut Context::from_waker(waker))
}

#[test]
fn the_source_may_poll_the_other_half_while_it_is_polled() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, b) = halves(source, Lag::Wait(2));
        let (place, wakes) = (Arc::new(Mutex::new(Some(b.tee))), Arc::new(Wakes::default()));
        let (theirs, waker) = (place.clone(), Waker::from(wakes.clone()));
        feeder.before_poll(move || assert!(poll_in_place(&theirs, &waker).is_pending()));
        feeder.put(1);
        assert_eq!(a.item(), 1);
        assert_eq!(wakes.count(), 1, "who came meanwhile is told of the item");
        let again = poll_in_place(&place, Waker::noop());
        assert_eq!(again, Poll::Ready(Some(1)));
        feeder.before_poll(|| ());
        drop(place.lock().unwrap().take());
    });
}

#[test]
fn the_source_may_drop_the_other_half_while_it_is_polled() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, b) = halves(source, Lag::Wait(1));
        let place = Mutex::new(Some(b.tee));
        feeder.before_poll(move || drop(place.lock().unwrap().take()));
        let clones = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let count = clones.clone();
            feeder.put(Touchy::new(move || _ = count.fetch_add(1, SeqCst), || ()));
            a.item();
        }
        assert_eq!(clones.load(SeqCst), 0, "there was nobody to make a clone for");
    });
}

#[test]
fn a_clone_may_use_the_halves() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, b) = halves(source, Lag::Wait(2));
        let place: Place<Feed<Touchy>> = Arc::new(Mutex::new(Some(b.tee)));
        let theirs = place.clone();
        let poll = move || _ = poll_in_place(&theirs, Waker::noop()).is_ready();
        feeder.put(Touchy::new(poll, || ()));
        drop(a.item());
        let theirs = place.clone();
        let leave = move || drop(theirs.lock().unwrap().take());
        feeder.put(Touchy::new(leave, || ()));
        drop(a.item());
        assert!(place.lock().unwrap().is_none(), "the clone has dropped the other half");
    });
}

#[test]
fn the_drop_of_an_item_may_use_the_halves() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, b) = halves(source, Lag::DropOldest(1));
        let place: Place<Feed<Touchy>> = Arc::new(Mutex::new(Some(b.tee)));
        let seen = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let (theirs, seen) = (place.clone(), seen.clone());
            let look = move || {
                if let Ok(place) = theirs.try_lock()
                    && let Some(half) = &*place
                {
                    seen.store(half.dropped() as usize, SeqCst);
                }
            };
            feeder.put(Touchy::new(|| (), look));
        }
        for _ in 0..3 {
            std::mem::forget(a.item());
        }
        assert_eq!(seen.load(SeqCst), 2, "the second to be dropped is counted when it goes");
        drop(place.lock().unwrap().take());
    });
}

#[test]
fn a_waker_may_poll_the_half_that_it_wakes() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, b) = halves(source, Lag::Wait(1));
        let (place, given) = (Arc::new(Mutex::new(Some(b.tee))), Arc::new(AtomicUsize::new(0)));
        let (theirs, sum) = (place.clone(), given.clone());
        let eager = acting(move || {
            if let Poll::Ready(Some(item)) = poll_in_place(&theirs, Waker::noop()) {
                sum.fetch_add(item, SeqCst);
            }
        });
        assert!(poll_in_place(&place, &eager).is_pending());
        feeder.put(3);
        assert_eq!(a.item(), 3, "wakes the other, which takes it at once");
        assert_eq!(given.load(SeqCst), 3);
        assert!(poll_in_place(&place, &eager).is_pending());
        feeder.push(4);
        assert_eq!(given.load(SeqCst), 7, "the source's call is answered by the waker itself");
        assert_eq!(a.item(), 4);
        drop(place.lock().unwrap().take());
    });
}

#[test]
fn a_panic_of_the_source_is_the_end_for_both() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        feeder.put(1);
        feeder.put(2);
        assert_eq!([a.item(), a.item(), b.item()], [1, 2, 1]);
        feeder.before_poll(|| panic!("the source broke"));
        assert_eq!(panic_of(|| a.poll()), "the source broke");
        assert!(feeder.is_dropped(), "it is not polled any more");
        a.ends();
        assert_eq!(b.item(), 2, "what was kept is still there");
        b.ends();
    });
}

#[test]
fn a_panic_of_the_source_wakes_the_other_half() {
    within_deadline(|| {
        let (feeder, source) = feed::<u8>();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        b.waits();
        feeder.before_poll(|| panic!("the source broke"));
        assert_eq!(panic_of(|| a.poll()), "the source broke");
        assert_eq!(b.wakes(), 1, "it would wait for ever");
        b.ends();
    });
}

#[test]
fn a_panic_of_a_clone_costs_only_who_was_polled_the_item() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        a.waits();
        b.waits();
        feeder.put(Touchy::new(|| panic!("the clone broke"), || ()));
        assert_eq!(panic_of(|| a.poll().is_ready()), "the clone broke");
        assert!(b.was_woken(), "the other has the item");
        b.item();
        b.waits();
        feeder.put(Touchy::new(|| (), || ()));
        a.item();
        b.item();
        a.waits();
        assert_eq!((a.tee.dropped(), b.tee.dropped()), (0, 0));
    });
}

#[test]
fn a_panic_of_a_dropped_item_reaches_who_dropped_it_and_no_one_else() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::DropOldest(1));
        feeder.put(Touchy::new(|| (), || panic!("the item broke")));
        feeder.put(Touchy::new(|| (), || ()));
        std::mem::forget(a.item());
        assert_eq!(panic_of(|| a.poll().is_ready()), "the item broke");
        assert_eq!(b.tee.dropped(), 1);
        b.item();
        a.waits();
    });
}

#[test]
fn a_panic_of_what_was_kept_reaches_who_left_and_no_one_else() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, b) = halves(source, Lag::Wait(1));
        feeder.put(Touchy::new(|| (), || panic!("the item broke")));
        std::mem::forget(a.item());
        a.waits();
        assert_eq!(panic_of(|| drop(b)), "the item broke");
        assert_eq!(a.wakes(), 1, "nobody is left to wait for");
        feeder.put(Touchy::new(|| (), || ()));
        a.item();
    });
}

/// Ends at once, and its destructor panics.
struct Brittle;

impl Stream for Brittle {
    type Item = u8;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
        Poll::Ready(None)
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        assert!(panicking(), "the source's end broke");
    }
}

#[test]
fn a_panic_of_the_sources_destructor_leaves_both_ended() {
    within_deadline(|| {
        let (mut a, mut b) = halves(Brittle, Lag::Wait(1));
        assert_eq!(panic_of(|| a.poll()), "the source's end broke");
        b.ends();
        a.ends();
        let (a, b) = tee(Brittle, Lag::Wait(1));
        drop(a);
        assert_eq!(panic_of(|| drop(b)), "the source's end broke");
    });
}

#[test]
fn a_panic_of_one_waker_keeps_no_call_from_the_other() {
    within_deadline(|| {
        for first_panics in [true, false] {
            let (feeder, source) = feed();
            let (a, b) = halves(source, Lag::Wait(1));
            let (mut panics, mut sleeps) = if first_panics { (a, b) } else { (b, a) };
            assert!(panics.poll_with(&acting(|| panic!("the waker broke"))).is_pending());
            sleeps.waits();
            assert_eq!(panic_of(|| feeder.push(1)), "the waker broke");
            assert_eq!(sleeps.wakes(), 1);
            assert_eq!((sleeps.item(), panics.item()), (1, 1));
        }
    });
}

#[test]
fn a_panic_of_the_others_waker_costs_who_woke_it_an_item_and_no_one_else() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(2));
        assert!(b.poll_with(&acting(|| panic!("the waker broke"))).is_pending());
        feeder.put(1);
        feeder.put(2);
        assert_eq!(panic_of(|| a.poll()), "the waker broke");
        assert_eq!([a.item(), b.item(), b.item()], [2, 1, 2]);
        a.waits();
        b.waits();
    });
}

/// Panics when it is polled, and then again when it is dropped.
#[derive(Default)]
struct BreaksTwice {
    has_broken: bool,
}

impl Stream for BreaksTwice {
    type Item = u8;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
        self.has_broken = true;
        panic!("the source broke")
    }
}

impl Drop for BreaksTwice {
    fn drop(&mut self) {
        assert!(!self.has_broken, "the source's end broke");
    }
}

#[test]
fn a_second_panic_beside_the_sources_ends_there() {
    within_deadline(|| {
        let (mut a, mut b) = halves(BreaksTwice::default(), Lag::Wait(1));
        assert_eq!(panic_of(|| a.poll()), "the source broke");
        b.ends();
        let (feeder, source) = feed::<u8>();
        let (mut a, mut b) = halves(source, Lag::Wait(1));
        assert!(b.poll_with(&acting(|| panic!("the waker broke"))).is_pending());
        feeder.before_poll(|| panic!("the source broke"));
        assert_eq!(panic_of(|| a.poll()), "the source broke");
        b.ends();
    });
}
