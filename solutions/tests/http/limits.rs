//! The three limits of time. In each test the other two are out of reach.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream;
use tokio::sync::oneshot;

use super::http::fetch::{FetchError, fetch};
use super::http::{Limits, client};
use super::support::{Gate, NEVER, Then, chunks, drill, lease, let_go, site_of};

/// Long enough that nothing else happens in between, short enough to wait for.
const SHORT: Duration = Duration::from_millis(200);

/// Fetches with these limits, which must end it.
async fn runs_out(limits: Limits, url: &str) -> reqwest::Error {
    match fetch(&client(limits).unwrap(), url, 1 << 20).await {
        Err(FetchError::Network { source, .. }) if source.is_timeout() => source,
        other => panic!("expected the time to run out, got {other:?}"),
    }
}

/// How many connections wait to be accepted differs between systems; the rest is the same.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_does_not_accept_is_given_up() {
    drill(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        // One more than asked for may wait; who comes then gets no answer.
        let waiting = [(); 2].map(|()| std::net::TcpStream::connect(address).unwrap());
        let limits = Limits { connect: SHORT, idle: NEVER, total: NEVER };
        let error = runs_out(limits, &format!("http://{address}/")).await;
        assert!(error.is_connect());
        drop((waiting, listener));
    });
}

#[test]
fn a_server_that_falls_silent_is_given_up_before_or_within_its_page() {
    drill(async {
        let limits = Limits { connect: NEVER, idle: SHORT, total: NEVER };
        let gate = Gate::default();
        let at_the_site = gate.clone();
        let site = site_of(async move || drop(at_the_site.pass().await));
        runs_out(limits, &site.url("/")).await;
        gate.left(1).await;

        let (held, released) = lease();
        let site = site_of(async move || chunks(&[b"hello"], Then::Silence(held.take())));
        runs_out(limits, &site.url("/")).await;
        let_go(released).await;
    });
}

#[test]
fn a_server_that_drips_is_given_up() {
    drill(async {
        let limits = Limits { connect: NEVER, idle: NEVER, total: SHORT };
        let (held, released) = lease();
        let site = site_of(async move || drips(held.take()));
        runs_out(limits, &site.url("/")).await;
        let_go(released).await;
    });
}

/// A byte every few milliseconds: never silent, never done.
fn drips(held: oneshot::Sender<()>) -> Body {
    Body::from_stream(stream::unfold(held, |held| async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b".")), held))
    }))
}
