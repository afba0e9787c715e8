//! In which order entries come out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use patterns::pipeline::{CancelToken, OnError, Order, Pipeline, Report};
use tokio::sync::watch;
use tokio::task::{JoinHandle, yield_now};

use crate::parts::{E, Feed, Gauge, Tray, entries, feed, number, same, settle, tray};
use crate::support::run;

/// A pipeline in which the work on `slow` waits until it is let go.
struct Slow {
    feed: Feed<u64>,
    tray: Tray<u64>,
    started: Arc<AtomicUsize>,
    open: watch::Sender<bool>,
    running: JoinHandle<Report<E>>,
}

fn with_a_slow(slow: u64, workers: usize, buffer: usize, order: Order<u64>) -> Slow {
    let ((feed, source), (tray, sink)) = (feed(), tray());
    let (open, gate) = watch::channel(false);
    let started = Arc::new(AtomicUsize::new(0));
    let starts = started.clone();
    let pipeline = Pipeline::builder()
        .source(source)
        .enrich(number(workers), order, move |n| {
            let mut gate = gate.clone();
            starts.fetch_add(1, SeqCst);
            async move {
                if n == slow {
                    gate.wait_for(|open| *open).await.unwrap();
                }
                Ok(n)
            }
        })
        .sink(sink)
        .buffer(number(buffer))
        .build();
    let running = tokio::spawn(pipeline.run(CancelToken::new()));
    Slow { feed, tray, started, open, running }
}

impl Slow {
    /// Lets the slow one go, and gives what has come out in the end.
    async fn end(self) -> Vec<u64> {
        self.open.send(true).unwrap();
        self.feed.end();
        self.running.await.unwrap();
        self.tray.entries()
    }
}

#[test]
fn free_entries_come_out_as_they_get_done() {
    run(|| async {
        let it = with_a_slow(1, 3, 8, Order::Free);
        it.feed.give(0..6);
        settle().await;
        assert_eq!(it.tray.sorted(), [0, 2, 3, 4, 5]);
        assert_eq!(it.end().await.last(), Some(&1));
    });
}

#[test]
fn kept_entries_come_out_as_they_came() {
    run(|| async {
        let it = with_a_slow(2, 3, 64, Order::Kept);
        it.feed.give(0..20);
        settle().await;
        assert_eq!(it.started.load(SeqCst), 20, "the other workers go on");
        assert_eq!(it.tray.entries(), [0, 1], "nobody overtakes the third");
        it.feed.give(20..30);
        assert_eq!(it.end().await, (0..30).collect::<Vec<_>>());
    });
}

#[test]
fn kept_entries_come_out_in_order_however_long_each_takes() {
    run(|| async {
        let (tray, sink) = tray();
        let pipeline = Pipeline::builder()
            .source(entries(0..500_u64))
            .enrich(number(4), Order::Kept, async |n| {
                for _ in 0..n * 7919 % 13 {
                    yield_now().await;
                }
                Ok(n)
            })
            .sink(sink)
            .buffer(number(3))
            .build();
        pipeline.run(CancelToken::new()).await;
        assert_eq!(tray.entries(), (0..500).collect::<Vec<_>>());
    });
}

#[test]
fn kept_entries_wait_for_none_that_failed() {
    run(|| async {
        let (tray, sink) = tray();
        let pipeline = Pipeline::builder()
            .source(entries(0..200_u64))
            .enrich(number(3), Order::Kept, async |n| {
                yield_now().await;
                if n % 3 == 0 { Err("no") } else { Ok(n) }
            })
            .on_error(|_| OnError::Continue)
            .sink(sink)
            .buffer(number(2))
            .build();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        settle().await;
        assert!(running.is_finished(), "it waits for an entry that has failed");
        assert_eq!(tray.entries(), (0..200).filter(|n| n % 3 > 0).collect::<Vec<_>>());
    });
}

