//! The tables say what has happened in the town.

use futures::stream;

use super::http::Limits;
use super::scrape::progress::Bar;
use super::scrape::report::{Report, Row};
use super::scrape::town::Town;
use super::scrape::{Crawl, Ended, Plan, crawl};
use super::support::{NEVER, drill};

async fn visit() -> Report {
    let town = Town::build();
    let client = town.client(Limits::default()).unwrap();
    let mut plan = Plan::brisk().unwrap();
    plan.breaker = plan.breaker.window(NEVER).cooldown(NEVER);
    let mut pages = Crawl::new(client, plan);
    town.seeds().into_iter().for_each(|url| pages.begin_at(url));
    crawl(pages, stream::pending(), &Bar::hidden()).await
}

/// The row of the one domain whose name begins so.
fn row(report: &Report, name: &str) -> Row {
    let domains = report.domains();
    *domains.iter().find(|(domain, _)| domain.starts_with(name)).unwrap().1
}

/// The cells of the table's line that begins so, the first one left out.
fn cells(report: &Report, name: &str) -> Vec<String> {
    let printed = report.to_string();
    let line = printed.lines().find(|line| line.starts_with(&format!("│ {name}"))).unwrap();
    line.split_whitespace().skip(2).map(str::to_owned).filter(|cell| cell != "│").collect()
}

#[test]
fn the_rows_of_the_domains_and_of_the_workers_add_up() {
    drill(async {
        let report = visit().await;
        assert_eq!((report.ended, report.left_out), (Ended::Done, 0));
        let all = report.domains().into_values().reduce(|sum, row| Row {
            pages: sum.pages + row.pages,
            failed: sum.failed + row.failed,
            rejected: sum.rejected + row.rejected,
            aborted: sum.aborted + row.aborted,
            retried: sum.retried + row.retried,
            bytes: sum.bytes + row.bytes,
        });
        assert_eq!(all, Some(report.total()));
        let by_workers = report.stats.workers.iter().fold((0, 0), |(pages, failed), worker| {
            (pages + worker.processed, failed + worker.failed)
        });
        assert_eq!(by_workers, (report.total().pages, report.total().failed));
        let Row { pages, failed, rejected, .. } = report.total();
        assert_eq!(pages + failed + rejected, report.stats.submitted);
        assert_eq!(report.scraped.len() as u64, report.stats.submitted, "one outcome each");

        let docs = row(&report, "docs.test");
        assert_eq!((docs.pages, docs.failed, docs.retried), (21, 0, 0));
        let news = row(&report, "news.test");
        assert_eq!((news.pages, news.failed, news.retried), (8, 1, 0), "an article is withdrawn");
        let shop = row(&report, "shop.test");
        assert_eq!((shop.pages, shop.failed, shop.retried), (3, 0, 3), "busy once, ill twice");
        let down = row(&report, "down.test");
        assert_eq!((down.pages, down.failed + down.rejected), (1, 12));
        assert!(down.rejected > 0, "its breaker has opened");
    });
}

#[test]
fn what_is_printed_is_what_was_counted() {
    drill(async {
        let report = visit().await;
        assert_eq!(cells(&report, "docs.test")[..5], ["21", "0", "0", "0", "0"]);
        assert_eq!(cells(&report, "shop.test")[..5], ["3", "0", "0", "0", "3"]);
        let Row { pages, failed, rejected, aborted, retried, .. } = report.total();
        let total = [pages, failed, rejected, aborted, retried].map(|number| number.to_string());
        assert_eq!(cells(&report, "all")[..5], total);
        for (number, worker) in report.stats.workers.iter().enumerate() {
            let line = [worker.processed, worker.failed].map(|number| number.to_string());
            assert_eq!(cells(&report, &format!("{number} "))[..2], line, "worker {number}");
        }
        let printed = report.to_string();
        assert!(printed.contains("/articles/4: 410 Gone: withdrawn"), "{printed}");
        assert!(printed.contains(": its domain was given up"), "{printed}");
    });
}
