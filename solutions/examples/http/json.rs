//! Get a JSON document of a known shape, and say clearly why not.

use std::error::Error;
use std::fmt;

use reqwest::{Client, StatusCode};
use serde::de::DeserializeOwned;

use super::fetch::{FetchError, Page, fetch};

/// A document that could not be had, and where.
#[derive(Debug)]
pub struct JsonError {
    /// What was asked for.
    pub url: String,
    /// What was wrong.
    pub problem: Problem,
}

/// What was wrong with a document.
#[derive(Debug)]
pub enum Problem {
    /// There was none.
    Fetch(FetchError),
    /// It is larger than so many bytes.
    TooLarge(StatusCode, usize),
    /// It says that it is something else.
    NotJson(StatusCode, Option<String>),
    /// It is not JSON, not of this shape, or followed by something.
    Decode {
        /// The status that it came with.
        status: StatusCode,
        /// What, and at which line and column.
        source: serde_json::Error,
        /// The text around that place.
        near: String,
    },
}

// ANCHOR: get
/// Gets a document of at most `cap` bytes, and decodes all of it.
///
/// # Errors
///
/// A [`JsonError`] where [`fetch`] has one, and where what it got is not one whole `T` in JSON.
///
/// # Cancel safety
///
/// As [`fetch`].
pub async fn get_json<T: DeserializeOwned>(
    client: &Client,
    url: &str,
    cap: usize,
) -> Result<T, JsonError> {
    let decoded = match fetch(client, url, cap).await {
        Ok(page) => decode(&page, cap),
        Err(error) => Err(Problem::Fetch(error)),
    };
    decoded.map_err(|problem| JsonError { url: url.to_owned(), problem })
}

fn decode<T: DeserializeOwned>(page: &Page, cap: usize) -> Result<T, Problem> {
    if !page.content_type.as_deref().is_some_and(is_json) {
        return Err(Problem::NotJson(page.status, page.content_type.clone()));
    }
    if page.truncated {
        return Err(Problem::TooLarge(page.status, cap));
    }
    // Unlike a decoder on a stream, this looks at what follows the value, too.
    serde_json::from_slice(&page.bytes).map_err(|source| Problem::Decode {
        status: page.status,
        near: near(&page.bytes, &source),
        source,
    })
}
// ANCHOR_END: get

/// `application/json`, or a type that is written in it, such as `application/problem+json`.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// Up to twenty bytes before the place of the error, and as many after it.
fn near(bytes: &[u8], error: &serde_json::Error) -> String {
    let before = error.line().saturating_sub(1);
    let line = bytes.split(|byte| *byte == b'\n').nth(before).unwrap_or_default();
    let at = error.column().min(line.len());
    let part = &line[at.saturating_sub(20)..line.len().min(at + 20)];
    String::from_utf8_lossy(part).into_owned()
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url;
        match &self.problem {
            Problem::Fetch(error) => error.fmt(f),
            Problem::TooLarge(status, cap) => {
                write!(f, "{url}: {status}, but more than {cap} bytes")
            }
            Problem::NotJson(status, Some(other)) => {
                write!(f, "{url}: {status}, but {other}, not JSON")
            }
            Problem::NotJson(status, None) => {
                write!(f, "{url}: {status}, but it does not say that it is JSON")
            }
            Problem::Decode { status, source, near } => {
                write!(f, "{url}: {status}, but {source}, near `{near}`")
            }
        }
    }
}

impl Error for JsonError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Fetch(error) => Some(error),
            Problem::Decode { source, .. } => Some(source),
            Problem::TooLarge(..) | Problem::NotJson(..) => None,
        }
    }
}
