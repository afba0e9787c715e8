//! The circuit breakers that take part, behind one trait.

use failsafe::backoff::{Constant, constant};
use failsafe::failure_policy::{ConsecutiveFailures, consecutive_failures};
use loomscope::time::{Clock, Instant};
use recloser::Recloser;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A circuit breaker that opens with its first failure, as far as the workloads need one.
pub trait Breaker: Sync {
    /// One that is closed.
    fn with_cooldown(cooldown: Duration) -> Self;
    /// Calls the operation, if it lets it through.
    fn call(&self, operation: impl FnOnce() -> Result<u64, ()>) -> Option<u64>;

    /// One that has just opened.
    fn opened(cooldown: Duration) -> Self
    where
        Self: Sized,
    {
        let breaker = Self::with_cooldown(cooldown);
        // Some need several to be sure.
        (0..4).for_each(|_| assert_eq!(breaker.call(|| Err(())), None));
        breaker
    }
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident) => {
        impl<C: Clock + Default> Breaker for $workbook::circuit_breaker::CircuitBreaker<C> {
            fn with_cooldown(cooldown: Duration) -> Self {
                $workbook::circuit_breaker::CircuitBreaker::builder()
                    .failure_threshold(NonZeroU32::MIN)
                    .cooldown(cooldown)
                    .with_clock(C::default())
                    .build()
            }

            #[inline]
            fn call(&self, operation: impl FnOnce() -> Result<u64, ()>) -> Option<u64> {
                let permit = self.permit().ok()?;
                let result = operation();
                match result {
                    Ok(_) => permit.success(),
                    Err(()) => permit.failure(),
                }
                result.ok()
            }
        }
    };
}

workbook!(reference);
#[cfg(feature = "yours-circuit_breaker")]
workbook!(yours);

impl Breaker for Recloser {
    fn with_cooldown(cooldown: Duration) -> Self {
        Self::custom().closed_len(1).half_open_len(1).error_rate(0.5).open_wait(cooldown).build()
    }

    #[inline]
    fn call(&self, operation: impl FnOnce() -> Result<u64, ()>) -> Option<u64> {
        Self::call(self, operation).ok()
    }
}

/// failsafe's breaker, with its policy that is cheapest.
pub type Failsafe = failsafe::StateMachine<ConsecutiveFailures<Constant>, ()>;

impl Breaker for Failsafe {
    fn with_cooldown(cooldown: Duration) -> Self {
        let policy = consecutive_failures(1, constant(cooldown));
        failsafe::Config::new().failure_policy(policy).build()
    }

    #[inline]
    fn call(&self, operation: impl FnOnce() -> Result<u64, ()>) -> Option<u64> {
        failsafe::CircuitBreaker::call(self, operation).ok()
    }
}

/// A clock that costs one read: somebody else keeps it going, every so many milliseconds. In a
/// workload that is shorter than its cooldown it may as well stand still.
#[derive(Debug, Clone)]
pub struct CoarseClock {
    start: Instant,
    since: Arc<AtomicU64>,
}

impl Default for CoarseClock {
    fn default() -> Self {
        Self { start: Instant::now(), since: Arc::default() }
    }
}

impl Clock for CoarseClock {
    #[inline]
    fn now(&self) -> Instant {
        // Relaxed: nothing but the time is read.
        self.start + Duration::from_nanos(self.since.load(Relaxed))
    }
}
