//! When a breaker opens, for how long, and what closes it.

use std::num::NonZeroU32;

use loomscope::time::{Clock, Duration, SystemClock};

use super::CircuitBreaker;

/// How a breaker is to behave; made by [`CircuitBreaker::builder`](super::CircuitBreaker::builder).
///
/// Times of more than 584 years count as 584 years.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::circuit_breaker::CircuitBreaker;
/// use std::num::NonZeroU32;
/// use std::time::Duration;
///
/// let breaker = CircuitBreaker::builder()
///     .failure_threshold(NonZeroU32::new(3).unwrap())
///     .window(Duration::from_secs(60))
///     .cooldown(Duration::from_secs(30))
///     .probes(NonZeroU32::new(2).unwrap())
///     .build();
/// # let _ = breaker;
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder makes nothing until `build`"]
pub struct Builder<C: Clock = SystemClock> {
    clock: C,
    limits: Limits,
}

/// The numbers of a breaker; times in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) failure_threshold: usize,
    pub(super) window: u64,
    pub(super) cooldown: u64,
    pub(super) probes: u32,
}

impl Builder {
    pub(super) fn new() -> Self {
        let (window, cooldown) = (Duration::from_secs(10), Duration::from_secs(5));
        let limits = Limits {
            failure_threshold: 5,
            window: nanos(window),
            cooldown: nanos(cooldown),
            probes: 1,
        };
        Self { clock: SystemClock, limits }
    }
}

impl<C: Clock> Builder<C> {
    /// So many failures within the window open the breaker. A success takes none of them back.
    pub fn failure_threshold(mut self, failures: NonZeroU32) -> Self {
        self.limits.failure_threshold = failures.get() as usize;
        self
    }

    /// A failure counts together with those that follow it by no more than this.
    pub fn window(mut self, window: Duration) -> Self {
        self.limits.window = nanos(window);
        self
    }

    /// How long it rejects every call when it has opened.
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.limits.cooldown = nanos(cooldown);
        self
    }

    /// So many calls are let through when the cooldown is over, at once or one after the other. If
    /// all of them succeed it closes; the first that fails opens it for another cooldown.
    pub fn probes(mut self, probes: NonZeroU32) -> Self {
        self.limits.probes = probes.get();
        self
    }

    /// Reads the time from `clock`.
    pub fn with_clock<D: Clock>(self, clock: D) -> Builder<D> {
        Builder { clock, limits: self.limits }
    }

    /// Makes a breaker, which is closed.
    pub fn build(self) -> CircuitBreaker<C> {
        CircuitBreaker::new(self.clock, self.limits)
    }
}

/// A duration as a number.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
