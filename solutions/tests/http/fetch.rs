//! One page, up to a cap.

use std::error::Error;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER};
use axum::routing::get;

use super::http::fetch::{FetchError, Page, Refusal, fetch};
use super::http::site::{Site, hang_up};
use super::support::{
    Gate, Then, abandon, chunks, drill, endless, lease, let_go, patient, site_of,
};

/// What a fetch of the site's page gives, with all the time in the world.
async fn fetched(site: &Site, cap: usize) -> Result<Page, FetchError> {
    fetch(&patient(), &site.url("/"), cap).await
}

fn refused(result: Result<Page, FetchError>) -> Refusal {
    match result {
        Err(FetchError::Status(refusal)) => refusal,
        other => panic!("expected a status, got {other:?}"),
    }
}

#[track_caller]
fn broken(result: Result<Page, FetchError>) -> reqwest::Error {
    match result {
        Err(FetchError::Network { source, .. }) => source,
        other => panic!("expected a failure of the network, got {other:?}"),
    }
}

#[test]
fn a_page_comes_with_its_status_and_type() {
    drill(async {
        let site = site_of(|| async { (StatusCode::CREATED, "hello") });
        let page = fetched(&site, 100).await.unwrap();
        assert_eq!((page.status, &page.bytes[..]), (StatusCode::CREATED, &b"hello"[..]));
        assert_eq!(page.content_type.as_deref(), Some("text/plain; charset=utf-8"));
        assert!(!page.truncated);
    });
}

#[test]
fn a_page_of_exactly_the_cap_is_whole_and_one_byte_more_is_not() {
    drill(async {
        let in_one = site_of(|| async { "0123456789" });
        let in_parts = site_of(|| async { chunks(&[b"0123", b"4567", b"89"], Then::End) });
        for site in [in_one, in_parts] {
            for (cap, text, truncated) in [
                (11, "0123456789", false),
                (10, "0123456789", false),
                (9, "012345678", true),
                (8, "01234567", true),
                (0, "", true),
            ] {
                let page = fetched(&site, cap).await.unwrap();
                let got = (std::str::from_utf8(&page.bytes).unwrap(), page.truncated);
                assert_eq!(got, (text, truncated), "with a cap of {cap}");
            }
        }
        let empty = site_of(|| async {});
        let page = fetched(&empty, 0).await.unwrap();
        assert!(page.bytes.is_empty() && !page.truncated, "nothing fits into nothing");
    });
}

#[test]
fn an_endless_page_is_cut_and_the_server_is_told() {
    drill(async {
        let (held, released) = lease();
        let site = site_of(async move || endless(held.take()));
        let client = patient();
        let page = fetch(&client, &site.url("/"), 100_000).await.unwrap();
        assert_eq!((page.bytes.len(), page.truncated), (100_000, true));
        let_go(released).await;
    });
}

#[test]
fn no_memory_is_taken_on_the_word_of_the_server() {
    drill(async {
        let announced = [(CONTENT_LENGTH, "18000000000000000000")];
        let (held, released) = lease();
        let site = site_of(async move || {
            let held = held.take();
            (announced, chunks(&[b"hello"], Then::Silence(held)))
        });
        let page = fetched(&site, 3).await.unwrap();
        assert_eq!((&page.bytes[..], page.truncated), (&b"hel"[..], true));
        let_go(released).await;
    });
}

#[test]
fn a_page_that_breaks_off_is_an_error_and_not_a_short_page() {
    drill(async {
        let chunked = site_of(|| async { chunks(&[b"hello"], Then::Break) });
        broken(fetched(&chunked, 100).await);
        let announced =
            site_of(|| async { ([(CONTENT_LENGTH, "10")], chunks(&[b"hello"], Then::Break)) });
        broken(fetched(&announced, 100).await);
    });
}

#[test]
fn a_server_that_hangs_up_or_is_not_there_is_an_error() {
    drill(async {
        let site = site_of(async || -> String { hang_up() });
        broken(fetched(&site, 100).await);
        let url = site.url("/");
        drop(site);
        assert!(broken(fetch(&patient(), &url, 100).await).is_connect());
    });
}

