//! A scraper: pages by priority, a few at a time and not too many a second, again where it may help, and
//! not from a domain that is down.
//!
//! ```console
//! $ cargo run -p solutions --example scrape
//! $ cargo run -p solutions --example scrape --features https -- https://www.rust-lang.org https://doc.rust-lang.org/book/
//! ```
//!
//! It follows links within the domains that it was given. Without a URL it builds a small town of its own.
//! Ctrl-C: no further link is followed. Once more: everything is given up.

mod http;
#[path = "scrape/mod.rs"]
mod scrape;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use futures::{Stream, stream};
use http::Limits;
use reqwest::{Client, Url};
use scrape::progress::Bar;
use scrape::report::Report;
use scrape::town::Town;
use scrape::{Crawl, Ended, Plan, arguments, crawl};

#[tokio::main]
async fn main() -> ExitCode {
    http::end(run(std::env::args_os().skip(1).collect()).await)
}

async fn run(arguments: Vec<OsString>) -> Result<(), Box<dyn Error>> {
    let urls = arguments::urls(arguments)?;
    let report = if urls.is_empty() {
        let town = Town::build();
        let client = town.client(Limits::default())?;
        scrape(client, town.seeds(), Plan::brisk()?).await
    } else {
        scrape(http::client(Limits::default())?, urls, Plan::polite()?).await
    };
    print!("{report}");
    match report.ended {
        Ended::Done | Ended::Drained => Ok(()),
        Ended::Aborted => Err("given up".into()),
    }
}

async fn scrape(client: Client, urls: Vec<Url>, plan: Plan) -> Report {
    let mut pages = Crawl::new(client, plan);
    urls.into_iter().for_each(|url| pages.begin_at(url));
    crawl(pages, Box::pin(interrupts()), &Bar::on_stderr()).await
}

/// Each Ctrl-C, from now on in the place of the sudden end.
fn interrupts() -> impl Stream<Item = ()> {
    stream::unfold((), async |()| Some((tokio::signal::ctrl_c().await.ok()?, ())))
}
