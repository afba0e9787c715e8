//! Limiters whose clock the test moves, and a line of requests that are polled when they are woken.

use std::future::Future;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use patterns::rate_limiter::{KeyedLimiter, ManualClock, Rate, RateLimiter};

use crate::support::Polled;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A limiter of `burst` tokens that come back one in `interval`, and its clock.
pub(crate) fn limiter(interval: Duration, burst: u32) -> (RateLimiter<ManualClock>, ManualClock) {
    limiter_at(one_in(interval), burst)
}

pub(crate) fn limiter_at(rate: Rate, burst: u32) -> (RateLimiter<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    (RateLimiter::with_clock(rate, NonZeroU32::new(burst).unwrap(), clock.clone()), clock)
}

/// A keyed limiter with room for `capacity` keys, and its clock.
pub(crate) fn keyed(
    interval: Duration,
    burst: u32,
    capacity: usize,
) -> (KeyedLimiter<u64, ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    let (burst, capacity) = (NonZeroU32::new(burst), NonZeroUsize::new(capacity));
    let limiter = KeyedLimiter::with_clock(
        one_in(interval),
        burst.unwrap(),
        capacity.unwrap(),
        clock.clone(),
    );
    (limiter, clock)
}

pub(crate) fn one_in(interval: Duration) -> Rate {
    Rate::new(1, interval).unwrap()
}

/// How many of `calls` calls are allowed.
pub(crate) fn allowed(limiter: &RateLimiter<ManualClock>, calls: u32) -> u32 {
    (0..calls).map(|_| u32::from(limiter.allow())).sum()
}

/// Requests, by name, and the order in which they were served. Each is polled when it joins, and then
/// whenever it is woken, as by an executor.
#[derive(Default)]
pub(crate) struct Line<'a> {
    waiting: Vec<(u32, Polled<LocalBoxFuture<'a, ()>>, usize)>,
    served: Vec<u32>,
}

impl<'a> Line<'a> {
    /// Adds a request and polls it once.
    pub(crate) fn join(&mut self, name: u32, request: impl Future<Output = ()> + 'a) {
        let mut polled = Polled::new(request.boxed_local());
        if polled.poll().is_ready() {
            self.served.push(name);
        } else {
            self.waiting.push((name, polled, 0));
        }
    }

    /// Drops a request, wherever it stands.
    pub(crate) fn cancel(&mut self, name: u32) {
        self.waiting.retain(|(other, ..)| *other != name);
    }

    /// Polls who has been woken, until nobody is; returns who was served since the last call.
    pub(crate) fn served(&mut self) -> Vec<u32> {
        while let Some(woken) =
            self.waiting.iter().position(|(_, polled, seen)| polled.wakes() > *seen)
        {
            let (name, polled, seen) = &mut self.waiting[woken];
            *seen = polled.wakes();
            if polled.poll().is_ready() {
                self.served.push(*name);
                drop(self.waiting.remove(woken));
            }
        }
        std::mem::take(&mut self.served)
    }

    /// How many still wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}