#[test]
fn behind_a_slow_entry_as_many_get_done_as_the_buffer_holds() {
    run(|| async {
        for buffer in [1, 4, 16] {
            let it = with_a_slow(0, 2, buffer, Order::Kept);
            it.feed.give(0..1000);
            settle().await;
            let done = it.started.load(SeqCst) - 1;
            assert!(done >= buffer, "{done} have begun behind the slow one, of {buffer}");
            assert_eq!(it.end().await, (0..1000).collect::<Vec<_>>());
        }
    });
}

#[test]
fn entries_of_one_key_keep_their_order_and_others_overtake() {
    run(|| async {
        let it = with_a_slow(0, 2, 8, Order::PerKey(Box::new(|n| n % 2)));
        // Four wait behind the slow one: so much room its worker has.
        it.feed.give([0, 2, 4, 6, 8]);
        it.feed.give((1..200).step_by(2));
        settle().await;
        let odd: Vec<_> = (1..200).step_by(2).collect();
        assert_eq!(
            it.tray.entries(),
            odd,
            "the other worker's entries do not wait, and keep theirs"
        );
        let out = it.end().await;
        assert_eq!(out[100..], [0, 2, 4, 6, 8]);
    });
}

#[test]
fn all_entries_of_a_key_go_to_one_worker() {
    run(|| async {
        let (tray, sink) = tray();
        let gauges: Arc<BTreeMap<u64, Gauge>> =
            Arc::new((0..7).map(|key| (key, Gauge::default())).collect());
        let working = gauges.clone();
        let pipeline = Pipeline::builder()
            .source(entries(0..700_u64))
            .source(entries(700..1400))
            .enrich(number(3), Order::per_key(|n: &u64| format!("key {}", n % 7)), move |n| {
                let entered = working[&(n % 7)].enter();
                async move {
                    let _entered = entered;
                    for _ in 0..n * 7919 % 5 {
                        yield_now().await;
                    }
                    Ok(n)
                }
            })
            .sink(sink)
            .build();
        pipeline.run(CancelToken::new()).await;
        assert_eq!(tray.len(), 1400);
        for key in 0..7 {
            assert_eq!(gauges[&key].most(), 1, "two entries of one key at once");
            for source in [0..700, 700..1400] {
                let entries = tray.entries();
                let of_one = entries.into_iter().filter(|n| n % 7 == key && source.contains(n));
                assert!(of_one.is_sorted(), "the entries of key {key} have changed places");
            }
        }
    });
}

#[test]
fn the_key_is_asked_for_once_an_entry_and_after_the_filter() {
    run(|| async {
        let asked = Arc::new(AtomicUsize::new(0));
        let asks = asked.clone();
        let pipeline = Pipeline::builder()
            .source(entries(0..100_u64))
            .filter(|n| n % 10 == 0)
            .enrich(
                number(2),
                Order::PerKey(Box::new(move |n| {
                    asks.fetch_add(1, SeqCst);
                    // Any number is a key.
                    u64::MAX - n
                })),
                same,
            )
            .build();
        pipeline.run(CancelToken::new()).await;
        assert_eq!(asked.load(SeqCst), 10);
    });
}

#[test]
fn equal_keys_have_equal_numbers() {
    run(|| async {
        let Order::PerKey(key) = Order::per_key(|entry: &(String, u64)| entry.0.clone()) else {
            panic!("it is an order per key");
        };
        let name = |it: &str| it.to_owned();
        assert_eq!(key(&(name("web"), 1)), key(&(name("web"), 2)));
        assert_ne!(key(&(name("web"), 1)), key(&(name("db"), 1)), "half of all keys would be one");
        // A number that is the name's length, or its first letter, puts all on one worker.
        let numbers: std::collections::BTreeSet<_> =
            (100..200).map(|n| key(&(format!("host-{n}"), 0)) % 64).collect();
        assert!(numbers.len() > 25, "100 keys are on {} of 64 workers", numbers.len());
    });
}
