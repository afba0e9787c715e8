//! Blocking, timed and async ends, on one channel.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use patterns::channel::{self, RecvError, RecvTimeoutError, SendError, SendTimeoutError};

use crate::support::{run_on, within_deadline};

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(2);

#[test]
fn a_thread_blocks_until_there_is_a_value() {
    within_deadline(|| {
        for capacity in [0, 1] {
            let (tx, rx) = channel::bounded(capacity);
            let receiver = thread::spawn(move || [rx.recv_blocking(), rx.recv_blocking()]);
            tx.send_blocking(1).unwrap();
            drop(tx);
            assert_eq!(receiver.join().unwrap(), [Ok(1), Err(RecvError)]);
        }
    });
}

#[test]
fn a_thread_blocks_until_there_is_room() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        tx.send_blocking(0).unwrap();
        let sender = thread::spawn(move || (tx.send_blocking(1), tx.send_timeout(2, LONG)));
        for i in 0..3 {
            assert_eq!(rx.recv_blocking(), Ok(i));
        }
        assert_eq!(sender.join().unwrap(), (Ok(()), Ok(())));
    });
}

#[test]
fn a_close_ends_every_thread_that_blocks() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded::<u8>(1);
        let (full, _kept) = channel::bounded(1);
        full.try_send(0).unwrap();
        let start = Barrier::new(5);
        thread::scope(|scope| {
            let receivers = [(); 2].map(|()| {
                scope.spawn(|| {
                    start.wait();
                    (rx.recv_blocking(), rx.recv_timeout(LONG))
                })
            });
            let senders = [(); 2].map(|()| {
                scope.spawn(|| {
                    start.wait();
                    (full.send_blocking(1), full.send_timeout(2, LONG))
                })
            });
            start.wait();
            tx.close();
            full.close();
            for receiver in receivers {
                let ends = (Err(RecvError), Err(RecvTimeoutError::Closed));
                assert_eq!(receiver.join().unwrap(), ends);
            }
            for sender in senders {
                let ends = (Err(SendError(1)), Err(SendTimeoutError::Closed(2)));
                assert_eq!(sender.join().unwrap(), ends);
            }
        });
    });
}

#[test]
fn a_timeout_ends_the_wait_and_changes_nothing() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let start = Instant::now();
        assert_eq!(rx.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
        assert!(start.elapsed() >= SHORT, "not before the time is over");
        tx.try_send(1).unwrap();
        assert_eq!(tx.send_timeout(2, SHORT), Err(SendTimeoutError::Timeout(2)));
        assert_eq!(rx.recv_timeout(LONG), Ok(1));
        assert_eq!(tx.send_timeout(3, LONG), Ok(()), "no one waits for a slot any more");
        assert_eq!(rx.recv_timeout(Duration::ZERO), Ok(3), "what is there needs no time");
    });
}

#[test]
fn a_limit_without_end_is_no_limit() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let receiver = thread::spawn(move || rx.recv_timeout(Duration::MAX));
        assert_eq!(tx.send_timeout(1, Duration::MAX), Ok(()));
        assert_eq!(receiver.join().unwrap(), Ok(1));
    });
}

#[test]
fn threads_and_tasks_share_one_channel() {
    run_on(2, || async {
        for capacity in [0, 1, 4] {
            let (tx, rx) = channel::bounded(capacity);
            let (threads, tasks) = (200, 200);
            let (a, b, c) = (tx.clone(), tx.clone(), tx);
            let senders = [
                thread::spawn(move || (0..threads).for_each(|i| a.send_blocking(i).unwrap())),
                thread::spawn(move || (0..threads).for_each(|i| b.send_timeout(i, LONG).unwrap())),
            ];
            tokio::spawn(async move {
                for i in 0..tasks {
                    c.send(i).await.unwrap();
                }
            });
            let (a, b, c) = (rx.clone(), rx.clone(), rx);
            let receivers = [
                thread::spawn(move || std::iter::from_fn(|| a.recv_blocking().ok()).sum::<u32>()),
                thread::spawn(move || std::iter::from_fn(|| b.recv_timeout(LONG).ok()).sum()),
            ];
            let mut sum = 0;
            while let Ok(value) = c.recv().await {
                sum += value;
            }
            let all = sum + receivers.map(|receiver| receiver.join().unwrap()).iter().sum::<u32>();
            assert_eq!(all, 3 * (0..200).sum::<u32>(), "every value once");
            senders.into_iter().for_each(|sender| sender.join().unwrap());
        }
    });
}

#[test]
fn it_works_without_a_runtime() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let producer = thread::spawn(move || {
            block_on(async {
                for i in 0..100 {
                    tx.send(i).await.unwrap();
                }
            });
        });
        block_on(async {
            for i in 0..100 {
                assert_eq!(rx.recv().await, Ok(i));
            }
        });
        producer.join().unwrap();
    });
}
