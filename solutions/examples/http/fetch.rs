//! GET a page, and never more of it than asked for.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

/// How much of the page that comes with a refusal is kept, in bytes.
const SNIPPET: usize = 512;

/// A page that was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where, after all redirects.
    pub url: String,
    /// Its status, which is a 2xx.
    pub status: StatusCode,
    /// What it says that it is.
    pub content_type: Option<String>,
    /// The page, or its first bytes.
    pub bytes: Vec<u8>,
    /// Whether there is more than `bytes`.
    pub truncated: bool,
}

/// Why there is no page.
#[derive(Debug)]
pub enum FetchError {
    /// No request could be made of this: it is no URL, or none that the client has a protocol for.
    BadUrl {
        /// What it was instead.
        url: String,
        /// What is wrong with it.
        source: reqwest::Error,
    },
    /// No connection, a broken one, or a limit of time.
    Network {
        /// What was asked for.
        url: String,
        /// What went wrong. It names the URL only where the answer has not begun.
        source: reqwest::Error,
    },
    /// The server answered, and not with a 2xx.
    Status(Refusal),
}

/// An answer that is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where, after all redirects.
    pub url: String,
    /// A status that is no 2xx.
    pub status: StatusCode,
    /// When to come back, if the server says so in seconds.
    pub retry_after: Option<Duration>,
    /// The beginning of what it says about it.
    pub snippet: String,
}

// ANCHOR: fetch
/// Gets at most `cap` bytes of a page. A page of exactly `cap` bytes is whole.
///
/// # Errors
///
/// A [`FetchError`] where the URL is bad, the network or the server fails, or the status is no 2xx.
///
/// # Cancel safety
///
/// Dropped, it gives the request up and closes its connection.
pub async fn fetch(client: &Client, url: &str, cap: usize) -> Result<Page, FetchError> {
    let sent = client.get(url).send().await;
    let mut response = sent.map_err(|error| FetchError::of(url, error))?;
    if !response.status().is_success() {
        return Err(FetchError::Status(refusal(response).await));
    }
    let read = first_bytes(&mut response, cap).await;
    let (bytes, truncated) = read.map_err(|error| FetchError::of(url, error))?;
    let content_type = text(response.headers(), CONTENT_TYPE.as_str());
    let (url, status) = (response.url().to_string(), response.status());
    Ok(Page { url, status, content_type, bytes, truncated })
}
// ANCHOR_END: fetch

// ANCHOR: cap
/// Reads to the end or to the cap, whichever comes first, and says whether there is more.
///
/// The length that the server announces plays no part: it may be wrong, missing, or meant to make us
/// allocate.
async fn first_bytes(response: &mut Response, cap: usize) -> reqwest::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = cap - bytes.len();
        if chunk.len() > room {
            bytes.extend_from_slice(&chunk[..room]);
            return Ok((bytes, true));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes, false))
}
// ANCHOR_END: cap

// ANCHOR: refusal
/// What a refusal says. To have read its page to the end, if it is short, saves the connection.
pub async fn refusal(mut response: Response) -> Refusal {
    // The status is the answer: a page that breaks off, or never ends, does not make it another.
    let (snippet, _) = first_bytes(&mut response, SNIPPET).await.unwrap_or_default();
    let seconds = text(response.headers(), RETRY_AFTER.as_str()).and_then(|text| text.parse().ok());
    Refusal {
        url: response.url().to_string(),
        status: response.status(),
        retry_after: seconds.map(Duration::from_secs),
        snippet: String::from_utf8_lossy(&snippet).trim().to_owned(),
    }
}
// ANCHOR_END: refusal

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

impl FetchError {
    /// What a failed request comes to.
    pub fn of(url: &str, source: reqwest::Error) -> Self {
        let url = url.to_owned();
        if source.is_builder() || lacks_tls(&source) {
            Self::BadUrl { url, source }
        } else {
            Self::Network { url, source }
        }
    }

    /// The status that the server gave instead of a page, if it gave one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status(refusal) => Some(refusal.status),
            Self::BadUrl { .. } | Self::Network { .. } => None,
        }
    }
}

impl Refusal {
    /// Whether the same request may fare better later: 5xx, and 429, "too many requests".
    pub fn is_transient(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadUrl { url, source } if lacks_tls(source) => {
                write!(f, "`{url}`: https needs a build with `--features https`")
            }
            Self::BadUrl { url, source } => write!(f, "`{url}`: {}", cause(source)),
            Self::Network { url, source } => write!(f, "{url}: {}", cause(source)),
            Self::Status(refusal) => refusal.fmt(f),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.url, self.status)?;
        match self.snippet.lines().next() {
            Some(line) => write!(f, ": {line}"),
            None => Ok(()),
        }
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::BadUrl { source, .. } | Self::Network { source, .. } => Some(source),
            Self::Status(_) => None,
        }
    }
}

/// Whether it was about an https URL, in a build that speaks plain HTTP.
fn lacks_tls(error: &reqwest::Error) -> bool {
    !cfg!(feature = "https") && error.url().is_some_and(|url| url.scheme() == "https")
}

/// The innermost cause: the outer ones say only that a request failed.
fn cause(error: &reqwest::Error) -> &dyn Error {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}
