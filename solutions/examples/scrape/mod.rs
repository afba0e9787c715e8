//! A scraper on the worker pool: which pages are asked for, in which order, and until when.
//!
//! The pool has the workers, the order, the rate, the retries and the breakers. What is left to do here is to
//! ask for each page once, and to follow its links.

// The example and its test use a part each.
#![allow(dead_code, unreachable_pub)]

pub mod arguments;
pub mod content;
pub mod progress;
pub mod report;
pub mod town;

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, Stream, StreamExt};
use reqwest::{Client, Url};
use solutions::circuit_breaker::{Builder as BreakerBuilder, CircuitBreaker};
use solutions::rate_limiter::{Rate, RateLimiter};
use solutions::retry::Backoff;
use solutions::worker_pool::{JobId, Outcome, Priority, Running, WorkerPool};

use super::http::again::{Persistence, judge};
use super::http::fetch::{FetchError, Page, fetch};
use content::Content;
use progress::Bar;
use report::Report;

/// How to go about it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many pages are fetched at once.
    pub workers: RangeInclusive<usize>,
    /// How many pages are asked for, at most.
    pub pages: NonZeroUsize,
    /// How much of each is read, in bytes. All of it is kept until the report is dropped.
    pub cap: usize,
    /// How many requests are sent, retries included.
    pub rate: Rate,
    /// How many of them at once after a rest.
    pub burst: NonZeroU32,
    /// How often to ask for each.
    pub again: Persistence,
    /// What gives a domain up.
    pub breaker: BreakerBuilder,
    /// What is made of a page.
    pub read: fn(&Page) -> Content,
}

/// A page that is to be fetched: what the pool calls a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub url: Url,
    /// Host and port: a breaker and a row of the table each.
    pub domain: Arc<str>,
    pub priority: Priority,
}

/// What became of it.
#[derive(Debug)]
pub struct Scraped {
    pub target: Target,
    /// Its number, the content or the error, the attempts and the worker.
    pub outcome: Outcome<Content, FetchError>,
}

/// How a crawl has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing was left to fetch.
    Done,
    /// It was asked to stop, and has fetched what it had found by then.
    Drained,
    /// It was asked twice.
    Aborted,
}

/// Pages that are being fetched, and all that were.
pub struct Crawl {
    pool: WorkerPool<Target, Content, FetchError>,
    /// The domains that links are followed to.
    domains: HashSet<Arc<str>>,
    /// What was asked for, or left out: nothing is looked at twice.
    seen: HashSet<Url>,
    /// How many more may be asked for.
    room: usize,
    /// The targets of all jobs without an outcome.
    open: HashMap<JobId, Target>,
    outcomes: FuturesUnordered<BoxFuture<'static, Outcome<Content, FetchError>>>,
    left_out: usize,
}

// ANCHOR: crawl
/// Fetches what was begun with, and what it leads to. The first interrupt lets no link be followed any more, and
/// waits for what was found; the second gives up what is left.
pub async fn crawl(
    mut pages: Crawl,
    mut interrupts: impl Stream<Item = ()> + Unpin,
    bar: &Bar,
) -> Report {
    let (mut ended, mut scraped) = (Ended::Done, Vec::new());
    while ended != Ended::Aborted {
        tokio::select! {
            next = pages.next() => match next {
                Some(page) => scraped.push(page),
                None => break,
            },
            Some(()) = interrupts.next() => {
                ended = if ended == Ended::Done { Ended::Drained } else { Ended::Aborted };
                pages.follow_no_more();
            }
            () = bar.pause() => {}
        }
        bar.show(&pages, scraped.len(), ended);
    }
    bar.clear();
    pages.end(ended, scraped).await
}
// ANCHOR_END: crawl

impl Crawl {
    /// Starts the workers.
    // ANCHOR: pool
    pub fn new(client: Client, plan: Plan) -> Self {
        let Plan { cap, read, again: Persistence { backoff, patience }, .. } = plan;
        let pool = WorkerPool::builder()
            .workers(plan.workers)
            // Room for all: no submitter ever waits, and the order is that of the whole queue.
            .queue(plan.pages)
            .rate(RateLimiter::new(plan.rate, plan.burst))
            .retry(backoff)
            .breaker(|target: &Target| target.domain.clone(), plan.breaker)
            .start(move |target: Arc<Target>, _attempt| {
                let client = client.clone();
                async move {
                    let page = fetch(&client, target.url.as_str(), cap).await;
                    page.map(|page| read(&page)).map_err(|error| judge(error, patience))
                }
            });
        let room = plan.pages.get();
        let (domains, seen, open) = Default::default();
        Self { pool, domains, seen, room, open, outcomes: FuturesUnordered::new(), left_out: 0 }
    }
    // ANCHOR_END: pool

