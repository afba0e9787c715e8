//! What is a rate, and what is none.

use std::num::{NonZeroU32, NonZeroUsize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use patterns::rate_limiter::{KeyedLimiter, Rate, RateError, RateLimiter};

use crate::scene::{DAY, SECOND, allowed, limiter, limiter_at, one_in};
use crate::support::within_deadline;

#[test]
fn what_is_no_rate_is_refused() {
    within_deadline(|| {
        use RateError::{NotFinite, NotPositive, TooFast, TooSlow};
        let cases = [
            (0.0, NotPositive),
            (-0.0, NotPositive),
            (-5.0, NotPositive),
            (f64::INFINITY, NotFinite),
            (f64::NEG_INFINITY, NotFinite),
            (f64::NAN, NotFinite),
            (f64::MIN_POSITIVE / 2.0, TooSlow),
            (5e-324, TooSlow),
            (f64::MIN_POSITIVE, TooSlow),
            (1e-9, TooSlow),
            (1e-10, TooSlow),
            (1.1e9, TooFast),
            (f64::MAX, TooFast),
        ];
        for (tokens, error) in cases {
            assert_eq!(Rate::per_second(tokens), Err(error), "{tokens:e} per second");
        }
        assert_eq!(Rate::new(0, SECOND), Err(NotPositive));
        assert_eq!(Rate::new(1, Duration::ZERO), Err(NotFinite));
        assert_eq!(Rate::new(1, Duration::MAX), Err(TooSlow));
        assert_eq!(Rate::new(11, Duration::from_nanos(10)), Err(TooFast));
        let text = |tokens| Rate::per_second(tokens).unwrap_err().to_string();
        assert_eq!(text(0.0), "a rate must be positive");
        assert_eq!(text(f64::NAN), "a rate must be finite");
        assert_eq!(text(5e-324), "a rate must bring a token in nine years");
        assert_eq!(text(2e9), "a rate must be at most a billion tokens per second");
    });
}

#[test]
fn the_fastest_and_the_slowest_rate_are_kept() {
    within_deadline(|| {
        let (limiter, clock) = limiter_at(Rate::per_second(1e9).unwrap(), 1_000);
        assert_eq!(allowed(&limiter, 2_000), 1_000);
        clock.advance(Duration::from_nanos(700));
        assert_eq!(allowed(&limiter, 2_000), 700, "one in a nanosecond");

        let (limiter, clock) = limiter_at(one_in(9 * 365 * DAY), 1);
        assert!(limiter.allow());
        clock.advance(9 * 365 * DAY - Duration::from_nanos(1));
        assert!(!limiter.allow(), "a nanosecond before nine years have passed");
        clock.advance(Duration::from_nanos(1));
        assert!(limiter.allow());
    });
}

#[test]
fn a_rate_below_one_per_second_is_kept() {
    within_deadline(|| {
        let (limiter, clock) = limiter_at(Rate::per_second(0.001).unwrap(), 1);
        assert!(limiter.allow());
        clock.advance(999 * SECOND);
        assert!(!limiter.allow());
        clock.advance(2 * SECOND);
        assert!(limiter.allow(), "one in a thousand seconds");
    });
}

#[test]
fn tokens_are_spread_evenly_over_the_time() {
    within_deadline(|| {
        let (limiter, clock) = limiter_at(Rate::new(60, 60 * SECOND).unwrap(), 60);
        assert_eq!(allowed(&limiter, 99), 60);
        clock.advance(SECOND);
        assert_eq!(allowed(&limiter, 99), 1, "60 in a minute are one in a second");
    });
}

#[test]
fn a_burst_that_comes_back_in_no_lifetime_is_refused() {
    within_deadline(|| {
        fn message(body: impl FnOnce()) -> String {
            let panic = catch_unwind(AssertUnwindSafe(body)).expect_err("it should have panicked");
            panic.downcast_ref::<&str>().map_or_else(String::new, |text| (*text).to_owned())
        }
        let nine_years = "at this rate the burst takes more than nine years to come back";
        let (slow, burst) = (one_in(DAY), NonZeroU32::MAX);
        assert_eq!(message(|| assert!(RateLimiter::new(slow, burst).allow())), nine_years);
        let keys = NonZeroUsize::MIN;
        let keyed = || assert!(KeyedLimiter::<u64>::new(slow, burst, keys).allow(&1));
        assert_eq!(message(keyed), nine_years);

        let (limiter, clock) = limiter(SECOND, 4_000);
        assert_eq!(allowed(&limiter, 4_000), 4_000);
        assert_eq!(message(|| limiter.set_rate(slow)), nine_years);
        clock.advance(SECOND);
        assert!(limiter.allow(), "the rate has not changed");
    });
}
