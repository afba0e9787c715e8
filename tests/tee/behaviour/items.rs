//! Which items a half is given, and what they cost.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;

use futures::{StreamExt, join, stream};
use patterns::tee::{Lag, Tee, tee};

use crate::feed::{Feed, feed, halves};
use crate::support::{run, within_deadline};

#[test]
fn both_halves_are_given_every_item_in_order() {
    run(|| async {
        for lag in [Lag::Wait(1), Lag::Wait(4), Lag::DropOldest(30)] {
            let (a, b) = tee(stream::iter(0..20), lag);
            let (a, b) = join!(a.collect::<Vec<_>>(), b.collect::<Vec<_>>());
            assert!(a.into_iter().eq(0..20), "{lag:?}: the first half");
            assert!(b.into_iter().eq(0..20), "{lag:?}: the second half");
        }
    });
}

#[test]
fn an_item_that_one_has_taken_is_kept_for_the_other() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        (1..=4).for_each(|item| feeder.put(item));
        assert_eq!([a.item(), a.item(), a.item()], [1, 2, 3]);
        assert_eq!([b.item(), b.item()], [1, 2]);
        assert_eq!(a.item(), 4);
        a.waits();
        assert_eq!([b.item(), b.item()], [3, 4]);
        b.waits();
    });
}

#[test]
fn either_half_may_be_ahead() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        (1..=6).for_each(|item| feeder.put(item));
        assert_eq!([a.item(), a.item()], [1, 2]);
        assert_eq!([b.item(), b.item(), b.item(), b.item()], [1, 2, 3, 4], "b overtakes");
        assert_eq!([a.item(), a.item(), a.item(), a.item()], [3, 4, 5, 6], "a overtakes");
        assert_eq!([b.item(), b.item()], [5, 6]);
    });
}

#[test]
fn nothing_is_asked_of_the_source_before_a_half_is_polled() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        feeder.put(1);
        assert_eq!(feeder.polls(), 0, "nobody has asked yet");
        a.item();
        assert_eq!(feeder.polls(), 1, "one was asked for");
        b.item();
        assert_eq!(feeder.polls(), 1, "it was there");
    });
}

#[test]
fn both_see_the_end_after_the_last_item_and_it_stays() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        feeder.put(1);
        feeder.put(2);
        feeder.end();
        assert_eq!([a.item(), a.item()], [1, 2]);
        a.ends();
        assert!(feeder.is_dropped(), "a source that has ended is dropped");
        assert_eq!([b.item(), b.item()], [1, 2], "what is kept comes before the end");
        b.ends();
        a.ends();
        b.ends();
    });
}

#[test]
fn the_source_may_be_an_async_block_and_need_not_be_unpin() {
    run(|| async {
        let source = stream::once(async {
            let local = [1, 2, 3];
            let borrowed = &local;
            tokio::task::yield_now().await;
            borrowed.len()
        });
        let (a, b) = tee(source, Lag::Wait(1));
        assert_eq!(join!(a.collect::<Vec<_>>(), b.collect::<Vec<_>>()), (vec![3], vec![3]));
    });
}

/// Counts how often it was cloned, and knows whether it is the original.
struct Counted {
    clones: Arc<AtomicUsize>,
    is_original: bool,
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, SeqCst);
        Self { clones: self.clones.clone(), is_original: false }
    }
}

fn counted(clones: &Arc<AtomicUsize>) -> Counted {
    Counted { clones: clones.clone(), is_original: true }
}

#[test]
fn an_item_is_cloned_once_and_the_original_goes_to_who_takes_it_last() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        let clones = Arc::default();
        for _ in 0..3 {
            feeder.put(counted(&clones));
        }
        assert!(!a.item().is_original && !a.item().is_original, "a is the first of two");
        assert!(b.item().is_original && b.item().is_original, "b is the last");
        assert!(!b.item().is_original && a.item().is_original, "and now the other way round");
        assert_eq!(clones.load(SeqCst), 3, "a clone an item");
    });
}

#[test]
fn a_lone_half_clones_nothing() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, b) = halves(source, Lag::Wait(1));
        let clones = Arc::default();
        drop(b);
        for _ in 0..5 {
            feeder.put(counted(&clones));
            assert!(a.item().is_original);
        }
        assert_eq!(clones.load(SeqCst), 0);
    });
}

#[test]
fn a_dropped_next_has_taken_nothing() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = tee(source, Lag::Wait(8));
        let next = crate::support::Polled::new(a.next()).pending();
        feeder.push(1);
        assert_eq!(next.wakes(), 1);
        drop(next);
        let second = crate::support::Polled::new(b.next()).ready();
        let first = crate::support::Polled::new(a.next()).ready();
        assert_eq!((first, second), (Some(1), Some(1)));
    });
}

#[test]
fn the_halves_may_cross_threads_and_move_after_a_poll() {
    within_deadline(|| {
        fn crosses<T: Send + Sync + Unpin>() {}
        // Neither `Unpin` nor `Sync` is asked of the source: it is boxed, and polled by one at a time.
        crosses::<Tee<Feed<Cell<u8>>>>();
        crosses::<Lag>();

        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(1));
        a.waits();
        let mut a = std::thread::spawn(move || {
            feeder.push(7);
            assert_eq!(a.item(), 7);
            a
        })
        .join()
        .unwrap();
        assert_eq!(b.item(), 7);
        assert_eq!(a.poll(), Poll::Pending);
    });
}

#[test]
fn a_half_of_an_always_ready_source_lets_its_neighbours_run() {
    run(|| async {
        let (mut a, b) = tee(stream::repeat(1), Lag::DropOldest(1));
        let neighbour = tokio::spawn(async {});
        for _ in 0..1_000 {
            // Never has to wait.
            a.next().await.unwrap();
        }
        assert!(neighbour.is_finished(), "a thousand items, and the neighbour had no turn");
        drop(b);
    });
}
