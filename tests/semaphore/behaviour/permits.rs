//! What a permit is.

use std::sync::Arc;
use std::thread;

use futures::FutureExt;
use futures::executor::block_on;
use patterns::semaphore::{
    Acquire, AcquireOwned, Closed, OwnedPermit, Permit, Semaphore, TryAcquireError,
};
use tokio::sync::Barrier;

use crate::support::{Polled, run, within_deadline};

#[test]
fn a_free_permit_is_taken_at_the_first_poll() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(10));
        let one = Polled::new(semaphore.acquire()).ready().unwrap();
        let two = Polled::new(semaphore.acquire_many(2)).ready().unwrap();
        let three = Polled::new(semaphore.clone().acquire_owned()).ready().unwrap();
        let four = Polled::new(semaphore.clone().acquire_many_owned(4)).ready().unwrap();
        assert_eq!(semaphore.available_permits(), 10 - 1 - 2 - 1 - 4);
        drop((one, two, three, four));
        assert_eq!(semaphore.available_permits(), 10);
    });
}

#[test]
fn a_permit_comes_back_when_it_is_dropped() {
    within_deadline(|| {
        let semaphore = Semaphore::new(5);
        let two = semaphore.try_acquire_many(2).unwrap();
        let one = semaphore.try_acquire().unwrap();
        assert_eq!(semaphore.available_permits(), 2);
        drop(two);
        assert_eq!(semaphore.available_permits(), 4);
        drop(one);
        assert_eq!(semaphore.available_permits(), 5);
    });
}

#[test]
fn try_acquire_takes_what_is_free_and_no_more() {
    within_deadline(|| {
        let semaphore = Semaphore::new(3);
        let refused = semaphore.try_acquire_many(4).unwrap_err();
        assert_eq!(refused, TryAcquireError::NoPermits);
        let held = semaphore.try_acquire_many(3).unwrap();
        assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
        drop(held);
        assert!(semaphore.try_acquire_many(3).is_ok(), "what came back is to be had again");
    });
}

#[test]
fn as_many_hold_at_once_as_there_are_permits() {
    run(|| async {
        let (semaphore, all_hold) = (Arc::new(Semaphore::new(5)), Arc::new(Barrier::new(5)));
        let jobs = (0..5).map(|_| {
            let (semaphore, all_hold) = (semaphore.clone(), all_hold.clone());
            tokio::spawn(async move {
                let _permit = semaphore.acquire().await.unwrap();
                all_hold.wait().await;
            })
        });
        for job in jobs.collect::<Vec<_>>() {
            job.await.unwrap();
        }
        assert_eq!(semaphore.available_permits(), 5);
    });
}

#[test]
fn the_types_may_cross_threads_and_move_after_a_poll() {
    within_deadline(|| {
        fn crosses<T: Send + Sync + Unpin>() {}
        crosses::<Semaphore>();
        crosses::<Acquire<'_>>();
        crosses::<AcquireOwned>();
        crosses::<Permit<'_>>();
        crosses::<OwnedPermit>();
        crosses::<TryAcquireError>();

        let semaphore = Semaphore::new(1);
        let held = semaphore.try_acquire().unwrap();
        let mut waiter = semaphore.acquire();
        assert!((&mut waiter).now_or_never().is_none());
        let moved = thread::scope(|scope| {
            scope.spawn(|| drop(held)).join().unwrap();
            scope.spawn(move || block_on(waiter).is_ok()).join().unwrap()
        });
        assert!(moved, "the waiter took its permit on another thread");
    });
}

#[test]
fn errors_say_what_happened() {
    within_deadline(|| {
        let semaphore = Semaphore::new(0);
        let refused = semaphore.try_acquire().unwrap_err();
        assert!(refused.to_string().contains("permits"), "{refused}");
        semaphore.close();
        let closed = Polled::new(semaphore.acquire()).ready().unwrap_err();
        assert_eq!(closed, Closed);
        assert!(closed.to_string().contains("closed"), "{closed}");
        let refused: Box<dyn std::error::Error> = semaphore.try_acquire().unwrap_err().into();
        assert!(refused.to_string().contains("closed"), "{refused}");
    });
}
