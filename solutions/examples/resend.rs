//! Five requests to a site that breaks down at every first attempt, and what it gets to see.
//!
//! ```console
//! $ cargo run -p solutions --example resend
//! $ cargo run -p solutions --example resend -- http://127.0.0.1:8080/stock
//! ```
//!
//! With a URL, the requests go there. Without, there is a site of its own.

mod http;

use std::error::Error;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::any;
use http::again::{Persistence, told};
use http::fetch::FetchError;
use http::resend::{IDEMPOTENCY_KEY, resend, resend_made};
use http::site::Site;
use http::{Limits, client, end};
use reqwest::{Body, Client, Response};
use solutions::cancel::CancelToken;
use solutions::retry::{Backoff, RetryError};

/// What a request is about, and what came of it.
type Sent = (&'static str, Result<Response, RetryError<FetchError>>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let client = client(Limits::default())?;
    if let Some(url) = std::env::args().nth(1) {
        for sent in send_all(&client, &url).await? {
            show(&sent);
        }
        return Ok(());
    }
    let log = Arc::<Mutex<Vec<String>>>::default();
    let site = Site::start(shaky(&log));
    for sent in send_all(&client, &site.url("/stock")).await? {
        show(&sent);
    }
    println!("\nThe site has seen:");
    for line in log.lock().expect("nobody panics under it").iter() {
        println!("  {line}");
    }
    Ok(())
}

async fn send_all(client: &Client, url: &str) -> Result<Vec<Sent>, Box<dyn Error>> {
    let backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1))?;
    let again = &Persistence { backoff, patience: Duration::from_secs(5) };
    let token = &CancelToken::new();
    let stream = |text: &str| Body::wrap(text.to_owned());
    let bad = |source| FetchError::of(url, source);

    let bytes = client.put(url).body("12 apples").build().map_err(bad)?;
    let once = client.put(url).body(stream("13 apples, in a stream")).build().map_err(bad)?;
    let made = client.put(url).build().map_err(bad)?;
    let order = client.post(url).body("send 3 pears").build().map_err(bad)?;
    let keyed = client
        .post(url)
        .header(IDEMPOTENCY_KEY, "order 7")
        .body("send 4 pears")
        .build()
        .map_err(bad)?;
    Ok(vec![
        ("PUT of bytes", resend(client, bytes, again, token).await),
        ("PUT of a stream", resend(client, once, again, token).await),
        (
            "PUT of a stream made anew",
            resend_made(client, made, || stream("14 apples, in a new stream"), again, token).await,
        ),
        ("POST", resend(client, order, again, token).await),
        ("POST with a key", resend(client, keyed, again, token).await),
    ])
}

fn show((what, sent): &Sent) {
    match sent {
        Ok(response) => println!("✓ {what}: {}", response.status()),
        Err(error) => println!("✗ {what}: {}", told(error)),
    }
}

/// Answers every second request, and breaks down at the others.
fn shaky(log: &Arc<Mutex<Vec<String>>>) -> Router {
    let log = log.clone();
    let page = async move |method: Method, headers: HeaderMap, body: String| {
        let key = headers.get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok());
        let key = key.map_or(String::new(), |key| format!(" ({key})"));
        let mut log = log.lock().expect("nobody panics under it");
        // A request that comes again is known by its method, its key and its body.
        let line = format!("{method}{key}: {body}");
        let again = log.last().is_some_and(|last| *last == line);
        log.push(line);
        if again { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    };
    Router::new().route("/stock", any(page))
}
