//! Each page once, in the order of priority, and none that nobody wanted.

use std::num::NonZeroUsize;

use axum::response::{IntoResponse, Redirect};

use super::http::site::Site;
use super::support::{drill, site_of};
use super::{Log, all_from, linked, plan, site};

#[test]
fn a_page_is_asked_for_once_however_many_links_lead_to_it() {
    drill(async {
        let log = Log::default();
        let site = site("", &log, |path, _| match path {
            "/" => linked(["/a", "b", "/a#part", "/", "./b"]),
            "/a" => linked(["/b", "/"]),
            _ => linked(["/a", "/c"]),
        });
        let report = all_from(plan(), [site.url("/"), site.url("/a")]).await;
        assert_eq!(log.sorted(), ["/", "/a", "/b", "/c"]);
        assert_eq!((report.scraped.len(), report.stats.processed), (4, 4));
        assert_eq!(report.left_out, 0);
        let text = &report.scraped[0].outcome.result.as_ref().unwrap().text;
        assert!(text.contains("href='/a#part'"), "the page's content: {text}");
    });
}

#[test]
fn what_was_named_goes_first_and_links_to_another_domain_last() {
    drill(async {
        let log = Log::default();
        let far = site("far", &log, |_, _| linked([""; 0]));
        let away = far.url("/away");
        let near = site("near", &log, move |path, _| match path {
            "/" => linked([away.as_str(), "/here"]),
            _ => linked([""; 0]),
        });
        all_from(plan(), [near.url("/"), far.url("/")]).await;
        assert_eq!(log.lines(), ["near/", "far/", "near/here", "far/away"]);
    });
}

#[test]
fn a_domain_that_was_not_named_is_left_alone() {
    drill(async {
        let log = Log::default();
        let stranger = site_of(|| async { "hello" });
        let away = stranger.url("/");
        let site = site("", &log, move |_, _| linked([away.as_str(), "mailto:ann@example.org"]));
        let report = all_from(plan(), [site.url("/")]).await;
        assert_eq!((stranger.connections(), report.scraped.len()), (0, 1));
        assert_eq!(report.left_out, 0, "nobody wanted it");
    });
}

#[test]
fn no_more_pages_are_asked_for_than_wanted() {
    drill(async {
        let log = Log::default();
        let site = site("", &log, |_, _| linked(["/1", "/2", "/3", "/4", "/5"]));
        let plan = super::Plan { pages: NonZeroUsize::new(3).unwrap(), ..plan() };
        let report = all_from(plan, [site.url("/")]).await;
        assert_eq!(log.lines(), ["/", "/1", "/2"]);
        assert_eq!(report.left_out, 3);
    });
}

#[test]
fn a_link_begins_where_a_redirect_has_led() {
    drill(async {
        let log = Log::default();
        let site = site("", &log, |path, _| match path {
            "/old" => Redirect::to("/new/place/").into_response(),
            "/new/place/" => linked(["next"]),
            _ => linked([""; 0]),
        });
        all_from(plan(), [site.url("/old")]).await;
        assert_eq!(log.lines(), ["/old", "/new/place/", "/new/place/next"]);
    });
}

#[test]
fn what_is_no_page_has_no_links() {
    drill(async {
        let log = Log::default();
        let site: Site = site("", &log, |_, _| "<a href=/x>x</a>".into_response());
        let report = all_from(plan(), [site.url("/")]).await;
        assert_eq!((log.lines().len(), report.stats.processed), (1, 1));
    });
}
