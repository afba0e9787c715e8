//! What can be had of many pages, by a few workers.

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures::future::join_all;
use reqwest::Client;
use solutions::cancel::CancelToken;
use solutions::retry::{Clock, Retry, RetryError, SystemClock, retry};
use tokio::time::timeout;

use super::again::{Persistence, judge};
use super::fetch::{FetchError, Page, fetch};

/// How to go about it.
#[derive(Debug, Clone)]
pub struct Plan<C: Clock = SystemClock> {
    /// How many pages are fetched at once.
    pub workers: NonZeroUsize,
    /// How much of each is read, in bytes.
    pub cap: usize,
    /// How long one attempt may take, from its start to the end of the page.
    pub attempt: Duration,
    /// How often to ask for each.
    pub again: Persistence<C>,
}

/// What became of one URL. Where it is [`RetryError::Cancelled`], the caller did that, and not the
/// site.
pub type Fetched = Result<Page, RetryError<AttemptError>>;

/// Why an attempt has failed.
#[derive(Debug)]
pub enum AttemptError {
    /// It took too long.
    OutOfTime {
        /// What was asked for.
        url: String,
        /// How long it might have taken.
        limit: Duration,
    },
    /// The fetch says why.
    Failed(FetchError),
}

// ANCHOR: fetch_all
/// Fetches each URL, and gives what became of each, in the order of the URLs.
///
/// Where the token is cancelled, what is done stays; every other result says that it was cancelled,
/// those that have not been begun with no attempt.
///
/// # Cancel safety
///
/// Dropped, it gives up all requests: the workers are part of its future, and no tasks.
pub async fn fetch_all<C: Clock>(
    client: &Client,
    urls: &[impl AsRef<str>],
    plan: &Plan<C>,
    token: &CancelToken,
) -> Vec<Fetched> {
    let next = AtomicUsize::new(0);
    let worker = async || {
        let mut done = Vec::new();
        loop {
            // Only the number itself is shared, and nobody else gets this one.
            let place = next.fetch_add(1, Relaxed);
            let Some(url) = urls.get(place) else { return done };
            done.push((place, fetch_again(client, url.as_ref(), plan, token).await));
        }
    };
    let workers = plan.workers.get().min(urls.len());
    let done = join_all((0..workers).map(|_| worker())).await;
    let mut done: Vec<_> = done.into_iter().flatten().collect();
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, fetched)| fetched).collect()
}
// ANCHOR_END: fetch_all

// ANCHOR: attempt
/// Fetches one URL until it is there, or will not come.
async fn fetch_again<C: Clock>(
    client: &Client,
    url: &str,
    plan: &Plan<C>,
    token: &CancelToken,
) -> Fetched {
    retry(&plan.again.backoff, token, async |_| {
        match timeout(plan.attempt, fetch(client, url, plan.cap)).await {
            Ok(Ok(page)) => Ok(page),
            Ok(Err(error)) => Err(failed(judge(error, plan.again.patience))),
            Err(_) => Err(Retry::Transient(AttemptError::out_of_time(url, plan.attempt))),
        }
    })
    .await
}
// ANCHOR_END: attempt

fn failed(verdict: Retry<FetchError>) -> Retry<AttemptError> {
    match verdict {
        Retry::Transient(error) => Retry::Transient(AttemptError::Failed(error)),
        Retry::Permanent(error) => Retry::Permanent(AttemptError::Failed(error)),
        Retry::After(error, after) => Retry::After(AttemptError::Failed(error), after),
    }
}

impl AttemptError {
    fn out_of_time(url: &str, limit: Duration) -> Self {
        Self::OutOfTime { url: url.to_owned(), limit }
    }
}

impl fmt::Display for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfTime { url, limit } => write!(f, "{url}: not done within {limit:?}"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl Error for AttemptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::OutOfTime { .. } => None,
            Self::Failed(error) => error.source(),
        }
    }
}
