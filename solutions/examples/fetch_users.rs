//! All users or the first error: three calls, of which one succeeds.
//!
//! ```console
//! $ cargo run -p solutions --example fetch_users
//! $ cargo run -p solutions --example fetch_users -- http://127.0.0.1:8080/users 1 2 3
//! ```
//!
//! With a URL, the users are asked for below it. Without, there is a site of its own.

mod http;

use std::collections::BTreeSet;
use std::error::Error;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use http::fetch_users::{User, fetch_users};
use http::json::{JsonError, get_json};
use http::site::Site;
use http::{Limits, client, end, pages};
use reqwest::Client;
use solutions::cancel::CancelToken;

/// How many users are asked for at once.
const LIMIT: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let client = client(Limits::default())?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [base, ids @ ..] = &arguments[..] {
        show(&numbers(ids)?, &CancelToken::new(), from(base.clone(), client)).await;
        return Ok(());
    }
    let site = Site::start(pages::router());
    let from = from(site.url("/users"), client);
    println!("Ten users:");
    show(&(1..=10).collect(), &CancelToken::new(), &from).await;
    println!("\nTwenty, one of whom has left:");
    show(&(1..=20).collect(), &CancelToken::new(), &from).await;
    println!("\nA hundred, for a caller who waits for 100 ms:");
    let hurry = CancelToken::new().with_timeout(Duration::from_millis(100));
    show(&(100..200).collect(), &hurry, &from).await;
    Ok(())
}

fn numbers(ids: &[String]) -> Result<BTreeSet<u64>, String> {
    if ids.is_empty() {
        return Err("Which users? Give their numbers after the URL.".to_owned());
    }
    let number = |id: &String| id.parse().map_err(|_| format!("`{id}` is not a user's number."));
    ids.iter().map(number).collect()
}

/// How a user is had, given its number.
fn from(
    base: String,
    client: Client,
) -> impl Fn(u64) -> BoxFuture<'static, Result<User, JsonError>> {
    move |id| {
        let (url, client) = (format!("{base}/{id}"), client.clone());
        Box::pin(async move { get_json(&client, &url, 1 << 16).await })
    }
}

async fn show<F>(ids: &BTreeSet<u64>, token: &CancelToken, from: F)
where
    F: Fn(u64) -> BoxFuture<'static, Result<User, JsonError>>,
{
    let start = Instant::now();
    match fetch_users(ids, LIMIT, token, from).await {
        Ok(users) => {
            let names: Vec<_> = users.values().map(|user| user.name.as_str()).collect();
            println!("✓ {}", names.join(", "));
        }
        Err(error) => println!("✗ {error}"),
    }
    println!("  after {} ms", start.elapsed().as_millis());
}
