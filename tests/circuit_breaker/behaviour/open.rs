//! While it is open: who is told what, and for how long.

use std::cell::Cell;
use std::error::Error;
use std::num::NonZeroU32;
use std::time::Duration;

use futures::FutureExt;
use patterns::circuit_breaker::{CallError, CircuitBreaker, ManualClock, Open, State, SystemClock};
use tokio::time::advance;

use crate::parts::{COOLDOWN, NANOSECOND, PROBES_ARE_OUT, limits, open, outage};
use crate::support::{run, within_deadline};

#[test]
fn an_open_breaker_does_not_call() {
    within_deadline(|| {
        let calls = outage(1, 1);
        calls.opens();
        let called = Cell::new(false);
        let outcome = calls.breaker.call(|| async {
            called.set(true);
            Ok::<_, ()>(())
        });
        assert_eq!(outcome.now_or_never(), Some(open(COOLDOWN)));
        assert!(!called.get(), "the operation was called");
        calls.is(State::Open);
    });
}

#[test]
fn a_rejected_caller_is_told_when_to_come_back() {
    within_deadline(|| {
        let calls = outage(1, 1);
        // Not at the beginning of time: the cooldown counts from the failure.
        calls.clock.advance(COOLDOWN * 3);
        calls.opens();
        assert_eq!(calls.rejected(), Open { retry_in: COOLDOWN });
        calls.clock.advance(Duration::from_secs(2));
        assert_eq!(calls.rejected(), Open { retry_in: Duration::from_secs(3) });
        calls.clock.advance(Duration::from_secs(3) - NANOSECOND);
        assert_eq!(calls.rejected(), Open { retry_in: NANOSECOND });
        calls.clock.advance(NANOSECOND);
        calls.is(State::Open);
        let _probe = calls.permit();
        calls.is(State::HalfOpen);
    });
}

#[test]
fn a_failure_that_comes_late_does_not_prolong_the_cooldown() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let late = calls.permit();
        calls.opens();
        calls.clock.advance(COOLDOWN / 2);
        late.failure();
        assert_eq!(calls.rejected(), Open { retry_in: COOLDOWN / 2 });
    });
}

#[test]
fn times_may_be_as_long_as_one_likes() {
    within_deadline(|| {
        let day = Duration::from_secs(24 * 60 * 60);
        let clock = ManualClock::new();
        let builder = limits(2, 1).window(Duration::MAX).cooldown(Duration::MAX);
        let breaker = builder.with_clock(clock.clone()).build();
        breaker.permit().unwrap().failure();
        clock.advance(day * 1_000);
        breaker.permit().unwrap().failure();
        assert_eq!(breaker.state(), State::Open, "both are in the window");
        clock.advance(day * 1_000);
        let Open { retry_in } = breaker.permit().unwrap_err();
        assert!(retry_in > day * 100_000, "nobody lives to see it end: {retry_in:?}");
    });
}

#[test]
fn by_default_five_failures_in_ten_seconds_open_it_for_five() {
    run(|| async {
        let breaker = CircuitBreaker::builder().build();
        for _ in 0..4 {
            breaker.permit().unwrap().failure();
        }
        advance(Duration::from_secs(10) + NANOSECOND).await;
        for _ in 0..4 {
            breaker.permit().unwrap().failure();
        }
        assert_eq!(breaker.state(), State::Closed, "four, and four that are too old");
        advance(Duration::from_secs(10)).await;
        breaker.permit().unwrap().failure();
        assert_eq!(breaker.permit().unwrap_err(), Open { retry_in: Duration::from_secs(5) });
        advance(Duration::from_secs(5)).await;
        let probe = breaker.permit().unwrap();
        assert_eq!(breaker.permit().unwrap_err(), PROBES_ARE_OUT, "one probe decides");
        probe.success();
        assert_eq!(breaker.state(), State::Closed);
    });
}

#[test]
fn errors_say_what_is_wrong() {
    within_deadline(|| {
        let calls = outage(1, 1);
        calls.opens();
        let refusal = calls.rejected();
        assert_eq!(refusal.to_string(), "the circuit is open, retry in 5s");
        let rejected: CallError<std::fmt::Error> = refusal.into();
        assert_eq!(rejected.to_string(), refusal.to_string());
        assert!(rejected.source().is_none());
        let inner = CallError::Inner(std::fmt::Error);
        assert_eq!(inner.to_string(), std::fmt::Error.to_string());
    });
}

#[test]
fn it_can_be_shared_and_its_calls_can_move() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync + Unpin>(_: &T) {}
    within_deadline(|| {
        let breaker: CircuitBreaker<SystemClock> =
            CircuitBreaker::builder().probes(NonZeroU32::MIN).clone().build();
        is_shared(&breaker);
        is_shared(&breaker.permit().unwrap());
        is_send(&breaker.call(|| async { Ok::<_, ()>(()) }));
        assert!(format!("{breaker:?}").contains("Closed"));
    });
}
