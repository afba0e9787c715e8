//! What may be sent again, and what can be.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use reqwest::{Body, Client, Method, Request, Response};
use solutions::cancel::CancelToken;
use solutions::retry::RetryError;

use super::http::fetch::FetchError;
use super::http::resend::{IDEMPOTENCY_KEY, resend, resend_made};
use super::http::site::Site;
use super::support::{Reply, Seen, drill, patient, persistence, scripted};

const LETTER: &[u8] = b"a letter that matters";

/// A failure that the client sees, and one that it can only guess.
const FAILURES: [&[Reply]; 2] =
    [&[Reply::Status(503), Reply::Status(200)], &[Reply::HangUp, Reply::Status(200)]];

type Answer = Result<Response, RetryError<FetchError>>;

fn request(client: &Client, site: &Site, method: &Method) -> reqwest::RequestBuilder {
    client.request(method.clone(), site.url("/"))
}

async fn sent(client: &Client, request: Request) -> Answer {
    resend(client, request, &persistence(3), &CancelToken::new()).await
}

/// A body that the client sees only once, frame by frame, whatever is behind it.
fn stream() -> Body {
    Body::wrap(String::from_utf8(LETTER.to_vec()).unwrap())
}

fn bodies(seen: &Mutex<Vec<Seen>>) -> Vec<Vec<u8>> {
    seen.lock().unwrap().iter().map(|seen| seen.body.clone()).collect()
}

#[test]
fn what_does_no_harm_twice_is_sent_again_and_nothing_else() {
    use Method as M;
    let harmless = [M::GET, M::HEAD, M::PUT, M::DELETE, M::OPTIONS];
    let harmful = [M::POST, M::PATCH];
    drill(async {
        for failure in FAILURES {
            let (client, both) = (patient(), harmless.iter().chain(&harmful));
            for method in both {
                let (site, seen, _) = scripted(failure);
                let request = request(&client, &site, method).body(LETTER).build().unwrap();
                let answer = sent(&client, request).await;
                let requests = seen.lock().unwrap().len();
                if harmless.contains(method) {
                    assert_eq!((answer.unwrap().status().as_u16(), requests), (200, 2), "{method}");
                } else {
                    let error = answer.unwrap_err();
                    assert!(
                        matches!(error, RetryError::Permanent { attempts: 1, .. }),
                        "{error:?}"
                    );
                    assert_eq!(requests, 1, "{method}");
                }
            }
        }
    });
}

#[test]
fn every_attempt_has_the_whole_body() {
    drill(async {
        for failure in FAILURES {
            let (client, (site, seen, _)) = (patient(), scripted(failure));
            let put = request(&client, &site, &Method::PUT).body(LETTER).build().unwrap();
            sent(&client, put).await.unwrap();
            assert_eq!(bodies(&seen), [LETTER; 2]);
        }
    });
}

#[test]
fn a_stream_is_sent_once_and_its_failure_is_told() {
    drill(async {
        for failure in FAILURES {
            let (client, (site, seen, _)) = (patient(), scripted(failure));
            let put = request(&client, &site, &Method::PUT).body(stream()).build().unwrap();
            let error = sent(&client, put).await.unwrap_err();
            assert!(matches!(error, RetryError::Permanent { attempts: 1, .. }), "{error:?}");
            assert_eq!(bodies(&seen), [LETTER], "not again, and above all not without its body");
        }
    });
}

#[test]
fn a_stream_that_can_be_made_anew_is_sent_again() {
    drill(async {
        for failure in FAILURES {
            let (client, (site, seen, _)) = (patient(), scripted(failure));
            let made = Arc::new(AtomicUsize::new(0));
            let body = || {
                made.fetch_add(1, SeqCst);
                stream()
            };
            let (again, token) = (persistence(3), CancelToken::new());
            let put = request(&client, &site, &Method::PUT).body("replaced").build().unwrap();
            resend_made(&client, put, body, &again, &token).await.unwrap();
            assert_eq!(bodies(&seen), [LETTER; 2]);
            assert_eq!(made.load(SeqCst), 2);
            // A body does not make harmless what is not.
            let (site, seen, _) = scripted(failure);
            let post = request(&client, &site, &Method::POST).build().unwrap();
            resend_made(&client, post, body, &again, &token).await.unwrap_err();
            assert_eq!(bodies(&seen), [LETTER]);
        }
    });
}

#[test]
fn an_order_with_a_key_is_sent_again_under_the_same_key() {
    drill(async {
        for failure in FAILURES {
            let (client, (site, seen, _)) = (patient(), scripted(failure));
            let order = request(&client, &site, &Method::POST).header(IDEMPOTENCY_KEY, "order 7");
            sent(&client, order.body(LETTER).build().unwrap()).await.unwrap();
            let key = Some("order 7".to_owned());
            let order = Seen { method: Method::POST, key, body: LETTER.to_vec() };
            assert_eq!(*seen.lock().unwrap(), [order.clone(), order]);
        }
    });
}

#[test]
fn a_refusal_for_good_is_not_argued_with() {
    drill(async {
        let (client, (site, seen, _)) = (patient(), scripted(&[Reply::Status(409)]));
        let put = request(&client, &site, &Method::PUT).body(LETTER).build().unwrap();
        match sent(&client, put).await {
            Err(RetryError::Permanent { attempts: 1, source }) => {
                assert_eq!(source.status().unwrap().as_u16(), 409);
            }
            other => panic!("expected a refusal, got {other:?}"),
        }
        assert_eq!(seen.lock().unwrap().len(), 1);
    });
}

#[test]
fn all_attempts_share_one_connection() {
    drill(async {
        let (client, (site, seen, _)) = (patient(), scripted(&[Reply::Status(503)]));
        let put = request(&client, &site, &Method::PUT).body(LETTER).build().unwrap();
        let error = sent(&client, put).await.unwrap_err();
        assert!(matches!(error, RetryError::Exhausted { attempts: 3, .. }), "{error:?}");
        assert_eq!((seen.lock().unwrap().len(), site.connections()), (3, 1));
    });
}

#[test]
fn cancelled_it_gives_the_request_up() {
    drill(async {
        let (client, (site, _, silent)) = (patient(), scripted(&[Reply::Silence]));
        let token = CancelToken::new();
        let put = request(&client, &site, &Method::PUT).body(LETTER).build().unwrap();
        let again = persistence(3);
        let canceller = async {
            silent.arrived(1).await;
            token.cancel();
        };
        let (answer, ()) = futures::join!(resend(&client, put, &again, &token), canceller);
        assert!(matches!(answer, Err(RetryError::Cancelled { attempts: 1, .. })), "{answer:?}");
        silent.left(1).await;
    });
}
