//! Send a request again, where it may be sent twice and can be.

use reqwest::{Body, Client, Request, Response};
use solutions::cancel::CancelToken;
use solutions::retry::{Clock, Retry, RetryError, retry};

use super::again::{Persistence, judge};
use super::fetch::{FetchError, refusal};

/// The header by which a server knows a request that it has seen before.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

// ANCHOR: resend
/// Sends a request, and sends it again while that may help, if it [may](may_repeat) be sent twice and
/// its body can be: a stream is gone once it is sent, and then the first failure is the answer.
///
/// # Errors
///
/// A [`RetryError`], also for an answer that is no 2xx: its source has the status.
///
/// # Cancel safety
///
/// Dropped, it gives the request up. Whether the server has acted upon it is not known then; nor is it
/// after an error.
pub async fn resend<C: Clock>(
    client: &Client,
    request: Request,
    again: &Persistence<C>,
    token: &CancelToken,
) -> Result<Response, RetryError<FetchError>> {
    let repeat = may_repeat(&request) && request.try_clone().is_some();
    let mut request = Some(request);
    let next = || if repeat { request.as_ref()?.try_clone() } else { request.take() };
    attempts(client, next, repeat, again, token).await
}

/// As [`resend`], with a body that is made anew for each attempt, such as a file that is opened again.
/// A body that the request has is replaced.
///
/// # Errors
///
/// As [`resend`].
///
/// # Cancel safety
///
/// As [`resend`].
pub async fn resend_made<C: Clock>(
    client: &Client,
    mut request: Request,
    body: impl Fn() -> Body,
    again: &Persistence<C>,
    token: &CancelToken,
) -> Result<Response, RetryError<FetchError>> {
    *request.body_mut() = None;
    let next = || {
        let mut copy = request.try_clone()?;
        *copy.body_mut() = Some(body());
        Some(copy)
    };
    attempts(client, next, may_repeat(&request), again, token).await
}

/// Whether it does no harm to do it twice: by its method, or because the server will know it again.
pub fn may_repeat(request: &Request) -> bool {
    request.method().is_idempotent() || request.headers().contains_key(IDEMPOTENCY_KEY)
}
// ANCHOR_END: resend

// ANCHOR: attempts
/// Sends what `next` gives until there is an answer; once, unless it may be repeated.
async fn attempts<C: Clock>(
    client: &Client,
    mut next: impl FnMut() -> Option<Request>,
    repeat: bool,
    again: &Persistence<C>,
    token: &CancelToken,
) -> Result<Response, RetryError<FetchError>> {
    retry(&again.backoff, token, |_| {
        let request = next().expect("a request that has no copy is sent once");
        async move {
            let answer = send(client, request).await;
            answer.map_err(|error| match repeat {
                true => judge(error, again.patience),
                false => Retry::Permanent(error),
            })
        }
    })
    .await
}
// ANCHOR_END: attempts

/// Sends it once. What was refused is read, so that its connection is free for the next attempt.
async fn send(client: &Client, request: Request) -> Result<Response, FetchError> {
    let url = request.url().to_string();
    let sent = client.execute(request).await;
    let response = sent.map_err(|error| FetchError::of(&url, error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(FetchError::Status(refusal(response).await))
}
