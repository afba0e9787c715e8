//! The policy: how many attempts, and how long the waits between them.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use loomscope::time::{Clock, Duration, SystemClock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::budget::{RetryBudget, Withdrawal};
use super::nanos;

/// How often to try, and how long to wait in between: a policy that many calls share.
///
/// Unless told otherwise it allows five attempts, has [`Jitter::Full`], which differs from call to
/// call, and no budget.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::retry::{Backoff, Jitter};
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let policy = Backoff::new(ms(100), ms(1000)).unwrap().jitter(Jitter::None).unwrap();
/// let waits = [1, 2, 3, 4, 5, u32::MAX].map(|attempt| policy.delay(attempt));
/// assert_eq!(waits, [ms(100), ms(200), ms(400), ms(800), ms(1000), ms(1000)]);
/// ```
#[derive(Debug, Clone)]
pub struct Backoff<C = SystemClock> {
    base: Duration,
    cap: Duration,
    attempts: NonZeroU32,
    jitter: Jitter,
    /// Without a seed: the thread's generator.
    seed: Option<u64>,
    budget: Option<RetryBudget>,
    clock: C,
}

impl Backoff {
    /// Makes a policy whose waits begin at `base`, double, and stop growing at `cap`.
    ///
    /// # Errors
    ///
    /// [`BackoffError::ZeroBase`], since nothing doubled is nothing: a busy loop;
    /// [`BackoffError::CapBelowBase`].
    pub fn new(base: Duration, cap: Duration) -> Result<Self, BackoffError> {
        if base.is_zero() {
            return Err(BackoffError::ZeroBase);
        }
        if cap < base {
            return Err(BackoffError::CapBelowBase);
        }
        let attempts = const { NonZeroU32::new(5).expect("it is not zero") };
        let (jitter, clock) = (Jitter::Full, SystemClock);
        Ok(Self { base, cap, attempts, jitter, seed: None, budget: None, clock })
    }
}

impl<C: Clock> Backoff<C> {
    /// Sets how many attempts a call has, the first included.
    pub fn attempts(self, attempts: NonZeroU32) -> Self {
        Self { attempts, ..self }
    }

    /// Sets how far a wait is left to chance.
    ///
    /// # Errors
    ///
    /// [`BackoffError::BadFraction`], if a [`Jitter::Fraction`] is not within 0 and 1.
    pub fn jitter(self, jitter: Jitter) -> Result<Self, BackoffError> {
        match jitter {
            Jitter::Fraction(fraction) if !(0.0..=1.0).contains(&fraction) => {
                Err(BackoffError::BadFraction)
            }
            _ => Ok(Self { jitter, ..self }),
        }
    }

    /// Makes jitter depend on this seed and the attempt's number alone.
    ///
    /// That is for tests: who shares the seed shares the waits, which is what jitter is to prevent.
    pub fn rng(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Takes retries out of a budget, which other policies may share.
    pub fn budget(self, budget: RetryBudget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// Waits by another clock. A token's deadline stays with the system's: a wait is compared with the
    /// time that is left by that clock, and no time of the one with a time of the other.
    pub fn with_clock<D: Clock>(self, clock: D) -> Backoff<D> {
        let Self { base, cap, attempts, jitter, seed, budget, .. } = self;
        Backoff { base, cap, attempts, jitter, seed, budget, clock }
    }

    // ANCHOR: delay
    /// How long to wait after attempt number `attempt` has failed: at most `cap`, jitter included.
    ///
    /// The first attempt has number 1; 0 counts as 1. With jitter and without a seed, each call gives
    /// another answer.
    pub fn delay(&self, attempt: u32) -> Duration {
        let window = self.window(attempt);
        let chosen = match self.seed {
            _ if window.start() == window.end() => *window.end(),
            Some(seed) => {
                // Side by side: added, seed 1 at attempt 2 would be seed 2 at attempt 1.
                let seed = seed ^ (u64::from(attempt) << 32);
                StdRng::seed_from_u64(seed).random_range(window)
            }
            None => rand::rng().random_range(window),
        };
        nanos(chosen)
    }

    /// The nanoseconds from which the wait is chosen, each as likely as the other.
    fn window(&self, attempt: u32) -> RangeInclusive<u128> {
        let (base, cap) = (self.base.as_nanos(), self.cap.as_nanos());
        // A shift says nothing of the bits that it drops, only of a shift that is too far: hence a
        // multiplication, by the largest factor where 2^n is none.
        let factor = 1u128.checked_shl(attempt.saturating_sub(1)).unwrap_or(u128::MAX);
        let delay = base.saturating_mul(factor).min(cap);
        match self.jitter {
            Jitter::None => delay..=delay,
            Jitter::Full => 0..=delay,
            // The window ends at the cap. To cut off what was chosen beyond it would be half of all,
            // at the very same time.
            Jitter::Fraction(fraction) => {
                let span = (delay as f64 * fraction) as u128;
                delay.saturating_sub(span)..=delay.saturating_add(span).min(cap)
            }
        }
    }
    // ANCHOR_END: delay

    pub(super) fn most_attempts(&self) -> u32 {
        self.attempts.get()
    }

    pub(super) fn clock(&self) -> &C {
        &self.clock
    }

    /// A call begins: it pays into the budget, if there is one.
    pub(super) fn deposit(&self) {
        if let Some(budget) = &self.budget {
            budget.deposit();
        }
    }

    /// Pays for a retry, if the budget has enough.
    pub(super) fn withdraw(&self) -> Option<Withdrawal<'_>> {
        Withdrawal::from(self.budget.as_ref())
    }
}

/// How far a wait is left to chance, so that those who failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jitter {
    /// Not at all: for tests, and for a single caller.
    None,
    /// Anything from nothing to the whole delay.
    Full,
    /// The delay and this fraction of it, from 0 to 1, more or less; more only up to the cap. What is
    /// left below the cap is as likely here as there: nobody is sent to the cap for being above it.
    Fraction(f64),
}

/// Why there is no such policy: "the first wait is zero", "the longest wait is shorter than the first",
/// or "the fraction is not within 0 and 1".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackoffError {
    /// The first wait is zero, and so are all that are doubled from it.
    ZeroBase,
    /// The longest wait is shorter than the first.
    CapBelowBase,
    /// The fraction is not a number from 0 to 1.
    BadFraction,
}

impl fmt::Display for BackoffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ZeroBase => "the first wait is zero",
            Self::CapBelowBase => "the longest wait is shorter than the first",
            Self::BadFraction => "the fraction is not within 0 and 1",
        })
    }
}

impl Error for BackoffError {}
