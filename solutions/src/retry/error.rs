//! What an attempt says of its failure, and what a call says of all of them.

use std::error::Error;
use std::fmt;

use loomscope::time::Duration;

use super::Reason;

/// A failed attempt, and whether another may do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry<E> {
    /// Another attempt may succeed.
    Transient(E),
    /// No attempt will.
    Permanent(E),
    /// Another attempt may succeed, but not before this time has passed: the other side said so, as
    /// with `Retry-After` in HTTP.
    ///
    /// The policy's own delay comes on top, so that those who were told the same do not come back
    /// together. The policy's cap does not apply to the hint: who comes back earlier is turned away
    /// again. Whoever cannot wait that long has a token with a deadline. Where the clock does not reach
    /// that far, as with [`Duration::MAX`], there is only the token to wait for.
    After(E, Duration),
}

/// Why [`retry`](fn@super::retry) gave up.
///
/// `attempts` is how many were begun, the one that was broken off included; `source` is the last
/// failure.
///
/// It prints what ended the call and after how many attempts, and leaves the source to whoever asks
/// for it: "permanent failure after 1 attempt", "no attempts left after 5 attempts", "no budget for a
/// retry after 2 attempts", "deadline exceeded after 3 attempts", "cancelled before the first attempt".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryError<E> {
    /// The last attempt failed for good.
    Permanent {
        /// How many attempts were begun.
        attempts: u32,
        /// The failure.
        source: E,
    },
    /// All attempts that the policy allows have failed.
    Exhausted {
        /// How many attempts were begun.
        attempts: u32,
        /// The failure of the last.
        source: E,
    },
    /// The budget did not allow another attempt.
    OutOfBudget {
        /// How many attempts were begun.
        attempts: u32,
        /// The failure of the last.
        source: E,
    },
    /// The token was cancelled, or its deadline would have come before the next attempt.
    Cancelled {
        /// How many attempts were begun.
        attempts: u32,
        /// The last failure, if any attempt came to its end.
        source: Option<E>,
        /// Why the token is cancelled; [`Reason::DeadlineExceeded`] also where it soon would have been.
        reason: Reason,
    },
}

impl<E> RetryError<E> {
    /// How many attempts were begun.
    pub fn attempts(&self) -> u32 {
        match *self {
            Self::Permanent { attempts, .. }
            | Self::Exhausted { attempts, .. }
            | Self::OutOfBudget { attempts, .. }
            | Self::Cancelled { attempts, .. } => attempts,
        }
    }

    /// The last failure, if any attempt came to its end.
    pub fn into_source(self) -> Option<E> {
        match self {
            Self::Permanent { source, .. }
            | Self::Exhausted { source, .. }
            | Self::OutOfBudget { source, .. } => Some(source),
            Self::Cancelled { source, .. } => source,
        }
    }
}

impl<E> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permanent { .. } => f.write_str("permanent failure")?,
            Self::Exhausted { .. } => f.write_str("no attempts left")?,
            Self::OutOfBudget { .. } => f.write_str("no budget for a retry")?,
            Self::Cancelled { reason, .. } => reason.fmt(f)?,
        }
        match self.attempts() {
            0 => f.write_str(" before the first attempt"),
            1 => f.write_str(" after 1 attempt"),
            attempts => write!(f, " after {attempts} attempts"),
        }
    }
}

impl<E: Error + 'static> Error for RetryError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Permanent { source, .. }
            | Self::Exhausted { source, .. }
            | Self::OutOfBudget { source, .. } => Some(source),
            Self::Cancelled { source, .. } => source.as_ref().map(|source| source as _),
        }
    }
}
