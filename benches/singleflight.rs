//! What does it cost to ask whether somebody else is at it already?
//!
//! `cargo bench -p benches --bench singleflight -- --table`

use benches::singleflight::Singleflight;
use benches::{Group, current_thread, race_threads, timed, two_workers};
use futures::executor::block_on;
use std::future::{Future, poll_fn, ready};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::{JoinSet, yield_now};

/// How many callers share a flight.
const CALLERS: u64 = 100;

fn main() {
    benches::run("What does it cost to ask whether somebody else is at it already?", |bench| {
        let (one, two) = (&current_thread(), &two_workers());
        compare(bench.one_thread("alone"), Workload::Alone { others: 0 }, 1);
        compare(
            bench.one_thread("alone, 10 000 other keys"),
            Workload::Alone { others: 10_000 },
            1,
        );
        compare(bench.one_thread("alone, the work waits once"), Workload::WaitsOnce, 1);
        compare(bench.two_threads("two threads, different keys"), Workload::TwoThreads, 2);
        compare(bench.one_thread("100 callers, polled by hand"), Workload::ByHand, CALLERS);
        compare(bench.one_thread("100 tasks, one thread"), Workload::Tasks(one), CALLERS);
        compare(bench.two_threads("100 tasks, two workers"), Workload::Tasks(two), CALLERS);
    });
}

#[derive(Clone, Copy)]
enum Workload<'a> {
    /// Nobody else asks; so many other keys are in flight.
    Alone {
        others: u64,
    },
    WaitsOnce,
    /// Each with a thousand keys of its own.
    TwoThreads,
    /// A hundred futures, which nobody schedules.
    ByHand,
    /// A hundred tasks, which are spawned and joined.
    Tasks(&'a Runtime),
}

impl Workload<'_> {
    fn measure<G: Singleflight>(self, times: u64) -> Duration {
        match self {
            Self::Alone { others } => alone::<G>(others, times),
            Self::WaitsOnce => waits_once::<G>(times),
            Self::TwoThreads => two_threads::<G>(times),
            Self::ByHand => by_hand::<G>(times),
            Self::Tasks(runtime) => tasks::<G>(runtime, times),
        }
    }
}

fn alone<G: Singleflight>(others: u64, times: u64) -> Duration {
    let group = G::new();
    let mut under_way: Vec<_> =
        (1..=others).map(|key| Box::pin(group.run(key, std::future::pending))).collect();
    let mut context = Context::from_waker(Waker::noop());
    assert!(under_way.iter_mut().all(|call| call.as_mut().poll(&mut context).is_pending()));
    block_on(async {
        timed_async(async {
            for _ in 0..times {
                black_box(group.run(0, || ready(1)).await);
            }
        })
        .await
    })
}

fn waits_once<G: Singleflight>(times: u64) -> Duration {
    let group = G::new();
    block_on(timed_async(async {
        for _ in 0..times {
            black_box(group.run(0, || second_poll(|waker| waker.wake_by_ref())).await);
        }
    }))
}

fn two_threads<G: Singleflight>(times: u64) -> Duration {
    let group = &G::new();
    let body = |thread: u64| {
        move || {
            block_on(async {
                for call in 0..times / 2 {
                    black_box(group.run(2 * (call % 1000) + thread, || ready(1)).await);
                }
            });
        }
    };
    race_threads(vec![body(0), body(1)])
}

fn by_hand<G: Singleflight>(times: u64) -> Duration {
    let group = &G::new();
    let mut context = Context::from_waker(Waker::noop());
    let mut total = Duration::ZERO;
    for _ in 0..times / CALLERS {
        let call = || Box::pin(group.run(0, || second_poll(|_| ())));
        let mut calls: Vec<_> = (0..CALLERS).map(|_| call()).collect();
        total += timed(|| {
            assert!(calls.iter_mut().all(|call| call.as_mut().poll(&mut context).is_pending()));
            assert!(calls.iter_mut().all(|call| call.as_mut().poll(&mut context).is_ready()));
        });
    }
    total
}

fn tasks<G: Singleflight>(runtime: &Runtime, times: u64) -> Duration {
    let group = Arc::new(G::new());
    let flight = async move {
        for _ in 0..times / CALLERS {
            let arrived = Arc::new(AtomicU64::new(0));
            let mut tasks = JoinSet::new();
            for _ in 0..CALLERS {
                let (group, arrived) = (group.clone(), arrived.clone());
                tasks.spawn(async move {
                    arrived.fetch_add(1, Relaxed);
                    let work = || async move {
                        while arrived.load(Relaxed) < CALLERS {
                            yield_now().await;
                        }
                        1
                    };
                    group.run(0, work).await
                });
            }
            black_box(tasks.join_all().await);
        }
    };
    // On a worker, where tasks are spawned.
    runtime.block_on(async { tokio::spawn(timed_async(flight)).await.expect("nobody panics") })
}

async fn timed_async(body: impl Future<Output = ()>) -> Duration {
    let start = std::time::Instant::now();
    body.await;
    start.elapsed()
}

/// Is ready when it is polled again.
fn second_poll(call: impl Fn(&Waker) + Send) -> impl Future<Output = u64> + Send {
    let mut polled = false;
    poll_fn(move |cx| {
        if polled {
            return Poll::Ready(1);
        }
        polled = true;
        call(cx.waker());
        Poll::Pending
    })
}

fn compare<'b>(group: Group<'_, 'b>, workload: Workload<'b>, batch: u64) {
    use reference::singleflight::Group as Reference;
    let group = group
        .batch(batch)
        .contestant("reference", move |times| workload.measure::<Reference<u64, u64>>(times));
    #[cfg(feature = "yours-singleflight")]
    let group = group.contestant("yours", move |times| {
        workload.measure::<yours::singleflight::Group<u64, u64>>(times)
    });
    group
        .contestant("asyncband", move |times| {
            workload.measure::<asyncband::singleflight::Group<u64, u64>>(times)
        })
        .contestant("singleflight-async", move |times| {
            workload.measure::<singleflight_async::SingleFlight<u64, u64>>(times)
        })
        .run();
}
