//! What an error does to the rest.

use std::future::{pending, ready};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use futures::{StreamExt, stream};
use patterns::pipeline::{CancelToken, End, Failure, MAX_ERRORS, OnError, Order, Pipeline, Stage};
use tokio::sync::watch;

use crate::parts::{Ask, Does, E, entries, feed, number, same, settle, tray, tray_that};
use crate::support::run;

/// The work that fails for every third number.
async fn no_third(n: u64) -> Result<u64, E> {
    if n.is_multiple_of(3) { Err("a third") } else { Ok(n) }
}

#[test]
fn an_entry_that_fails_is_one_entry_less() {
    run(|| async {
        let (tray, sink) = tray();
        let pipeline = Pipeline::builder()
            .source(entries(1..10_u64))
            .enrich(number(2), Order::Kept, no_third)
            .sink(sink)
            .on_error(|_| OnError::Continue)
            .build();
        let report = pipeline.run(CancelToken::new()).await;
        assert_eq!(tray.entries(), [1, 2, 4, 5, 7, 8]);
        assert_eq!(report.errors, [Failure { stage: Stage::Enrich, error: "a third" }; 3]);
        assert_eq!((report.totals.failed, report.end), (3, End::Done));
    });
}

#[test]
fn an_error_of_a_source_does_not_end_it() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        feed.give([1]);
        feed.fail("one");
        feed.fail("two");
        feed.give([2, 3]);
        feed.end();
        let pipeline = Pipeline::builder()
            .source(stream::pending().take(0))
            .source(source)
            .enrich(number(1), Order::Free, same)
            .sink(sink)
            .on_error(|_| OnError::Continue)
            .build();
        let report = pipeline.run(CancelToken::new()).await;
        assert_eq!(tray.entries(), [1, 2, 3]);
        let of = |error| Failure { stage: Stage::Source(1), error };
        assert_eq!(report.errors, [of("one"), of("two")]);
        assert_eq!((report.totals.generated, report.totals.failed), (3, 2), "an error is no entry");
    });
}

#[test]
fn every_error_is_told_with_its_place() {
    run(|| async {
        let ((feed, source), told) = (feed(), Arc::new(Mutex::new(Vec::new())));
        feed.fail("of the source");
        feed.give([1_u64, 2]);
        feed.end();
        let (_tray, sink) = tray_that(|ask, n| match (ask, n) {
            (Ask::Send, 0) => Does::Fail("of the sink"),
            (Ask::Close, _) => Does::Fail("of its end"),
            _ => Does::Well,
        });
        let tells = told.clone();
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(
                number(1),
                Order::Kept,
                async |n| if n == 1 { Err("of the work") } else { Ok(n) },
            )
            .sink(sink)
            .on_error(move |failure| {
                tells.lock().unwrap().push(failure.to_string());
                OnError::Continue
            })
            .build();
        let report = pipeline.run(CancelToken::new()).await;
        let mut told = told.lock().unwrap().clone();
        told.sort();
        assert_eq!(
            told,
            [
                "enrichment: of the work",
                "flush of sink 0: of its end",
                "sink 0: of the sink",
                "source 0: of the source",
            ]
        );
        let mut kept: Vec<_> = report.errors.iter().map(ToString::to_string).collect();
        kept.sort();
        assert_eq!(kept, told);
    });
}

#[test]
fn an_error_is_counted_before_it_is_told() {
    run(|| async {
        let metrics = Arc::new(Mutex::new(None));
        let looks: Arc<Mutex<Option<patterns::pipeline::Metrics>>> = metrics.clone();
        let pipeline = Pipeline::builder()
            .source(entries(1..100_u64))
            .enrich(number(1), Order::Free, no_third)
            .on_error({
                let told = Mutex::new(0);
                move |failure| {
                    let mut told = told.lock().unwrap();
                    *told += 1;
                    let metrics = looks.lock().unwrap();
                    assert_eq!(metrics.as_ref().unwrap().failed_in(failure.stage), *told);
                    assert_eq!(metrics.as_ref().unwrap().failed(), *told);
                    OnError::Continue
                }
            })
            .build();
        *metrics.lock().unwrap() = Some(pipeline.metrics());
        assert_eq!(pipeline.run(CancelToken::new()).await.totals.failed, 33);
    });
}

