//! What is left when it is over: no payload, and no memory that grows.

use std::future::pending;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures::FutureExt;
use patterns::circuit_breaker::{CircuitBreaker, ManualClock, State};

use crate::allocations;
use crate::parts::{COOLDOWN, open, outage};
use crate::support::{Census, Polled, within_deadline};

#[test]
fn nothing_is_allocated_while_all_is_well() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let allocated = allocations::during(|| {
            for _ in 0..100 {
                calls.succeeds();
                let called = calls.breaker.call(|| async { Ok::<_, ()>(()) });
                assert_eq!(called.now_or_never(), Some(Ok(())));
            }
        });
        assert_eq!(allocated, 0, "a hundred rounds allocated");
    });
}

#[test]
fn failures_that_count_no_more_take_no_memory() {
    within_deadline(|| {
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::builder()
            .failure_threshold(NonZeroU32::new(1_000_000).unwrap())
            .window(Duration::from_secs(1))
            .with_clock(clock.clone())
            .build();
        let kept = allocations::kept_by(|| {
            for _ in 0..10_000 {
                breaker.permit().unwrap().failure();
                clock.advance(Duration::from_secs(2));
            }
        });
        assert_eq!(breaker.state(), State::Closed);
        assert!(kept < 1_000, "{kept} bytes for the one failure that may still count");
    });
}

#[test]
fn what_a_call_owns_goes_with_it() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let census = Census::default();

        let payload = census.payload(1);
        let rejected = outage(1, 1);
        rejected.opens();
        let call = rejected.breaker.call(|| async { Ok::<_, ()>(payload) });
        let outcome = call.now_or_never().expect("nothing to wait for");
        assert_eq!(outcome.map(|payload| payload.value), open(COOLDOWN));
        assert_eq!(census.alive(), 0, "the operation of a rejected call is dropped");

        let payload = census.payload(2);
        let waits = || async move { pending::<Result<(), ()>>().await.map(|()| payload) };
        drop(Polled::new(calls.breaker.call(waits)).pending());
        assert_eq!(census.alive(), 0, "a call that is dropped takes its future along");

        let payload = census.payload(3);
        let judge = |_: &Result<_, ()>| panic!("judging {}", "it");
        let call = calls.breaker.call_with(|| async { Ok(payload) }, judge);
        assert!(catch_unwind(AssertUnwindSafe(|| call.now_or_never())).is_err());
        assert_eq!(census.alive(), 0, "a panic drops the result");
    });
}
