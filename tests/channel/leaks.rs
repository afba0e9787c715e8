//! When all is over, nothing is left: no task, no value, no waker.

use std::sync::Arc;

use futures::StreamExt;
use patterns::channel;
use tokio::task::yield_now;

use crate::support::{Census, Polled, run_on, within_deadline};

#[test]
fn no_task_and_no_value_outlives_the_channel() {
    run_on(2, || async {
        let census = Census::default();
        for capacity in [0, 1, 8] {
            let (tx, rx) = channel::bounded(capacity);
            let mut tasks = Vec::new();
            for i in 0..20 {
                let (tx, mut rx, census) = (tx.clone(), rx.clone(), census.clone());
                tasks.push(tokio::spawn(async move {
                    while tx.send(census.payload(i)).await.is_ok() {}
                }));
                tasks.push(tokio::spawn(async move {
                    match i % 2 {
                        0 => while rx.recv().await.is_ok() {},
                        _ => while rx.next().await.is_some() {},
                    }
                }));
            }
            for _ in 0..100 {
                drop(rx.recv().await.unwrap());
            }
            tx.close();
            for task in tasks {
                task.await.unwrap();
            }
            drop((tx, rx));
            assert_eq!(census.alive(), 0, "capacity {capacity}");
        }
        // A task has ended a moment before its runtime has forgotten it.
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
            yield_now().await;
        }
    });
}

#[test]
fn aborted_tasks_leave_no_value_behind() {
    run_on(2, || async {
        let census = Census::default();
        for capacity in [0, 1, 8] {
            let (tx, rx) = channel::bounded(capacity);
            let tasks: Vec<_> = (0..20)
                .map(|i| {
                    let (tx, rx, census) = (tx.clone(), rx.clone(), census.clone());
                    tokio::spawn(async move {
                        loop {
                            match i % 2 {
                                0 => tx.send(census.payload(i)).await.unwrap(),
                                _ => drop(rx.recv().await.unwrap()),
                            }
                        }
                    })
                })
                .collect();
            for _ in 0..100 {
                drop(rx.recv().await.unwrap());
            }
            for task in tasks {
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled());
            }
            drop((tx, rx));
            assert_eq!(census.alive(), 0, "capacity {capacity}");
        }
    });
}

#[test]
fn no_waker_is_kept_when_its_wait_is_over() {
    within_deadline(|| {
        for capacity in [0, 1] {
            let (tx, rx) = channel::bounded(capacity);
            let mut recv = Polled::new(rx.recv()).pending();
            tx.try_send(1).unwrap();
            assert!(recv.poll().is_ready());
            let mut send = match capacity {
                0 => Polled::new(tx.send(2)).pending(),
                _ => {
                    tx.try_send(1).unwrap();
                    Polled::new(tx.send(2)).pending()
                }
            };
            rx.try_recv().unwrap();
            assert!(send.poll().is_ready());
            for waker in [recv.move_to_another_task(), send.move_to_another_task()] {
                assert_eq!(Arc::strong_count(&waker), 1, "nobody but us refers to it");
            }
        }
    });
}

#[test]
fn what_is_queued_goes_with_the_channel() {
    within_deadline(|| {
        let census = Census::default();
        let (tx, rx) = channel::unbounded();
        (0..3).for_each(|i| assert!(tx.try_send(census.payload(i)).is_ok()));
        drop(tx);
        assert_eq!(census.alive(), 3, "a receiver could still take them");
        drop(rx);
        assert_eq!(census.alive(), 0);
    });
}
