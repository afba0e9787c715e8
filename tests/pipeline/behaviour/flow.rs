//! From the sources to the sinks.

use futures::stream;
use patterns::pipeline::{
    CancelToken, End, Enriched, Level, LogEntry, Metrics, Order, Pipeline, Report, Totals,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::SystemTime;

use crate::parts::{E, entries, feed, number, same, settle, tray};
use crate::support::run;

#[test]
fn an_entry_goes_from_a_source_through_the_work_to_a_sink() {
    run(|| async {
        let (tray, sink) = tray();
        let pipeline = Pipeline::builder()
            .source(entries([1_u64, 2, 3]))
            .enrich(number(1), Order::Free, async |n| Ok(n * 10))
            .sink(sink)
            .build();
        let report = pipeline.run(CancelToken::new()).await;
        assert_eq!(tray.entries(), [10, 20, 30]);
        assert_eq!(report.end, End::Done);
        assert_eq!(report.errors, []);
    });
}

#[test]
fn a_log_goes_through_with_what_is_found_out_about_it() {
    run(|| async {
        let (tray, sink) = tray();
        let log = |source: &str, level, message: &str| LogEntry {
            timestamp: SystemTime::UNIX_EPOCH,
            level,
            message: message.to_owned(),
            source: Arc::from(source),
        };
        let web = vec![log("web", Level::Debug, "GET /"), log("web", Level::Warn, "slow")];
        let db = vec![log("db", Level::Error, "lost"), log("db", Level::Info, "found")];
        let pipeline = Pipeline::builder()
            .source(entries(web))
            .source(entries(db))
            .filter(|entry: &LogEntry| entry.level >= Level::Warn)
            .enrich(number(2), Order::Kept, async |entry: LogEntry| {
                let length = entry.message.len().to_string();
                Ok(Enriched { entry, fields: BTreeMap::from([("length".to_owned(), length)]) })
            })
            .sink(sink)
            .build();
        pipeline.run(CancelToken::new()).await;
        let mut lines: Vec<_> = tray
            .entries()
            .into_iter()
            .map(|it| format!("{} {} {}", it.entry.source, it.entry.level, it.fields["length"]))
            .collect();
        lines.sort();
        assert_eq!(lines, ["db ERROR 4", "web WARN 4"]);
    });
}

#[test]
fn a_single_entry_comes_through_while_its_source_waits_for_the_next() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(4), Order::Kept, same)
            .sink(sink)
            .build();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        for n in 0..5_u64 {
            feed.give([n]);
            settle().await;
            assert_eq!(tray.entries(), (0..=n).collect::<Vec<_>>(), "something waits for more");
        }
        feed.end();
        assert_eq!(running.await.unwrap().end, End::Done);
    });
}

#[test]
fn without_a_source_it_ends_at_once_and_closes_its_sinks() {
    run(|| async {
        let (tray, sink) = tray();
        let pipeline = Pipeline::<u64, (), E>::builder()
            .enrich(number(2), Order::Kept, same)
            .sink(sink)
            .build();
        let report = pipeline.run(CancelToken::new()).await;
        let totals = Totals { written: vec![0], ..Totals::default() };
        assert_eq!(report, Report { totals, errors: vec![], end: End::Done });
        assert_eq!((tray.len(), tray.closed()), (0, 1));
    });
}

#[test]
fn without_a_sink_entries_are_enriched_and_dropped() {
    run(|| async {
        for order in [Order::Free, Order::Kept, Order::per_key(|n: &u64| *n)] {
            let pipeline = Pipeline::builder()
                .source(entries(0..1000))
                .enrich(number(3), order, same)
                .buffer(number(2))
                .build();
            let report = pipeline.run(CancelToken::new()).await;
            assert_eq!((report.totals.enriched, report.totals.written), (1000, vec![]));
            assert_eq!(report.end, End::Done);
        }
    });
}

#[test]
fn nothing_happens_before_it_is_run() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        feed.give([1_u64]);
        feed.end();
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(1), Order::Free, same)
            .sink(sink)
            .build();
        settle().await;
        let run = pipeline.run(CancelToken::new());
        settle().await;
        assert_eq!((feed.taken(), tray.len()), (0, 0));
        drop(run);
        assert!(feed.dropped() && tray.dropped());
        assert_eq!(tray.closed(), 0, "it was never run");
    });
}

#[test]
fn every_source_is_read_to_its_end() {
    run(|| async {
        let (tray, sink) = tray();
        let mut builder = Pipeline::builder();
        for source in 0..10_u64 {
            builder = builder.source(entries((0..source * 10).map(move |n| source * 1000 + n)));
        }
        let pipeline = builder.enrich(number(2), Order::Kept, same).sink(sink).build();
        let report = pipeline.run(CancelToken::new()).await;
        assert_eq!(report.totals.generated, 450);
        let all = (0..10).flat_map(|source| (0..source * 10).map(move |n| source * 1000 + n));
        assert_eq!(tray.sorted(), all.collect::<Vec<_>>());
        for source in 0..10 {
            let of_one = tray.entries().into_iter().filter(|n| n / 1000 == source);
            assert!(of_one.is_sorted(), "the entries of source {source} have changed places");
        }
    });
}

#[test]
fn a_source_that_is_silent_holds_up_no_other() {
    run(|| async {
        let ((silent, nothing), (feed, source), (tray, sink)) = (feed(), feed(), tray());
        let pipeline = Pipeline::builder()
            .source(nothing)
            .source(source)
            .source(stream::pending())
            .enrich(number(2), Order::Kept, same)
            .sink(sink)
            .build();
        let token = CancelToken::new();
        let running = tokio::spawn(pipeline.run(token.clone()));
        settle().await;
        feed.give(0..100_u64);
        settle().await;
        assert_eq!(tray.len(), 100);
        silent.give([100]);
        settle().await;
        assert_eq!(tray.len(), 101);
        token.cancel();
        running.await.unwrap();
    });
}

#[test]
fn an_endless_source_holds_up_no_other() {
    run(|| async {
        let (tray, sink) = tray();
        let (token, seen) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
        let (stop, counts) = (token.clone(), seen.clone());
        let others = [7_u64, 8, 9];
        let pipeline = Pipeline::builder()
            .source(stream::repeat_with(|| Ok(0)))
            .source(entries(others))
            .source(stream::repeat_with(|| Ok(0)))
            .enrich(number(2), Order::Free, move |n| {
                // Far beyond what fairness needs: whoever starves the second source stops here.
                if (n == 9) | (counts.fetch_add(1, SeqCst) > 10_000) {
                    stop.cancel();
                }
                same(n)
            })
            .sink(sink)
            .build();
        pipeline.run(token).await;
        let heard: Vec<_> = tray.entries().into_iter().filter(|&n| n > 0).collect();
        assert_eq!(heard.len(), others.len(), "after {} entries", seen.load(SeqCst));
    });
}

#[test]
fn a_pipeline_and_its_run_may_move_between_threads() {
    fn send<T: Send>(it: T) -> T {
        it
    }
    fn shared<T: Send + Sync + Clone + 'static>(it: T) -> T {
        it
    }
    run(|| async {
        let pipeline = Pipeline::builder()
            .source(entries([1_u64]))
            .enrich(number(1), Order::Free, same)
            .build();
        let pipeline = send(pipeline);
        let metrics: Metrics = shared(pipeline.metrics());
        let report = tokio::spawn(send(pipeline.run(CancelToken::new()))).await.unwrap();
        assert_eq!((send(report).totals.enriched, metrics.enriched()), (1, 1));
    });
}
