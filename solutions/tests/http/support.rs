//! A deadline on every drill, pages that wait for the test, bodies that tell when they are let go.

use std::convert::Infallible;
use std::future::{pending, poll_fn, ready};
use std::io;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::RETRY_AFTER;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use axum::routing::any;
use futures::stream;
use futures::{Stream, StreamExt};
use loomscope::time::{Clock, Instant, ManualClock};
use reqwest::Client;
use solutions::retry::{Backoff, Jitter};
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::http::again::Persistence;
use super::http::site::{Site, hang_up};
use super::http::{Limits, client};

/// How long a test may take before it counts as blocked. Far more than any of them needs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// A time that no test lives to see.
pub(crate) const NEVER: Duration = Duration::from_secs(3600);

/// Runs a drill on a runtime of its own, under the deadline. Whatever it does, when it is over and its
/// clients are dropped, no task of theirs is left.
pub(crate) fn drill<F: Future>(body: F) -> F::Output {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let output = timeout(DEADLINE, body).await.expect("the drill is still blocked");
        timeout(DEADLINE, no_task_left()).await.expect("the client has left a task behind");
        output
    })
}

async fn no_task_left() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
}

/// A client that gives nothing up: what ends, does so for another reason than time.
pub(crate) fn patient() -> Client {
    client(Limits { connect: NEVER, idle: NEVER, total: NEVER }).unwrap()
}

/// A site with one page, which answers whatever is asked with a copy of this.
pub(crate) fn site_of<H, T>(page: H) -> Site
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    Site::start(Router::new().route("/", any(page)))
}

/// What a site does with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// Answers with this status.
    Status(u16),
    /// Answers with 429, and says after how many seconds to come back.
    Busy(u64),
    /// Closes the connection without an answer.
    HangUp,
    /// Says nothing, for as long as somebody waits.
    Silence,
}

/// What a site has been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) key: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// A site that does with one request after another what it is told, and with all others as with the
/// last; and what it has been sent. Whoever is told nothing visits the gate.
pub(crate) fn scripted(replies: &'static [Reply]) -> (Site, Arc<Mutex<Vec<Seen>>>, Gate) {
    let (seen, gate) = (Arc::<Mutex<Vec<Seen>>>::default(), Gate::default());
    let (log, silent) = (seen.clone(), gate.clone());
    let site = site_of(async move |request: Request| {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let key = head.headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        let place = {
            let mut log = log.lock().unwrap();
            log.push(Seen { method: head.method, key, body });
            log.len() - 1
        };
        match replies[place.min(replies.len() - 1)] {
            Reply::Status(code) => StatusCode::from_u16(code).unwrap().into_response(),
            Reply::Busy(seconds) => {
                (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())])
                    .into_response()
            }
            Reply::HangUp => hang_up(),
            Reply::Silence => {
                let _visit = silent.visit();
                pending().await
            }
        }
    });
    (site, seen, gate)
}

/// So many attempts, with waits that are hardly any.
pub(crate) fn persistence(attempts: u32) -> Persistence {
    let [base, cap] = [1, 2].map(Duration::from_millis);
    let backoff = Backoff::new(base, cap).unwrap().jitter(Jitter::None).unwrap();
    let backoff = backoff.attempts(NonZeroU32::new(attempts).unwrap());
    Persistence { backoff, patience: NEVER }
}

/// A clock that stands still until it is moved, and tells who waits by it, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    clock: ManualClock,
    waits: UnboundedSender<Duration>,
}

impl Watch {
    /// The clock, and the end at which each wait is heard of when it begins.
    pub(crate) fn new() -> (Self, UnboundedReceiver<Duration>) {
        let (waits, begun) = unbounded_channel();
        (Self { clock: ManualClock::new(), waits }, begun)
    }

