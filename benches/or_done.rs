//! What does it cost to be able to leave a loop at any item?
//!
//! `cargo bench -p benches --bench or_done -- --table`

use benches::{Bench, Group, current_thread, timed, two_workers};
use futures::future::select_all;
use futures::stream::FuturesUnordered;
use futures::{Stream, StreamExt, stream};
use reference::cancel::{CancelToken, CancelledOwned};
use reference::channel::{self, Receiver};
use std::future::{Future, pending};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

fn main() {
    benches::run("What does it cost to be able to leave a loop at any item?", |bench| {
        let (one, two) = (&current_thread(), &two_workers());
        items(bench.one_thread("an item of a bounded channel of 128, one thread"), one);
        items(bench.two_threads("an item of a bounded channel of 128, two threads"), two);
        always_ready(bench);
        for signals in [2, 16, 64] {
            one_comes(bench, signals);
        }
        all_move(bench);
    });
}

/// A signal that does not come: our token, polled for each item.
fn stop() -> CancelledOwned {
    CancelToken::new().cancelled_owned()
}

/// A producer and a loop over our channel: what the loop pays for being stoppable.
fn items(group: Group<'_, '_>, runtime: &Runtime) {
    let group = group.contestant("reference", |items| {
        over_channel(runtime, items, |rx| take_all(reference::or_done::or_done(rx, stop())))
    });
    #[cfg(feature = "yours-or_done")]
    let group = group.contestant("yours", |items| {
        over_channel(runtime, items, |rx| take_all(yours::or_done::or_done(rx, stop())))
    });
    group
        .contestant("bare stream", |items| over_channel(runtime, items, take_all))
        .contestant("bare recv", |items| {
            over_channel(runtime, items, |rx| async move {
                while let Ok(item) = rx.recv().await {
                    black_box(item);
                }
            })
        })
        .contestant("take_until", |items| {
            over_channel(runtime, items, |rx| take_all(rx.take_until(stop())))
        })
        .contestant("run_until_cancelled", |items| {
            over_channel(runtime, items, |rx| async move {
                let token = CancellationToken::new();
                while let Some(Ok(item)) = token.run_until_cancelled(rx.recv()).await {
                    black_box(item);
                }
            })
        })
        .contestant("select!", |items| {
            over_channel(runtime, items, |rx| async move {
                let mut stopped = pin!(stop());
                loop {
                    tokio::select! {
                        biased;
                        _ = &mut stopped => break,
                        item = rx.recv() => match item {
                            Ok(item) => drop(black_box(item)),
                            Err(_) => break,
                        },
                    }
                }
            })
        })
        .run();
}

/// How long a loop takes for so many items of a producer on the same runtime.
fn over_channel<F>(runtime: &Runtime, items: u64, each: impl Fn(Receiver<u64>) -> F) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let (tx, rx) = channel::bounded(128);
    let consumer = each(rx);
    runtime.block_on(async {
        let consumer = runtime.spawn(async move {
            let start = Instant::now();
            consumer.await;
            start.elapsed()
        });
        runtime.spawn(async move {
            for item in 0..items {
                tx.send(item).await.expect("the consumer takes all");
            }
        });
        consumer.await.expect("the consumer does not panic")
    })
}

async fn take_all(items: impl Stream<Item = u64>) {
    let mut items = pin!(items);
    while let Some(item) = items.next().await {
        black_box(item);
    }
}

/// The combinator alone: the stream does nothing, the signal is a token that is not cancelled.
fn always_ready(bench: &mut Bench) {
    fn measure(items: u64, looped: impl Future<Output = ()>) -> Duration {
        let runtime = current_thread();
        assert!(items < u64::MAX);
        runtime.block_on(async {
            let start = Instant::now();
            looped.await;
            start.elapsed()
        })
    }

    let group = bench.one_thread("an item of a stream that is always ready");
    let group = group.contestant("reference", |items| {
        let signal = stop();
        measure(items, take_all(reference::or_done::or_done(stream::iter(0..items), signal)))
    });
    #[cfg(feature = "yours-or_done")]
    let group = group.contestant("yours", |items| {
        let signal = stop();
        measure(items, take_all(yours::or_done::or_done(stream::iter(0..items), signal)))
    });
    group
        .contestant("bare stream", |items| measure(items, take_all(stream::iter(0..items))))
        .contestant("take_until", |items| {
            let signal = stop();
            measure(items, take_all(stream::iter(0..items).take_until(signal)))
        })
        .run();
}

/// What races in the workloads of `or`: pending once, then as it is told.
type Signal = futures::channel::oneshot::Receiver<usize>;

/// So many signals, of which the last comes: made, polled, woken, polled, dropped.
fn one_comes(bench: &mut Bench, signals: usize) {
    fn race<F: Future + Unpin>(n: usize, races: u64, make: impl Fn(Vec<Signal>) -> F) -> Duration {
        timed(|| {
            for _ in 0..races {
                let (mut stops, signals): (Vec<_>, Vec<_>) =
                    (0..n).map(|_| futures::channel::oneshot::channel()).unzip();
                let mut any = make(signals);
                let cx = &mut Context::from_waker(Waker::noop());
                assert!(Pin::new(&mut any).poll(cx).is_pending());
                let _ = stops.pop().expect("there is one").send(n);
                assert!(black_box(Pin::new(&mut any).poll(cx)).is_ready());
            }
        })
    }

    let group = bench.one_thread(&format!("the last of {signals} signals comes"));
    let group = group
        .contestant("reference", |races| race(signals, races, reference::or_done::or::<Vec<_>>));
    #[cfg(feature = "yours-or_done")]
    let group =
        group.contestant("yours", |races| race(signals, races, yours::or_done::or::<Vec<_>>));
    group
        .contestant("select_all", |races| race(signals, races, select_all::<Vec<_>>))
        .contestant("FuturesUnordered", |races| {
            race(signals, races, |signals| {
                signals.into_iter().collect::<FuturesUnordered<_>>().into_future()
            })
        })
        .run();
}

/// Wakes itself so many times before it is ready.
struct Steps(u32);

impl Future for Steps {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// 64 futures of which one moves at a time: who polls all for each step pays for it.
fn all_move(bench: &mut Bench) {
    const STEPS: u32 = 64;

    fn signals() -> Vec<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let waiting =
            (0..63).map(|_| Box::pin(pending()) as Pin<Box<dyn Future<Output = ()> + Send>>);
        waiting.chain([Box::pin(Steps(STEPS)) as _]).collect()
    }

    fn measure<F: Future>(times: u64, make: impl Fn() -> F) -> Duration {
        (0..times)
            .map(|_| {
                let mut any = pin!(make());
                timed(|| {
                    let cx = &mut Context::from_waker(Waker::noop());
                    while any.as_mut().poll(cx).is_pending() {}
                })
            })
            .sum()
    }

    let group = bench.one_thread("one of 64 futures moves 64 times, the others wait");
    let group =
        group.contestant("reference", |times| measure(times, || reference::or_done::or(signals())));
    #[cfg(feature = "yours-or_done")]
    let group = group.contestant("yours", |times| measure(times, || yours::or_done::or(signals())));
    group
        .contestant("select_all", |times| measure(times, || select_all(signals())))
        .contestant("FuturesUnordered", |times| {
            measure(times, || signals().into_iter().collect::<FuturesUnordered<_>>().into_future())
        })
        .run();
}