    /// Asks for a page, before all that are found on the way, and makes its domain one of those that links are
    /// followed to.
    pub fn begin_at(&mut self, url: Url) {
        self.domains.insert(domain(&url));
        self.ask_for(url, Priority::High);
    }

    // ANCHOR: next
    /// The next page that has come to an end, well or not; its links are asked for. `None`: no page is left.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has taken nothing.
    pub async fn next(&mut self) -> Option<Scraped> {
        let outcome = self.outcomes.next().await?;
        let target = self.open.remove(&outcome.id).expect("each job has its target, until now");
        for link in outcome.result.iter().flat_map(|content| &content.links) {
            let domain = domain(link);
            if self.domains.contains(&domain) {
                let away = domain != target.domain;
                self.ask_for(link.clone(), if away { Priority::Low } else { Priority::Normal });
            }
        }
        Some(Scraped { target, outcome })
    }

    /// Asks for a page, unless it was asked for before.
    fn ask_for(&mut self, url: Url, priority: Priority) {
        if !self.seen.insert(url.clone()) {
            return;
        }
        let target = Target { domain: domain(&url), url, priority };
        let wanted = (self.room > 0).then(|| self.pool.try_submit(target.clone(), priority));
        match wanted {
            Some(Ok(ticket)) => {
                self.room -= 1;
                self.open.insert(ticket.id(), target);
                self.outcomes.push(ticket.boxed());
            }
            // The pool is closed, or there are as many as were wanted.
            Some(Err(_)) | None => self.left_out += 1,
        }
    }
    // ANCHOR_END: next

    /// Lets what was asked for come to its end, and asks for nothing more.
    pub fn follow_no_more(&self) {
        self.pool.close();
    }

    /// How many pages have been asked for.
    pub fn asked(&self) -> u64 {
        self.pool.stats().submitted
    }

    /// The pages that workers have in hand.
    pub fn in_progress(&self) -> Vec<(Running, &Target)> {
        let running = self.pool.in_progress().into_iter();
        // A job is in progress until its ticket has an answer, and has its target until that is read.
        running.map(|running| (running.clone(), &self.open[&running.id])).collect()
    }

    /// Waits for what is left, or drops it, and for every worker.
    async fn end(mut self, ended: Ended, mut scraped: Vec<Scraped>) -> Report {
        let stats = match ended {
            Ended::Done | Ended::Drained => self.pool.drain().await,
            Ended::Aborted => self.pool.abort().await,
        };
        while let Some(outcome) = self.outcomes.next().await {
            let target = self.open.remove(&outcome.id).expect("each job has its target, until now");
            scraped.push(Scraped { target, outcome });
        }
        Report { scraped, stats, left_out: self.left_out, ended }
    }
}

/// Host and port of a URL; the port only where it is not that of the protocol.
fn domain(url: &Url) -> Arc<str> {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.into(), |port| format!("{host}:{port}").into())
}

impl Plan {
    /// For sites of others: few requests, and some patience.
    pub fn polite() -> Result<Self, Box<dyn Error>> {
        Self::new(5.0, Duration::from_millis(500))
    }

    /// For the town, which has nothing else to do.
    pub fn brisk() -> Result<Self, Box<dyn Error>> {
        Self::new(50.0, Duration::from_millis(50))
    }

    fn new(per_second: f64, base: Duration) -> Result<Self, Box<dyn Error>> {
        let [three, five] = const {
            [
                NonZeroU32::new(3).expect("three is not zero"),
                NonZeroU32::new(5).expect("nor is five"),
            ]
        };
        let backoff = Backoff::new(base, 20 * base)?.attempts(three);
        Ok(Self {
            workers: 1..=4,
            pages: const { NonZeroUsize::new(100).expect("it is not zero") },
            cap: 1 << 20,
            rate: Rate::per_second(per_second)?,
            burst: five,
            again: Persistence { backoff, patience: Duration::from_secs(30) },
            breaker: CircuitBreaker::builder().failure_threshold(five),
            read: content::read,
        })
    }
}
