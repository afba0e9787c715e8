//! A panic ends everything, and comes out where the pipeline is run.

use futures::{FutureExt, stream};
use patterns::pipeline::{CancelToken, OnError, Order, Pipeline};
use tokio::task::JoinError;

use crate::parts::{Ask, Does, E, entries, feed, number, same, settle, tasks, tray, tray_that};
use crate::support::{Census, Payload, run};

/// The words of the panic that a task has ended with.
fn words(ended: Result<impl Sized, JoinError>) -> String {
    let Err(error) = ended else { panic!("it should have panicked") };
    let panic = error.into_panic();
    match panic.downcast::<String>() {
        Ok(words) => *words,
        Err(panic) => (*panic.downcast::<&str>().expect("a message")).to_owned(),
    }
}

/// Runs a pipeline in which something panics beside a source that is silent and a sink that is held.
macro_rules! dies_of {
    ($what:literal, $source:expr, $filter:expr, $order:expr, $work:expr, $sink:expr, $decide:expr) => {{
        let ((silent, nothing), (tray, held)) = (feed(), tray());
        tray.hold();
        let pipeline = Pipeline::builder()
            .source(nothing)
            .source($source)
            .filter($filter)
            .enrich(number(3), $order, $work)
            .sink(held)
            .sink($sink)
            .on_error($decide)
            .buffer(number(2))
            .build();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        settle().await;
        assert!(running.is_finished(), "{} panics, and the others wait on", $what);
        assert_eq!(words(running.await), $what);
        assert_eq!(tasks(), 0, "a task is left");
        assert!(silent.dropped() && tray.dropped());
        assert_eq!(tray.closed(), 0, "what was lost looks like an orderly end");
    }};
}

fn well(_: &u64) -> bool {
    true
}

fn go_on(_: &patterns::pipeline::Failure<E>) -> OnError {
    OnError::Continue
}

#[test]
fn a_source_that_panics_ends_it() {
    run(|| async {
        let (feed, source) = feed();
        feed.give(0..3);
        feed.panic();
        let (_tray, sink) = tray();
        dies_of!("the source's own", source, well, Order::Kept, same, sink, go_on);
    });
}

#[test]
fn a_filter_that_panics_ends_it() {
    run(|| async {
        let (_tray, sink) = tray();
        let filter = |n: &u64| if *n == 3 { panic!("the filter's own") } else { true };
        dies_of!("the filter's own", entries(0..9), filter, Order::Kept, same, sink, go_on);
    });
}

#[test]
fn a_key_that_panics_ends_it() {
    run(|| async {
        let (_tray, sink) = tray();
        let order = Order::per_key(|n: &u64| if *n == 3 { panic!("the key's own") } else { *n });
        dies_of!("the key's own", entries(0..9), well, order, same, sink, go_on);
    });
}

#[test]
fn work_that_panics_ends_it() {
    run(|| async {
        for order in [Order::Free, Order::Kept, Order::PerKey(Box::new(|n| *n))] {
            let (_tray, sink) = tray();
            let work = |n: u64| {
                assert!(n < 3, "the work's own");
                same(n)
            };
            dies_of!("the work's own", entries(0..9), well, order, work, sink, go_on);
        }
    });
}

#[test]
fn work_that_panics_when_it_has_waited_ends_it() {
    run(|| async {
        for order in [Order::Free, Order::Kept, Order::PerKey(Box::new(|n| *n))] {
            let (_tray, sink) = tray();
            let work = async |n: u64| {
                tokio::task::yield_now().await;
                assert!(n < 2, "the work's own");
                Ok(n)
            };
            dies_of!("the work's own", entries(0..9), well, order, work, sink, go_on);
        }
    });
}

#[test]
fn a_sink_that_panics_ends_it() {
    run(|| async {
        for at in [Ask::Ready, Ask::Send, Ask::Flush] {
            let (_tray, sink) =
                tray_that(move |ask, _| if ask == at { Does::Panic } else { Does::Well });
            dies_of!("the sink's own", entries(0..9), well, Order::Free, same, sink, go_on);
        }
    });
}

#[test]
fn a_sink_that_panics_when_it_is_closed_ends_it() {
    run(|| async {
        let (_tray, sink) =
            tray_that(|ask, _| if ask == Ask::Close { Does::Panic } else { Does::Well });
        let pipeline = Pipeline::builder()
            .source(entries(0..9_u64))
            .enrich(number(2), Order::Free, same)
            .sink(sink)
            .build();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        assert_eq!(words(running.await), "the sink's own");
        assert_eq!(tasks(), 0);
    });
}

#[test]
fn an_on_error_that_panics_ends_it() {
    run(|| async {
        let (_tray, sink) = tray();
        let decide = |_: &_| -> OnError { panic!("the decision's own") };
        let source = stream::iter([Ok(1), Err("no"), Ok(2)]);
        dies_of!("the decision's own", source, well, Order::Free, same, sink, decide);
    });
}

#[test]
fn what_was_on_its_way_is_dropped_when_the_panic_comes_out() {
    run(|| async {
        let census = Census::default();
        let (tray, sink) = tray::<Payload>();
        tray.hold();
        let makes = census.clone();
        let pipeline = Pipeline::builder()
            .source(entries((0..).map(move |n| makes.payload(n))))
            .enrich(number(3), Order::Kept, async |payload: Payload| {
                tokio::task::yield_now().await;
                assert!(payload.value != 5, "the work's own");
                Ok(payload)
            })
            .sink(sink)
            .build();
        let run = std::panic::AssertUnwindSafe(pipeline.run(CancelToken::new()));
        assert!(run.catch_unwind().await.is_err());
        assert_eq!((census.alive(), tasks()), (0, 0));
    });
}
