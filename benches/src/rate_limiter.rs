//! The limiters that take part, behind one trait, and clocks that both sides can read.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use governor::Quota;
use governor::clock::{Clock as _, FakeRelativeClock, QuantaClock, QuantaInstant, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use loomscope::time;
use ratelimit::{Ratelimiter, StdClock};

/// A limiter, as far as the workloads need one.
pub trait Limiter: Send + Sync {
    /// A limiter of one token in `interval`, and at first `burst` of them.
    fn with_interval(interval: Duration, burst: NonZeroU32) -> Self;
    /// Takes a token if there is one.
    fn allow(&self) -> bool;
}

/// A clock of the reference that can be made from nothing.
pub trait MakeClock: time::Clock {
    /// A clock that shows now.
    fn make() -> Self;
}

impl MakeClock for time::SystemClock {
    fn make() -> Self {
        Self
    }
}

/// governor's clock, the time-stamp counter, for the reference: how one brings a cheaper clock.
pub struct Quanta {
    clock: QuantaClock,
    /// The same moment by both clocks.
    origin: (QuantaInstant, time::Instant),
}

impl time::Clock for Quanta {
    #[inline]
    fn now(&self) -> time::Instant {
        let elapsed = self.clock.now().duration_since(self.origin.0);
        self.origin.1 + Duration::from_nanos(elapsed.as_u64())
    }
}

impl MakeClock for Quanta {
    fn make() -> Self {
        let clock = QuantaClock::default();
        let origin = (clock.now(), time::Instant::now());
        Self { clock, origin }
    }
}

/// A clock that costs nothing, since it stands still.
pub struct Still(time::Instant);

impl time::Clock for Still {
    #[inline]
    fn now(&self) -> time::Instant {
        self.0
    }
}

impl MakeClock for Still {
    fn make() -> Self {
        Self(time::Instant::now())
    }
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident) => {
        impl<C: MakeClock> Limiter for $workbook::rate_limiter::RateLimiter<C> {
            fn with_interval(interval: Duration, burst: NonZeroU32) -> Self {
                let rate = $workbook::rate_limiter::Rate::new(1, interval);
                Self::with_clock(rate.expect("the workloads have rates"), burst, C::make())
            }

            #[inline]
            fn allow(&self) -> bool {
                Self::allow(self)
            }
        }
    };
}

workbook!(reference);
#[cfg(feature = "yours-rate_limiter")]
workbook!(yours);

/// governor, on a clock of its own.
pub type Governor<C> = governor::RateLimiter<
    NotKeyed,
    InMemoryState,
    C,
    NoOpMiddleware<<C as governor::clock::Clock>::Instant>,
>;

macro_rules! governor_on {
    ($clock:ty) => {
        impl Limiter for Governor<$clock> {
            fn with_interval(interval: Duration, burst: NonZeroU32) -> Self {
                let quota = Quota::with_period(interval).expect("the workloads have rates");
                Self::direct_with_clock(quota.allow_burst(burst), <$clock>::default())
            }

            #[inline]
            fn allow(&self) -> bool {
                self.check().is_ok()
            }
        }
    };
}

governor_on!(QuantaClock);
governor_on!(FakeRelativeClock);

/// ratelimit's clock that stands still.
pub struct RatelimitStill;

impl ratelimit::Clock for RatelimitStill {
    #[inline]
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

macro_rules! ratelimit_on {
    ($clock:ty, $make:expr) => {
        impl Limiter for Ratelimiter<$clock> {
            fn with_interval(interval: Duration, burst: NonZeroU32) -> Self {
                let builder = ratelimit::Builder::with_clock(1, $make).period(interval);
                let burst = u64::from(burst.get());
                let builder = builder.max_tokens(burst).initial_available(burst);
                builder.build().expect("the workloads have rates")
            }

            #[inline]
            fn allow(&self) -> bool {
                self.try_wait().is_ok()
            }
        }
    };
}

ratelimit_on!(StdClock, StdClock::new());
ratelimit_on!(RatelimitStill, RatelimitStill);

/// What one writes at first: tokens and the time of the last look, under a lock.
pub struct Locked<const STILL: bool> {
    bucket: Mutex<Bucket>,
    interval: f64,
    burst: f64,
    start: Instant,
}

struct Bucket {
    tokens: f64,
    looked: Instant,
}

impl<const STILL: bool> Limiter for Locked<STILL> {
    fn with_interval(interval: Duration, burst: NonZeroU32) -> Self {
        let (start, burst) = (Instant::now(), f64::from(burst.get()));
        let bucket = Mutex::new(Bucket { tokens: burst, looked: start });
        Self { bucket, interval: interval.as_secs_f64(), burst, start }
    }

    #[inline]
    fn allow(&self) -> bool {
        let mut bucket = self.bucket.lock().expect("nothing panics under this lock");
        let now = if STILL { self.start } else { Instant::now() };
        let came = (now - bucket.looked).as_secs_f64() / self.interval;
        bucket.looked = now;
        bucket.tokens = (bucket.tokens + came).min(self.burst);
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        allowed
    }
}
