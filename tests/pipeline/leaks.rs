//! What is left when it is over: no task, no entry, no part of the pipeline.

use std::sync::Arc;

use futures::FutureExt;
use patterns::pipeline::{CancelToken, Metrics, OnError, Order, Pipeline};

use crate::parts::{E, Feed, Tray, feed, number, settle, tasks, tray};
use crate::support::{Census, Payload, Polled, run};

struct Watched {
    census: Census,
    feed: Feed<Payload>,
    tray: Tray<Payload>,
    /// One in each callback of the pipeline.
    held: Arc<()>,
    metrics: Metrics,
    pipeline: Pipeline<Payload, Payload, E>,
}

/// A pipeline of which every part can be seen to go; the work panics for 13 and fails for 7.
fn watched() -> Watched {
    let (census, held) = (Census::default(), Arc::new(()));
    let ((feed, source), (tray, sink)) = (feed(), tray());
    let (filters, keys, works, decides) = (held.clone(), held.clone(), held.clone(), held.clone());
    let pipeline = Pipeline::builder()
        .source(source)
        .filter(move |payload: &Payload| Arc::strong_count(&filters) > 0 && payload.value != 3)
        .enrich(
            number(2),
            Order::per_key(move |payload: &Payload| {
                payload.value * Arc::strong_count(&keys) as u64
            }),
            move |payload: Payload| {
                let works = works.clone();
                async move {
                    let _works = works;
                    assert!(payload.value != 13, "the work's own");
                    if payload.value == 7 { Err("no") } else { Ok(payload) }
                }
            },
        )
        .sink(sink)
        .on_error(move |_| {
            let _decides = &decides;
            OnError::Continue
        })
        .buffer(number(2))
        .build();
    let metrics = pipeline.metrics();
    Watched { census, feed, tray, held, metrics, pipeline }
}

#[track_caller]
fn nothing_is_left(feed: Feed<Payload>, tray: Tray<Payload>, census: &Census, held: &Arc<()>) {
    assert_eq!(tasks(), 0, "a task is left");
    assert!(feed.dropped() && tray.dropped(), "a source or a sink is left");
    tray.clear();
    drop(feed);
    assert_eq!(census.alive(), 0, "an entry is left");
    assert_eq!(Arc::strong_count(held), 1, "a callback is left");
}

#[test]
fn nothing_is_left_at_the_end() {
    run(|| async {
        let Watched { census, feed, tray, held, metrics, pipeline } = watched();
        feed.give((0..10).map(|n| census.payload(n)));
        feed.end();
        let report = pipeline.run(CancelToken::new()).await;
        assert_eq!((report.totals.written[0], metrics.written(0)), (8, 8));
        nothing_is_left(feed, tray, &census, &held);
    });
}

#[test]
fn nothing_is_left_of_a_cancelled_one() {
    run(|| async {
        let Watched { census, feed, tray, held, pipeline, .. } = watched();
        feed.give((0..10).map(|n| census.payload(n)));
        let token = CancelToken::new();
        let running = tokio::spawn(pipeline.run(token.clone()));
        settle().await;
        token.cancel();
        running.await.unwrap();
        nothing_is_left(feed, tray, &census, &held);
    });
}

#[test]
fn nothing_is_left_of_one_that_panicked() {
    run(|| async {
        let Watched { census, feed, tray, held, pipeline, .. } = watched();
        feed.give((0..20).map(|n| census.payload(n)));
        let run = std::panic::AssertUnwindSafe(pipeline.run(CancelToken::new()));
        assert!(run.catch_unwind().await.is_err());
        nothing_is_left(feed, tray, &census, &held);
    });
}

#[test]
fn nothing_is_left_of_one_that_is_dropped() {
    run(|| async {
        let Watched { census, feed, tray, held, pipeline, .. } = watched();
        feed.give((0..10).map(|n| census.payload(n)));
        tray.hold();
        let run = Polled::new(pipeline.run(CancelToken::new()));
        let run = run.pending();
        settle().await;
        drop(run);
        settle().await;
        nothing_is_left(feed, tray, &census, &held);
    });
}

#[test]
fn nothing_is_left_of_one_that_was_never_run() {
    run(|| async {
        let Watched { census, feed, tray, held, pipeline, metrics } = watched();
        feed.give([census.payload(1)]);
        drop(pipeline);
        nothing_is_left(feed, tray, &census, &held);
        assert_eq!(metrics.totals().written, [0]);
    });
}

#[test]
fn errors_are_kept_by_the_report_and_by_nothing_else() {
    run(|| async {
        let census = Census::default();
        let (feed, source) = futures::channel::mpsc::unbounded();
        for n in 0..150 {
            feed.unbounded_send(Err(census.payload(n))).unwrap();
        }
        drop(feed);
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(1), Order::Free, async |n: u64| Ok(n))
            .on_error(|_| OnError::Continue)
            .build();
        let metrics = pipeline.metrics();
        let report = pipeline.run(CancelToken::new()).await;
        assert_eq!(
            (census.alive(), report.errors.len()),
            (100, 100),
            "beyond that they are counted"
        );
        drop(report);
        assert_eq!((census.alive(), metrics.failed()), (0, 150));
    });
}
