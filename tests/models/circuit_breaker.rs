//! Every interleaving of permits and results, for each invariant of the breaker.

use std::mem;
use std::num::NonZeroU32;
use std::sync::{Arc, Weak};
use std::time::Duration;

use loomscope::sync::OnceLock;
use loomscope::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use loomscope::task::block_on;
use loomscope::time::Instant;
use loomscope::{Model, thread};
use patterns::circuit_breaker::{CircuitBreaker, Clock, ManualClock, Permit, State};

const COOLDOWN: Duration = Duration::from_secs(5);

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/circuit_breaker")
}

/// A breaker with the clock that it goes by.
fn closed(threshold: u32, probes: u32) -> (Arc<CircuitBreaker<ManualClock>>, ManualClock) {
    let clock = ManualClock::new();
    let number = |n| NonZeroU32::new(n).unwrap();
    let breaker = CircuitBreaker::builder()
        .failure_threshold(number(threshold))
        .probes(number(probes))
        .cooldown(COOLDOWN)
        .with_clock(clock.clone())
        .build();
    (Arc::new(breaker), clock)
}

/// One that has just cooled down: the next caller is a probe.
fn cooled_down(probes: u32) -> Arc<CircuitBreaker<ManualClock>> {
    let (breaker, clock) = closed(1, probes);
    breaker.permit().unwrap().failure();
    clock.advance(COOLDOWN);
    breaker
}

/// Asks for a permit, and keeps it for ever.
fn is_let_through(breaker: &CircuitBreaker<ManualClock>) -> bool {
    breaker.permit().map(mem::forget).is_ok()
}

#[test]
fn two_callers_at_half_open_are_one_probe() {
    model("I3: exactly one of two callers is the probe").check(|| {
        let breaker = cooled_down(1);
        let theirs = breaker.clone();
        let other = thread::spawn_named("other", move || is_let_through(&theirs));
        let ours = is_let_through(&breaker);
        let theirs = other.join().unwrap();
        assert!(ours ^ theirs, "I3: we are let through: {ours}; they are: {theirs}");
        assert_eq!(breaker.state(), State::HalfOpen);
    });
}

#[test]
fn who_comes_after_a_probe_that_failed_waits_for_another_cooldown() {
    model("I4: it opens for a whole cooldown, for those too who were about to ask").check(|| {
        let breaker = cooled_down(1);
        let fails = |breaker: &CircuitBreaker<_>| breaker.permit().map(Permit::failure).is_ok();
        let theirs = breaker.clone();
        let other = thread::spawn_named("other", move || fails(&theirs));
        let ours = fails(&breaker);
        let theirs = other.join().unwrap();
        assert!(ours ^ theirs, "I4: we are let through: {ours}; they are: {theirs}");
        assert_eq!(breaker.state(), State::Open);
    });
}

#[test]
fn a_probe_that_is_dropped_makes_room_for_exactly_one() {
    model("I3: a probe's place comes back once, while others ask").check(|| {
        let breaker = cooled_down(1);
        let probe = breaker.permit().unwrap();
        let theirs = breaker.clone();
        let other = thread::spawn_named("other", move || is_let_through(&theirs));
        drop(probe);
        let ours = is_let_through(&breaker);
        let theirs = other.join().unwrap();
        assert!(ours ^ theirs, "I3: we are let through: {ours}; they are: {theirs}");
    });
}

#[test]
fn a_failure_that_comes_second_does_not_end_the_next_try() {
    model("I2: of two failures at once, one is of an earlier era").check(|| {
        let (breaker, clock) = closed(1, 1);
        let (ours, theirs) = (breaker.permit().unwrap(), breaker.permit().unwrap());
        thread::scope(|scope| {
            scope.spawn(|| theirs.failure());
            ours.failure();
            clock.advance(COOLDOWN);
            assert!(is_let_through(&breaker), "I4: the cooldown was over");
        });
        assert_eq!(breaker.state(), State::HalfOpen, "I2: a late failure was believed");
    });
}

#[test]
fn two_failures_at_once_open_it() {
    model("I5: no failure is lost beside another").check(|| {
        let (breaker, _clock) = closed(2, 1);
        let permits = [breaker.permit().unwrap(), breaker.permit().unwrap()];
        thread::scope(|scope| {
            for permit in permits {
                scope.spawn(|| permit.failure());
            }
        });
        assert_eq!(breaker.state(), State::Open, "I5: two of two failures");
    });
}

#[test]
fn failures_may_come_in_another_order_than_their_times() {
    model("I5: the clock moves between two failures").check(|| {
        let (breaker, clock) = closed(2, 1);
        let (ours, theirs) = (breaker.permit().unwrap(), breaker.permit().unwrap());
        thread::scope(|scope| {
            scope.spawn(|| theirs.failure());
            clock.advance(Duration::from_secs(1));
            ours.failure();
        });
        assert_eq!(breaker.state(), State::Open, "I5: two of two failures");
    });
}

