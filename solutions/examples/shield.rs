//! A page once for all who want it, and a host that is down not at all.
//!
//! ```console
//! $ cargo run -p solutions --example shield
//! ```

mod http;

use std::error::Error;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use futures::future::join_all;
use http::shield::Shield;
use http::site::Site;
use http::{Limits, client};
use solutions::circuit_breaker::CircuitBreaker;
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let asked = Arc::<AtomicU32>::default();
    let (well, ill) = (Site::start(slow(&asked)), Site::start(recovering(&asked)));
    let three = const { NonZeroU32::new(3).expect("three is not zero") };
    let builder = CircuitBreaker::builder().failure_threshold(three);
    let builder = builder.cooldown(Duration::from_millis(200));
    let shield = Shield::new(client(Limits::default())?, 1 << 16, builder);

    let url = well.url("/");
    let pages = join_all((0..1000).map(|_| shield.get(&url))).await;
    let pages = pages.iter().filter(|page| page.is_ok()).count();
    println!("{pages} callers have their page; requests to the site: {}", asked.swap(0, Relaxed));

    println!("\nA host is down:");
    for call in 1..=12 {
        match shield.get(&ill.url("/")).await {
            Ok(page) => println!("{call:3} ✓ {}", String::from_utf8_lossy(&page.bytes)),
            Err(error) => println!("{call:3} ✗ {error}"),
        }
        sleep(Duration::from_millis(40)).await;
    }
    println!("requests to it: {}", asked.load(Relaxed));
    Ok(())
}

/// A page that takes its time.
fn slow(asked: &Arc<AtomicU32>) -> Router {
    let asked = asked.clone();
    let page = async move || {
        asked.fetch_add(1, Relaxed);
        sleep(Duration::from_millis(50)).await;
        "hello"
    };
    Router::new().route("/", get(page))
}

/// Down for the first three who ask.
fn recovering(asked: &Arc<AtomicU32>) -> Router {
    let asked = asked.clone();
    let page = async move || match asked.fetch_add(1, Relaxed) {
        0..3 => (StatusCode::SERVICE_UNAVAILABLE, "one moment, please"),
        _ => (StatusCode::OK, "well again"),
    };
    Router::new().route("/", get(page))
}
