//! The arithmetic of a token bucket in one number.

use loomscope::time::{Clock, Instant};

use super::rate::{TICKS_PER_NANO, TICKS_PER_SECOND};

/// No bucket's time: the largest number is kept for a word that is being changed.
pub(super) const SEALED: u64 = u64::MAX;

/// The tick that does not come: the word would be past its end.
pub(super) const NEVER: u64 = u64::MAX;

/// What the buckets of one limiter have in common.
#[derive(Clone, Copy)]
pub(super) struct Quota {
    /// The ticks that bring one token.
    pub(super) interval: u64,
    /// How many tokens a full bucket holds.
    pub(super) burst: u32,
}

impl Quota {
    /// Takes `n` tokens at the tick `now` from the bucket that will be full at `full_at`.
    ///
    /// The new time at which it will be full; or the tick at which there would be enough.
    // ANCHOR: spend
    #[inline]
    pub(super) fn spend(self, full_at: u64, now: u64, n: u32) -> Result<u64, u64> {
        let depth = self.ticks(self.burst);
        // A bucket that was full long ago is full now, and no fuller.
        let next = full_at.max(now).saturating_add(self.ticks(n));
        if next == SEALED {
            Err(NEVER)
        } else if next <= now.saturating_add(depth) {
            Ok(next)
        } else {
            Err(next - depth)
        }
    }
    // ANCHOR_END: spend

    /// How many tokens there are at the tick `now`.
    pub(super) fn available(self, full_at: u64, now: u64) -> u32 {
        let owed = full_at.saturating_sub(now).div_ceil(self.interval);
        self.burst.saturating_sub(u32::try_from(owed).unwrap_or(u32::MAX))
    }

    /// The ticks that bring so many tokens.
    fn ticks(self, tokens: u32) -> u64 {
        self.interval.saturating_mul(u64::from(tokens))
    }
}

/// The ticks since `start`: none if the clock is behind it, and `u64::MAX` after 36 years.
#[inline]
pub(super) fn ticks_since(start: Instant, clock: &impl Clock) -> u64 {
    let elapsed = clock.now().saturating_duration_since(start);
    let rest = u64::from(elapsed.subsec_nanos()) * TICKS_PER_NANO;
    elapsed.as_secs().saturating_mul(TICKS_PER_SECOND).saturating_add(rest)
}