#[test]
fn an_error_is_told_before_the_next_entry_comes_up() {
    run(|| async {
        for stage in [Stage::Source(0), Stage::Enrich, Stage::Sink(0)] {
            // Each entry that fails, and each error that is told, as they come.
            let seen = Arc::new(Mutex::new(String::new()));
            let fails = {
                let seen = seen.clone();
                move |at| {
                    let here = at == stage;
                    seen.lock().unwrap().push_str(if here { "e" } else { "" });
                    here
                }
            };
            let (reads, works, tells) = (fails.clone(), fails.clone(), seen.clone());
            let (_tray, sink) = tray_that(move |ask, _| match ask {
                Ask::Send if fails(Stage::Sink(0)) => Does::Fail("no"),
                _ => Does::Well,
            });
            let source =
                (0..40_u64).map(move |n| if reads(Stage::Source(0)) { Err("no") } else { Ok(n) });
            let pipeline = Pipeline::builder()
                .source(stream::iter(source))
                .enrich(number(1), Order::Free, move |n| {
                    ready(if works(Stage::Enrich) { Err("no") } else { Ok(n) })
                })
                .sink(sink)
                .on_error(move |_| {
                    tells.lock().unwrap().push('!');
                    OnError::Continue
                })
                .build();
            pipeline.run(CancelToken::new()).await;
            assert_eq!(*seen.lock().unwrap(), "e!".repeat(40), "{stage}");
        }
    });
}

#[test]
fn the_first_hundred_are_kept_and_all_are_counted() {
    run(|| async {
        let told = Arc::new(AtomicUsize::new(0));
        let tells = told.clone();
        let items = (0..250_u64).map(|n| if n == 100 { Ok(n) } else { Err(n) });
        let pipeline = Pipeline::builder()
            .source(stream::iter(items))
            .enrich(number(1), Order::Free, async |n| Ok(n))
            .on_error(move |_| {
                tells.fetch_add(1, SeqCst);
                OnError::Continue
            })
            .build();
        let report = pipeline.run(CancelToken::new()).await;
        assert_eq!((report.totals.failed, told.load(SeqCst)), (249, 249), "each is told, too");
        assert_eq!(report.errors.len(), MAX_ERRORS);
        assert!(report.errors.iter().map(|failure| failure.error).eq(0..100));
    });
}

#[test]
fn unless_it_is_said_an_error_stops_the_sources() {
    run(|| async {
        let (token, (tray, sink)) = (CancelToken::new(), tray());
        let pipeline = Pipeline::builder()
            .source(stream::repeat_with({
                let mut n = 0;
                move || {
                    n += 1;
                    Ok(n)
                }
            }))
            .enrich(
                number(2),
                Order::Kept,
                async |n: u64| {
                    if n == 100 { Err("enough") } else { Ok(n) }
                },
            )
            .sink(sink)
            .build();
        let report = pipeline.run(token.clone()).await;
        assert_eq!(report.end, End::Stopped);
        assert!(!token.is_cancelled(), "it is the caller's, and others may listen to it");
        assert_eq!(report.errors, [Failure { stage: Stage::Enrich, error: "enough" }]);
        let accepted = 1..=report.totals.generated;
        assert!(tray.entries().into_iter().eq(accepted.filter(|&n| n != 100)), "all but the one");
        assert_eq!(tray.closed(), 1);
    });
}

#[test]
fn a_stop_reaches_a_source_that_is_silent_for_ever() {
    run(|| async {
        // The siblings of whoever fails wait for entries that never come, each on its own.
        for stage in [Stage::Source(1), Stage::Enrich, Stage::Sink(0), Stage::Flush(0)] {
            let ((silent, nothing), (feed, source)) = (feed(), feed());
            let (_tray, sink) = tray_that(move |ask, _| match (ask, stage) {
                (Ask::Ready, Stage::Sink(_)) | (Ask::Flush, Stage::Flush(_)) => Does::Fail("no"),
                _ => Does::Well,
            });
            let pipeline = Pipeline::builder()
                .source(nothing)
                .source(source)
                .source(stream::pending())
                .enrich(number(4), Order::Free, move |n| async move {
                    if stage == Stage::Enrich { Err("no") } else { Ok::<u64, E>(n) }
                })
                .sink(sink)
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            settle().await;
            match stage {
                Stage::Source(_) => feed.fail("no"),
                _ => feed.give([1]),
            }
            settle().await;
            assert!(running.is_finished(), "a sibling waits on, after an error of the {stage}");
            let report = running.await.unwrap();
            assert_eq!(report.end, End::Stopped);
            assert_eq!(report.errors[0], Failure { stage, error: "no" });
            assert!(silent.dropped() && feed.dropped());
        }
    });
}

