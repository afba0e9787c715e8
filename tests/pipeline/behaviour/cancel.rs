//! To stop, and lose nothing.

use std::time::Duration;

use futures::{StreamExt, stream};
use patterns::pipeline::{CancelToken, End, Order, Pipeline, Reason};
use tokio::sync::watch;

use crate::parts::{Ask, Does, E, entries, feed, number, same, settle, tasks, tray, tray_that};
use crate::support::run;

#[test]
fn a_cancelled_token_stops_an_endless_source_and_drains() {
    run(|| async {
        for order in [Order::Free, Order::Kept, Order::PerKey(Box::new(|n| n % 5))] {
            let (tray, sink) = tray();
            let token = CancelToken::new();
            let cancels = token.clone();
            let pipeline = Pipeline::builder()
                .source(stream::iter(0_u64..).map(Ok))
                .enrich(number(3), order, move |n| {
                    if n == 777 {
                        cancels.cancel();
                    }
                    same(n)
                })
                .sink(sink)
                .build();
            let report = pipeline.run(token).await;
            assert_eq!(report.end, End::Cancelled(Reason::Cancelled));
            assert_eq!(report.errors, []);
            let accepted = report.totals.generated;
            assert!(accepted > 777 && accepted < 2000, "{accepted} accepted, cancelled at 777");
            assert_eq!(tray.sorted(), (0..accepted).collect::<Vec<_>>(), "each once");
            assert_eq!((tray.closed(), tray.unflushed()), (1, 0));
        }
    });
}

#[test]
fn a_cancelled_token_reaches_a_source_that_is_silent_for_ever() {
    run(|| async {
        let ((feed, source), (other, silent), (tray, sink)) = (feed(), feed(), tray());
        let pipeline = Pipeline::builder()
            .source(source)
            .source(silent)
            .enrich(number(2), Order::Kept, same)
            .sink(sink)
            .build();
        let token = CancelToken::new();
        let running = tokio::spawn(pipeline.run(token.clone()));
        feed.give([1_u64, 2]);
        settle().await;
        token.cancel();
        settle().await;
        assert!(running.is_finished(), "a source still waits for its next entry");
        assert_eq!(running.await.unwrap().end, End::Cancelled(Reason::Cancelled));
        assert!(feed.dropped() && other.dropped());
        assert_eq!((tray.entries(), tray.closed()), (vec![1, 2], 1));
    });
}

#[test]
fn a_token_that_was_cancelled_before_leaves_an_orderly_end() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        let pipeline = Pipeline::builder()
            .source(source)
            .source(stream::repeat_with(|| Ok(1_u64)))
            .enrich(number(2), Order::Free, same)
            .sink(sink)
            .build();
        let token = CancelToken::new();
        token.cancel();
        let report = pipeline.run(token).await;
        assert_eq!(report.end, End::Cancelled(Reason::Cancelled));
        assert_eq!(report.totals.written, [report.totals.generated]);
        assert_eq!((feed.dropped(), tray.closed(), tasks()), (true, 1, 0));
    });
}

#[test]
fn a_deadline_cancels_and_is_told_from_a_cancel() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(2), Order::Kept, same)
            .sink(sink)
            .build();
        feed.give(0..10_u64);
        let token = CancelToken::new().with_timeout(Duration::from_secs(60));
        let report = pipeline.run(token).await;
        assert_eq!(report.end, End::Cancelled(Reason::DeadlineExceeded));
        assert_eq!((tray.len(), tray.closed()), (10, 1));
    });
}

#[test]
fn a_cancel_after_the_last_source_has_ended_changes_nothing() {
    run(|| async {
        let (tray, sink) = tray();
        let pipeline = Pipeline::builder()
            .source(entries(0..3_u64))
            .enrich(number(2), Order::Free, same)
            .sink(sink)
            .build();
        tray.hold();
        let token = CancelToken::new();
        let running = tokio::spawn(pipeline.run(token.clone()));
        settle().await;
        token.cancel();
        settle().await;
        assert!(!running.is_finished(), "three entries are on the way");
        tray.release();
        assert_eq!(running.await.unwrap().end, End::Done);
        assert_eq!(tray.sorted(), [0, 1, 2]);
    });
}

#[test]
fn a_source_that_waits_for_room_is_not_read_again() {
    run(|| async {
        let ((feed, source), (silent, nothing), (tray, sink)) = (feed(), feed(), tray());
        let pipeline = Pipeline::builder()
            .source(source)
            .source(nothing)
            .enrich(number(2), Order::Kept, same)
            .sink(sink)
            .buffer(number(2))
            .build();
        tray.hold();
        let token = CancelToken::new();
        let running = tokio::spawn(pipeline.run(token.clone()));
        feed.give(0..100_u64);
        settle().await;
        let taken = feed.taken();
        token.cancel();
        settle().await;
        assert!(silent.dropped(), "a source that only listens is kept until all is written");
        tray.release();
        let report = running.await.unwrap();
        assert_eq!(feed.taken(), taken, "a cancelled pipeline reads its source");
        assert!(tray.entries().into_iter().eq(0..taken as u64), "what it had read is written");
        assert_eq!(report.totals.generated, taken as u64);
    });
}

#[test]
fn what_is_in_the_works_when_it_is_cancelled_comes_through() {
    run(|| async {
        // The first entry's work waits: those behind it are in queues, in hands, in the window.
        for order in [Order::Free, Order::Kept, Order::PerKey(Box::new(|n| n % 2))] {
            let ((feed, source), (tray, sink)) = (feed(), tray());
            let (open, gate) = watch::channel(false);
            let pipeline = Pipeline::builder()
                .source(source)
                .enrich(number(2), order, move |n| {
                    let mut gate = gate.clone();
                    async move {
                        if n == 0 || n > 5 {
                            gate.wait_for(|open| *open).await.unwrap();
                        }
                        Ok::<_, E>(n)
                    }
                })
                .sink(sink)
                .buffer(number(4))
                .build();
            let token = CancelToken::new();
            let running = tokio::spawn(pipeline.run(token.clone()));
            feed.give(0..100_u64);
            settle().await;
            token.cancel();
            settle().await;
            assert!(!running.is_finished(), "an entry's work is still to be done");
            open.send(true).unwrap();
            let report = running.await.unwrap();
            let accepted = report.totals.generated;
            assert!((1..100).contains(&accepted), "{accepted}");
            assert_eq!(tray.sorted(), (0..accepted).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_sink_that_takes_its_time_is_waited_for() {
    run(|| async {
        let ((feed, source), token) = (feed(), CancelToken::new());
        let (tray, sink) = tray_that(|ask, n| match ask {
            Ask::Send => Does::Well,
            _ if n % 20 == 19 => Does::Well,
            _ => Does::Wait,
        });
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(2), Order::Kept, same)
            .sink(sink)
            .build();
        feed.give(0..10_u64);
        let running = tokio::spawn(pipeline.run(token.clone()));
        while tray.len() == 0 {
            tokio::task::yield_now().await;
        }
        token.cancel();
        let written = running.await.unwrap().totals.written;
        assert_eq!((written[0], tray.len(), tray.closed()), (feed.taken() as u64, feed.taken(), 1));
        assert_eq!(tray.unflushed(), 0);
    });
}
