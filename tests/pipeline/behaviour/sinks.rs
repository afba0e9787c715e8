//! What a sink is given, and when.

use std::sync::Arc;

use futures::SinkExt;
use patterns::pipeline::{CancelToken, End, Failure, OnError, Order, Pipeline, Report, Stage};
use tokio::sync::watch;

use crate::parts::{
    Ask, Does, E, Sunk, Tray, entries, feed, number, same, settle, tray, tray_that,
};
use crate::support::run;

/// Ten entries into one sink; errors do not matter.
async fn ten_into(sink: Sunk<u64>) -> Report<E> {
    let pipeline = Pipeline::builder()
        .source(entries(0..10))
        .enrich(number(2), Order::Kept, same)
        .sink(sink)
        .on_error(|_| OnError::Continue)
        .build();
    pipeline.run(CancelToken::new()).await
}

/// A sink that fails the `nth` time it is asked for this.
fn failing(at: Ask, nth: usize) -> (Tray<u64>, Sunk<u64>) {
    tray_that(move |ask, n| if (ask, n) == (at, nth) { Does::Fail("no") } else { Does::Well })
}

#[test]
fn every_sink_gets_every_entry_and_no_copy() {
    run(|| async {
        /// Cannot be cloned.
        struct Entry(u64);
        let (trays, sinks): (Vec<_>, Vec<_>) = (0..3).map(|_| tray()).unzip();
        let mut stages =
            Pipeline::builder()
                .source(entries(0..100))
                .enrich(number(4), Order::Free, async |n| Ok::<_, E>(Entry(n)));
        for sink in sinks {
            stages = stages.sink(sink);
        }
        let report = stages.build().run(CancelToken::new()).await;
        assert_eq!(report.totals.written, [100, 100, 100]);
        let all: Vec<_> = trays.iter().map(|tray: &Tray<Entry>| tray.arcs()).collect();
        assert_eq!(all[0].len(), 100);
        for other in &all[1..] {
            let same = |(a, b): (&Arc<Entry>, &Arc<Entry>)| Arc::ptr_eq(a, b);
            assert!(all[0].iter().zip(other).all(same), "the same entries in the same order");
        }
        assert_eq!(all[0].iter().map(|entry| entry.0).sum::<u64>(), 4950);
    });
}

#[test]
fn it_is_flushed_when_there_is_nothing_more_to_take() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(2), Order::Free, same)
            .sink(sink)
            .build();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        for n in 1..4_usize {
            feed.give([0_u64]);
            settle().await;
            assert_eq!((tray.len(), tray.unflushed()), (n, 0), "nobody sees what is not flushed");
        }
        feed.end();
        running.await.unwrap();
    });
}

#[test]
fn what_has_piled_up_is_taken_in_one_go_and_flushed_once() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(2), Order::Free, same)
            .sink(sink)
            .build();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        tray.hold();
        feed.give(0..32_u64);
        settle().await;
        tray.release();
        settle().await;
        assert_eq!((tray.len(), tray.unflushed()), (32, 0));
        assert!(tray.flushes() < 8, "flushed {} times for 32 entries at hand", tray.flushes());
        feed.end();
        running.await.unwrap();
    });
}

#[test]
fn it_is_closed_at_the_end_and_once() {
    run(|| async {
        let (tray, sink) = tray();
        ten_into(sink).await;
        assert_eq!((tray.len(), tray.closed(), tray.unflushed()), (10, 1, 0));
        assert!(tray.dropped());
    });
}

#[test]
fn one_that_takes_its_time_gets_it() {
    run(|| async {
        // Each is asked three times before it is done.
        let (tray, sink) = tray_that(|ask, n| match ask {
            Ask::Send => Does::Well,
            _ if n % 3 == 2 => Does::Well,
            _ => Does::Wait,
        });
        let report = ten_into(sink).await;
        assert_eq!(report.end, End::Done);
        assert_eq!(tray.entries(), (0..10).collect::<Vec<_>>());
        assert_eq!((tray.closed(), tray.unflushed()), (1, 0));
    });
}