    /// Moves it forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

impl Clock for Watch {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    async fn sleep_until(&self, at: Instant) {
        let _ = self.waits.send(at - self.now());
        self.clock.sleep_until(at).await;
    }
}

/// What a body holds as long as somebody has it; the test hears of its drop.
pub(crate) type Held = oneshot::Sender<()>;

/// A [`Held`] for the one page that will be asked for, and the end at which its drop is heard.
pub(crate) fn lease() -> (Lease, oneshot::Receiver<()>) {
    let (held, released) = oneshot::channel();
    (Lease(Arc::new(Mutex::new(Some(held)))), released)
}

/// Lies with a handler, which is cloned for every request, until the first one takes it.
#[derive(Clone)]
pub(crate) struct Lease(Arc<Mutex<Option<Held>>>);

impl Lease {
    /// Takes it.
    pub(crate) fn take(&self) -> Held {
        self.0.lock().unwrap().take().expect("the page is asked for once")
    }
}

/// A body of these chunks, one after another, and then what comes then.
pub(crate) fn chunks(chunks: &[&'static [u8]], then: Then) -> Body {
    let chunks = stream::iter(chunks.to_vec()).map(|chunk| Ok(Bytes::from_static(chunk)));
    Body::from_stream(chunks.chain(then.stream()))
}

/// How a body ends.
pub(crate) enum Then {
    /// As it should.
    End,
    /// Not at all: nothing more comes, until it is let go.
    Silence(Held),
    /// The server dies.
    Break,
}

impl Then {
    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::once(async move {
            match self {
                Self::End => return None,
                Self::Silence(_held) => pending().await,
                // What was sent before goes out while the body waits, even if only for a moment.
                Self::Break => tokio::task::yield_now().await,
            }
            Some(Err(io::Error::other("the server dies")))
        })
        .filter_map(ready)
    }
}

/// A body that goes on for as long as somebody takes it.
pub(crate) fn endless(held: Held) -> Body {
    Body::from_stream(stream::unfold(held, |held| async {
        Some((Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1 << 14])), held))
    }))
}

/// A place in the site where requests wait until the test lets them go on.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Counts>);

struct Counts {
    inside: AtomicUsize,
    most: AtomicUsize,
    arrived: Semaphore,
    open: Semaphore,
    left: Semaphore,
}

impl Default for Counts {
    fn default() -> Self {
        let [arrived, open, left] = [(); 3].map(|()| Semaphore::new(0));
        Self { inside: AtomicUsize::new(0), most: AtomicUsize::new(0), arrived, open, left }
    }
}

/// A request that has arrived; it leaves when this is dropped, answered or not.
pub(crate) struct Visit(Gate);

impl Gate {
    /// For the site: arrives, and waits to be let through.
    pub(crate) async fn pass(&self) -> Visit {
        let visit = self.visit();
        self.0.open.acquire().await.unwrap().forget();
        visit
    }

    /// For the site: arrives, and does not wait.
    pub(crate) fn visit(&self) -> Visit {
        let inside = self.0.inside.fetch_add(1, SeqCst) + 1;
        self.0.most.fetch_max(inside, SeqCst);
        self.0.arrived.add_permits(1);
        Visit(self.clone())
    }

    /// For the test: waits until so many more have arrived.
    pub(crate) async fn arrived(&self, n: u32) {
        self.0.arrived.acquire_many(n).await.unwrap().forget();
    }

    /// For the test: lets so many through.
    pub(crate) fn open(&self, n: usize) {
        self.0.open.add_permits(n);
    }

    /// For the test: waits until so many more have left.
    pub(crate) async fn left(&self, n: u32) {
        self.0.left.acquire_many(n).await.unwrap().forget();
    }

    /// How many have arrived and were not waited for.
    pub(crate) fn unexpected(&self) -> usize {
        self.0.arrived.available_permits()
    }

    /// The largest number that was inside at once.
    pub(crate) fn most(&self) -> usize {
        self.0.most.load(SeqCst)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.0.inside.fetch_sub(1, SeqCst);
        self.0.0.left.add_permits(1);
    }
}

/// Waits until whoever held the other end has let it go.
pub(crate) async fn let_go(released: oneshot::Receiver<()>) {
    let _ = released.await;
}

/// Polls a future for as long as the runtime has something else to do, and drops it when `until` is over.
pub(crate) async fn abandon<F: Future>(work: F, until: impl Future) {
    let mut work = Box::pin(work);
    let mut until = Box::pin(until);
    poll_fn(|cx| {
        assert!(work.as_mut().poll(cx).is_pending(), "the work is to be abandoned, and was done");
        until.as_mut().poll(cx).map(drop)
    })
    .await;
}
