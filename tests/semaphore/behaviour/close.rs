//! Closing.

use std::sync::Arc;

use patterns::semaphore::{Closed, Semaphore, TryAcquireError};

use crate::support::{Polled, within_deadline};

#[test]
fn close_wakes_everyone_with_closed() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let line: Vec<_> =
            (0..100).map(|_| Polled::new(semaphore.acquire_many(2)).pending()).collect();
        let owned = Polled::new(semaphore.clone().acquire_owned()).pending();
        semaphore.close();
        assert!(semaphore.is_closed());
        let asleep = line.iter().filter(|waiter| waiter.wakes() == 0).count();
        assert_eq!(asleep, 0, "waiters were left asleep by close");
        assert_eq!(semaphore.waiting(), 0);
        for waiter in line {
            assert_eq!(waiter.ready().map(drop), Err(Closed));
        }
        assert_eq!(owned.ready().map(drop), Err(Closed));
        assert_eq!(semaphore.available_permits(), 1, "those who failed have taken nothing");
    });
}

#[test]
fn after_close_every_request_fails() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(5));
        let unasked = Polled::new(semaphore.acquire());
        semaphore.close();
        semaphore.close();
        assert_eq!(unasked.ready().map(drop), Err(Closed));
        assert_eq!(Polled::new(semaphore.acquire_many(6)).ready().map(drop), Err(Closed));
        assert_eq!(Polled::new(semaphore.clone().acquire_owned()).ready().map(drop), Err(Closed));
        assert_eq!(semaphore.try_acquire().map(drop), Err(TryAcquireError::Closed));
        assert_eq!(semaphore.available_permits(), 5);
    });
}

#[test]
fn a_permit_that_was_granted_before_the_close_is_valid() {
    within_deadline(|| {
        let semaphore = Semaphore::new(1);
        let held = semaphore.try_acquire().unwrap();
        let [granted, late] = [(); 2].map(|()| Polled::new(semaphore.acquire()).pending());
        drop(held);
        semaphore.close();
        let permit = granted.ready().expect("it was granted before the close");
        assert_eq!(late.ready().map(drop), Err(Closed));
        drop(permit);
        assert_eq!(semaphore.available_permits(), 1, "permits come back after the close");
    });
}
