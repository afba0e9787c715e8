//! What one can see from outside, with one thread at a time where that is enough.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::{future::Future, pin::pin, thread};

use futures::FutureExt;
use futures::executor::block_on;
use patterns::semaphore::{
    Acquire, AcquireOwned, Closed, OwnedPermit, Permit, Semaphore, TryAcquireError, run_limited,
};
use tokio::sync::Barrier;
use tokio::task::yield_now;

use crate::support::{Polled, run, run_on, within_deadline};

const MAX: usize = Semaphore::MAX_PERMITS;

/// The words of the panic that `body` ends with.
fn panic_of(body: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(body)).expect_err("it should have panicked");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&str>().expect("a message")).to_owned(),
    }
}

// Permits

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

// Waiting, and the order of it

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

// Adding and forgetting

#[test]
fn added_permits_are_free_also_when_closed() {
    within_deadline(|| {
        for (permits, added) in [(0, 0), (0, 3), (2, 0), (3, 1)] {
            let open = Semaphore::new(permits);
            open.add_permits(added);
            assert_eq!((open.available_permits(), open.is_closed()), (permits + added, false));
            assert_eq!(open.waiting(), 0);

            let closed = Semaphore::new(permits);
            closed.close();
            closed.add_permits(added);
            assert_eq!((closed.available_permits(), closed.is_closed()), (permits + added, true));
        }
    });
}

#[test]
fn added_permits_wake_as_many_as_fit() {
    within_deadline(|| {
        let semaphore = Semaphore::new(0);
        let line = [2, 1, 1, 3].map(|need| Polled::new(semaphore.acquire_many(need)).pending());
        semaphore.add_permits(4);
        assert_eq!(line.each_ref().map(Polled::wakes), [1, 1, 1, 0]);
        semaphore.add_permits(4);
        assert_eq!(line.each_ref().map(Polled::wakes), [1, 1, 1, 1], "nobody is woken twice");
        assert_eq!(semaphore.available_permits(), 1);
        for waiter in line {
            waiter.ready().unwrap().forget();
        }
    });
}

#[test]
fn there_may_be_as_many_permits_as_the_limit_allows() {
    within_deadline(|| {
        assert_eq!(Semaphore::new(MAX).available_permits(), MAX);
        let semaphore = Semaphore::new(0);
        semaphore.add_permits(MAX - 1);
        semaphore.add_permits(1);
        let all = semaphore.try_acquire_many(MAX).unwrap();
        assert_eq!(semaphore.available_permits(), 0);
        drop(all);
        assert_eq!(semaphore.available_permits(), MAX);
    });
}

#[test]
fn more_permits_than_the_limit_are_refused_with_a_panic() {
    within_deadline(|| {
        let full = Semaphore::new(MAX);
        let refused = [
            panic_of(|| _ = Semaphore::new(MAX + 1)),
            panic_of(|| full.add_permits(1)),
            panic_of(|| full.add_permits(usize::MAX)),
            panic_of(|| drop(full.acquire_many(MAX + 1))),
            panic_of(|| drop(full.try_acquire_many(usize::MAX))),
        ];
        for message in refused {
            assert!(
                message.contains("MAX_PERMITS"),
                "the panic should name MAX_PERMITS: {message}"
            );
        }
        assert_eq!(full.available_permits(), MAX, "what was refused has changed nothing");
    });
}

#[test]
fn permits_that_are_held_count_towards_the_limit() {
    within_deadline(|| {
        let semaphore = Semaphore::new(MAX);
        let held = semaphore.try_acquire_many(MAX).unwrap();
        let refused = panic_of(|| semaphore.add_permits(1));
        assert!(refused.contains("MAX_PERMITS"), "the panic should name MAX_PERMITS: {refused}");
        drop(held);
        assert_eq!(semaphore.available_permits(), MAX);
    });
}

#[test]
fn a_forgotten_permit_never_comes_back() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(MAX));
        semaphore.try_acquire_many(2).unwrap().forget();
        Polled::new(semaphore.clone().acquire_owned()).ready().unwrap().forget();
        assert_eq!(semaphore.available_permits(), MAX - 3);
        assert_eq!(Arc::strong_count(&semaphore), 1, "only the permit is forgotten");
        semaphore.add_permits(3);
        assert_eq!(semaphore.available_permits(), MAX, "forgotten ones make room for new ones");
    });
}

// Closing

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

// Giving up

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

// Wakers that misbehave

