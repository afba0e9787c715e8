//! What is left when it is over: no task, no payload, no allocation.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::{Context, Waker};

use futures::FutureExt;
use patterns::semaphore::{Semaphore, run_limited};
use tokio::task::yield_now;

use crate::allocations;
use crate::support::{Census, Wakes, run, within_deadline};

#[test]
fn no_waker_is_kept_when_its_wait_is_over() {
    within_deadline(|| {
        let semaphore = Semaphore::new(0);
        let wakes = Arc::new(Wakes::default());
        let wait = || {
            let mut acquire = semaphore.acquire();
            let waker = Waker::from(wakes.clone());
            assert!(acquire.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
            acquire
        };
        let kept = || Arc::strong_count(&wakes) - 1;

        let cancelled = wait();
        assert_eq!(kept(), 1);
        drop(cancelled);
        assert_eq!(kept(), 0, "a cancelled acquire has left its waker behind");

        let granted = wait();
        semaphore.add_permits(1);
        assert_eq!(kept(), 0, "a granted acquire has no more use for its waker");
        drop(granted);

        let held = semaphore.try_acquire().unwrap();
        let closed = wait();
        semaphore.close();
        assert_eq!(kept(), 0, "nobody is left to wake after the close");
        drop((held, closed));
    });
}

#[test]
fn the_semaphore_goes_with_the_last_who_uses_it() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let ours = Arc::downgrade(&semaphore);
        let permit = semaphore.clone().acquire_owned().now_or_never().unwrap().unwrap();
        let mut waiter = semaphore.clone().acquire_owned();
        assert!((&mut waiter).now_or_never().is_none());
        drop(semaphore);
        drop(permit);
        let permit = waiter.now_or_never().unwrap().unwrap();
        assert!(ours.upgrade().is_some());
        drop(permit);
        assert!(ours.upgrade().is_none(), "somebody still holds the semaphore");
    });
}

#[test]
fn run_limited_leaves_no_task_and_no_payload() {
    run(|| async {
        let census = Census::default();
        let jobs = (0..9).map(|i| {
            let payload = census.payload(i);
            async move {
                yield_now().await;
                assert!(payload.value != 4, "the fifth panics");
            }
        });
        run_limited(NonZeroUsize::new(2).unwrap(), jobs).await;
        assert_eq!(census.alive(), 0, "payloads outlive their jobs");
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    });
}

#[test]
fn nothing_is_allocated_where_nobody_waits() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(3));
        let made = allocations::during(|| {
            for _ in 0..100 {
                let _one = semaphore.acquire().now_or_never().unwrap().unwrap();
                let _two = semaphore.clone().acquire_many_owned(2).now_or_never().unwrap().unwrap();
                assert!(semaphore.try_acquire().is_err());
            }
        });
        assert_eq!(made, 0, "a hundred rounds allocated {made} times");
    });
}

#[test]
fn a_line_that_was_as_long_before_allocates_nothing() {
    within_deadline(|| {
        let semaphore = Semaphore::new(0);
        let wait_and_serve = || {
            let mut line = [(); 8].map(|()| semaphore.acquire());
            for acquire in &mut line {
                assert!(acquire.now_or_never().is_none());
            }
            semaphore.add_permits(8);
            for acquire in line {
                acquire.now_or_never().unwrap().unwrap().forget();
            }
        };
        wait_and_serve();
        let made = allocations::during(|| (0..100).for_each(|_| wait_and_serve()));
        assert_eq!(made, 0, "a hundred rounds allocated {made} times");
    });
}
