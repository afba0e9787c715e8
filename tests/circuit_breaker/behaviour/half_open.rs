//! When the cooldown is over: who may try, and what follows from it.

use patterns::circuit_breaker::{Open, State};

use crate::parts::{COOLDOWN, PROBES_ARE_OUT, outage};
use crate::support::within_deadline;

#[test]
fn after_the_cooldown_one_probe_is_let_through() {
    within_deadline(|| {
        let calls = outage(3, 1);
        calls.cools_down();
        let _probe = calls.permit();
        calls.is(State::HalfOpen);
        assert_eq!(calls.rejected(), PROBES_ARE_OUT);
        calls.clock.advance(COOLDOWN * 10);
        assert_eq!(calls.rejected(), PROBES_ARE_OUT, "however long the probe takes");
        calls.is(State::HalfOpen);
    });
}

#[test]
fn a_probe_that_succeeds_closes_it() {
    within_deadline(|| {
        let calls = outage(3, 1);
        calls.cools_down();
        calls.succeeds();
        calls.is(State::Closed);
        // What was counted before the outage is over and done with.
        for state in [State::Closed, State::Closed, State::Open] {
            calls.fails();
            calls.is(state);
        }
    });
}

#[test]
fn a_probe_that_fails_opens_it_for_a_whole_cooldown() {
    within_deadline(|| {
        let calls = outage(3, 1);
        calls.cools_down();
        for _ in 0..3 {
            let probe = calls.permit();
            calls.clock.advance(COOLDOWN / 5);
            probe.failure();
            calls.is(State::Open);
            assert_eq!(calls.rejected(), Open { retry_in: COOLDOWN });
            calls.clock.advance(COOLDOWN);
        }
    });
}

#[test]
fn exactly_as_many_probes_are_let_through_as_it_has() {
    within_deadline(|| {
        let calls = outage(1, 3);
        calls.cools_down();
        let probes: Vec<_> = (0..3).map(|_| calls.permit()).collect();
        for probe in probes {
            calls.is(State::HalfOpen);
            // A probe that has succeeded does not make room for another.
            assert_eq!(calls.rejected(), PROBES_ARE_OUT);
            probe.success();
        }
        calls.is(State::Closed);
    });
}

#[test]
fn one_failure_among_the_probes_is_enough() {
    within_deadline(|| {
        let calls = outage(2, 3);
        calls.cools_down();
        calls.succeeds();
        let last = calls.permit();
        calls.fails();
        calls.is(State::Open);
        calls.clock.advance(COOLDOWN);
        // And the next try begins at nothing.
        calls.succeeds();
        calls.succeeds();
        calls.is(State::HalfOpen);
        calls.succeeds();
        calls.is(State::Closed);
        drop(last);
    });
}

#[test]
fn a_probe_that_is_dropped_gives_its_place_back() {
    within_deadline(|| {
        let calls = outage(1, 2);
        calls.cools_down();
        let _first = calls.permit();
        let second = calls.permit();
        assert_eq!(calls.rejected(), PROBES_ARE_OUT);
        drop(second);
        calls.is(State::HalfOpen);
        let _another = calls.permit();
        assert_eq!(calls.rejected(), PROBES_ARE_OUT, "one was dropped, one more is let through");
    });
}