/// A waker that does what it is told, when it is woken.
struct OnWake<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync + 'static> OnWake<F> {
    fn waker(act: F) -> Waker {
        Waker::from(Arc::new(Self(act)))
    }
}

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// A waker that gives its permit back when it is dropped.
struct Holding(#[expect(dead_code, reason = "held for its drop")] OwnedPermit);

impl Wake for Holding {
    fn wake(self: Arc<Self>) {}
}

// An answer that panics under its lock would panic again when these futures are dropped, and a
// second panic would abort the whole run: so they are not dropped.

#[test]
fn a_waker_that_panics_keeps_nobody_else_asleep() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let bad = OnWake::waker(|| panic!("a bad waker"));
        let mut first = ManuallyDrop::new(semaphore.clone().acquire_owned());
        assert!(first.poll_unpin(&mut Context::from_waker(&bad)).is_pending());
        let acquire = semaphore.clone().acquire_owned();
        let mut second = ManuallyDrop::new(Polled::new(acquire).pending());
        let message = panic_of(|| semaphore.add_permits(2));
        assert_eq!(message, "a bad waker", "the panic goes on in the thread that released");
        assert_eq!(second.wakes(), 1, "the second fits too, whatever the first one's waker does");
        assert!(second.poll().is_ready());
        assert!(first.poll_unpin(&mut Context::from_waker(Waker::noop())).is_ready());
    });
}

#[test]
fn a_waker_that_panics_at_close_keeps_nobody_else_asleep() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let bad = OnWake::waker(|| panic!("a bad waker"));
        let mut first = ManuallyDrop::new(semaphore.clone().acquire_owned());
        assert!(first.poll_unpin(&mut Context::from_waker(&bad)).is_pending());
        let acquire = semaphore.clone().acquire_owned();
        let mut second = ManuallyDrop::new(Polled::new(acquire).pending());
        assert_eq!(panic_of(|| semaphore.close()), "a bad waker");
        assert_eq!(second.wakes(), 1, "the second is told, whatever the first one's waker does");
        assert!(matches!(second.poll(), Poll::Ready(Err(Closed))));
    });
}

#[test]
fn a_waker_that_panics_in_a_thread_that_panics_aborts_nothing() {
    const CHILD: &str = "SEMAPHORE_SPEC_CHILD";
    const NAME: &str = "behaviour::a_waker_that_panics_in_a_thread_that_panics_aborts_nothing";
    if std::env::var_os(CHILD).is_none() {
        // An abort would take all other tests with it: it may happen in a process of its own.
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", NAME]).env(CHILD, "1").output().unwrap();
        let words = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "the process ended with {}: {words}", output.status);
        return;
    }
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.try_acquire().unwrap();
        let bad = OnWake::waker(|| panic!("a bad waker"));
        let mut waiter = ManuallyDrop::new(semaphore.clone().acquire_owned());
        assert!(waiter.poll_unpin(&mut Context::from_waker(&bad)).is_pending());
        let message = panic_of(|| {
            let _held = held;
            panic!("the holder's own");
        });
        assert_eq!(message, "the holder's own");
        assert!(waiter.poll_unpin(&mut Context::from_waker(Waker::noop())).is_ready());
    });
}

#[test]
fn a_waker_may_use_the_semaphore_that_calls_it() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let other = Arc::new(Mutex::new(Some(semaphore.clone().acquire_many_owned(3))));
        let (theirs, line) = (semaphore.clone(), other.clone());
        let waker = OnWake::waker(move || {
            // Polls another acquire, drops it, and releases: all inside the wake.
            let mut other = line.lock().unwrap().take().expect("woken once");
            assert!((&mut other).now_or_never().is_none());
            assert_eq!(theirs.waiting(), 1);
            drop(other);
            assert_eq!(theirs.waiting(), 0);
            theirs.add_permits(1);
        });
        let mut waiter = pin!(semaphore.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        semaphore.add_permits(1);
        assert_eq!(semaphore.available_permits(), 1, "added by the waker");
        assert!(matches!(waiter.now_or_never(), Some(Ok(_))));
    });
}

#[test]
fn a_waker_may_use_the_semaphore_that_closes() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let theirs = semaphore.clone();
        let waker = OnWake::waker(move || {
            assert_eq!((theirs.is_closed(), theirs.waiting()), (true, 0));
            theirs.add_permits(1);
        });
        let mut waiter = pin!(semaphore.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        semaphore.close();
        assert_eq!(semaphore.available_permits(), 1, "added by the waker");
    });
}

