//! Which failures are worth another attempt, and who decides how many.

use std::error::Error;
use std::time::Duration;

use solutions::retry::{Backoff, Clock, Retry, RetryError, SystemClock};

use super::fetch::FetchError;

/// How often to ask again, and how long to wait.
#[derive(Debug, Clone)]
pub struct Persistence<C: Clock = SystemClock> {
    /// The number of attempts and the waits between them.
    pub backoff: Backoff<C>,
    /// The longest `Retry-After` that is waited for: a server may well say "tomorrow".
    pub patience: Duration,
}

/// Why somebody gave up, and the last failure, in one line.
pub fn told<E: Error + 'static>(error: &RetryError<E>) -> String {
    match error.source() {
        Some(failure) => format!("{error}: {failure}"),
        None => error.to_string(),
    }
}

// ANCHOR: judge
/// Says whether another attempt may do better, and when.
pub fn judge(error: FetchError, patience: Duration) -> Retry<FetchError> {
    match &error {
        FetchError::Network { source, .. } if !source.is_redirect() => Retry::Transient(error),
        FetchError::Status(refusal) if refusal.is_transient() => match refusal.retry_after {
            None => Retry::Transient(error),
            Some(after) if after <= patience => Retry::After(error, after),
            Some(_) => Retry::Permanent(error),
        },
        _ => Retry::Permanent(error),
    }
}
// ANCHOR_END: judge