#[test]
fn a_slow_one_lets_the_others_run_ahead() {
    run(|| async {
        for slow in [0, 1] {
            let (trays, sinks): (Vec<_>, Vec<_>) = (0..2).map(|_| tray()).unzip();
            let mut stages =
                Pipeline::builder().source(entries(0..100)).enrich(number(2), Order::Kept, same);
            for sink in sinks {
                stages = stages.sink(sink);
            }
            trays[slow].hold();
            let pipeline = stages.buffer(number(8)).build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            settle().await;
            let ahead = trays[1 - slow].len();
            assert!(ahead >= 8, "it has taken {ahead} when sink {slow} has taken none");
            trays[slow].release();
            running.await.unwrap();
            assert!(trays.iter().all(|tray: &Tray<u64>| tray.entries().into_iter().eq(0..100)));
        }
    });
}

#[test]
fn a_slow_one_lets_the_others_run_ahead_wherever_it_stands() {
    run(|| async {
        const BUFFER: usize = 4;
        for stands in 1..30 {
            let ((fast, first), (slow, second)) = (tray::<u64>(), tray());
            let (open, gate) = watch::channel(false);
            let mut taken = 0;
            let second = second.with(move |entry: Arc<u64>| {
                taken += 1;
                let (waits, mut gate) = (taken == stands, gate.clone());
                Box::pin(async move {
                    if waits {
                        gate.wait_for(|open| *open).await.unwrap();
                    }
                    Ok::<_, E>(entry)
                })
            });
            let pipeline = Pipeline::builder()
                .source(entries(0..100))
                .enrich(number(1), Order::Kept, same)
                .sink(first)
                .sink(second)
                .buffer(number(BUFFER))
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            settle().await;
            let ahead = fast.len() - stands;
            assert!(ahead >= BUFFER, "it has taken {ahead} more than one that has taken {stands}");
            open.send(true).unwrap();
            running.await.unwrap();
            assert!(slow.entries().into_iter().eq(0..100));
        }
    });
}

#[test]
fn one_that_fails_for_an_entry_is_offered_the_next() {
    run(|| async {
        for at in [Ask::Ready, Ask::Send] {
            let (tray, sink) = failing(at, 4);
            let report = ten_into(sink).await;
            let all_but_one: Vec<_> = (0..10).filter(|&n| n != 4).collect();
            assert_eq!(tray.entries(), all_but_one, "it failed at {at:?}, once");
            assert_eq!(report.errors, [Failure { stage: Stage::Sink(0), error: "no" }]);
            assert_eq!((report.totals.written[0], report.totals.failed), (9, 1));
            assert_eq!((tray.closed(), report.end), (1, End::Done));
        }
    });
}

#[test]
fn one_that_fails_leaves_the_others_alone() {
    run(|| async {
        let (broken, breaks) = tray_that(|ask, _| match ask {
            Ask::Send => Does::Fail("broken"),
            _ => Does::Well,
        });
        let (tray, sink) = tray();
        let pipeline = Pipeline::builder()
            .source(entries(0..10_u64))
            .enrich(number(2), Order::Kept, same)
            .sink(breaks)
            .sink(sink)
            .on_error(|_| OnError::Continue)
            .build();
        let metrics = pipeline.metrics();
        let report = pipeline.run(CancelToken::new()).await;
        assert_eq!(report.totals.written, [0, 10]);
        assert_eq!(metrics.failed_in(Stage::Sink(0)), 10);
        assert_eq!((broken.len(), tray.len()), (0, 10));
    });
}

#[test]
fn a_flush_that_fails_is_told_and_costs_no_entry() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), failing(Ask::Flush, 0));
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(1), Order::Free, same)
            .sink(sink)
            .on_error(|_| OnError::Continue)
            .build();
        let metrics = pipeline.metrics();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        feed.give([1]);
        settle().await;
        assert_eq!(metrics.failed_in(Stage::Flush(0)), 1);
        feed.give([2]);
        settle().await;
        assert_eq!((tray.entries(), tray.unflushed()), (vec![1, 2], 0));
        feed.end();
        let report = running.await.unwrap();
        assert_eq!(report.errors, [Failure { stage: Stage::Flush(0), error: "no" }]);
        assert_eq!(report.totals.failed, 1, "it is an error as well");
        assert_eq!((metrics.written(0), metrics.failed_in(Stage::Sink(0))), (2, 0));
        assert_eq!(tray.closed(), 1);
    });
}

#[test]
fn a_close_that_fails_is_told_and_not_tried_again() {
    run(|| async {
        let (tray, sink) = failing(Ask::Close, 0);
        let report = ten_into(sink).await;
        assert_eq!(report.errors, [Failure { stage: Stage::Flush(0), error: "no" }]);
        assert_eq!((report.totals.written[0], tray.closed()), (10, 0));
    });
}