#[test]
fn what_is_no_2xx_is_an_error_with_its_status_and_words() {
    drill(async {
        for code in [304, 400, 404, 429, 500, 503] {
            let status = StatusCode::from_u16(code).unwrap();
            let site = site_of(move || async move { (status, "not today\nnor tomorrow") });
            let error = fetched(&site, 3).await.unwrap_err();
            assert_eq!(error.status(), Some(status));
            let words = if code == 304 { String::new() } else { ": not today".to_owned() };
            assert_eq!(error.to_string(), format!("{}: {status}{words}", site.url("/")));
        }
    });
}

#[test]
fn a_refusal_says_when_to_come_back_and_keeps_little_of_its_page() {
    drill(async {
        for (says, means) in [("7", Some(7)), ("0", Some(0)), ("soon", None), ("-1", None)] {
            let busy = (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, says)], "z".repeat(5_000));
            let site = site_of(move || async move { busy.clone() });
            let refusal = refused(fetched(&site, 100).await);
            assert_eq!(refusal.retry_after.map(|after| after.as_secs()), means, "`{says}`");
            assert_eq!(refusal.snippet, "z".repeat(512));
        }
    });
}

#[test]
fn a_refusal_is_told_even_if_its_page_breaks_off_or_never_ends() {
    drill(async {
        let gone = StatusCode::GONE;
        let breaks = site_of(move || async move { (gone, chunks(&[b"we are"], Then::Break)) });
        assert_eq!(refused(fetched(&breaks, 100).await).status, gone);
        let (held, released) = lease();
        let floods = site_of(async move || (gone, endless(held.take())));
        let client = patient();
        let refusal = refused(fetch(&client, &floods.url("/"), 100).await);
        assert_eq!((refusal.status, refusal.snippet.len()), (gone, 512));
        let_go(released).await;
    });
}

#[test]
fn one_connection_serves_page_after_page_and_refusal_after_refusal() {
    drill(async {
        let site = Site::start(Router::new().route("/", get(|| async { "hello" })));
        let client = patient();
        for _ in 0..5 {
            fetch(&client, &site.url("/"), 100).await.unwrap();
            fetch(&client, &site.url("/missing"), 100).await.unwrap_err();
            fetch(&client, &site.url("/"), 5).await.unwrap();
        }
        assert_eq!(site.connections(), 1);
    });
}

#[test]
fn a_fetch_that_is_dropped_gives_its_request_up_wherever_it_stands() {
    drill(async {
        let gate = Gate::default();
        let at_the_site = gate.clone();
        let site = site_of(async move || drop(at_the_site.pass().await));
        let client = patient();
        let url = site.url("/");
        abandon(fetch(&client, &url, 100), gate.arrived(1)).await;
        gate.left(1).await;

        let (held, released) = lease();
        let (arrived, body) = lease();
        let site = site_of(async move || {
            drop(arrived.take());
            chunks(&[b"hello"], Then::Silence(held.take()))
        });
        let url = site.url("/");
        abandon(fetch(&client, &url, 100), let_go(body)).await;
        let_go(released).await;
    });
}

#[test]
fn a_bad_url_is_an_error_that_names_it() {
    drill(async {
        for url in ["", "hello", "/page", "http://", "http://[", "ftp://127.0.0.1/", "http://a b/"]
        {
            let error = fetch(&patient(), url, 100).await.unwrap_err();
            assert!(matches!(error, FetchError::BadUrl { .. }), "`{url}`: {error:?}");
            assert!(error.to_string().starts_with(&format!("`{url}`: ")), "{error}");
            assert!(error.source().is_some());
        }
    });
}

#[cfg(not(feature = "https"))]
#[test]
fn a_build_without_tls_says_what_https_needs() {
    drill(async {
        let error = fetch(&patient(), "https://127.0.0.1/", 100).await.unwrap_err();
        assert!(matches!(error, FetchError::BadUrl { .. }), "{error:?}");
        assert!(error.to_string().ends_with("needs a build with `--features https`"), "{error}");
    });
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    drill(async {
        let to = |path: &'static str| async move { (StatusCode::FOUND, [(LOCATION, path)]) };
        let router = Router::new()
            .route("/", get(move || to("/page")))
            .route("/page", get(|| async { "hello" }))
            .route("/round", get(move || to("/round")));
        let site = Site::start(router);
        assert_eq!(fetched(&site, 100).await.unwrap().bytes, b"hello");
        let error = fetch(&patient(), &site.url("/round"), 100).await;
        assert!(broken(error).is_redirect());
    });
}
