//! What can be had of many pages.

use std::num::NonZeroUsize;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::routing::get;
use solutions::cancel::{CancelToken, Reason};
use solutions::retry::RetryError;
use tokio::sync::mpsc::UnboundedReceiver;

use super::http::again::Persistence;
use super::http::fetch::FetchError;
use super::http::fetch_all::{AttemptError, Fetched, Plan, fetch_all};
use super::http::site::Site;
use super::support::{
    Gate, NEVER, Reply, Watch, abandon, drill, patient, persistence, scripted, site_of,
};

/// So many workers, three attempts, and all the time in the world.
fn plan(workers: usize) -> Plan {
    let workers = NonZeroUsize::new(workers).unwrap();
    Plan { workers, cap: 1000, attempt: NEVER, again: persistence(3) }
}

/// A site whose page `n` is `n`, once it is let through its gate.
fn gated(gates: &[Gate]) -> (Site, Vec<String>) {
    let at_the_site = gates.to_vec();
    let page = async move |Path(n): Path<usize>| {
        let _visit = at_the_site[n].pass().await;
        n.to_string()
    };
    let site = Site::start(Router::new().route("/{n}", get(page)));
    let urls = (0..gates.len()).map(|n| site.url(&format!("/{n}"))).collect();
    (site, urls)
}

/// What became of each, in short.
fn short(all: &[Fetched]) -> Vec<String> {
    all.iter().map(outcome).collect()
}

fn outcome(fetched: &Fetched) -> String {
    match fetched {
        Ok(page) => String::from_utf8(page.bytes.clone()).unwrap(),
        Err(RetryError::Permanent { attempts, source }) => {
            format!("refused {attempts}: {}", why(source))
        }
        Err(RetryError::Exhausted { attempts, source }) => {
            format!("given up {attempts}: {}", why(source))
        }
        Err(RetryError::Cancelled { attempts, reason: Reason::Cancelled, source }) => {
            let source = source.as_ref().map(why);
            format!("cancelled {attempts}: {}", source.as_deref().unwrap_or("nothing"))
        }
        Err(error) => panic!("unexpected: {error:?}"),
    }
}

fn why(error: &AttemptError) -> String {
    match error {
        AttemptError::OutOfTime { .. } => "time".to_owned(),
        AttemptError::Failed(FetchError::BadUrl { url, .. }) => format!("bad URL {url}"),
        AttemptError::Failed(FetchError::Network { .. }) => "network".to_owned(),
        AttemptError::Failed(FetchError::Status(refusal)) => refusal.status.as_u16().to_string(),
    }
}

/// What becomes of the page of a site that does this, and how many requests it takes.
async fn after(replies: &'static [Reply], plan: &Plan) -> (String, usize) {
    let (site, seen, _) = scripted(replies);
    let all = fetch_all(&patient(), &[site.url("/")], plan, &CancelToken::new()).await;
    let requests = seen.lock().unwrap().len();
    (outcome(&all[0]), requests)
}

#[test]
fn results_are_in_the_order_of_the_urls_and_not_of_their_ends() {
    drill(async {
        let gates = [(); 4].map(|()| Gate::default());
        let (_site, urls) = gated(&gates);
        let (client, plan, token) = (patient(), plan(2), CancelToken::new());
        // One worker has the first and the last page, the other those in between.
        let crosswise = async {
            for (done, next) in [(1, 2), (0, 3)] {
                gates[done].open(1);
                gates[next].arrived(1).await;
            }
            gates[3].open(1);
            gates[3].left(1).await;
            gates[2].open(1);
        };
        let (all, ()) = futures::join!(fetch_all(&client, &urls, &plan, &token), crosswise);
        assert_eq!(short(&all), ["0", "1", "2", "3"]);
    });
}

#[test]
fn no_more_than_the_workers_are_at_the_site_and_no_fewer() {
    drill(async {
        let gate = Gate::default();
        let (_site, urls) = gated(&[(); 12].map(|()| gate.clone()));
        let (client, plan, token) = (patient(), plan(4), CancelToken::new());
        let opener = async {
            gate.arrived(4).await;
            gate.open(12);
        };
        let (all, ()) = futures::join!(fetch_all(&client, &urls, &plan, &token), opener);
        assert!(all.iter().all(Result::is_ok));
        assert_eq!((gate.most(), gate.unexpected()), (4, 8), "at once, and one request a page");
    });
}

#[test]
fn what_may_pass_is_tried_again_and_nothing_else() {
    use Reply::{Busy, HangUp, Status};
    drill(async {
        let plan = plan(1);
        for (replies, outcome, requests) in [
            (&[Status(500), Status(200)][..], "", 2),
            (&[Status(503), HangUp, Status(200)], "", 3),
            (&[Status(429), Busy(0), Status(200)], "", 3),
            (&[Status(503)], "given up 3: 503", 3),
            (&[HangUp], "given up 3: network", 3),
            (&[Status(404), Status(200)], "refused 1: 404", 1),
            (&[Status(400), Status(200)], "refused 1: 400", 1),
            (&[Status(304), Status(200)], "refused 1: 304", 1),
            (&[Status(503), Status(410), Status(200)], "refused 2: 410", 2),
        ] {
            let expected = (outcome.to_owned(), requests);
            assert_eq!(after(replies, &plan).await, expected, "after {replies:?}");
        }
    });
}

