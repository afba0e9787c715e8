//! Real threads, a common start, high counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use futures::FutureExt;
use futures::executor::block_on;
use patterns::semaphore::{Closed, Semaphore};

use crate::support::{run_on, together, within_deadline};

#[test]
fn never_more_are_held_than_there_are() {
    within_deadline(|| {
        let (semaphore, held, most) = (Semaphore::new(4), AtomicUsize::new(0), AtomicUsize::new(0));
        together(4, |i| {
            for round in 0..2_000 {
                let need = 1 + (round + i) % 3;
                let permit = block_on(semaphore.acquire_many(need)).unwrap();
                most.fetch_max(held.fetch_add(need, SeqCst) + need, SeqCst);
                thread::yield_now();
                held.fetch_sub(need, SeqCst);
                drop(permit);
            }
        });
        assert!(most.load(SeqCst) <= 4, "{} were held at once", most.load(SeqCst));
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (4, 0));
    });
}

#[test]
fn one_permit_is_a_lock() {
    within_deadline(|| {
        let (semaphore, total) = (Semaphore::new(1), AtomicUsize::new(0));
        together(3, |_| {
            for _ in 0..2_000 {
                let _permit = block_on(semaphore.acquire()).unwrap();
                let before = total.load(SeqCst);
                thread::yield_now();
                total.store(before + 1, SeqCst);
            }
        });
        assert_eq!(total.load(SeqCst), 6_000, "two were inside at once");
    });
}

#[test]
fn cancelled_waiters_lose_no_permit() {
    within_deadline(|| {
        let semaphore = Semaphore::new(2);
        together(4, |i| {
            for round in 0..3_000 {
                let need = 1 + (round + i) % 2;
                if i % 2 == 0 {
                    // Polled once, and dropped a while later: still in line, or granted by now.
                    let mut acquire = semaphore.acquire_many(need);
                    let permit = (&mut acquire).now_or_never();
                    thread::yield_now();
                    drop((permit, acquire));
                } else {
                    drop(block_on(semaphore.acquire_many(need)).unwrap());
                }
            }
        });
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (2, 0));
    });
}

#[test]
fn close_leaves_nobody_waiting() {
    within_deadline(|| {
        for _ in 0..200 {
            let semaphore = Semaphore::new(1);
            together(3, |i| {
                if i == 0 {
                    semaphore.close();
                } else {
                    while let Ok(permit) = block_on(semaphore.acquire()) {
                        thread::yield_now();
                        drop(permit);
                    }
                }
            });
            assert_eq!((semaphore.available_permits(), semaphore.waiting()), (1, 0));
            assert_eq!(semaphore.acquire().now_or_never().unwrap().map(drop), Err(Closed));
        }
    });
}

#[test]
fn a_thousand_tasks_share_five_permits() {
    run_on(2, || async {
        let semaphore = Arc::new(Semaphore::new(5));
        let held = Arc::new(AtomicUsize::new(0));
        let tasks = (0..1_000).map(|_| {
            let (semaphore, held) = (semaphore.clone(), held.clone());
            tokio::spawn(async move {
                let _permit = semaphore.acquire_owned().await.unwrap();
                assert!(held.fetch_add(1, SeqCst) < 5, "more than five at once");
                tokio::task::yield_now().await;
                held.fetch_sub(1, SeqCst);
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (5, 0));
    });
}
