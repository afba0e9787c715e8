//! What does it cost to be stoppable, and to stop?
//!
//! `cargo bench -p benches --bench cancel -- --table`

use benches::cancel::Token;
use benches::{Bench, Group, current_thread, race_threads, timed};
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::mem::replace;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

fn main() {
    benches::run("What does it cost to be stoppable, and to stop?", |bench| {
        compare(bench.one_thread("is_cancelled"), &Look);
        compare(bench.one_thread("poll of a wait that is registered"), &PollAgain);
        compare(bench.one_thread("a wait is registered and given up"), &ComeAndGo);
        deadlines(bench);
        compare(bench.one_thread("a child is made and dropped"), &Child);
        compare(bench.one_thread("a child is made, waited for, and dropped"), &Request);
        compare(bench.two_threads("children of one root, made and dropped by two"), &TwoThreads);
        for waiters in [1, 64, 1000] {
            let name = format!("cancel, a waiter of {waiters}");
            compare(bench.one_thread(&name).batch(waiters), &Cancel { waiters, children: false });
        }
        let tree = Cancel { waiters: 1000, children: true };
        compare(bench.one_thread("cancel, a child of 1000, each with a waiter").batch(1000), &tree);
    });
}

/// Something to do with a token, whichever it is.
trait Workload {
    /// Does it so many times.
    fn measure<T: Token>(&self, times: u64) -> Duration;
}

/// Measures every token there is.
fn compare<'b>(group: Group<'_, 'b>, workload: &'b impl Workload) {
    let group = group
        .contestant("reference", |times| workload.measure::<reference::cancel::CancelToken>(times));
    #[cfg(feature = "yours-cancel")]
    let group =
        group.contestant("yours", |times| workload.measure::<yours::cancel::CancelToken>(times));
    group
        .contestant("tokio-util", |times| {
            workload.measure::<tokio_util::sync::CancellationToken>(times)
        })
        .run();
}

/// What a deadline adds: a look at the clock, and a timer for whoever waits. Tokens without deadlines
/// are put under tokio's `timeout`.
fn deadlines(bench: &mut Bench) {
    const LIMIT: Duration = Duration::from_secs(3600);
    let runtime = &current_thread();
    let timed_token = reference::cancel::CancelToken::new().with_timeout(LIMIT);
    let token = tokio_util::sync::CancellationToken::new();
    bench
        .one_thread("is_cancelled, with a deadline")
        .contestant("reference", |times| {
            timed(|| (0..times).for_each(|_| _ = black_box(timed_token.is_cancelled())))
        })
        .contestant("Instant::now", |times| {
            timed(|| (0..times).for_each(|_| _ = black_box(Instant::now())))
        })
        .run();
    bench
        .one_thread("work of two polls, under a token and a limit")
        .contestant("reference", |times| {
            let token = reference::cancel::CancelToken::new();
            let work = || reference::cancel::with_timeout(&token, LIMIT, poll_twice());
            by_turns(runtime, times, work)
        })
        .contestant("tokio-util, timeout", |times| {
            let work = || tokio::time::timeout(LIMIT, token.run_until_cancelled(poll_twice()));
            by_turns(runtime, times, work)
        })
        .run();
}

/// Ready at its second poll.
async fn poll_twice() {
    let mut polled = false;
    poll_fn(|context| match replace(&mut polled, true) {
        true => Poll::Ready(()),
        false => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

/// How long so many of these take, one after the other.
fn by_turns<F: Future>(runtime: &Runtime, times: u64, work: impl Fn() -> F) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        for _ in 0..times {
            black_box(work().await);
        }
        start.elapsed()
    })
}

/// A waker that counts its copies, as a task's does, and does nothing else.
struct Sleeper;

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {}
}

/// A waker of its own for everyone who waits.
fn waker() -> Waker {
    Waker::from(Arc::new(Sleeper))
}

/// A loop asks whether to go on.
struct Look;

impl Workload for Look {
    fn measure<T: Token>(&self, times: u64) -> Duration {
        let token = T::root().child();
        timed(|| (0..times).for_each(|_| _ = black_box(black_box(&token).is_cancelled())))
    }
}

/// A task is woken for something else, and polls its wait again: so does `select!` in a loop.
struct PollAgain;

impl Workload for PollAgain {
    fn measure<T: Token>(&self, times: u64) -> Duration {
        let (token, waker) = (T::root(), waker());
        let mut context = Context::from_waker(&waker);
        let mut wait = pin!(token.cancelled());
        timed(|| {
            for _ in 0..times {
                assert!(black_box(wait.as_mut()).poll(&mut context).is_pending());
            }
        })
    }
}

/// A wait that is polled once: an operation was ready before it was cancelled.
struct ComeAndGo;

impl Workload for ComeAndGo {
    fn measure<T: Token>(&self, times: u64) -> Duration {
        let (token, waker) = (T::root(), waker());
        timed(|| (0..times).for_each(|_| wait_once(&token, &waker)))
    }
}

fn wait_once<T: Token>(token: &T, waker: &Waker) {
    let wait = pin!(token.cancelled());
    assert!(black_box(wait).poll(&mut Context::from_waker(waker)).is_pending());
}

/// A token for a request that comes and goes.
struct Child;

impl Workload for Child {
    fn measure<T: Token>(&self, times: u64) -> Duration {
        let root = T::root();
        timed(|| (0..times).for_each(|_| drop(black_box(root.child()))))
    }
}

/// The same, and the request waits once.
struct Request;

impl Workload for Request {
    fn measure<T: Token>(&self, times: u64) -> Duration {
        let (root, waker) = (T::root(), waker());
        timed(|| (0..times).for_each(|_| wait_once(&root.child(), &waker)))
    }
}

/// Two threads with requests below one root.
struct TwoThreads;

impl Workload for TwoThreads {
    fn measure<T: Token>(&self, times: u64) -> Duration {
        let root = T::root();
        let bodies = [times / 2, times - times / 2].map(|times| {
            let root = root.clone();
            move || (0..times).for_each(|_| drop(black_box(root.child())))
        });
        race_threads(Vec::from(bodies))
    }
}

/// One cancellation for many who wait, at one token or at a child each; only it is measured.
struct Cancel {
    waiters: u64,
    children: bool,
}

impl Workload for Cancel {
    fn measure<T: Token>(&self, times: u64) -> Duration {
        let wakers: Vec<_> = (0..self.waiters).map(|_| waker()).collect();
        (0..times / self.waiters).map(|_| self.once::<T>(&wakers)).sum()
    }
}

impl Cancel {
    fn once<T: Token>(&self, wakers: &[Waker]) -> Duration {
        let root = T::root();
        let token = || if self.children { root.child() } else { root.clone() };
        let tokens: Vec<_> = wakers.iter().map(|_| token()).collect();
        let waits = tokens.iter().map(|token| Box::pin(token.cancelled()));
        let mut waits: Vec<Pin<Box<_>>> = waits.collect();
        for (wait, waker) in waits.iter_mut().zip(wakers) {
            assert!(wait.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
        }
        let start = Instant::now();
        root.cancel();
        start.elapsed()
    }
}
