//! What can be had of many pages, by a few workers, with retries; and what is left when time is up.
//!
//! ```console
//! $ cargo run -p solutions --example fetch_all
//! $ cargo run -p solutions --example fetch_all --features https -- https://www.rust-lang.org https://crates.io
//! ```
//!
//! Without a URL it starts a site of its own, and asks it twice: with time, and in a hurry.

mod http;

use std::error::Error;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::{Duration, Instant};

use http::again::{Persistence, told};
use http::fetch_all::{Fetched, Plan, fetch_all};
use http::site::Site;
use http::{Limits, client, pages};
use reqwest::Client;
use solutions::cancel::CancelToken;
use solutions::retry::{Backoff, BackoffError, RetryError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = client(Limits::default())?;
    let urls: Vec<String> = std::env::args().skip(1).collect();
    if !urls.is_empty() {
        show(&client, &urls, &plan(Duration::from_secs(10))?, &CancelToken::new()).await;
        return Ok(());
    }
    let paths = ["/hello", "/missing", "/flaky", "/busy", "/silent", "/hangs-up", "/endless"];
    let plan = plan(Duration::from_millis(300))?;
    for limit in [Duration::from_secs(10), Duration::from_millis(400)] {
        let site = Site::start(pages::router());
        let mut urls = paths.map(|path| site.url(path)).to_vec();
        urls.push("no URL at all".to_owned());
        println!("Two workers, at most {limit:?}:");
        let token = CancelToken::new().with_timeout(limit);
        show(&client, &urls, &plan, &token).await;
    }
    Ok(())
}

fn plan(attempt: Duration) -> Result<Plan, BackoffError> {
    let two = const { NonZeroUsize::new(2).expect("two is not zero") };
    let three = const { NonZeroU32::new(3).expect("three is not zero") };
    let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2))?.attempts(three);
    let again = Persistence { backoff, patience: Duration::from_secs(5) };
    Ok(Plan { workers: two, cap: 1 << 16, attempt, again })
}

async fn show(client: &Client, urls: &[String], plan: &Plan, token: &CancelToken) {
    let start = Instant::now();
    let all = fetch_all(client, urls, plan, token).await;
    for (url, fetched) in urls.iter().zip(&all) {
        println!("{}", line(url, fetched));
    }
    println!("  after {} ms\n", start.elapsed().as_millis());
}

fn line(url: &str, fetched: &Fetched) -> String {
    match fetched {
        Ok(page) if page.truncated => format!("✓ {url}: the first {} bytes", page.bytes.len()),
        Ok(page) => format!("✓ {url}: {}", String::from_utf8_lossy(&page.bytes).trim()),
        Err(error @ RetryError::Cancelled { .. }) => format!("· {url}: {error}"),
        Err(error) => format!("✗ {}", told(error)),
    }
}