#[test]
fn who_says_when_to_come_back_is_not_asked_before() {
    drill(async {
        let (site, seen, _) = scripted(&[Reply::Busy(3600), Reply::Status(200)]);
        let (plan, clock, mut waits) = watched();
        let (client, token, urls) = (patient(), CancelToken::new(), [site.url("/")]);
        let patience = async {
            let wait = waits.recv().await.unwrap();
            assert_eq!(seen.lock().unwrap().len(), 1);
            clock.advance(wait);
            wait
        };
        let (all, wait) = futures::join!(fetch_all(&client, &urls, &plan, &token), patience);
        assert_eq!(short(&all), [""]);
        // What the site has said, and the policy's own delay on top.
        assert_eq!(wait, Duration::from_millis(3_600_001));
    });
}

/// A plan for one worker whose waits are by a clock that stands still, and the news of these waits.
fn watched() -> (Plan<Watch>, Watch, UnboundedReceiver<Duration>) {
    let (clock, waits) = Watch::new();
    let Persistence { backoff, patience } = persistence(3);
    let again = Persistence { backoff: backoff.with_clock(clock.clone()), patience };
    let Plan { workers, cap, attempt, .. } = plan(1);
    (Plan { workers, cap, attempt, again }, clock, waits)
}

#[test]
fn who_says_to_come_back_tomorrow_is_not_waited_for() {
    drill(async {
        let mut plan = plan(1);
        plan.again.patience = Duration::from_secs(60);
        let replies = &[Reply::Busy(61), Reply::Status(200)];
        assert_eq!(after(replies, &plan).await, ("refused 1: 429".to_owned(), 1));
    });
}

#[test]
fn each_attempt_has_its_own_deadline_and_gives_its_request_up() {
    drill(async {
        let mut plan = plan(1);
        plan.attempt = Duration::from_millis(200);
        let once = after(&[Reply::Silence, Reply::Status(200)], &plan).await;
        assert_eq!(once, (String::new(), 2));

        let (site, _, silent) = scripted(&[Reply::Silence]);
        let all = fetch_all(&patient(), &[site.url("/")], &plan, &CancelToken::new()).await;
        assert_eq!(short(&all), ["given up 3: time"]);
        silent.left(3).await;
    });
}

#[test]
fn cancelled_what_is_done_stays_and_the_rest_is_told_as_cancelled() {
    drill(async {
        let gates = [(); 5].map(|()| Gate::default());
        let (_site, urls) = gated(&gates);
        let (client, plan, token) = (patient(), plan(2), CancelToken::new());
        let canceller = async {
            gates[1].open(1);
            gates[1].left(1).await;
            gates[0].arrived(1).await;
            gates[2].arrived(1).await;
            token.cancel();
        };
        let (all, ()) = futures::join!(fetch_all(&client, &urls, &plan, &token), canceller);
        let cancelled = ["cancelled 1: nothing", "1", "cancelled 1: nothing"];
        assert_eq!(short(&all[..3]), cancelled);
        assert_eq!(short(&all[3..]), ["cancelled 0: nothing"; 2]);
        // The site is told, and nobody comes after that.
        gates[0].left(1).await;
        gates[2].left(1).await;
        assert_eq!(gates[3].unexpected() + gates[4].unexpected(), 0);
    });
}

#[test]
fn cancelled_between_two_attempts_it_knows_why_the_last_has_failed() {
    drill(async {
        let (site, seen, _) = scripted(&[Reply::Status(503)]);
        let (plan, _clock, mut waits) = watched();
        let (client, token, urls) = (patient(), CancelToken::new(), [site.url("/")]);
        let canceller = async {
            waits.recv().await.unwrap();
            token.cancel();
        };
        let (all, ()) = futures::join!(fetch_all(&client, &urls, &plan, &token), canceller);
        assert_eq!(short(&all), ["cancelled 1: 503"]);
        assert_eq!(seen.lock().unwrap().len(), 1);
    });
}

#[test]
fn a_bad_url_is_a_result_among_results() {
    drill(async {
        let site = site_of(|| async { "hello" });
        let urls = [site.url("/"), "hello".to_owned(), site.url("/"), "http://[".to_owned()];
        let all = fetch_all(&patient(), &urls, &plan(2), &CancelToken::new()).await;
        let expected =
            ["hello", "refused 1: bad URL hello", "hello", "refused 1: bad URL http://["];
        assert_eq!(short(&all), expected);
    });
}

#[test]
fn a_circle_of_redirects_is_walked_once() {
    drill(async {
        let gate = Gate::default();
        let at_the_site = gate.clone();
        let site = site_of(async move || {
            at_the_site.visit();
            (StatusCode::FOUND, [(LOCATION, "/")])
        });
        let all = fetch_all(&patient(), &[site.url("/")], &plan(1), &CancelToken::new()).await;
        assert_eq!(short(&all), ["refused 1: network"]);
        // The first request, and the ten redirects that the client follows.
        assert_eq!(gate.unexpected(), 11);
    });
}

#[test]
fn without_urls_there_is_nothing_to_do() {
    drill(async {
        let none: [&str; 0] = [];
        assert!(fetch_all(&patient(), &none, &plan(2), &CancelToken::new()).await.is_empty());
    });
}

#[test]
fn dropped_it_gives_every_request_up() {
    drill(async {
        let gate = Gate::default();
        let (_site, urls) = gated(&[(); 5].map(|()| gate.clone()));
        let (client, plan, token) = (patient(), plan(3), CancelToken::new());
        abandon(fetch_all(&client, &urls, &plan, &token), gate.arrived(3)).await;
        gate.left(3).await;
    });
}

#[test]
fn it_may_run_in_a_task() {
    fn sends<T: Send>(value: T) -> T {
        value
    }
    let (client, plan, token) = (patient(), plan(3), CancelToken::new());
    drop(sends(fetch_all(&client, &["http://[".to_owned()], &plan, &token)));
}
