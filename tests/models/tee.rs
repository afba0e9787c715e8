//! Every interleaving of two halves with their source: who polls it, who waits, who leaves.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::{FutureExt, Stream, StreamExt, stream};
use loomscope::sync::Mutex;
use loomscope::sync::atomic::{AtomicUsize, Ordering, Ordering::SeqCst};
use loomscope::task::block_on;
use loomscope::{Model, thread};
use patterns::tee::{Lag, tee};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/tee")
}

/// A source with a feeder: a number to give, and whoever waits for it.
#[derive(Default)]
struct Tray {
    items: usize,
    given: usize,
    waker: Option<Waker>,
}

#[derive(Clone, Default)]
struct Feed(Arc<Mutex<Tray>>);

impl Feed {
    fn push(&self) {
        let waker = {
            let mut tray = self.0.lock().unwrap();
            tray.items += 1;
            tray.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

/// Gives 0, 1, …: as many as were pushed. It has no end.
impl Stream for Feed {
    type Item = usize;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        let waker = cx.waker().clone();
        let mut tray = self.0.lock().unwrap();
        if tray.given == tray.items {
            let old = tray.waker.replace(waker);
            drop(tray);
            drop(old);
            return Poll::Pending;
        }
        tray.given += 1;
        Poll::Ready(Some(tray.given - 1))
    }
}

#[test]
fn both_halves_see_the_same_sequence() {
    for lag in [Lag::Wait(1), Lag::Wait(2)] {
        model("I1: every item to both, in order").check(move || {
            let (a, b) = tee(stream::iter([1, 2]), lag);
            let reader =
                thread::spawn_named("second half", move || block_on(b.collect::<Vec<_>>()));
            assert_eq!(block_on(a.collect::<Vec<_>>()), [1, 2], "I1: the first half");
            assert_eq!(reader.join().unwrap(), [1, 2], "I1: the second half");
        });
    }
}

#[test]
fn no_call_of_the_source_is_lost() {
    // Three threads that all take part: a third preemption takes longer than the other models together.
    model("I5: whoever waits hears of the item").preemptions(2).check(|| {
        let feed = Feed::default();
        let (mut a, mut b) = tee(feed.clone(), Lag::Wait(1));
        let reader = thread::spawn_named("second half", move || block_on(b.next()));
        let feeder = thread::spawn_named("feeder", move || feed.push());
        assert_eq!(block_on(a.next()), Some(0));
        assert_eq!(reader.join().unwrap(), Some(0));
        feeder.join().unwrap();
    });
}

#[test]
fn no_call_of_the_source_is_lost_with_a_half_that_leaves() {
    model("I5: a half polled the source, and is dropped").check(|| {
        let feed = Feed::default();
        let (mut a, mut b) = tee(feed.clone(), Lag::Wait(1));
        let leaver = thread::spawn_named("leaver", move || {
            b.next().now_or_never();
            drop(b);
        });
        let feeder = thread::spawn_named("feeder", move || feed.push());
        assert_eq!(block_on(a.next()), Some(0), "I5: it hears of the item");
        leaver.join().unwrap();
        feeder.join().unwrap();
    });
}

#[test]
fn no_call_of_the_source_is_lost_with_a_half_that_is_not_polled_again() {
    model("I5: a half polled the source, and is kept").check(|| {
        let feed = Feed::default();
        let (mut a, mut b) = tee(feed.clone(), Lag::Wait(1));
        let idler = thread::spawn_named("idler", move || {
            b.next().now_or_never();
            b
        });
        let feeder = thread::spawn_named("feeder", move || feed.push());
        assert_eq!(block_on(a.next()), Some(0), "I5: it hears of the item");
        drop(idler.join().unwrap());
        feeder.join().unwrap();
    });
}

/// Gives a number once it has been set. Who sets it shares nothing else with who polls, and has taken
/// the waker before.
struct Relaxed {
    number: Arc<AtomicUsize>,
    waker: Arc<Mutex<Option<Waker>>>,
}

impl Stream for Relaxed {
    type Item = usize;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        match self.number.load(Ordering::Relaxed) {
            0 => {
                *self.waker.lock().unwrap() = Some(cx.waker().clone());
                Poll::Pending
            }
            number => Poll::Ready(Some(number)),
        }
    }
}

#[test]
fn what_the_source_called_for_is_seen_by_who_polls_it_next() {
    model("I5: the call carries what was done before it").check(|| {
        let (number, waker) = (Arc::new(AtomicUsize::new(0)), Arc::default());
        let source = Relaxed { number: number.clone(), waker: Arc::clone(&waker) };
        let (mut a, mut b) = tee(source, Lag::Wait(1));
        assert!(a.next().now_or_never().is_none());
        let waker: Waker = waker.lock().unwrap().take().expect("the source was polled");
        let caller = thread::spawn_named("caller", move || {
            number.store(7, Ordering::Relaxed);
            waker.wake();
        });
        assert_eq!(block_on(b.next()), Some(7), "I5: the second half was not asleep at the call");
        caller.join().unwrap();
    });
}

#[test]
fn the_faster_half_hears_of_the_slower_ones_take() {
    model("I4: the faster waits, and there is room while it goes to sleep").check(|| {
        let (mut a, mut b) = tee(stream::iter([1, 2]), Lag::Wait(1));
        let slower = thread::spawn_named("slower", move || {
            block_on(b.next());
            b
        });
        assert_eq!((block_on(a.next()), block_on(a.next())), (Some(1), Some(2)));
        drop(slower.join().unwrap());
    });
}

#[test]
fn the_faster_half_hears_of_the_slower_ones_drop() {
    model("I6: the faster waits, and the slower leaves while it goes to sleep").check(|| {
        let (mut a, b) = tee(stream::iter([1, 2]), Lag::Wait(1));
        let slower = thread::spawn_named("slower", move || drop(b));
        assert_eq!((block_on(a.next()), block_on(a.next())), (Some(1), Some(2)));
        slower.join().unwrap();
    });
}

#[test]
fn the_lead_is_never_more_than_agreed() {
    model("I4: no more than the lag is kept").check(|| {
        let taken = Arc::new(AtomicUsize::new(0));
        let seen = taken.clone();
        // At a lead of one, an item is fetched when the other has come for all before it.
        let source = stream::iter(0..3).inspect(move |&item| {
            assert!(item <= seen.load(SeqCst), "I4: item {item} came too early");
        });
        let (mut a, mut b) = tee(source, Lag::Wait(1));
        let slower = thread::spawn_named("slower", move || {
            // Counted before it is taken, so that the count is never behind.
            taken.fetch_add(1, SeqCst);
            block_on(b.next());
            b
        });
        assert_eq!((block_on(a.next()), block_on(a.next())), (Some(0), Some(1)));
        drop(slower.join().unwrap());
    });
}

#[test]
fn what_is_lost_is_counted() {
    model("I1: each item is given or counted").check(|| {
        let (a, mut b) = tee(stream::iter([1, 2]), Lag::DropOldest(1));
        let faster = thread::spawn_named("faster", move || block_on(a.collect::<Vec<_>>()).len());
        let mut given = 0;
        while block_on(b.next()).is_some() {
            given += 1;
        }
        let ours = given + b.dropped();
        assert_eq!(ours, 2, "I1: an item was neither given nor counted");
        assert!(faster.join().unwrap() <= 2);
    });
}

#[test]
fn the_last_of_two_to_leave_drops_what_is_left() {
    /// Counts its end.
    struct Ends(Arc<AtomicUsize>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    model("I6: two leave at once, and the source goes once").check(|| {
        let ends = Arc::new(AtomicUsize::new(0));
        let guard = Ends(ends.clone());
        let source = stream::repeat_with(move || _ = &guard);
        let (mut a, b) = tee(source, Lag::Wait(1));
        a.next().now_or_never();
        let other = thread::spawn_named("other", move || drop(b));
        drop(a);
        other.join().unwrap();
        assert_eq!(ends.load(SeqCst), 1, "I6: the source is dropped by the second to leave");
    });
}
