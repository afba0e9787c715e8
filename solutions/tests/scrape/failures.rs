//! What fails is asked again where that helps, and costs nobody else anything.

use std::panic::resume_unwind;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use futures::stream;
use reqwest::{Client, Url};
use solutions::worker_pool::JobError;
use tokio::runtime::Builder;
use tokio::time::Instant;

use super::http::fetch::Page;
use super::http::site::hang_up;
use super::scrape::content::{self, Content};
use super::scrape::progress::Bar;
use super::scrape::{Crawl, Plan, crawl};
use super::support::{Reply, abandon, drill, persistence, scripted};
use super::{Log, all_from, begun, linked, plan, site};

#[test]
fn a_page_that_fails_twice_is_asked_for_a_third_time() {
    drill(async {
        let log = Log::default();
        let site = site("", &log, |_, turn| match turn {
            1 => hang_up(),
            2 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            _ => "well again".into_response(),
        });
        let report = all_from(Plan { again: persistence(3), ..plan() }, [site.url("/")]).await;
        let outcome = &report.scraped[0].outcome;
        assert_eq!(outcome.result.as_ref().unwrap().text, "well again");
        assert_eq!((outcome.attempts, report.stats.retried, log.lines().len()), (3, 2, 3));
    });
}

/// Time is the runtime's, and goes on only when everything waits for it. A site that would be asked again
/// sooner than it has said would see that in no time.
#[test]
fn a_site_that_is_busy_is_asked_again_no_sooner_than_it_has_said() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let log = Log::default();
        let site = site("", &log, |_, turn| match turn {
            1 => (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "120")]).into_response(),
            _ => "at your service".into_response(),
        });
        // Without limits of time: these would be over at once.
        let client = Client::builder().no_proxy().pool_idle_timeout(None).build().unwrap();
        let mut pages = Crawl::new(client, Plan { again: persistence(2), ..plan() });
        pages.begin_at(Url::parse(&site.url("/")).unwrap());
        let start = Instant::now();
        let report = crawl(pages, stream::pending(), &Bar::hidden()).await;
        assert_eq!((report.stats.processed, log.lines().len()), (1, 2));
        assert!(start.elapsed() >= Duration::from_secs(120), "after {:?}", start.elapsed());
    });
}

#[test]
fn a_site_that_says_tomorrow_is_not_waited_for() {
    drill(async {
        let log = Log::default();
        let site = site("", &log, |_, _| {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "86400")]).into_response()
        });
        let mut again = persistence(3);
        again.patience = Duration::from_secs(5);
        let report = all_from(Plan { again, ..plan() }, [site.url("/")]).await;
        assert_eq!((report.stats.failed, report.stats.retried, log.lines().len()), (1, 0, 1));
    });
}

#[test]
fn a_domain_that_keeps_failing_is_given_up_and_the_others_are_not() {
    drill(async {
        let log = Log::default();
        let six = || (1..=6).map(|id| format!("/{id}"));
        let down = site("down", &log, move |path, _| match path {
            "/" => linked(six()),
            _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        });
        let well = site("well", &log, move |_, _| linked(six()));
        let report = all_from(plan(), [down.url("/"), well.url("/")]).await;
        let asked = |name: &str| log.lines().iter().filter(|line| line.starts_with(name)).count();
        assert_eq!((asked("down"), asked("well")), (1 + 3, 1 + 6));
        let [down, well] = [down, well].map(|site| {
            let url = Url::parse(&site.url("/")).unwrap();
            report.domains()[format!("127.0.0.1:{}", url.port().unwrap()).as_str()]
        });
        assert_eq!((down.pages, down.failed, down.rejected), (1, 3, 3));
        assert_eq!((well.pages, well.failed, well.rejected), (7, 0, 0));
    });
}

#[test]
fn a_page_that_is_missing_is_not_asked_for_again_and_does_not_speak_against_its_domain() {
    drill(async {
        let log = Log::default();
        let site = site("", &log, |path, _| match path {
            "/" => linked(["/1", "/2", "/3", "/4", "/5"]),
            _ => StatusCode::NOT_FOUND.into_response(),
        });
        let report = all_from(Plan { again: persistence(3), ..plan() }, [site.url("/")]).await;
        let stats = report.stats;
        assert_eq!((stats.processed, stats.failed, stats.rejected, stats.retried), (1, 5, 0, 0));
    });
}

#[test]
fn a_page_that_its_reader_chokes_on_costs_no_other() {
    fn choosy(page: &Page) -> Content {
        if page.url.ends_with("/poison") {
            // Resumed, it prints nothing.
            resume_unwind(Box::new("I can't read this"));
        }
        content::read(page)
    }
    drill(async {
        let log = Log::default();
        let site = site("", &log, |path, _| match path {
            "/" => linked(["/poison", "/well"]),
            _ => linked([""; 0]),
        });
        let report = all_from(Plan { read: choosy, ..plan() }, [site.url("/")]).await;
        assert_eq!(log.lines(), ["/", "/poison", "/well"]);
        assert_eq!((report.stats.processed, report.stats.failed), (2, 1));
        let poison =
            report.scraped.iter().find(|page| page.target.url.path() == "/poison").unwrap();
        let Err(JobError::Panicked(words)) = &poison.outcome.result else {
            panic!("{:?}", poison.outcome);
        };
        assert_eq!(words, "I can't read this");
    });
}

#[test]
fn a_crawl_that_is_dropped_gives_its_requests_up() {
    drill(async {
        let (site, _, silent) = scripted(&[Reply::Silence]);
        let pages = begun(plan(), [site.url("/")]);
        let bar = Bar::hidden();
        abandon(crawl(pages, stream::pending(), &bar), silent.arrived(1)).await;
        silent.left(1).await;
    });
}
