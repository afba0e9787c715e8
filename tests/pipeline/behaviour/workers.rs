//! Several workers at once.

use std::sync::Arc;

use patterns::pipeline::{CancelToken, End, Order, Pipeline};
use tokio::sync::{Barrier, watch};
use tokio::task::yield_now;

use crate::parts::{Gauge, entries, feed, nowhere, number, same, settle, tasks, tray};
use crate::support::run;

#[test]
fn the_workers_work_at_the_same_time() {
    run(|| async {
        for order in [Order::Free, Order::Kept, Order::PerKey(Box::new(|n| *n))] {
            let (tray, sink) = tray();
            let meeting = Arc::new(Barrier::new(4));
            let pipeline = Pipeline::builder()
                .source(entries(0..8_u64))
                .enrich(number(4), order, move |n| {
                    let meeting = meeting.clone();
                    async move {
                        meeting.wait().await;
                        Ok(n)
                    }
                })
                .sink(sink)
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            settle().await;
            assert!(running.is_finished(), "four entries cannot meet in the work");
            assert_eq!((running.await.unwrap().end, tray.len()), (End::Done, 8));
        }
    });
}

#[test]
fn no_more_of_them_work_than_were_asked_for() {
    run(|| async {
        for (workers, order) in
            [(1, Order::Free), (3, Order::Kept), (3, Order::per_key(|n: &u64| *n))]
        {
            let working = Gauge::default();
            let gauge = working.clone();
            let pipeline = Pipeline::builder()
                .source(entries(0..100_u64))
                .enrich(number(workers), order, move |n| {
                    let entered = gauge.enter();
                    async move {
                        let _entered = entered;
                        for _ in 0..n % 5 {
                            yield_now().await;
                        }
                        Ok(n)
                    }
                })
                .build();
            pipeline.run(CancelToken::new()).await;
            assert!(working.most() <= workers, "{} at once, of {workers}", working.most());
        }
    });
}

#[test]
fn there_is_one_task_for_each_source_worker_and_sink_at_most() {
    run(|| async {
        for order in [Order::Free, Order::Kept, Order::PerKey(Box::new(|n| *n))] {
            let ((one, first), (two, second)) = (feed(), feed());
            let pipeline = Pipeline::builder()
                .source(first)
                .source(second)
                .enrich(number(3), order, same)
                .sink(nowhere())
                .sink(nowhere())
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            one.give(0..100_u64);
            settle().await;
            // One of them is the run itself.
            assert!((2..=1 + 2 + 3 + 2).contains(&tasks()), "{} tasks", tasks());
            one.end();
            two.end();
            running.await.unwrap();
        }
    });
}

#[test]
fn an_entry_waits_for_a_worker_only_while_all_are_busy() {
    run(|| async {
        // Whichever entry is slow: those that came with it must not wait for it.
        for slow in 0..8_u64 {
            let ((feed, source), (tray, sink)) = (feed(), tray());
            let (open, gate) = watch::channel(false);
            let pipeline = Pipeline::builder()
                .source(source)
                .enrich(number(2), Order::Free, move |n| {
                    let mut gate = gate.clone();
                    async move {
                        if n == slow {
                            gate.wait_for(|open| *open).await.unwrap();
                        }
                        Ok(n)
                    }
                })
                .sink(sink)
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            feed.give(0..50);
            settle().await;
            let others: Vec<_> = (0..50).filter(|&n| n != slow).collect();
            assert_eq!(tray.sorted(), others, "the other worker has nothing to do");
            open.send(true).unwrap();
            feed.end();
            assert_eq!(running.await.unwrap().totals.written, [50]);
        }
    });
}

#[test]
fn what_is_done_waits_for_nothing_that_comes_later() {
    run(|| async {
        for order in [Order::Free, Order::Kept, Order::per_key(|n: &u64| *n)] {
            let ((feed, source), (tray, sink)) = (feed(), tray());
            let (open, gate) = watch::channel(false);
            let pipeline = Pipeline::builder()
                .source(source)
                .enrich(number(1), order, move |n| {
                    let mut gate = gate.clone();
                    async move {
                        if n == 5 {
                            gate.wait_for(|open| *open).await.unwrap();
                        }
                        Ok(n)
                    }
                })
                .sink(sink)
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            feed.give(0..10);
            settle().await;
            assert_eq!(tray.entries(), [0, 1, 2, 3, 4], "what is done is with the worker still");
            open.send(true).unwrap();
            feed.end();
            running.await.unwrap();
            assert_eq!(tray.len(), 10);
        }
    });
}

#[test]
fn a_worker_that_waits_is_woken_for_work() {
    run(|| async {
        let ((feed, source), (tray, sink)) = (feed(), tray());
        let pipeline = Pipeline::builder()
            .source(source)
            .enrich(number(3), Order::PerKey(Box::new(|n| *n)), same)
            .sink(sink)
            .build();
        let running = tokio::spawn(pipeline.run(CancelToken::new()));
        for n in [2_u64, 0, 1, 1, 4, 3] {
            feed.give([n]);
            settle().await;
            assert_eq!(tray.entries().last(), Some(&n));
        }
        feed.end();
        assert_eq!(running.await.unwrap().end, End::Done);
    });
}
