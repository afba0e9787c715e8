//! Under load, on real threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use futures::channel::mpsc;
use futures::{SinkExt, StreamExt, stream};
use patterns::pipeline::{CancelToken, End, OnError, Order, Pipeline, offload};
use tokio::task::yield_now;

use crate::parts::{E, Gauge, entries, feed, nowhere, number, shown_to, tasks, tray};
use crate::support::{Census, run_on};

#[test]
fn thousands_of_entries_of_many_sources_in_flat_memory() {
    const SOURCES: usize = 64;
    const ENTRIES: u64 = 500;
    for order in 0..3 {
        run_on(4, move || async move {
            let (alive, sum) = (Gauge::default(), Arc::new(AtomicU64::new(0)));
            let mut builder = Pipeline::builder();
            for source in 0..SOURCES as u64 {
                // Each source is a task with a channel of its own.
                let (mut send, receive) = mpsc::channel(4);
                tokio::spawn(async move {
                    for n in 0..ENTRIES {
                        if send.send(source * ENTRIES + n).await.is_err() {
                            return;
                        }
                    }
                });
                let alive = alive.clone();
                builder = builder.source(receive.map(move |n| Ok::<_, E>((n, alive.enter()))));
            }
            let order = match order {
                0 => Order::Free,
                1 => Order::Kept,
                _ => Order::per_key(|entry: &(u64, _)| entry.0 / ENTRIES),
            };
            let mut stages = builder.filter(|entry| entry.0 % 10 > 0).enrich(
                number(4),
                order,
                async |entry: (u64, _)| {
                    if entry.0 % 64 == 0 {
                        yield_now().await;
                    }
                    Ok(entry)
                },
            );
            for _ in 0..2 {
                let sum = sum.clone();
                stages = stages.sink(shown_to(move |entry: &(u64, _)| {
                    sum.fetch_add(entry.0, SeqCst);
                }));
            }
            let report = stages.buffer(number(32)).build().run(CancelToken::new()).await;
            let all = SOURCES as u64 * ENTRIES;
            assert_eq!((report.end, report.totals.generated), (End::Done, all));
            assert_eq!(report.totals.written, [all - all / 10; 2]);
            let expected: u64 = (0..all).filter(|n| n % 10 > 0).sum();
            assert_eq!(sum.load(SeqCst), 2 * expected, "each entry once to each sink");
            // One more a source: an entry is counted here before its filter has seen it.
            let room = 4 * 32 + 2 * 4 + SOURCES + 1 + SOURCES;
            assert!(alive.most() <= room, "{} at once, room for {room}", alive.most());
            assert_eq!(alive.now(), 0);
            while tasks() > 0 {
                yield_now().await;
            }
        });
    }
}

#[test]
fn a_cancel_under_load_loses_nothing() {
    for order in 0..3 {
        run_on(4, move || async move {
            for round in 0..60_u64 {
                let (token, given) = (CancelToken::new(), Arc::new(AtomicU64::new(0)));
                let mut builder = Pipeline::builder();
                for source in 0..4_u64 {
                    let (mut n, given) = (0, given.clone());
                    builder = builder.source(stream::repeat_with(move || {
                        n += 1;
                        given.fetch_add(1, SeqCst);
                        Ok(source << 32 | n)
                    }));
                }
                let free = order == 0;
                let order = match order {
                    0 => Order::Free,
                    1 => Order::Kept,
                    _ => Order::per_key(|n: &u64| n >> 32),
                };
                let ((one, first), (two, second)) = (tray(), tray());
                let cancels = token.clone();
                let pipeline = builder
                    .enrich(number(3), order, move |n: u64| {
                        if n == round * 7 + 1 {
                            cancels.cancel();
                        }
                        async move { if n % 100 == 99 { Err("no") } else { Ok(n) } }
                    })
                    .sink(first)
                    .sink(second)
                    .on_error(|_| OnError::Continue)
                    .buffer(number(8))
                    .build();
                let report = pipeline.run(token).await;
                assert!(matches!(report.end, End::Cancelled(_)));
                let totals = report.totals;
                assert_eq!(totals.generated, given.load(SeqCst), "read and not accepted");
                assert_eq!(totals.generated, totals.enriched + totals.failed);
                assert_eq!(totals.written, [totals.enriched; 2]);
                assert_eq!(one.entries(), two.entries());
                for source in 0..4 {
                    let entries = one.entries();
                    let of_it = entries.iter().filter(|&n| n >> 32 == source);
                    let rises = |numbers: Vec<&u64>| numbers.windows(2).all(|two| two[0] < two[1]);
                    assert!(free || rises(of_it.collect()), "out of order, or twice");
                }
            }
        });
    }
}

#[test]
fn runs_that_are_dropped_under_load_leave_nothing() {
    run_on(4, || async {
        for round in 0..100 {
            let census = Census::default();
            let (feed, source) = feed();
            let makes = census.clone();
            let pipeline = Pipeline::builder()
                .source(source)
                .source(entries((0..).map(move |n| makes.payload(n))))
                .enrich(number(3), Order::Kept, async |payload| {
                    yield_now().await;
                    Ok(payload)
                })
                .sink(nowhere())
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            for _ in 0..round % 20 {
                yield_now().await;
            }
            running.abort();
            assert!(running.await.unwrap_err().is_cancelled());
            while tasks() > 0 {
                yield_now().await;
            }
            assert!(feed.dropped());
            drop(feed);
            assert_eq!(census.alive(), 0);
        }
    });
}

#[test]
fn a_panic_under_load_ends_everything() {
    run_on(4, || async {
        for round in 0..100_u64 {
            let census = Census::default();
            let (makes, (_feed, silent)) = (census.clone(), feed());
            let pipeline = Pipeline::builder()
                .source(silent)
                .source(entries((0..).map(move |n| makes.payload(n))))
                .enrich(
                    number(3),
                    Order::Free,
                    move |payload: crate::support::Payload| async move {
                        assert!(payload.value != round, "the work's own");
                        Ok(payload)
                    },
                )
                .sink(nowhere())
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            assert!(running.await.unwrap_err().is_panic());
            assert_eq!(census.alive(), 0, "the panic is out before the last entry has gone");
            while tasks() > 0 {
                yield_now().await;
            }
        }
    });
}

#[test]
fn offloaded_work_of_many_comes_back_to_each() {
    run_on(2, || async {
        let (jobs, work) = std::sync::mpsc::channel::<Box<dyn FnOnce() + Send>>();
        let pool = std::thread::spawn(move || work.into_iter().for_each(|job| job()));
        let tasks: Vec<_> = (0..8_u64)
            .map(|task| {
                let jobs = jobs.clone();
                tokio::spawn(async move {
                    for n in 0..500 {
                        let offloaded = offload(|job| jobs.send(job).unwrap(), move || task + n);
                        if n % 7 == 0 {
                            drop(offloaded);
                        } else {
                            assert_eq!(offloaded.await, Ok(task + n));
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        drop(jobs);
        pool.join().unwrap();
    });
}
