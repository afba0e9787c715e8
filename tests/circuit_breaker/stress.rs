//! Real threads, a common start, high counts.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use patterns::circuit_breaker::State;

use crate::parts::{PROBES_ARE_OUT, outage};
use crate::support::{together, within_deadline};

#[test]
fn of_a_crowd_at_half_open_exactly_the_probes_are_let_through() {
    within_deadline(|| {
        for round in 0..300 {
            let probes = 1 + round % 3;
            let calls = outage(1, probes);
            calls.cools_down();
            let (asked, admitted) = (Barrier::new(4), AtomicUsize::new(0));
            together(4, |_| {
                let permit = calls.breaker.permit();
                admitted.fetch_add(usize::from(permit.is_ok()), SeqCst);
                // Nobody ends before all have asked.
                asked.wait();
                if let Ok(permit) = permit {
                    permit.success();
                }
            });
            assert_eq!(admitted.into_inner(), probes as usize, "of four callers");
            calls.is(State::Closed);
        }
    });
}

#[test]
fn no_failure_is_lost_between_threads() {
    within_deadline(|| {
        let calls = outage(4_000, 1);
        together(4, |i| {
            let failures = if i == 0 { 999 } else { 1_000 };
            for _ in 0..failures {
                calls.permit().failure();
            }
        });
        calls.is(State::Closed);
        calls.fails();
        calls.is(State::Open);
    });
}

#[test]
fn probes_that_are_dropped_neither_lose_a_place_nor_make_one() {
    within_deadline(|| {
        let calls = outage(1, 2);
        let (out, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        calls.cools_down();
        together(4, |_| {
            for _ in 0..2_000 {
                if let Ok(probe) = calls.breaker.permit() {
                    most.fetch_max(out.fetch_add(1, SeqCst) + 1, SeqCst);
                    thread::yield_now();
                    out.fetch_sub(1, SeqCst);
                    drop(probe);
                }
            }
        });
        assert!(most.load(SeqCst) <= 2, "{} probes were out at once", most.load(SeqCst));
        let _probes = [calls.permit(), calls.permit()];
        assert_eq!(calls.rejected(), PROBES_ARE_OUT);
    });
}
