//! A breaker with a clock that is moved by hand, and the ways to one of its states.

use std::num::NonZeroU32;
use std::time::Duration;

use patterns::circuit_breaker::{
    Builder, CallError, CircuitBreaker, ManualClock, Open, Permit, State,
};

pub(crate) const WINDOW: Duration = Duration::from_secs(10);
pub(crate) const COOLDOWN: Duration = Duration::from_secs(5);
pub(crate) const NANOSECOND: Duration = Duration::from_nanos(1);
/// Rejected, because the probes are out.
pub(crate) const PROBES_ARE_OUT: Open = Open { retry_in: Duration::ZERO };

/// A breaker that a test can put through an outage.
pub(crate) struct Outage {
    pub(crate) breaker: CircuitBreaker<ManualClock>,
    pub(crate) clock: ManualClock,
    threshold: u32,
}

/// A breaker that opens with so many failures, and tries with so many probes.
pub(crate) fn outage(threshold: u32, probes: u32) -> Outage {
    let clock = ManualClock::new();
    let breaker = limits(threshold, probes).with_clock(clock.clone()).build();
    Outage { breaker, clock, threshold }
}

/// The same numbers for a clock of the test's own.
pub(crate) fn limits(threshold: u32, probes: u32) -> Builder {
    let number = |n| NonZeroU32::new(n).expect("no test asks for none");
    CircuitBreaker::builder()
        .failure_threshold(number(threshold))
        .window(WINDOW)
        .cooldown(COOLDOWN)
        .probes(number(probes))
}

impl Outage {
    #[track_caller]
    pub(crate) fn permit(&self) -> Permit<'_, ManualClock> {
        self.breaker.permit().expect("the call is let through")
    }

    /// Why the next caller is not let through.
    #[track_caller]
    pub(crate) fn rejected(&self) -> Open {
        self.breaker.permit().expect_err("the call is rejected")
    }

    #[track_caller]
    pub(crate) fn fails(&self) {
        self.permit().failure();
    }

    #[track_caller]
    pub(crate) fn succeeds(&self) {
        self.permit().success();
    }

    #[track_caller]
    pub(crate) fn is(&self, state: State) {
        assert_eq!(self.breaker.state(), state, "the state of the breaker");
    }

    /// From closed to open.
    #[track_caller]
    pub(crate) fn opens(&self) {
        (0..self.threshold).for_each(|_| self.fails());
        self.is(State::Open);
    }

    /// From closed to open, and on to the end of the cooldown: the next caller is the first probe.
    #[track_caller]
    pub(crate) fn cools_down(&self) {
        self.opens();
        self.clock.advance(COOLDOWN);
    }
}

/// The outcome of a call that was not let through.
pub(crate) fn open<T, E>(retry_in: Duration) -> Result<T, CallError<E>> {
    Err(CallError::Open { retry_in })
}
