//! What is left when it is over: no task, no waker, no allocation, no key too many.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::task::{Context, Waker};

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use patterns::rate_limiter::{KeyedLimiter, ManualClock, RateLimiter};

use crate::allocations;
use crate::scene::{DAY, SECOND, keyed, limiter, one_in};
use crate::support::{Wakes, run, within_deadline};

#[test]
fn a_limiter_has_no_task() {
    run(|| async {
        let limiters = [(); 10].map(|()| RateLimiter::new(one_in(SECOND), NonZeroU32::MIN));
        for limiter in &limiters {
            limiter.acquire().await;
            limiter.acquire().await;
        }
        let metrics = tokio::runtime::Handle::current().metrics();
        assert_eq!(metrics.num_alive_tasks(), 0, "something fills the buckets in the background");
    });
}

#[test]
fn no_waker_is_kept_when_its_wait_is_over() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 1);
        assert!(limiter.allow());
        let kept = |wakes: &Arc<Wakes>| Arc::strong_count(wakes) - 1;
        let wait = |wakes: &Arc<Wakes>| -> LocalBoxFuture<'_, ()> {
            let mut acquire = limiter.acquire().boxed_local();
            let waker = Waker::from(wakes.clone());
            assert!(acquire.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
            acquire
        };
        let [first, second, third] = [(); 3].map(|()| Arc::new(Wakes::default()));
        let line = (wait(&first), wait(&second), wait(&third));
        drop(line.1);
        assert_eq!(kept(&second), 0, "one who gave up in line has left its waker behind");
        drop(line.0);
        clock.advance(SECOND / 2);
        assert_eq!(kept(&first), 0, "the first in line gave up, and has left its waker behind");
        drop(line.2);
        clock.advance(SECOND / 2);
        assert_eq!(kept(&third), 0, "the last one has left its waker behind");
    });
}

#[test]
fn nothing_is_allocated_where_nobody_waits() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 3);
        let made = allocations::during(|| {
            for _ in 0..100 {
                assert!(limiter.acquire().now_or_never().is_some());
                assert!(limiter.acquire_n(2).now_or_never().is_some());
                assert!(!limiter.allow());
                clock.advance(DAY);
            }
        });
        assert_eq!(made, 0, "a hundred rounds allocated {made} times");
    });
}

#[test]
fn a_key_that_is_known_allocates_nothing() {
    within_deadline(|| {
        let (burst, capacity) = (NonZeroU32::new(100).unwrap(), NonZeroUsize::new(10).unwrap());
        let clock = ManualClock::new();
        let limiter =
            KeyedLimiter::<String, _>::with_clock(one_in(DAY), burst, capacity, clock.clone());
        assert!(limiter.allow("somebody"));
        let made = allocations::during(|| {
            assert_eq!((0..200).filter(|_| limiter.allow("somebody")).count(), 99);
        });
        assert_eq!(made, 0, "two hundred calls allocated {made} times");
    });
}

#[test]
fn a_flood_of_keys_keeps_no_memory() {
    within_deadline(|| {
        let (limiter, clock) = keyed(SECOND, 1, 1_000);
        let flood = || {
            for key in 0..100_000 {
                limiter.allow(&key);
                if key % 100 == 0 {
                    clock.advance(SECOND / 10);
                }
            }
        };
        let kept = allocations::kept_by(flood);
        // The half of a hash table may be empty, and it doubles where many have come and gone.
        let most = 256 * 1_000;
        assert!(kept < most, "{kept} bytes for at most a thousand numbers, not {most}");
    });
}
