//! The other ways in which a call ends: dropped, and by a panic.

use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::Poll;

use futures::FutureExt;
use patterns::circuit_breaker::{Clock, ManualClock, State};
use tokio::time::Instant;

use crate::parts::{COOLDOWN, Outage, PROBES_ARE_OUT, limits, open, outage};
use crate::support::{Polled, within_deadline};

/// Needs so many polls.
async fn after(polls: u32) -> Result<(), ()> {
    let mut left = polls;
    poll_fn(|_| {
        left -= 1;
        if left == 0 { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await
}

/// What a panic said that must come out of `body`.
#[track_caller]
fn panic_of(body: impl FnOnce()) -> &'static str {
    let panic = catch_unwind(AssertUnwindSafe(body)).expect_err("the panic goes on");
    panic.downcast_ref::<&str>().expect("it is the operation's own")
}

#[test]
fn nothing_happens_before_the_first_poll() {
    within_deadline(|| {
        let calls = outage(1, 1);
        calls.cools_down();
        let called = Cell::new(false);
        let call = calls.breaker.call(|| {
            called.set(true);
            ready(Ok::<_, ()>(()))
        });
        calls.is(State::Open);
        let _probe = calls.permit();
        assert_eq!(call.now_or_never(), Some(open(PROBES_ARE_OUT.retry_in)), "it came second");
        assert!(!called.get());
    });
}

#[test]
fn a_call_that_is_dropped_is_no_failure() {
    within_deadline(|| {
        let calls = outage(1, 1);
        for _ in 0..3 {
            drop(Polled::new(calls.breaker.call(pending::<Result<(), ()>>)).pending());
            calls.is(State::Closed);
        }
    });
}

#[test]
fn a_probe_gives_its_place_back_wherever_it_is_dropped() {
    within_deadline(|| {
        for polls in 0..4 {
            let calls = outage(1, 1);
            calls.cools_down();
            let mut probe = Polled::new(calls.breaker.call(|| after(9)));
            for _ in 0..polls {
                probe = probe.pending();
                assert_eq!(calls.rejected(), PROBES_ARE_OUT);
            }
            drop(probe);
            assert_ne!(calls.breaker.state(), State::Closed, "nobody has succeeded");
            assert_eq!(calls.breaker.call(|| after(1)).now_or_never(), Some(Ok(())));
            calls.is(State::Closed);
        }
    });
}

/// A call that panics in this part.
fn panicking_call(calls: &Outage, part: &str) {
    let op = || {
        assert!(part != "op", "while the future is made");
        let in_poll = part == "poll";
        let mut polls = 0;
        poll_fn(move |_| {
            polls += 1;
            assert!(!in_poll || polls < 2, "in the second poll");
            if in_poll { Poll::Pending } else { Poll::Ready(Ok::<_, ()>(())) }
        })
    };
    let is_failure = |_: &Result<(), ()>| -> bool {
        assert!(part != "is_failure", "while the result is judged");
        false
    };
    let mut call = Polled::new(calls.breaker.call_with(op, is_failure));
    while call.poll().is_pending() {}
}

#[test]
fn a_panic_counts_as_a_failure_and_goes_on() {
    within_deadline(|| {
        let parts = [
            ("op", "while the future is made"),
            ("poll", "in the second poll"),
            ("is_failure", "while the result is judged"),
        ];
        for (part, message) in parts {
            let calls = outage(1, 1);
            assert_eq!(panic_of(|| panicking_call(&calls, part)), message);
            calls.is(State::Open);
            // The next is a probe, whose place must not stay taken.
            calls.clock.advance(COOLDOWN);
            assert_eq!(panic_of(|| panicking_call(&calls, part)), message);
            calls.is(State::Open);
            calls.clock.advance(COOLDOWN);
            calls.succeeds();
            calls.is(State::Closed);
        }
    });
}

#[test]
fn a_panic_is_one_failure_and_not_two() {
    within_deadline(|| {
        for part in ["op", "poll", "is_failure"] {
            let calls = outage(2, 1);
            for state in [State::Closed, State::Open] {
                panic_of(|| panicking_call(&calls, part));
                calls.is(state);
            }
        }
    });
}

#[test]
fn a_permit_that_a_panic_drops_is_a_failure() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let panicking = || {
            let _permit = calls.permit();
            panic!("the call's own");
        };
        assert_eq!(panic_of(panicking), "the call's own");
        calls.is(State::Open);
        calls.clock.advance(COOLDOWN);
        assert_eq!(panic_of(panicking), "the call's own");
        calls.is(State::Open);
    });
}

/// A clock that panics when the test says so.
#[derive(Clone, Default)]
struct Broken {
    clock: ManualClock,
    panics: Arc<AtomicBool>,
}

impl Clock for Broken {
    fn now(&self) -> Instant {
        assert!(!self.panics.load(SeqCst), "a bad clock");
        self.clock.now()
    }
}

#[test]
fn a_clock_that_panics_takes_no_place_along() {
    within_deadline(|| {
        let clock = Broken::default();
        let breaker = limits(1, 1).with_clock(clock.clone()).build();
        let with_a_bad_clock = |body: &dyn Fn()| {
            clock.panics.store(true, SeqCst);
            assert_eq!(panic_of(body), "a bad clock");
            clock.panics.store(false, SeqCst);
        };
        with_a_bad_clock(&|| breaker.permit().unwrap().failure());
        assert_eq!(breaker.state(), State::Closed, "the failure has no time");
        breaker.permit().unwrap().failure();
        clock.clock.advance(COOLDOWN);
        with_a_bad_clock(&|| drop(breaker.permit()));
        let probe = Cell::new(Some(breaker.permit().unwrap()));
        with_a_bad_clock(&|| probe.take().unwrap().failure());
        assert_eq!(breaker.state(), State::HalfOpen, "nobody has decided");
        breaker.permit().expect("the place came back").success();
        assert_eq!(breaker.state(), State::Closed);
    });
}

#[test]
fn a_call_that_a_neighbours_panic_drops_is_no_failure() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let beside = || {
            // As in a `join!` of the two: the panic of one drops the other.
            let _call = Polled::new(calls.breaker.call(pending::<Result<(), ()>>)).pending();
            panic!("the neighbour's own");
        };
        assert_eq!(panic_of(beside), "the neighbour's own");
        calls.is(State::Closed);
        calls.cools_down();
        assert_eq!(panic_of(beside), "the neighbour's own");
        calls.is(State::HalfOpen);
        calls.succeeds();
        calls.is(State::Closed);
    });
}
