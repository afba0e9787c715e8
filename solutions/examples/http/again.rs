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
    let after = match &error {
        FetchError::Status(refusal) => refusal.retry_after,
        FetchError::BadUrl { .. } | FetchError::Network { .. } => None,
    };
    match after {
        _ if !may_pass(&error) => Retry::Permanent(error),
        None => Retry::Transient(error),
        Some(after) if after <= patience => Retry::After(error, after),
        Some(_) => Retry::Permanent(error),
    }
}

/// Whether it is the state of the network or the host, and not the request, that is to blame.
pub fn may_pass(error: &FetchError) -> bool {
    match error {
        FetchError::BadUrl { .. } => false,
        FetchError::Network { source, .. } => !source.is_redirect(),
        FetchError::Status(refusal) => refusal.is_transient(),
    }
}
// ANCHOR_END: judge
