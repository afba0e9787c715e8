//! What is counted, and when.

use std::sync::{Arc, OnceLock};

use patterns::pipeline::{CancelToken, Metrics, OnError, Order, Pipeline, Stage, Totals};

use crate::parts::{Ask, Does, E, entries, feed, number, same, settle, tray, tray_that};
use crate::support::{panic_of, run};

#[test]
fn the_counts_add_up_whatever_happened_to_an_entry() {
    run(|| async {
        let ((feed, source), (_tray, sink)) = (feed(), tray());
        let (_broken, breaks) = tray_that(|ask, n| match ask {
            Ask::Send if n % 5 == 0 => Does::Fail("of the sink"),
            _ => Does::Well,
        });
        for n in 0..100_u64 {
            feed.give([n]);
            feed.fail("of the source");
        }
        feed.end();
        let pipeline =
            Pipeline::builder()
                .source(source)
                .source(entries(100..200))
                .filter(|n| n % 2 == 0)
                .enrich(number(3), Order::Free, async |n| {
                    if n % 10 == 0 { Err("of the work") } else { Ok(n) }
                })
                .sink(sink)
                .sink(breaks)
                .on_error(|_| OnError::Continue)
                .buffer(number(3))
                .build();
        let metrics = pipeline.metrics();
        assert_eq!((metrics.sources(), metrics.sinks()), (2, 2));
        let report = pipeline.run(CancelToken::new()).await;
        let totals = Totals {
            generated: 200,
            filtered: 100,
            enriched: 80,
            failed: 100 + 20 + 16,
            written: vec![80, 64],
        };
        assert_eq!(report.totals, totals);
        let failed = |stage| metrics.failed_in(stage);
        assert_eq!((failed(Stage::Source(0)), failed(Stage::Source(1))), (100, 0));
        assert_eq!(failed(Stage::Enrich), 20);
        assert_eq!((failed(Stage::Sink(0)), failed(Stage::Sink(1))), (0, 16));
        assert_eq!((failed(Stage::Flush(0)), failed(Stage::Flush(1))), (0, 0));
    });
}

#[test]
fn they_can_be_read_while_it_runs_and_afterwards() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        let pipeline = Pipeline::builder()
            .source(source)
            .filter(|n| *n > 0)
            .enrich(number(2), Order::Kept, same)
            .sink(sink)
            .build();
        let metrics = pipeline.metrics();
        let other = metrics.clone();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        assert_eq!(metrics.totals(), Totals { written: vec![0], ..Totals::default() });
        feed.give(0..5_u64);
        settle().await;
        let of =
            |m: &Metrics| (m.generated(), m.filtered(), m.enriched(), m.written(0), m.failed());
        assert_eq!(of(&metrics), (5, 1, 4, 4, 0));
        tray.hold();
        feed.give([6]);
        feed.fail("no");
        settle().await;
        assert_eq!(of(&metrics), (6, 1, 5, 4, 1), "one is with the sink, which is not ready");
        tray.release();
        let report = running.await.unwrap();
        assert_eq!(of(&other), (6, 1, 5, 5, 1));
        assert_eq!(other.totals(), report.totals);
    });
}

#[test]
fn an_entry_is_counted_before_the_next_stage_sees_it() {
    run(|| async {
        let seen = Arc::new(OnceLock::<Metrics>::new());
        let (works, sinks) = (seen.clone(), seen.clone());
        let (_tray, sink) = tray_that(move |ask, n| {
            let metrics = sinks.get().unwrap();
            if ask == Ask::Send {
                let (enriched, nth) = (metrics.enriched(), n as u64 + 1);
                assert!(enriched >= nth, "entry {nth} is in the sink, and {enriched} are enriched");
            }
            if ask == Ask::Flush {
                assert_eq!(metrics.written(0), metrics.enriched(), "it is flushed: all are taken");
            }
            Does::Well
        });
        let pipeline = Pipeline::builder()
            .source(entries(0..200_u64))
            .enrich(number(1), Order::Kept, move |n| {
                let generated = works.get().unwrap().generated();
                assert!(generated > n, "the work has entry {n}, and {generated} are generated");
                same(n)
            })
            .sink(sink)
            .build();
        seen.set(pipeline.metrics()).unwrap_or_else(|_| unreachable!("it is set once"));
        assert_eq!(pipeline.run(CancelToken::new()).await.totals.written, [200]);
    });
}

#[test]
fn there_is_nothing_to_read_of_a_stage_that_is_not() {
    run(|| async {
        let (_tray, sink) = tray::<u64>();
        let metrics = Pipeline::<_, (), E>::builder()
            .source(entries([1_u64]))
            .enrich(number(1), Order::Free, same)
            .sink(sink)
            .build()
            .metrics();
        assert_eq!(metrics.written(0), 0);
        assert_eq!(metrics.failed_in(Stage::Flush(0)), 0);
        let told = |body: &dyn Fn() -> u64| !panic_of(body).is_empty();
        assert!(told(&|| metrics.written(1)));
        for stage in [Stage::Source(1), Stage::Sink(1), Stage::Flush(1)] {
            assert!(told(&|| metrics.failed_in(stage)));
        }
    });
}
