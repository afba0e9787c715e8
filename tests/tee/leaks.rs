//! What is left when it is over: no item, no waker, no allocation.

use std::sync::Arc;
use std::task::Waker;

use futures::{StreamExt, join};
use patterns::tee::{Lag, tee};

use crate::allocations;
use crate::feed::{feed, halves};
use crate::support::{Census, Wakes, run, within_deadline};

#[test]
fn nothing_is_kept_of_what_both_were_given() {
    run(|| async {
        let census = Census::default();
        let payloads = census.clone();
        let source = futures::stream::iter(0..50).map(move |i| Arc::new(payloads.payload(i)));
        let (a, b) = tee(source, Lag::Wait(4));
        let (a, b) = join!(a.count(), b.count());
        assert_eq!((a, b, census.alive()), (50, 50, 0));
    });
}

#[test]
fn no_waker_is_kept_when_its_wait_is_over() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(1));
        let wakes = Arc::new(Wakes::default());
        let kept = || Arc::strong_count(&wakes) - 1;
        let waker = || Waker::from(wakes.clone());

        // Not woken, but polled again, by somebody else: as in a `join!`.
        assert!(a.poll_with(&waker()).is_pending());
        assert_eq!(kept(), 1);
        feeder.put(1);
        assert_eq!(a.item(), 1);
        assert_eq!(kept(), 0, "the half has its item, and its waker was left behind");

        assert!(a.poll_with(&waker()).is_pending());
        assert_eq!(b.item(), 1);
        assert_eq!(kept(), 0, "it was woken: there is room");

        b.waits();
        assert!(b.poll_with(&waker()).is_pending());
        drop(b);
        assert_eq!(kept(), 0, "a half that is gone has left its waker behind");
        drop((a, feeder));
    });
}

#[test]
fn the_sources_waker_keeps_nothing_alive() {
    within_deadline(|| {
        let census = Census::default();
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        feeder.put(Arc::new(census.payload(1)));
        drop(a.item());
        a.waits();
        let waker = feeder.waker().expect("the source waits");
        drop(b.item());
        drop((a, b));
        assert!(feeder.is_dropped());
        assert_eq!(census.alive(), 0);
        waker.wake();
    });
}

#[test]
fn an_item_allocates_nothing() {
    within_deadline(|| {
        for lag in [Lag::Wait(4), Lag::DropOldest(4)] {
            let (mut a, mut b) = halves(futures::stream::repeat(7), lag);
            let mut round = || {
                (0..4).for_each(|_| assert_eq!(a.item(), 7));
                (0..8).for_each(|_| assert_eq!(b.item(), 7));
                (0..4).for_each(|_| assert_eq!(a.item(), 7));
            };
            round();
            let made = allocations::during(|| (0..100).for_each(|_| round()));
            assert_eq!(made, 0, "{lag:?}: a hundred rounds allocated {made} times");
        }
    });
}

#[test]
fn a_wait_allocates_nothing() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(4));
        let mut round = || {
            a.waits();
            b.waits();
            feeder.push(7);
            assert_eq!((a.item(), b.item()), (7, 7));
        };
        round();
        let made = allocations::during(|| (0..100).for_each(|_| round()));
        assert_eq!(made, 0, "a hundred rounds allocated {made} times");
    });
}