#[test]
fn what_was_accepted_before_a_stop_reaches_every_healthy_sink() {
    run(|| async {
        for order in [Order::Free, Order::Kept, Order::PerKey(Box::new(|n| *n))] {
            let ((feed, source), (tray, sink)) = (feed(), tray());
            let (broken, breaks) = tray_that(|ask, n| match ask {
                Ask::Send if n % 2 == 0 => Does::Fail("broken"),
                _ => Does::Well,
            });
            let (open, gate) = watch::channel(false);
            let pipeline = Pipeline::builder()
                .source(source)
                .enrich(number(2), order, move |n| {
                    let mut gate = gate.clone();
                    async move {
                        gate.wait_for(|open| *open).await.unwrap();
                        Ok::<_, E>(n)
                    }
                })
                .sink(breaks)
                .sink(sink)
                .buffer(number(4))
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            feed.give(0..1000_u64);
            settle().await;
            open.send(true).unwrap();
            let report = running.await.unwrap();
            assert_eq!(report.end, End::Stopped);
            let accepted = report.totals.generated;
            assert!(accepted < 1000, "the source was read on");
            assert_eq!(tray.sorted(), (0..accepted).collect::<Vec<_>>(), "lost on the way");
            assert_eq!(broken.len() as u64, accepted / 2, "it is offered all of them");
        }
    });
}

#[test]
fn errors_beside_the_one_that_stops_are_told_and_kept() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        let (open, gate) = watch::channel(false);
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(1), Order::Free, move |n: u64| {
                let mut gate = gate.clone();
                async move {
                    gate.wait_for(|open| *open).await.unwrap();
                    no_third(n).await
                }
            })
            .sink(sink)
            .build();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        feed.give(0..10);
        settle().await;
        assert_eq!(feed.taken(), 10);
        open.send(true).unwrap();
        let report = running.await.unwrap();
        assert_eq!((report.end, report.errors.len()), (End::Stopped, 4));
        assert_eq!(tray.sorted(), [1, 2, 4, 5, 7, 8]);
    });
}

#[test]
fn each_error_is_decided_on_its_own() {
    run(|| async {
        let decide = |failure: &Failure<E>| match failure.error {
            "fatal" => OnError::Stop,
            _ => OnError::Continue,
        };
        let ((feed, source), (silent, nothing)) = (feed(), feed());
        let pipeline = Pipeline::builder()
            .source(source)
            .source(nothing)
            .enrich(number(1), Order::Free, no_third)
            .on_error(decide)
            .build();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        feed.give(0..9);
        feed.fail("transient");
        settle().await;
        assert!(!running.is_finished() && !silent.dropped());
        feed.fail("fatal");
        let report = running.await.unwrap();
        assert_eq!((report.end, report.totals.failed), (End::Stopped, 5));
    });
}

#[test]
fn a_stop_comes_first_where_a_cancel_follows() {
    run(|| async {
        let (token, (_tray, sink)) = (CancelToken::new(), tray());
        let (cancels, (open, gate)) = (token.clone(), watch::channel(false));
        let pipeline = Pipeline::builder()
            .source(entries([1_u64, 2]).chain(stream::pending()))
            .source(stream::once(pending()))
            .enrich(number(2), Order::Free, move |n| {
                let mut gate = gate.clone();
                async move {
                    if n == 2 {
                        gate.wait_for(|open| *open).await.unwrap();
                        return Ok(n);
                    }
                    Err("no")
                }
            })
            .sink(sink)
            .on_error(|_| OnError::Stop)
            .build();
        let running = tokio::spawn(pipeline.run(token));
        settle().await;
        // It has stopped, and waits for the second entry.
        cancels.cancel();
        open.send_replace(true);
        assert_eq!(running.await.unwrap().end, End::Stopped);
    });
}
