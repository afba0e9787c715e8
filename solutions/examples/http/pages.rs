//! The pages of the examples: some are as they should be, the others are what the drills are about.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use futures::{StreamExt, stream};
use tokio::time::sleep;

use super::site::hang_up;

/// All of them.
pub fn router() -> Router {
    Router::new()
        .route("/hello", get(async || "Hello from a real socket.\n"))
        .route("/missing", get(async || (StatusCode::NOT_FOUND, "no such page\n")))
        .route("/endless", get(endless))
        .route("/silent", get(silent))
        .route("/dripping", get(dripping))
        .route("/hangs-up", get(async || -> Response { hang_up() }))
        .route(
            "/flaky",
            turns(async |turn| if turn < 3 { hang_up() } else { "well again\n".into_response() }),
        )
        .route("/busy", turns(busy))
        .route("/users/{id}", get(user))
}

/// More than anybody wants.
async fn endless() -> Body {
    let chunk = Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096]));
    Body::from_stream(stream::repeat(chunk))
}

/// Says hello, and then nothing more.
async fn silent() -> Body {
    let hello = Ok::<_, Infallible>(Bytes::from_static(b"hello"));
    Body::from_stream(stream::iter([hello]).chain(stream::pending()))
}

/// A byte now and then, for as long as somebody waits for the next.
async fn dripping() -> Body {
    Body::from_stream(stream::unfold((), async |()| {
        sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b".")), ()))
    }))
}

/// Too busy for the first who comes, but not for long.
async fn busy(turn: u32) -> Response {
    if turn > 1 {
        return "at your service\n".into_response();
    }
    (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")], "one second, please").into_response()
}

/// A page that knows how often it has been asked for, this time included.
fn turns<F>(page: impl Fn(u32) -> F + Clone + Send + Sync + 'static) -> MethodRouter
where
    F: Future<Output = Response> + Send,
{
    let asked = Arc::<AtomicU32>::default();
    get(async move || page(asked.fetch_add(1, Relaxed) + 1).await)
}

/// User 13 left long ago; the others take their time.
async fn user(Path(id): Path<u64>) -> Response {
    if id == 13 {
        return (StatusCode::GONE, "left long ago").into_response();
    }
    sleep(Duration::from_millis(20 * (id % 5 + 1))).await;
    let names = ["Ada", "Barbara", "Edsger", "Grace", "Tony"];
    let name = names[usize::try_from(id).unwrap_or(0) % names.len()];
    let text = format!(r#"{{"id": {id}, "name": "{name}"}}"#);
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}