#[test]
fn a_waker_may_finish_its_acquire_on_the_spot() {
    within_deadline(|| {
        // An executor that polls inside the wake: the permit is passed down the whole line.
        let semaphore = Arc::new(Semaphore::new(0));
        let line: Arc<OnceLock<Vec<Mutex<AcquireOwned>>>> = Arc::default();
        let done = Arc::new(AtomicUsize::new(0));
        let acquires: Vec<_> = (0..3).map(|_| semaphore.clone().acquire_owned()).collect();
        let wakers: Vec<_> = (0..3)
            .map(|i| {
                let (line, done) = (Arc::downgrade(&line), done.clone());
                OnWake::waker(move || {
                    let line: Arc<OnceLock<Vec<Mutex<AcquireOwned>>>> =
                        Weak::upgrade(&line).unwrap();
                    let mut acquire = line.get().unwrap()[i].lock().unwrap();
                    let permit = (&mut *acquire).now_or_never().expect("it was woken");
                    done.fetch_add(1, SeqCst);
                    drop(permit);
                })
            })
            .collect();
        let acquires = acquires.into_iter().zip(&wakers).map(|(mut acquire, waker)| {
            assert!(acquire.poll_unpin(&mut Context::from_waker(waker)).is_pending());
            Mutex::new(acquire)
        });
        assert!(line.set(acquires.collect()).is_ok());
        semaphore.add_permits(1);
        assert_eq!(done.load(SeqCst), 3);
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn a_waker_is_never_dropped_under_the_lock() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let hold = || {
            let permit = Polled::new(semaphore.clone().acquire_owned()).ready().unwrap();
            Waker::from(Arc::new(Holding(permit)))
        };
        // Replaced by another waker, dropped with its acquire, dropped by the close: each time
        // its drop gives a permit back, and that takes the lock when somebody waits.
        let mut waiter = Box::pin(semaphore.acquire_many(2));
        let first = hold();
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&first)).is_pending());
        drop(first);
        assert!(waiter.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(semaphore.available_permits(), 1, "the waker that was replaced is gone");
        drop(waiter);

        let second = hold();
        let mut waiter = Box::pin(semaphore.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&second)).is_pending());
        drop(second);
        drop(waiter);
        assert_eq!(semaphore.available_permits(), 1, "the acquire's waker went with it");

        let third = hold();
        let mut waiter = Box::pin(semaphore.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&third)).is_pending());
        drop(third);
        semaphore.close();
        assert_eq!(semaphore.available_permits(), 1, "the close has dropped the waker");
    });
}

// Any executor

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

// run_limited

fn at_most(limit: usize) -> NonZeroUsize {
    NonZeroUsize::new(limit).expect("a limit")
}

#[test]
fn run_limited_runs_as_many_as_the_limit_and_no_more() {
    run(|| async {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let together = Arc::new(Barrier::new(3));
        let jobs = (0..12).map(|_| {
            let (running, most, together) = (running.clone(), most.clone(), together.clone());
            async move {
                most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                together.wait().await;
                yield_now().await;
                running.fetch_sub(1, SeqCst);
            }
        });
        run_limited(at_most(3), jobs).await;
        assert_eq!((running.load(SeqCst), most.load(SeqCst)), (0, 3));
    });
}

#[test]
fn run_limited_waits_for_jobs_that_panic_and_for_the_rest() {
    run(|| async {
        let ended = Arc::new(AtomicUsize::new(0));
        let jobs = (0..6).map(|i| {
            let ended = ended.clone();
            async move {
                yield_now().await;
                assert!(i % 2 == 0, "an odd job panics");
                yield_now().await;
                ended.fetch_add(1, SeqCst);
            }
        });
        run_limited(at_most(2), jobs).await;
        assert_eq!(ended.load(SeqCst), 3, "every even job has ended");
    });
}

#[test]
fn run_limited_draws_a_job_only_when_it_may_run() {
    run(|| async {
        let drawn = Rc::new(Cell::new(0));
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let jobs = (0..5).map(|_| {
            drawn.set(drawn.get() + 1);
            let gate = gate.clone();
            async move { gate.acquire().await.unwrap().forget() }
        });
        let mut all = Polled::new(run_limited(at_most(2), jobs));
        assert!(all.poll().is_pending());
        assert_eq!(drawn.get(), 2, "the limit is two");
        gate.add_permits(1);
        while all.wakes() == 0 {
            yield_now().await;
        }
        assert!(all.poll().is_pending());
        assert_eq!(drawn.get(), 3, "one has ended, so one more may start");
        gate.add_permits(4);
        while all.poll().is_pending() {
            yield_now().await;
        }
        assert_eq!(drawn.get(), 5);
    });
}

#[test]
fn run_limited_dropped_starts_no_more_and_leaves_the_rest_running() {
    run(|| async {
        let (started, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let jobs = (0..5).map(|_| {
            let (started, ended) = (started.clone(), ended.clone());
            async move {
                started.fetch_add(1, SeqCst);
                yield_now().await;
                ended.fetch_add(1, SeqCst);
            }
        });
        let mut all = Polled::new(run_limited(at_most(2), jobs));
        assert!(all.poll().is_pending());
        drop(all);
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
            yield_now().await;
        }
        assert_eq!((started.load(SeqCst), ended.load(SeqCst)), (2, 2));
    });
}

#[test]
fn run_limited_takes_any_limit() {
    let done = run(|| async {
        let done = Arc::new(AtomicUsize::new(0));
        let job = done.clone();
        let job = async move {
            job.fetch_add(1, SeqCst);
        };
        run_limited(at_most(usize::MAX), [job]).await;
        done.load(SeqCst)
    });
    assert_eq!(done, 1, "a limit beyond MAX_PERMITS is no limit, and no panic");
}

#[test]
fn run_limited_of_nothing_is_done_at_once() {
    within_deadline(|| {
        let nothing = std::iter::empty::<std::future::Ready<()>>();
        assert!(run_limited(at_most(1), nothing).now_or_never().is_some());
    });
}
