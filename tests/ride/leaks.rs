//! What is left when it is over: no waker, no task, no allocation.

use std::sync::Arc;
use std::task::{Context, Waker};

use futures::FutureExt;
use patterns::ride::Camp::{Crab, Gopher};
use patterns::ride::{Board, Ride};

use crate::allocations;
use crate::support::{Wakes, within_deadline};

fn poll(board: &mut Board<'_>, wakes: &Arc<Wakes>) -> bool {
    board.poll_unpin(&mut Context::from_waker(&Waker::from(wakes.clone()))).is_ready()
}

#[test]
fn no_waker_is_kept_when_its_ride_is_over() {
    within_deadline(|| {
        let ride = Ride::new();
        let wakes = Arc::new(Wakes::default());
        let kept = || Arc::strong_count(&wakes) - 1;

        let mut in_line = ride.board(Gopher);
        poll(&mut in_line, &wakes);
        assert_eq!(kept(), 1);
        drop(in_line);
        assert_eq!(kept(), 0, "who gave up has left a waker behind");

        let mut riders = [Crab; 4].map(|camp| ride.board(camp));
        for rider in &mut riders {
            poll(rider, &wakes);
        }
        for rider in &mut riders[..2] {
            poll(rider, &wakes);
        }
        assert!(poll(&mut riders[2], &wakes));
        assert_eq!(kept(), 0, "the car has left, and there is nobody to wake");
        drop(riders);
    });
}

#[test]
fn a_crowd_that_was_as_large_before_allocates_nothing() {
    within_deadline(|| {
        let ride = Ride::new();
        let round = || {
            let mut riders = [Crab, Gopher, Crab, Gopher].map(|camp| ride.board(camp));
            for rider in &mut riders {
                assert!(rider.now_or_never().is_none());
            }
            let [first, second, third, gives_up] = &mut riders;
            assert!(first.now_or_never().is_none() && second.now_or_never().is_none());
            *gives_up = ride.board(Gopher);
            assert!(gives_up.now_or_never().is_none());
            assert!(first.now_or_never().is_none() && second.now_or_never().is_none());
            assert!(third.now_or_never().is_some());
        };
        round();
        let made = allocations::during(|| (0..100).for_each(|_| round()));
        assert_eq!(made, 0, "a hundred rounds allocated {made} times");
    });
}
