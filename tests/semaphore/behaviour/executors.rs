//! Under any executor.

use std::sync::Arc;
use std::thread;

use futures::executor::block_on;
use patterns::semaphore::Semaphore;
use tokio::task::yield_now;

use crate::support::{run, run_on, within_deadline};

#[test]
fn it_works_without_a_runtime() {
    within_deadline(|| {
        let semaphore = Semaphore::new(1);
        let held = semaphore.try_acquire().unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| block_on(semaphore.acquire_many(1)).map(drop));
            while semaphore.waiting() == 0 {
                thread::yield_now();
            }
            drop(held);
            assert_eq!(waiter.join().unwrap(), Ok(()));
        });
    });
}

#[test]
fn it_works_under_tokio() {
    run_on(2, || async {
        let semaphore = Arc::new(Semaphore::new(5));
        let jobs = (0..200).map(|_| {
            let semaphore = semaphore.clone();
            tokio::spawn(async move {
                let _permit = semaphore.acquire().await.unwrap();
                yield_now().await;
            })
        });
        for job in jobs.collect::<Vec<_>>() {
            job.await.unwrap();
        }
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (5, 0));
    });
}

#[test]
fn an_acquire_that_loses_a_select_has_taken_nothing() {
    run(|| async {
        let semaphore = Semaphore::new(1);
        let held = semaphore.acquire().await.unwrap();
        let never = async {
            let _second = semaphore.acquire().await;
            unreachable!("the first permit is still held");
        };
        tokio::select! {
            () = never => {}
            () = yield_now() => {}
        }
        drop(held);
        assert_eq!(semaphore.available_permits(), 1);
    });
}
