//! The scraper on real sockets: what it asks for, how often, in which order, and how it ends.

#![cfg(feature = "worker_pool")]

#[path = "../examples/http/mod.rs"]
mod http;
#[path = "../examples/scrape/mod.rs"]
mod scrape;
// Made for the drills, and used here in part.
#[allow(dead_code)]
#[path = "http/support.rs"]
mod support;

#[path = "scrape/failures.rs"]
mod failures;
#[path = "scrape/interrupts.rs"]
mod interrupts;
#[path = "scrape/pages.rs"]
mod pages;
#[path = "scrape/tables.rs"]
mod tables;
#[path = "scrape/words.rs"]
mod words;

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{Html, IntoResponse, Response};
use futures::stream;
use http::site::Site;
use reqwest::Url;
use scrape::progress::Bar;
use scrape::report::Report;
use scrape::{Crawl, Plan, content, crawl};
use solutions::circuit_breaker::CircuitBreaker;
use solutions::rate_limiter::Rate;
use support::{NEVER, patient, persistence};

/// One worker, one attempt a page, and a domain is given up after three failures for good.
fn plan() -> Plan {
    let three = NonZeroU32::new(3).unwrap();
    let breaker = CircuitBreaker::builder().failure_threshold(three);
    Plan {
        workers: 1..=1,
        pages: NonZeroUsize::new(100).unwrap(),
        cap: 1 << 16,
        rate: Rate::per_second(1e6).unwrap(),
        burst: NonZeroU32::new(1_000).unwrap(),
        again: persistence(1),
        breaker: breaker.window(NEVER).cooldown(NEVER),
        read: content::read,
    }
}

/// A crawl that nobody interrupts.
async fn all_from<const N: usize>(plan: Plan, seeds: [String; N]) -> Report {
    crawl(begun(plan, seeds), stream::pending(), &Bar::hidden()).await
}

fn begun<const N: usize>(plan: Plan, seeds: [String; N]) -> Crawl {
    let mut pages = Crawl::new(patient(), plan);
    seeds.iter().for_each(|seed| pages.begin_at(Url::parse(seed).unwrap()));
    pages
}

/// What sites have been asked for, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn write(&self, line: &str) -> usize {
        let mut lines = self.0.lock().unwrap();
        lines.push(line.to_owned());
        lines.iter().filter(|&other| other == line).count()
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn sorted(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.sort();
        lines
    }
}

/// A site whose pages are made by a function of their path, and of how often they have been asked for. The
/// log says `name/path`.
fn site<P>(name: &'static str, log: &Log, page: P) -> Site
where
    P: Fn(&str, usize) -> Response + Clone + Send + Sync + 'static,
{
    let log = log.clone();
    Site::start(Router::new().fallback(async move |request: Request| {
        let path = request.uri().path().to_owned();
        let turn = log.write(&format!("{name}{path}"));
        page(&path, turn)
    }))
}

/// A page with these links.
fn linked<S: AsRef<str>>(links: impl IntoIterator<Item = S>) -> Response {
    let link = |url: S| format!("<p><a class=x href='{}'>on</a>", url.as_ref());
    Html(links.into_iter().map(link).collect::<String>()).into_response()
}
