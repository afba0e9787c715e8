//! Other tasks on the same thread get their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use futures::stream;
use patterns::pipeline::{CancelToken, OnError, Order, Pipeline, Sources};
use tokio::sync::watch;

use crate::parts::{E, nowhere, number, same, settle, tray};
use crate::support::run;

const ENTRIES: u64 = 100_000;

/// Numbers that are always ready, and how far they have been read.
fn numbers() -> (Arc<AtomicU64>, impl Iterator<Item = u64> + Send + 'static) {
    let read = Arc::new(AtomicU64::new(0));
    let counts = read.clone();
    let numbers = (0..ENTRIES).inspect(move |_| {
        counts.fetch_add(1, SeqCst);
    });
    (read, numbers)
}

/// Runs it beside a neighbour, and says how far it was when the neighbour had had ten turns.
async fn beside_a_neighbour(read: Arc<AtomicU64>, builder: Sources<u64, E>) -> u64 {
    let pipeline = builder
        .enrich(number(2), Order::Free, same)
        .sink(nowhere())
        .on_error(|_| OnError::Continue)
        .build();
    let running = tokio::spawn(pipeline.run(CancelToken::new()));
    let neighbour = tokio::spawn(async move {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        read.load(SeqCst)
    });
    running.await.unwrap();
    neighbour.await.unwrap()
}

#[test]
fn a_source_that_is_always_ready_lets_its_neighbours_run() {
    run(|| async {
        let (read, numbers) = numbers();
        let builder = Pipeline::builder().source(stream::iter(numbers.map(Ok)));
        assert!(beside_a_neighbour(read, builder).await < ENTRIES);
    });
}

#[test]
fn a_source_of_which_everything_is_refused_lets_its_neighbours_run() {
    run(|| async {
        let (read, numbers) = numbers();
        let builder = Pipeline::builder().source(stream::iter(numbers.map(Ok))).filter(|_| false);
        assert!(beside_a_neighbour(read, builder).await < ENTRIES);
    });
}

#[test]
fn a_source_that_only_fails_lets_its_neighbours_run() {
    run(|| async {
        let (read, numbers) = numbers();
        let builder = Pipeline::builder().source(stream::iter(numbers.map(|_| Err("no"))));
        assert!(beside_a_neighbour(read, builder).await < ENTRIES);
    });
}

#[test]
fn what_has_piled_up_is_worked_off_with_breaks() {
    run(|| async {
        let ((tray, sink), (open, gate)) = (tray(), watch::channel(false));
        let pipeline = Pipeline::builder()
            .source(stream::iter((0..ENTRIES).map(Ok)))
            .enrich(number(1), Order::Free, move |n| {
                let mut gate = gate.clone();
                async move {
                    if n == 0 {
                        gate.wait_for(|open| *open).await.unwrap();
                    }
                    Ok::<_, E>(n)
                }
            })
            .sink(sink)
            .buffer(number(usize::MAX))
            .build();
        let metrics = pipeline.metrics();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        tray.hold();
        settle().await;
        assert_eq!((metrics.generated(), metrics.enriched()), (ENTRIES, 0), "all are there");
        open.send(true).unwrap();
        let turns = turns_until(|| metrics.enriched() == ENTRIES).await;
        assert!(turns > 10, "a worker does {ENTRIES} entries, and its neighbour has {turns} turns");
        settle().await;
        tray.release();
        let turns = turns_until(|| metrics.written(0) == ENTRIES).await;
        assert!(turns > 10, "a sink takes {ENTRIES} entries, and its neighbour has {turns} turns");
        running.await.unwrap();
    });
}

/// How many turns this task has until something has happened.
async fn turns_until(has_happened: impl Fn() -> bool) -> usize {
    for turns in 0.. {
        if has_happened() {
            return turns;
        }
        tokio::task::yield_now().await;
    }
    unreachable!("there is no last number")
}
