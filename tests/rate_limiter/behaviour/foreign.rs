//! Clocks and wakers that misbehave.

use std::future::Future;
use std::num::{NonZeroU32, NonZeroUsize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use patterns::rate_limiter::{Clock, KeyedLimiter, ManualClock, RateLimiter};
use tokio::time::Instant;

use crate::scene::{SECOND, limiter, one_in};
use crate::support::within_deadline;

/// A clock that shows what the test says, or panics.
#[derive(Clone)]
struct Broken {
    start: Instant,
    seconds: Arc<AtomicU64>,
    panics: Arc<AtomicBool>,
}

impl Broken {
    fn new() -> Self {
        let (seconds, panics) = (Arc::new(AtomicU64::new(100)), Arc::default());
        Self { start: Instant::now(), seconds, panics }
    }
}

impl Clock for Broken {
    fn now(&self) -> Instant {
        assert!(!self.panics.load(SeqCst), "a bad clock");
        self.start + Duration::from_secs(self.seconds.load(SeqCst))
    }
}

fn panics(body: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(body)).is_err()
}

#[test]
fn a_clock_that_goes_back_gives_no_token_twice() {
    within_deadline(|| {
        let clock = Broken::new();
        let limiter =
            RateLimiter::with_clock(one_in(SECOND), NonZeroU32::new(3).unwrap(), clock.clone());
        let allowed = || (0..9).filter(|_| limiter.allow()).count();
        assert_eq!(allowed(), 3);
        for (second, tokens) in [(102, 2), (50, 0), (101, 0), (102, 0), (103, 1), (0, 0)] {
            clock.seconds.store(second, SeqCst);
            assert_eq!(allowed(), tokens, "at second {second}");
        }
    });
}

#[test]
fn a_clock_that_goes_back_gives_no_key_its_tokens_twice() {
    within_deadline(|| {
        let (clock, burst) = (Broken::new(), NonZeroU32::new(3).unwrap());
        let (rate, capacity) = (one_in(SECOND), NonZeroUsize::MIN);
        let limiter = KeyedLimiter::<u64, _>::with_clock(rate, burst, capacity, clock.clone());
        let allowed = |key| (0..9).filter(|_| limiter.allow(&key)).count();
        assert_eq!(allowed(1), 3);
        // Idle by then, and forgotten for another.
        clock.seconds.store(104, SeqCst);
        assert_eq!(allowed(2), 3);
        clock.seconds.store(101, SeqCst);
        let early = allowed(1);
        clock.seconds.store(104, SeqCst);
        assert!(early + allowed(1) <= 3, "three at second 101, and then again at second 104");
    });
}

#[test]
fn a_clock_that_panics_leaves_everything_as_it_was() {
    within_deadline(|| {
        let clock = Broken::new();
        let limiter = RateLimiter::with_clock(one_in(SECOND), NonZeroU32::MIN, clock.clone());
        let mut waiter = Box::pin(limiter.acquire());
        let mut context = Context::from_waker(Waker::noop());
        clock.panics.store(true, SeqCst);
        assert!(panics(|| assert!(limiter.allow())));
        assert!(panics(|| limiter.set_rate(one_in(SECOND / 2))));
        assert!(panics(|| assert!(waiter.as_mut().poll(&mut context).is_ready())));
        clock.panics.store(false, SeqCst);
        assert_eq!((limiter.available(), limiter.waiting()), (1, 0));
        assert!(limiter.allow());
        clock.seconds.fetch_add(1, SeqCst);
        limiter.set_rate(one_in(SECOND));
        assert!(limiter.allow());
    });
}

/// A waker that does what it is told, when it is woken.
struct OnWake<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

#[test]
fn a_waker_that_panics_leaves_the_new_rate_in_force() {
    within_deadline(|| {
        let clock = Broken::new();
        let limiter = RateLimiter::with_clock(one_in(60 * SECOND), NonZeroU32::MIN, clock.clone());
        assert!(limiter.allow());
        let bad = Waker::from(Arc::new(OnWake(|| panic!("a bad waker"))));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _runtime = runtime.enter();
        let mut waiter = Box::pin(limiter.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&bad)).is_pending());
        assert!(panics(|| limiter.set_rate(one_in(SECOND))));
        drop(waiter);
        clock.seconds.fetch_add(1, SeqCst);
        assert!(limiter.allow(), "by the new rate it is time");
        limiter.set_rate(one_in(2 * SECOND));
    });
}

#[test]
fn a_waker_may_use_the_limiter_that_calls_it() {
    within_deadline(|| {
        let (limiter, clock) = limiter(60 * SECOND, 1);
        let limiter = Arc::new(limiter);
        assert!(limiter.allow());
        let (seen, target) = (Arc::new(OnceLock::new()), Arc::downgrade(&limiter));
        let told = seen.clone();
        let waker = Waker::from(Arc::new(OnWake(move || {
            let limiter = Weak::upgrade(&target).unwrap();
            let now = (limiter.waiting(), limiter.available(), limiter.allow());
            if told.set(now).is_ok() {
                clock.advance(30 * SECOND);
                told_later(&limiter);
            }
        })));
        let mut waiter = pin!(limiter.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        limiter.set_rate(one_in(30 * SECOND));
        assert_eq!(seen.get(), Some(&(1, 0, false)), "the waker was called, and found the line");
    });

    fn told_later(limiter: &RateLimiter<ManualClock>) {
        assert_eq!(limiter.available(), 1, "the waker was called before the rate had changed");
        limiter.set_rate(one_in(SECOND));
    }
}
