//! While it is closed: who is let through, and which failures count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures::FutureExt;
use patterns::circuit_breaker::{CallError, Clock, ManualClock, State};
use tokio::time::Instant;

use crate::parts::{NANOSECOND, WINDOW, limits, outage};
use crate::support::within_deadline;

#[test]
fn calls_go_through_while_all_is_well() {
    within_deadline(|| {
        let calls = outage(1, 1);
        calls.is(State::Closed);
        for number in 0..100 {
            let called = calls.breaker.call(|| async move { Ok::<_, ()>(number) });
            assert_eq!(called.now_or_never(), Some(Ok(number)), "the operation's own value");
        }
        let (first, second) = (calls.permit(), calls.permit());
        first.success();
        drop(second);
        calls.succeeds();
        calls.is(State::Closed);
    });
}

#[test]
fn it_opens_with_the_failure_that_reaches_the_threshold() {
    within_deadline(|| {
        for threshold in 1..5 {
            let calls = outage(threshold, 1);
            for _ in 1..threshold {
                calls.fails();
                calls.is(State::Closed);
            }
            calls.fails();
            calls.is(State::Open);
        }
    });
}

#[test]
fn an_error_is_given_back_and_counts_as_a_failure() {
    within_deadline(|| {
        let calls = outage(2, 1);
        for state in [State::Closed, State::Open] {
            let called = calls.breaker.call(|| async { Err::<(), _>("no route to host") });
            let error = called.now_or_never().expect("nothing to wait for");
            assert_eq!(error, Err(CallError::Inner("no route to host")));
            calls.is(state);
        }
    });
}

#[test]
fn a_success_takes_no_failure_back() {
    within_deadline(|| {
        let calls = outage(3, 1);
        for _ in 0..2 {
            calls.fails();
            calls.succeeds();
        }
        calls.is(State::Closed);
        calls.fails();
        calls.is(State::Open);
    });
}

#[test]
fn a_failure_counts_for_as_long_as_the_window() {
    within_deadline(|| {
        let calls = outage(3, 1);
        // At 0, 5 and 10 seconds: the first and the last are just a window apart.
        calls.fails();
        calls.clock.advance(WINDOW / 2);
        calls.fails();
        calls.clock.advance(WINDOW / 2);
        calls.is(State::Closed);
        calls.fails();
        calls.is(State::Open);
    });
}

#[test]
fn a_failure_older_than_the_window_counts_no_more() {
    within_deadline(|| {
        let calls = outage(3, 1);
        calls.fails();
        calls.clock.advance(WINDOW / 2);
        calls.fails();
        calls.clock.advance(WINDOW / 2 + NANOSECOND);
        calls.fails();
        calls.is(State::Closed);
        // The second and the third are still young: the window rolls on, it does not begin anew.
        calls.clock.advance(WINDOW / 2 - NANOSECOND);
        calls.fails();
        calls.is(State::Open);
    });
}

#[test]
fn what_counts_as_a_failure_is_the_callers_choice() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let overloaded = |answer: &Result<u16, u16>| matches!(answer, Ok(500..) | Err(500..));
        for answer in [Ok(200), Ok(404), Err(404)] {
            let called = calls.breaker.call_with(|| async move { answer }, overloaded);
            assert_eq!(called.now_or_never(), Some(answer.map_err(CallError::Inner)));
            calls.is(State::Closed);
        }
        let called = calls.breaker.call_with(|| async { Ok(503) }, overloaded);
        assert_eq!(called.now_or_never(), Some(Ok(503)), "a failure may be a value");
        calls.is(State::Open);

        // And an error that is none is the success that a probe is after.
        let calls = outage(1, 1);
        calls.cools_down();
        let called = calls.breaker.call_with(|| async { Err(404) }, overloaded);
        assert_eq!(called.now_or_never(), Some(Err(CallError::Inner(404))));
        calls.is(State::Closed);
    });
}

/// Counts how often it is looked at.
#[derive(Default)]
struct Watched {
    clock: ManualClock,
    looks: Arc<AtomicUsize>,
}

impl Clock for Watched {
    fn now(&self) -> Instant {
        self.looks.fetch_add(1, SeqCst);
        self.clock.now()
    }
}

#[test]
fn nobody_looks_at_the_clock_while_all_is_well() {
    within_deadline(|| {
        let clock = Watched::default();
        let looks = clock.looks.clone();
        let breaker = limits(2, 1).with_clock(clock).build();
        let before = looks.load(SeqCst);
        breaker.permit().unwrap().success();
        drop(breaker.permit().unwrap());
        assert!(breaker.call(|| async { Ok::<_, ()>(()) }).now_or_never().is_some());
        assert_eq!(breaker.state(), State::Closed);
        assert_eq!(looks.load(SeqCst), before, "the time makes no difference to any of these");
        breaker.permit().unwrap().failure();
        assert!(looks.load(SeqCst) > before, "a failure has a time");
    });
}
