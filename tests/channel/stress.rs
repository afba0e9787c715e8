//! Real threads, started together: every value once, in order, and everyone comes home.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use futures::StreamExt;
use patterns::channel::{self, Receiver, RecvTimeoutError, SendTimeoutError, Sender};

use crate::support::{Census, Payload, run_on, within_deadline};

/// The number of a producer, and of its value.
type Tagged = (usize, usize);

/// Producers and consumers on threads of their own; gives what each consumer received.
fn threads(
    capacity: usize,
    sides: usize,
    each: usize,
    send: impl Fn(&Sender<Tagged>, Tagged) + Sync,
    recv: impl Fn(&Receiver<Tagged>) -> Option<Tagged> + Sync,
) -> Vec<Vec<Tagged>> {
    let (tx, rx) = channel::bounded(capacity);
    let start = Barrier::new(2 * sides);
    thread::scope(|scope| {
        for producer in 0..sides {
            let (tx, start, send) = (tx.clone(), &start, &send);
            scope.spawn(move || {
                start.wait();
                (0..each).for_each(|i| send(&tx, (producer, i)));
            });
        }
        drop(tx);
        let consumers: Vec<_> = (0..sides)
            .map(|_| {
                let (rx, start, recv) = (rx.clone(), &start, &recv);
                scope.spawn(move || {
                    start.wait();
                    std::iter::from_fn(|| recv(&rx)).collect()
                })
            })
            .collect();
        drop(rx);
        consumers.into_iter().map(|consumer| consumer.join().unwrap()).collect()
    })
}

/// Every value was received once, and each consumer saw each producer's values in order.
#[track_caller]
fn check(received: &[Vec<Tagged>], producers: usize, each: usize) {
    let mut counts = HashMap::<Tagged, usize>::new();
    for values in received {
        let mut last = HashMap::new();
        for &(producer, i) in values {
            *counts.entry((producer, i)).or_default() += 1;
            let before = last.insert(producer, i);
            assert!(before < Some(i), "value {i} of producer {producer} came after {before:?}");
        }
    }
    assert!(counts.values().all(|count| *count == 1), "a value was received twice");
    assert_eq!(counts.len(), producers * each, "a value was lost");
}

#[test]
fn blocking_threads_receive_every_value_once() {
    within_deadline(|| {
        for (capacity, each) in [(0, 1000), (1, 2000), (128, 10_000)] {
            let received = threads(
                capacity,
                4,
                each,
                |tx, value| tx.send_blocking(value).unwrap(),
                |rx| rx.recv_blocking().ok(),
            );
            check(&received, 4, each);
        }
    });
}

#[test]
fn short_timeouts_lose_nothing_and_repeat_nothing() {
    const SHORT: Duration = Duration::from_micros(20);
    within_deadline(|| {
        for (capacity, each) in [(0, 500), (1, 1000), (8, 2000)] {
            let received = threads(
                capacity,
                3,
                each,
                |tx, mut value| {
                    while let Err(SendTimeoutError::Timeout(back)) = tx.send_timeout(value, SHORT) {
                        value = back;
                    }
                },
                |rx| loop {
                    match rx.recv_timeout(SHORT) {
                        Ok(value) => return Some(value),
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Closed) => return None,
                    }
                },
            );
            check(&received, 3, each);
        }
    });
}

#[test]
fn futures_dropped_in_line_lose_nothing_and_repeat_nothing() {
    within_deadline(|| {
        for (capacity, each) in [(1, 2000), (8, 5000)] {
            let received = threads(
                capacity,
                3,
                each,
                |tx, value| {
                    // Joins the line and leaves it again, often just as it is called.
                    poll_and_drop(tx.reserve());
                    tx.send_blocking(value).unwrap();
                },
                |rx| {
                    let early = poll_once(rx.recv());
                    early.unwrap_or_else(|| rx.recv_blocking()).ok()
                },
            );
            check(&received, 3, each);
        }
    });
}

/// Polls once, and drops the future whether it is ready or not.
fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => {
            thread::yield_now();
            None
        }
    }
}

fn poll_and_drop<F: Future>(future: F) {
    drop(poll_once(future));
}

#[test]
fn tasks_of_every_kind_receive_every_value_once() {
    run_on(4, || async {
        for (capacity, each) in [(0, 300), (1, 500), (16, 2000)] {
            let (tx, rx) = channel::bounded(capacity);
            for producer in 0..6 {
                let tx = tx.clone();
                tokio::spawn(async move {
                    for i in 0..each {
                        match producer % 2 {
                            0 => tx.send((producer, i)).await.unwrap(),
                            _ => tx.reserve().await.unwrap().send((producer, i)).unwrap(),
                        }
                    }
                });
            }
            drop(tx);
            let consumers = (0..6).map(|consumer| {
                let mut rx = rx.clone();
                tokio::spawn(async move {
                    let mut values = Vec::new();
                    loop {
                        let next = match consumer % 3 {
                            0 => rx.recv().await.ok(),
                            1 => rx.next().await,
                            // A timer that is as good as over: the wait is dropped over and over.
                            _ => tokio::select! {
                                value = rx.recv() => value.ok(),
                                () = tokio::task::yield_now() => continue,
                            },
                        };
                        let Some(value) = next else { return values };
                        values.push(value);
                    }
                })
            });
            let consumers: Vec<_> = consumers.collect();
            drop(rx);
            let mut received = Vec::new();
            for consumer in consumers {
                received.push(consumer.await.unwrap());
            }
            check(&received, 6, each);
        }
    });
}

#[test]
fn a_close_in_full_swing_accounts_for_every_value() {
    within_deadline(|| {
        for round in 0..30 {
            let census = Census::default();
            let (tx, rx) = channel::bounded::<Payload>(round % 3);
            let (sent, received) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let start = Barrier::new(5);
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        start.wait();
                        while tx.send_blocking(census.payload(1)).is_ok() {
                            sent.fetch_add(1, SeqCst);
                        }
                    });
                    scope.spawn(|| {
                        start.wait();
                        while rx.recv_blocking().is_ok() {
                            received.fetch_add(1, SeqCst);
                        }
                    });
                }
                start.wait();
                while received.load(SeqCst) < 20 * round {
                    thread::yield_now();
                }
                tx.close();
            });
            assert_eq!(sent.into_inner(), received.into_inner(), "what was sent was received");
            assert_eq!(census.alive(), 0, "and what was not is gone");
        }
    });
}
