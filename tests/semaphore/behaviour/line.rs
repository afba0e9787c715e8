//! Waiting, and the order of it.

use std::sync::Arc;
use std::task::Poll;

use patterns::semaphore::{Closed, Semaphore, TryAcquireError};

use crate::support::{Polled, panic_of, within_deadline};

#[test]
fn a_permit_that_comes_back_goes_to_the_one_who_waits() {
    within_deadline(|| {
        let semaphore = Semaphore::new(1);
        let held = semaphore.try_acquire().unwrap();
        let waiter = Polled::new(semaphore.acquire()).pending();
        assert_eq!((semaphore.waiting(), waiter.wakes()), (1, 0));
        drop(held);
        assert_eq!(waiter.wakes(), 1, "a permit came back: the one who waits is woken");
        assert_eq!(semaphore.available_permits(), 0, "the permit is the waiter's already");
        assert_eq!(semaphore.waiting(), 0, "who was granted a permit is no longer in line");
        let permit = waiter.ready().unwrap();
        assert_eq!(semaphore.available_permits(), 0);
        drop(permit);
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn waiters_are_served_in_the_order_in_which_they_asked() {
    within_deadline(|| {
        let semaphore = Semaphore::new(0);
        // Made last to first and polled first to last: what counts is the asking.
        let mut made: Vec<_> = (0..8).map(|_| Polled::new(semaphore.acquire())).collect();
        made.reverse();
        let mut line: Vec<_> = made.into_iter().map(Polled::pending).collect();
        let mut served = 0;
        while !line.is_empty() {
            semaphore.add_permits(1);
            let woken: Vec<_> = line.iter().map(Polled::wakes).collect();
            assert_eq!(woken[0], 1, "waiter {served} is next in line");
            assert!(woken[1..].iter().all(|wakes| *wakes == 0), "woken out of turn: {woken:?}");
            line.remove(0).ready().unwrap().forget();
            served += 1;
        }
    });
}

#[test]
fn a_large_request_at_the_head_is_not_overtaken() {
    within_deadline(|| {
        let semaphore = Semaphore::new(2);
        let large = Polled::new(semaphore.acquire_many(3)).pending();
        let small = Polled::new(semaphore.acquire()).pending();
        assert_eq!(small.wakes(), 0, "the small request would fit, but it is not its turn");
        semaphore.add_permits(1);
        assert_eq!((large.wakes(), small.wakes()), (1, 0), "three are free: the large one's turn");
        let held = large.ready().unwrap();
        drop(held);
        assert_eq!(small.wakes(), 1);
        assert!(small.ready().is_ok());
    });
}

#[test]
fn try_acquire_does_not_overtake_those_who_wait() {
    within_deadline(|| {
        let semaphore = Semaphore::new(2);
        let mut large = Polled::new(semaphore.acquire_many(3)).pending();
        assert_eq!(
            semaphore.try_acquire().map(drop),
            Err(TryAcquireError::NoPermits),
            "two are free, but somebody waits for them"
        );
        semaphore.add_permits(1);
        assert!(large.poll().is_ready());
    });
}

#[test]
fn a_waiting_request_holds_nothing_yet() {
    within_deadline(|| {
        let semaphore = Semaphore::new(6);
        let large = Polled::new(semaphore.acquire_many(8)).pending();
        assert_eq!(semaphore.available_permits(), 6, "all it needs at once, or nothing");
        drop(large);
        assert!(semaphore.try_acquire_many(6).is_ok(), "nobody waits for the six any more");
    });
}

#[test]
fn two_large_requests_never_wait_for_each_other() {
    within_deadline(|| {
        let semaphore = Semaphore::new(0);
        let mut first = Polled::new(semaphore.acquire_many(3)).pending();
        let mut second = Polled::new(semaphore.acquire_many(3)).pending();
        let mut served = None;
        for _ in 0..4 {
            semaphore.add_permits(1);
            if served.is_none()
                && let Poll::Ready(permit) = first.poll()
            {
                served = Some(permit);
            }
            assert!(second.poll().is_pending(), "four permits are enough for one of them");
        }
        assert!(served.is_some(), "four permits, and each of the two waits for the other's");
    });
}

#[test]
fn one_release_serves_all_that_fit() {
    within_deadline(|| {
        let semaphore = Semaphore::new(3);
        let held = semaphore.try_acquire_many(3).unwrap();
        let needs = [1, 1, 2, 1];
        let line = needs.map(|need| Polled::new(semaphore.acquire_many(need)).pending());
        drop(held);
        let woken = line.each_ref().map(Polled::wakes);
        assert_eq!(woken, [1, 1, 0, 0], "three came back: one and one fit, two do not");
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (1, 2));
    });
}

#[test]
fn a_waiter_that_is_polled_again_keeps_its_place() {
    within_deadline(|| {
        let semaphore = Semaphore::new(0);
        let first = Polled::new(semaphore.acquire()).pending();
        let second = Polled::new(semaphore.acquire()).pending();
        let first = first.pending().pending();
        assert_eq!(semaphore.waiting(), 2, "polled three times, it is in line once");
        semaphore.add_permits(1);
        assert_eq!((first.wakes(), second.wakes()), (1, 0));
    });
}

#[test]
fn a_waiter_that_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        let semaphore = Semaphore::new(0);
        let mut waiter = Polled::new(semaphore.acquire()).pending();
        let old_task = waiter.move_to_another_task();
        let waiter = waiter.pending();
        semaphore.add_permits(1);
        assert_eq!(waiter.wakes(), 1, "the task that polled last is woken");
        assert_eq!(old_task.count(), 0, "the task it came from has nothing to do with it");
        assert!(waiter.ready().is_ok());
    });
}

#[test]
fn an_acquire_that_is_polled_after_its_end_panics() {
    within_deadline(|| {
        let semaphore = Semaphore::new(2);
        let mut acquire = Polled::new(semaphore.acquire());
        let Poll::Ready(permit) = acquire.poll() else { panic!("a permit was free") };
        let again = panic_of(|| assert!(acquire.poll().is_pending(), "a second permit"));
        assert_ne!(again, "a second permit");
        drop((permit, acquire));
        assert_eq!(semaphore.available_permits(), 2);
    });
}

#[test]
fn a_request_for_none_is_immediate() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let none = Polled::new(semaphore.acquire_many(0)).ready().unwrap();
        let _waiter = Polled::new(semaphore.acquire()).pending();
        assert!(Polled::new(semaphore.clone().acquire_many_owned(0)).ready().is_ok());
        assert!(semaphore.try_acquire_many(0).is_ok(), "also while others wait");
        drop(none);
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (0, 1));
        semaphore.close();
        assert_eq!(semaphore.try_acquire_many(0).map(drop), Err(TryAcquireError::Closed));
        assert_eq!(Polled::new(semaphore.acquire_many(0)).ready().map(drop), Err(Closed));
    });
}

#[test]
fn a_request_above_what_exists_waits_until_permits_are_added() {
    within_deadline(|| {
        let semaphore = Semaphore::new(2);
        let waiter = Polled::new(semaphore.acquire_many(5)).pending();
        semaphore.add_permits(2);
        assert_eq!(waiter.wakes(), 0, "four are not five");
        semaphore.add_permits(2);
        assert_eq!(waiter.wakes(), 1);
        let _held = waiter.ready().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
    });
}
