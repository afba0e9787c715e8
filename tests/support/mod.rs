//! What every spec needs: a deadline on every wait, futures polled by hand, payloads that are counted.

// Each spec uses the part it needs, and has no crate to export it from.
#![allow(dead_code, unreachable_pub)]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use proptest::test_runner::{Config as ProptestConfig, RngSeed};

/// How long a test may take before it counts as blocked. Far more than any of them needs.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Runs `body` on a thread of its own: a body that blocks fails the test, and does not hang it.
pub fn within_deadline<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, outcome) = channel();
    let here = std::thread::current();
    let name = here.name().unwrap_or("a test").to_owned();
    let worker = std::thread::Builder::new().name(name.clone());
    worker
        .spawn(move || drop(done.send(catch_unwind(AssertUnwindSafe(body)))))
        .expect("the system can start another thread");
    match outcome.recv_timeout(DEADLINE) {
        Ok(Ok(value)) => value,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(RecvTimeoutError::Timeout) => panic!("still blocked after {DEADLINE:?} in {name}"),
        Err(RecvTimeoutError::Disconnected) => unreachable!("the body's outcome is always sent"),
    }
}

/// Runs an async body on a current-thread runtime with paused time, under the deadline.
pub fn run<T, F>(body: impl FnOnce() -> F + Send + 'static) -> T
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    within_deadline(move || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(body())
    })
}

/// Runs an async body on `threads` worker threads in real time, under the deadline.
pub fn run_on<T, F>(threads: usize, body: impl FnOnce() -> F + Send + 'static) -> T
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    within_deadline(move || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(threads).enable_time().build().expect("a runtime");
        runtime.block_on(body())
    })
}

/// Lets the tasks of a runtime of one thread run until they wait. Paused time stands still meanwhile.
pub async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

/// Starts so many threads at once, and waits for them.
pub fn together(threads: usize, body: impl Fn(usize) + Sync) {
    let start = Barrier::new(threads);
    let (start, body) = (&start, &body);
    std::thread::scope(|scope| {
        for i in 0..threads {
            scope.spawn(move || {
                start.wait();
                body(i);
            });
        }
    });
}

/// The words of the panic that `body` ends with.
#[track_caller]
pub fn panic_of<R>(body: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(body)) else {
        panic!("it should have panicked");
    };
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&str>().expect("a message")).to_owned(),
    }
}

/// So many random cases, the same in every run: whoever sees a failure sees it again.
pub fn cases(number: u32, seed: u64) -> ProptestConfig {
    ProptestConfig {
        cases: number,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..ProptestConfig::default()
    }
}

/// Counts its wake-ups.
#[derive(Default)]
pub struct Wakes(AtomicUsize);

impl Wakes {
    /// How often it has been woken.
    pub fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A future that is polled by hand, with a waker of its own that counts.
pub struct Polled<F> {
    future: Pin<Box<F>>,
    wakes: Arc<Wakes>,
}

impl<F: Future> Polled<F> {
    /// Takes the future; nothing has been polled yet.
    pub fn new(future: F) -> Self {
        Self { future: Box::pin(future), wakes: Arc::default() }
    }

    /// Polls once, with a waker that counts in `wakes`.
    pub fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(self.wakes.clone());
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Polls once, and says that it must be pending.
    #[track_caller]
    pub fn pending(mut self) -> Self
    where
        F::Output: std::fmt::Debug,
    {
        if let Poll::Ready(value) = self.poll() {
            panic!("expected to wait, got {value:?}");
        }
        self
    }

    /// Polls once, and says that it must be ready.
    #[track_caller]
    pub fn ready(mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("expected a value, it still waits"),
        }
    }

    /// Changes to a fresh waker, as when a future moves to another task; the old one is returned.
    pub fn move_to_another_task(&mut self) -> Arc<Wakes> {
        std::mem::take(&mut self.wakes)
    }

    /// How often it has been woken.
    pub fn wakes(&self) -> usize {
        self.wakes.count()
    }
}

/// Counts how many of its payloads are alive.
#[derive(Clone, Default)]
pub struct Census(Arc<AtomicUsize>);

impl Census {
    /// A payload that is counted until it is dropped.
    pub fn payload(&self, value: u64) -> Payload {
        self.0.fetch_add(1, SeqCst);
        Payload { value, census: self.clone() }
    }

    /// How many payloads have not been dropped.
    pub fn alive(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// A value that is counted by its `Census`.
pub struct Payload {
    pub value: u64,
    census: Census,
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "payload {}", self.value)
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        self.census.0.fetch_sub(1, SeqCst);
    }
}
