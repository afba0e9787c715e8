//! How fast tokens come, in the ticks that the buckets count.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Ticks in a nanosecond: finer than any clock tells, so that a rate is rounded by little, and coarse
/// enough for 36 years in a word.
pub(super) const TICKS_PER_NANO: u64 = 16;
pub(super) const TICKS_PER_SECOND: u64 = 1_000_000_000 * TICKS_PER_NANO;

/// The most ticks that a bucket may need to fill: nine years.
pub(super) const MOST: u64 = 1 << 62;

/// How many tokens come in how much time: from one in nine years to one in a nanosecond.
///
/// What cannot be represented is rounded towards fewer tokens, by less than one part in 16 000 at a
/// million per second, and in proportion: less below, more above. It is exact where the time of one
/// token is a whole number of sixteenths of a nanosecond, as with 1000, 16 or 0.25 per second.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::rate_limiter::{Rate, RateError};
/// use std::time::Duration;
///
/// assert_eq!(Rate::per_second(5.0), Rate::new(300, Duration::from_secs(60)));
/// assert_eq!(Rate::per_second(0.0), Err(RateError::NotPositive));
/// assert_eq!(Rate::new(1, Duration::ZERO), Err(RateError::NotFinite));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// The ticks that bring one token. Rounded up, never down: tokens that come too early are too many.
    interval: u64,
}

impl Rate {
    /// A rate of so many tokens per second.
    ///
    /// # Errors
    ///
    /// [`RateError`]: zero, negative, infinite or no number at all, below one token in nine years (which
    /// all subnormal numbers are), or above a billion per second.
    // ANCHOR: per_second
    pub fn per_second(tokens: f64) -> Result<Self, RateError> {
        if !tokens.is_finite() {
            return Err(RateError::NotFinite);
        }
        if tokens <= 0.0 {
            return Err(RateError::NotPositive);
        }
        if tokens < 1e-9 {
            return Err(RateError::TooSlow);
        }
        if tokens > 1e9 {
            return Err(RateError::TooFast);
        }
        // The number is `mantissa / 2^shift`, exactly; a division of floats would round either way.
        // With 1e-9 to 1e9 left, `shift` is between 23 and 82: nothing below overflows.
        let bits = tokens.to_bits();
        let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
        let shift = 1075 - (bits >> 52);
        Self::of_interval((u128::from(TICKS_PER_SECOND) << shift).div_ceil(u128::from(mantissa)))
    }
    // ANCHOR_END: per_second

    /// A rate of `tokens` per `time`, evenly spread.
    ///
    /// # Errors
    ///
    /// [`RateError`], as [`per_second`](Self::per_second): no tokens are not positive, no time is not
    /// finite.
    pub fn new(tokens: u32, time: Duration) -> Result<Self, RateError> {
        if tokens == 0 {
            return Err(RateError::NotPositive);
        }
        if time.is_zero() {
            return Err(RateError::NotFinite);
        }
        if u128::from(tokens) > time.as_nanos() {
            return Err(RateError::TooFast);
        }
        let ticks = time.as_nanos() * u128::from(TICKS_PER_NANO);
        Self::of_interval(ticks.div_ceil(u128::from(tokens)))
    }

    fn of_interval(ticks: u128) -> Result<Self, RateError> {
        match u64::try_from(ticks) {
            Ok(interval) if interval <= MOST => Ok(Self { interval }),
            _ => Err(RateError::TooSlow),
        }
    }

    /// The ticks that bring one token.
    pub(super) fn interval(self) -> u64 {
        self.interval
    }

    /// Panics where a bucket of so many tokens would not be full in nine years.
    pub(super) fn assert_fills(self, burst: u32) {
        let fits = self.interval.checked_mul(u64::from(burst)).is_some_and(|ticks| ticks <= MOST);
        assert!(fits, "at this rate the burst takes more than nine years to come back");
    }
}

/// Why a rate is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateError {
    /// Zero, or less: nothing would ever be allowed.
    NotPositive,
    /// Infinite, or not a number: nothing would be limited.
    NotFinite,
    /// Less than one token in nine years.
    TooSlow,
    /// More than one token in a nanosecond.
    TooFast,
}

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPositive => "a rate must be positive",
            Self::NotFinite => "a rate must be finite",
            Self::TooSlow => "a rate must bring a token in nine years",
            Self::TooFast => "a rate must be at most a billion tokens per second",
        })
    }
}

impl Error for RateError {}