#[test]
fn two_probes_that_succeed_at_once_close_it() {
    model("I4: no success is lost beside another").check(|| {
        let breaker = cooled_down(2);
        let probes = [breaker.permit().unwrap(), breaker.permit().unwrap()];
        thread::scope(|scope| {
            for probe in probes {
                scope.spawn(|| probe.success());
            }
        });
        assert_eq!(breaker.state(), State::Closed, "I4: two of two successes");
    });
}

#[test]
fn a_probe_that_fails_beside_one_that_succeeds_opens_it() {
    model("I4: one failure is enough").check(|| {
        let breaker = cooled_down(2);
        let (good, bad) = (breaker.permit().unwrap(), breaker.permit().unwrap());
        thread::scope(|scope| {
            scope.spawn(|| good.success());
            bad.failure();
        });
        assert_eq!(breaker.state(), State::Open, "I4: a probe has failed");
    });
}

#[test]
fn a_probe_that_is_dropped_takes_no_success_along() {
    model("I7: one probe is given up while the other succeeds").check(|| {
        let breaker = cooled_down(2);
        let (given_up, good) = (breaker.permit().unwrap(), breaker.permit().unwrap());
        thread::scope(|scope| {
            scope.spawn(|| drop(given_up));
            good.success();
        });
        assert_eq!(breaker.state(), State::HalfOpen, "I4: one success of two");
        breaker.permit().expect("I3: a place came back").success();
        assert_eq!(breaker.state(), State::Closed, "I4: two successes of two");
    });
}

#[test]
fn what_a_probe_did_is_seen_when_it_has_closed() {
    model("I4: who is let through sees what the probe did").check(|| {
        let breaker = cooled_down(1);
        let mended = AtomicUsize::new(0);
        let probe = breaker.permit().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                mended.store(1, Relaxed);
                probe.success();
            });
            if is_let_through(&breaker) {
                assert_eq!(mended.load(Relaxed), 1, "I4: closed, but not by what the probe did");
            }
        });
    });
}

/// Asks its breaker for a permit whenever it is looked at.
#[derive(Clone, Default)]
struct Nosy {
    breaker: Arc<OnceLock<Weak<CircuitBreaker<Nosy>>>>,
    /// The look at the clock that this leads to asks nothing.
    is_asking: Arc<AtomicBool>,
}

impl Clock for Nosy {
    fn now(&self) -> Instant {
        let breaker = self.breaker.get().and_then(Weak::upgrade);
        if let Some(breaker) = breaker
            && !self.is_asking.swap(true, Relaxed)
        {
            drop(breaker.permit());
            self.is_asking.store(false, Relaxed);
        }
        Instant::now()
    }
}

#[test]
fn the_clock_is_never_read_under_a_lock() {
    model("no user code runs under a lock, and a clock may be the user's").check(|| {
        let clock = Nosy::default();
        let breaker = CircuitBreaker::builder().failure_threshold(NonZeroU32::MIN);
        let breaker = breaker.cooldown(Duration::ZERO).with_clock(clock.clone()).build();
        let breaker = Arc::new(breaker);
        clock.breaker.set(Arc::downgrade(&breaker)).expect("it is set once");
        breaker.permit().unwrap().failure();
        let probe = breaker.permit().expect("the cooldown is over");
        assert!(breaker.permit().is_err(), "I3: the probe is out");
        probe.failure();
        assert_eq!(breaker.state(), State::Open);
    });
}

#[test]
fn nobody_is_asked_under_a_lock_whether_it_was_a_failure() {
    model("no user code runs under a lock").check(|| {
        let breaker = cooled_down(1);
        let is_failure = |_: &Result<(), ()>| {
            assert!(!is_let_through(&breaker), "I3: the probe is out");
            false
        };
        let called = block_on(breaker.call_with(|| async { Ok(()) }, is_failure));
        assert_eq!(called, Ok(()));
        assert_eq!(breaker.state(), State::Closed);
    });
}

#[test]
fn callers_of_a_healthy_service_never_write() {
    let model = || model("I6: callers of a healthy service write nothing");
    let body = || {
        let (breaker, _clock) = closed(1, 1);
        let theirs = breaker.clone();
        let other = thread::spawn_named("other", move || theirs.permit().unwrap().success());
        breaker.permit().unwrap().success();
        other.join().unwrap();
    };
    model().check(body);
    // Reads come out the same in every order, so there is one order to try. Any write makes more.
    let passes = model().run(body).passes;
    let most = passes.iter().map(|pass| pass.interleavings).max();
    assert_eq!(most, Some(1), "I6: a caller could tell what the other did, so one of them wrote");
}
