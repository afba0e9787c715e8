//! A page once for all who want it, and a host that is down not at all.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, join_all};
use loomscope::time::ManualClock;
use solutions::circuit_breaker::{CallError, CircuitBreaker};

use super::http::fetch::FetchError;
use super::http::shield::{Shared, Shield};
use super::support::{Gate, Reply, abandon, drill, patient, scripted, site_of};

/// One that gives a host up after three failures, for a minute of the clock.
fn shield() -> (Shield<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    let three = NonZeroU32::new(3).unwrap();
    let builder =
        CircuitBreaker::builder().failure_threshold(three).window(Duration::from_secs(60));
    let builder = builder.cooldown(Duration::from_secs(60)).with_clock(clock.clone());
    (Shield::new(patient(), 1000, builder), clock)
}

/// What became of a call, in short.
fn short(shared: &Shared) -> String {
    match shared.as_ref().map_err(Arc::as_ref) {
        Ok(page) => page.status.as_u16().to_string(),
        Err(CallError::Inner(FetchError::Status(refusal))) => refusal.status.as_u16().to_string(),
        Err(CallError::Inner(FetchError::Network { .. })) => "network".to_owned(),
        Err(CallError::Inner(FetchError::BadUrl { .. })) => "bad URL".to_owned(),
        Err(CallError::Open { .. }) => "open".to_owned(),
    }
}

/// What becomes of so many calls, one after another.
async fn calls(shield: &Shield<ManualClock>, url: &str, n: usize) -> Vec<String> {
    let mut became = Vec::new();
    for _ in 0..n {
        became.push(short(&shield.get(url).await));
    }
    became
}

#[test]
fn who_asks_for_a_page_meanwhile_shares_it_and_who_comes_later_does_not() {
    drill(async {
        let gate = Gate::default();
        let at_the_site = gate.clone();
        let site = site_of(async move || drop(at_the_site.pass().await));
        let ((shield, _), url) = (shield(), site.url("/"));
        // All of them have asked before the site lets the first one through.
        let callers = join_all((0..5).map(|_| shield.get(&url)));
        let (pages, ()) = join(callers, async { gate.open(1) }).await;
        let first = pages[0].as_ref().unwrap();
        assert!(pages.iter().all(|page| Arc::ptr_eq(page.as_ref().unwrap(), first)));
        gate.open(1);
        shield.get(&url).await.unwrap();
        gate.arrived(2).await;
        assert_eq!(gate.unexpected(), 0);
    });
}

#[test]
fn who_gives_up_leaves_the_fetch_to_the_others_and_the_last_takes_it_along() {
    drill(async {
        let gate = Gate::default();
        let at_the_site = gate.clone();
        let site = site_of(async move || drop(at_the_site.pass().await));
        let ((shield, _), url) = (shield(), site.url("/"));
        {
            let mut second = Box::pin(shield.get(&url));
            let both = async {
                futures::future::select(Box::pin(shield.get(&url)), &mut second).await;
            };
            abandon(both, gate.arrived(1)).await;
            let (page, ()) = join(second, async { gate.open(1) }).await;
            page.unwrap();
            gate.left(1).await;
        }
        abandon(shield.get(&url), gate.arrived(1)).await;
        gate.left(1).await;
        assert_eq!(gate.unexpected(), 0);
        // Nobody has failed: the host is asked again.
        gate.open(1);
        assert_eq!(calls(&shield, &url, 1).await, ["200"]);
    });
}

#[test]
fn a_host_that_keeps_failing_is_left_alone_and_the_others_are_not() {
    drill(async {
        let (down, seen, _) = scripted(&[Reply::Status(503), Reply::HangUp, Reply::Status(500)]);
        let well = site_of(|| async { "hello" });
        let (shield, _clock) = shield();
        let became = calls(&shield, &down.url("/"), 5).await;
        assert_eq!(became, ["503", "network", "500", "open", "open"]);
        assert_eq!(
            calls(&shield, &down.url("/other"), 1).await,
            ["open"],
            "the host, not the page"
        );
        assert_eq!(seen.lock().unwrap().len(), 3);
        assert_eq!(calls(&shield, &well.url("/"), 1).await, ["200"]);
    });
}

#[test]
fn when_its_time_has_come_one_call_asks_whether_the_host_is_well() {
    drill(async {
        const DOWN: Reply = Reply::Status(503);
        let (site, seen, _) = scripted(&[DOWN, DOWN, DOWN, DOWN, Reply::Status(200)]);
        let ((shield, clock), url) = (shield(), site.url("/"));
        assert_eq!(calls(&shield, &url, 4).await, ["503", "503", "503", "open"]);
        clock.advance(Duration::from_secs(60));
        assert_eq!(calls(&shield, &url, 2).await, ["503", "open"]);
        clock.advance(Duration::from_secs(60));
        assert_eq!(calls(&shield, &url, 2).await, ["200", "200"]);
        assert_eq!(seen.lock().unwrap().len(), 6);
    });
}

#[test]
fn a_page_that_is_missing_does_not_speak_against_its_host() {
    drill(async {
        let (site, seen, _) = scripted(&[Reply::Status(404)]);
        let (shield, _clock) = shield();
        assert_eq!(calls(&shield, &site.url("/"), 5).await, ["404"; 5]);
        assert_eq!(seen.lock().unwrap().len(), 5);
        assert_eq!(calls(&shield, "no URL", 5).await, ["bad URL"; 5]);
    });
}
