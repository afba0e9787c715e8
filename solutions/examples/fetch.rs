//! One page a URL, at most 64 KiB of it.
//!
//! ```console
//! $ cargo run -p solutions --example fetch
//! $ cargo run -p solutions --example fetch --features https -- https://www.rust-lang.org
//! ```
//!
//! Without a URL it starts a site of its own, whose pages misbehave.

mod http;

use std::time::Duration;

use http::fetch::{Page, fetch};
use http::site::Site;
use http::{Limits, client, pages};

/// How much of a page is read, in bytes.
const CAP: usize = 1 << 16;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), reqwest::Error> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    if !urls.is_empty() {
        return show(&urls, Limits::default()).await;
    }
    let site = Site::start(pages::router());
    let paths = ["/hello", "/endless", "/missing", "/hangs-up", "/silent", "/dripping", "/hello"];
    let mut urls = paths.map(|path| site.url(path)).to_vec();
    urls.push("no URL at all".to_owned());
    let [connect, idle, total] = [500, 500, 1500].map(Duration::from_millis);
    show(&urls, Limits { connect, idle, total }).await?;
    println!("\n{} pages asked for over {} connections", paths.len(), site.connections());
    Ok(())
}

async fn show(urls: &[String], limits: Limits) -> Result<(), reqwest::Error> {
    let client = client(limits)?;
    for url in urls {
        match fetch(&client, url, CAP).await {
            Ok(page) => println!("✓ {url}: {}", summary(&page)),
            Err(error) => println!("✗ {error}"),
        }
    }
    Ok(())
}

fn summary(page: &Page) -> String {
    let kind = page.content_type.as_deref().unwrap_or("of unknown type");
    let Page { status, bytes, truncated, .. } = page;
    let what = if *truncated { "the first" } else { "all" };
    format!("{status}, {what} {} bytes, {kind}", bytes.len())
}
