//! What is left when it is over: no item, no waker, no allocation.

use std::future::pending;
use std::sync::Arc;
use std::task::{Context, Waker};

use futures::{FutureExt, Stream, StreamExt, stream};
use patterns::or_done::{or, or_done};

use crate::allocations;
use crate::script::script;
use crate::support::{Census, Wakes, within_deadline};

#[test]
fn no_item_is_left_when_done_has_come() {
    within_deadline(|| {
        let census = Census::default();
        let items: Vec<_> = (0..5).map(|i| census.payload(i)).collect();
        let (stop, done) = script::<()>();
        let mut items = Box::pin(or_done(stream::iter(items), done));
        drop(items.next().now_or_never().unwrap().unwrap());
        assert_eq!(census.alive(), 4);
        stop.give(());
        assert!(items.next().now_or_never().unwrap().is_none());
        assert_eq!(census.alive(), 0, "the stream went, and what it held went with it");
    });
}

#[test]
fn no_waker_is_kept_after_the_end() {
    within_deadline(|| {
        for by_done in [true, false] {
            let ((source, stream), (stop, done)) = (script::<u32>(), script::<()>());
            let mut items = Box::pin(or_done(stream, done));
            let wakes = Arc::new(Wakes::default());
            let waker = Waker::from(wakes.clone());
            assert!(items.as_mut().poll_next(&mut Context::from_waker(&waker)).is_pending());
            if by_done {
                stop.give(())
            } else {
                source.end()
            }
            assert!(items.as_mut().poll_next(&mut Context::from_waker(&waker)).is_ready());
            drop(waker);
            assert_eq!(Arc::strong_count(&wakes), 1, "a waker has outlived the end");
        }
    });
}

#[test]
fn an_item_costs_no_allocation() {
    within_deadline(|| {
        let made = allocations::during(|| {
            let mut items = or_done(stream::iter(0..100), pending::<()>());
            while let Some(item) = items.next().now_or_never().flatten() {
                assert!(item < 100);
            }
        });
        assert_eq!(made, 0, "a hundred items allocated {made} times");
    });
}

#[test]
fn an_or_allocates_when_it_is_made_and_never_again() {
    within_deadline(|| {
        let (_controls, scripts): (Vec<_>, Vec<_>) = (0..8).map(|_| script::<()>()).unzip();
        let mut any = or(scripts);
        let made = allocations::during(|| {
            for _ in 0..100 {
                assert!((&mut any).now_or_never().is_none());
            }
        });
        assert_eq!(made, 0, "a hundred polls allocated {made} times");
    });
}
