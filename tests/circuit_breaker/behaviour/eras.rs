//! A result that comes late speaks of another time.

use patterns::circuit_breaker::State;

use crate::parts::{COOLDOWN, PROBES_ARE_OUT, outage};
use crate::support::within_deadline;

#[test]
fn a_success_from_before_the_outage_does_not_close_it() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let slow = calls.permit();
        calls.cools_down();
        let probe = calls.permit();
        slow.success();
        calls.is(State::HalfOpen);
        assert_eq!(calls.rejected(), PROBES_ARE_OUT);
        probe.failure();
        calls.is(State::Open);
    });
}

#[test]
fn a_failure_from_before_the_outage_lets_no_second_probe_in() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let slow = calls.permit();
        calls.cools_down();
        let probe = calls.permit();
        slow.failure();
        calls.is(State::HalfOpen);
        calls.clock.advance(COOLDOWN);
        assert_eq!(calls.rejected(), PROBES_ARE_OUT, "the probe is still out");
        probe.success();
        calls.is(State::Closed);
    });
}

#[test]
fn a_call_from_before_the_outage_that_is_dropped_frees_no_probes_place() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let slow = calls.permit();
        calls.cools_down();
        let _probe = calls.permit();
        drop(slow);
        assert_eq!(calls.rejected(), PROBES_ARE_OUT);
    });
}

#[test]
fn a_failure_from_before_the_outage_is_not_counted_after_it() {
    within_deadline(|| {
        let calls = outage(1, 1);
        let slow = calls.permit();
        calls.cools_down();
        calls.succeeds();
        calls.is(State::Closed);
        slow.failure();
        calls.is(State::Closed);
    });
}

#[test]
fn a_probe_of_an_earlier_try_is_none_of_this_one() {
    within_deadline(|| {
        let calls = outage(1, 2);
        calls.cools_down();
        let early: [_; 2] = std::array::from_fn(|_| calls.permit());
        let [success, failure] = early;
        failure.failure();
        calls.is(State::Open);
        calls.clock.advance(COOLDOWN);

        let first = calls.permit();
        success.success();
        first.success();
        calls.is(State::HalfOpen);
        calls.succeeds();
        calls.is(State::Closed);
    });
}

#[test]
fn an_earlier_probe_that_is_dropped_makes_no_room() {
    within_deadline(|| {
        let calls = outage(1, 2);
        calls.cools_down();
        let early = calls.permit();
        calls.fails();
        calls.clock.advance(COOLDOWN);
        let _probes = [calls.permit(), calls.permit()];
        drop(early);
        assert_eq!(calls.rejected(), PROBES_ARE_OUT);
    });
}

#[test]
fn however_many_outages_later_a_result_is_still_a_late_one() {
    within_deadline(|| {
        let calls = outage(1, 1);
        // Eras of eight and of sixteen bits would have come round by then.
        for outages in [1 << 8, 1 << 16] {
            let slow = calls.permit();
            for _ in 0..outages {
                calls.cools_down();
                calls.succeeds();
            }
            slow.failure();
            assert_eq!(calls.breaker.state(), State::Closed, "{outages} outages later");
        }
    });
}
