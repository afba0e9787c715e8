//! Giving up, at each point where one can.

use std::sync::Arc;

use patterns::semaphore::Semaphore;

use crate::support::{Polled, panic_of, run, within_deadline};

#[test]
fn an_acquire_that_was_never_polled_has_done_nothing() {
    within_deadline(|| {
        let semaphore = Semaphore::new(1);
        drop(semaphore.acquire());
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (1, 0));
        let _held = semaphore.try_acquire().unwrap();
        drop(semaphore.acquire());
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (0, 0));
    });
}

#[test]
fn a_cancelled_waiter_leaves_the_line() {
    within_deadline(|| {
        for leaving in 0..3 {
            let semaphore = Semaphore::new(0);
            let mut line: Vec<_> =
                (0..3).map(|_| Polled::new(semaphore.acquire()).pending()).collect();
            let gone = line.remove(leaving);
            drop(gone);
            assert_eq!(semaphore.waiting(), 2, "waiter {leaving} has left");
            semaphore.add_permits(2);
            let woken: Vec<_> = line.iter().map(Polled::wakes).collect();
            assert_eq!(woken, [1, 1], "two permits for the two who still wait");
            assert!(line.into_iter().all(|waiter| waiter.ready().is_ok()));
        }
    });
}

#[test]
fn a_cancelled_waiter_gives_its_permit_back() {
    within_deadline(|| {
        let semaphore = Semaphore::new(1);
        let held = semaphore.try_acquire().unwrap();
        let granted = Polled::new(semaphore.acquire()).pending();
        drop(held);
        assert_eq!(granted.wakes(), 1);
        drop(granted);
        assert_eq!(semaphore.available_permits(), 1, "the permit went with the cancelled waiter");
        assert!(semaphore.try_acquire().is_ok());
    });
}

#[test]
fn a_cancelled_waiter_passes_its_permit_on() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(3));
        let held = semaphore.try_acquire_many(3).unwrap();
        let granted = Polled::new(semaphore.clone().acquire_many_owned(3)).pending();
        let line = [2, 1, 1].map(|need| Polled::new(semaphore.acquire_many(need)).pending());
        drop(held);
        drop(granted);
        assert_eq!(line.each_ref().map(Polled::wakes), [1, 1, 0], "three permits for two and one");
        assert_eq!(semaphore.available_permits(), 0);
    });
}

#[test]
fn a_cancelled_head_lets_those_behind_it_through() {
    within_deadline(|| {
        let semaphore = Semaphore::new(2);
        let head = Polled::new(semaphore.acquire_many(3)).pending();
        let line = [1, 1, 1].map(|need| Polled::new(semaphore.acquire_many(need)).pending());
        drop(head);
        assert_eq!(line.each_ref().map(Polled::wakes), [1, 1, 0], "two are free, and two fit");
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (0, 1));
    });
}

#[test]
fn a_cancelled_waiter_in_the_middle_wakes_nobody() {
    within_deadline(|| {
        let semaphore = Semaphore::new(2);
        let [head, middle, last] =
            [3, 3, 1].map(|need| Polled::new(semaphore.acquire_many(need)).pending());
        drop(middle);
        assert_eq!((head.wakes(), last.wakes()), (0, 0), "the head still waits for its third");
        assert_eq!(semaphore.available_permits(), 2);
    });
}

#[test]
fn a_waiter_dropped_after_the_close_leaves_nothing_behind() {
    within_deadline(|| {
        let semaphore = Semaphore::new(1);
        let waiter = Polled::new(semaphore.acquire_many(2)).pending();
        semaphore.close();
        drop(waiter);
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (1, 0));
    });
}

#[test]
fn a_holder_that_panics_gives_its_permit_back() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let borrowed = panic_of(|| {
            let _permit = semaphore.try_acquire().unwrap();
            panic!("the holder's own");
        });
        assert_eq!(borrowed, "the holder's own");
        assert_eq!(semaphore.available_permits(), 1);

        let theirs = semaphore.clone();
        run(|| async move {
            let task = tokio::spawn(async move {
                let _permit = theirs.acquire_owned().await.unwrap();
                panic!("the task's own");
            });
            assert!(task.await.unwrap_err().is_panic());
        });
        assert_eq!(semaphore.available_permits(), 1);
    });
}
