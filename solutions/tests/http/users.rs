//! All users, or the first error.

use std::collections::BTreeSet;
use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use reqwest::Client;
use solutions::cancel::{CancelToken, Reason};

use super::http::fetch_users::{User, UsersError, fetch_users};
use super::http::json::{JsonError, get_json};
use super::http::site::Site;
use super::support::{Gate, abandon, drill, patient};

/// A site where each user waits at the gate, but for the 13th, who is not there.
fn site(gate: &Gate) -> Site {
    let gate = gate.clone();
    let user = async move |Path(id): Path<u64>| -> Response {
        if id == 13 {
            return StatusCode::NOT_FOUND.into_response();
        }
        let _visit = gate.pass().await;
        let text = format!(r#"{{"id": {id}, "name": "user {id}"}}"#);
        ([(CONTENT_TYPE, "application/json")], text).into_response()
    };
    Site::start(Router::new().route("/users/{id}", get(user)))
}

/// How a user is had from the site.
fn from(
    site: &Site,
    client: &Client,
) -> impl Fn(u64) -> futures::future::BoxFuture<'static, Result<User, JsonError>> + use<> {
    let (base, client) = (site.url("/users"), client.clone());
    move |id| {
        let (url, client) = (format!("{base}/{id}"), client.clone());
        Box::pin(async move { get_json(&client, &url, 1000).await })
    }
}

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

#[test]
fn all_users_are_there_and_no_more_than_the_limit_were_asked_for_at_once() {
    drill(async {
        let gate = Gate::default();
        let (site, client, token) = (site(&gate), patient(), CancelToken::new());
        let ids: BTreeSet<u64> = (20..30).collect();
        let users = fetch_users(&ids, limit(4), &token, from(&site, &client));
        let opener = async {
            gate.arrived(4).await;
            gate.open(10);
        };
        let (users, ()) = futures::join!(users, opener);
        let users = users.unwrap();
        assert!(users.iter().all(|(id, user)| *id == user.id && user.name == format!("user {id}")));
        assert_eq!(users.into_keys().collect::<BTreeSet<_>>(), ids);
        assert_eq!((gate.most(), gate.unexpected()), (4, 6), "at once, and one request a user");
    });
}

#[test]
fn the_first_error_is_the_answer_and_ends_the_other_fetches() {
    drill(async {
        let gate = Gate::default();
        let (site, client, token) = (site(&gate), patient(), CancelToken::new());
        let ids = BTreeSet::from([11, 12, 13, 14]);
        let error = fetch_users(&ids, limit(2), &token, |id| {
            let (fetch, gate) = (from(&site, &client)(id), gate.clone());
            async move {
                if id == 13 {
                    gate.arrived(1).await;
                }
                fetch.await
            }
        });
        // The 12th goes through and makes room for the 13th, while the 11th waits.
        let error = async { error.await.unwrap_err() };
        let opener = async {
            gate.arrived(1).await;
            gate.open(1);
        };
        let (error, ()) = futures::join!(error, opener);
        assert!(matches!(&error, UsersError::User(13, cause) if cause.to_string().contains("404")));
        assert!(!token.is_cancelled(), "an error stays within");
        gate.left(2).await;
    });
}

#[test]
fn when_the_error_is_returned_no_fetch_is_left() {
    drill(async {
        let alive = Arc::new(AtomicUsize::new(0));
        let fetch = |id| {
            alive.fetch_add(1, SeqCst);
            let leaving = Leaving(alive.clone());
            async move {
                let _leaving = leaving;
                if id < 5 {
                    return pending().await;
                }
                Err::<User, _>(id)
            }
        };
        let ids: BTreeSet<u64> = (1..=5).collect();
        let result = fetch_users(&ids, limit(5), &CancelToken::new(), fetch).await;
        assert_eq!((result, alive.load(SeqCst)), (Err(UsersError::User(5, 5)), 0));
    });
}

/// Counts down when it is dropped.
struct Leaving(Arc<AtomicUsize>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn cancelled_from_outside_there_is_an_error_and_never_a_part_of_the_users() {
    drill(async {
        let gate = Gate::default();
        let (site, client, token) = (site(&gate), patient(), CancelToken::new());
        let ids: BTreeSet<u64> = (20..28).collect();
        let users = fetch_users(&ids, limit(2), &token, from(&site, &client));
        let canceller = async {
            gate.open(2);
            gate.arrived(4).await;
            token.cancel();
        };
        let (users, ()) = futures::join!(users, canceller);
        assert_eq!(
            users.map_err(|error| error.to_string()),
            Err("not all users: cancelled".into())
        );
        gate.left(4).await;
        assert_eq!(gate.unexpected(), 0, "nothing new was begun");
    });
}

#[test]
fn cancelled_while_no_fetch_is_under_way_there_is_no_part_either() {
    drill(async {
        let ids = BTreeSet::from([1, 2, 3]);
        // Cancelled before the first user, or when the first is there: nothing is left that could fail.
        for there in [0, 1] {
            let token = CancelToken::new();
            let fetch = |id| {
                let token = token.clone();
                async move {
                    if id > there {
                        return pending().await;
                    }
                    token.cancel();
                    Ok::<_, ()>(User { id, name: "Ada".to_owned() })
                }
            };
            if there == 0 {
                token.cancel();
            }
            let users = fetch_users(&ids, limit(1), &token, fetch).await;
            assert_eq!(users, Err(UsersError::Cancelled(Reason::Cancelled)), "{there} of 3");
        }
    });
}

#[test]
fn a_deadline_of_the_caller_is_told_as_such() {
    drill(async {
        let gate = Gate::default();
        let (site, client) = (site(&gate), patient());
        let token = CancelToken::new().with_timeout(Duration::from_millis(50));
        let ids = BTreeSet::from([20, 21]);
        let users = fetch_users(&ids, limit(2), &token, from(&site, &client)).await;
        assert!(matches!(users, Err(UsersError::Cancelled(Reason::DeadlineExceeded))));
    });
}

#[test]
fn no_users_are_all_users_and_need_no_request() {
    drill(async {
        let token = CancelToken::new();
        token.cancel();
        let none = |_| async { Err::<User, _>(()) };
        let users = fetch_users(&BTreeSet::new(), limit(1), &token, none).await;
        assert_eq!(users, Ok([].into()));
    });
}

#[test]
fn dropped_it_ends_its_fetches() {
    drill(async {
        let gate = Gate::default();
        let (site, client, token) = (site(&gate), patient(), CancelToken::new());
        let ids = BTreeSet::from([20, 21, 22]);
        abandon(fetch_users(&ids, limit(2), &token, from(&site, &client)), gate.arrived(2)).await;
        gate.left(2).await;
    });
}
