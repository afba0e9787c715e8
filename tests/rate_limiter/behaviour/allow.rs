//! Take or be refused.

use std::time::Duration;

use patterns::rate_limiter::{BurstExceeded, KeyedLimiter, RateLimiter};

use crate::scene::{DAY, SECOND, allowed, limiter};
use crate::support::within_deadline;

#[test]
fn a_new_limiter_holds_a_full_burst() {
    within_deadline(|| {
        let (limiter, _clock) = limiter(SECOND, 3);
        assert_eq!(limiter.available(), 3);
        assert_eq!([(); 4].map(|()| limiter.allow()), [true, true, true, false]);
        assert_eq!(limiter.available(), 0);
    });
}

#[test]
fn tokens_come_at_the_rate() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 3);
        assert_eq!(allowed(&limiter, 3), 3);
        for _ in 0..5 {
            clock.advance(SECOND);
            assert_eq!([limiter.allow(), limiter.allow()], [true, false], "one in a second");
        }
        clock.advance(2 * SECOND);
        assert_eq!((limiter.available(), allowed(&limiter, 9)), (2, 2));
    });
}

#[test]
fn a_token_comes_neither_early_nor_late() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 2);
        assert_eq!(allowed(&limiter, 2), 2);
        clock.advance(SECOND - Duration::from_nanos(1));
        assert!(!limiter.allow(), "a nanosecond early");
        clock.advance(Duration::from_nanos(1));
        assert!(limiter.allow(), "it is time");
    });
}

#[test]
fn an_idle_limiter_saves_no_more_than_the_burst() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 3);
        assert_eq!(allowed(&limiter, 2), 2);
        clock.advance(DAY);
        assert_eq!((limiter.available(), allowed(&limiter, 9)), (3, 3));
        clock.advance(SECOND);
        assert_eq!(allowed(&limiter, 9), 1, "the day that passed brings nothing more");
    });
}

#[test]
fn the_border_of_a_second_is_nothing_special() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND / 10, 10);
        clock.advance(SECOND - Duration::from_millis(1));
        let before = allowed(&limiter, 99);
        clock.advance(Duration::from_millis(2));
        assert_eq!((before, allowed(&limiter, 99)), (10, 0), "ten in a second, twice in 2 ms");
    });
}

#[test]
fn small_steps_of_the_clock_lose_nothing() {
    within_deadline(|| {
        let (limiter, clock) = limiter(Duration::from_micros(1), 5);
        assert_eq!(allowed(&limiter, 5), 5);
        // Each step brings three thousandths of a token, and is asked about.
        let step = || {
            clock.advance(Duration::from_nanos(3));
            u32::from(limiter.allow())
        };
        let came: u32 = (0..100_000).map(|_| step()).sum();
        assert_eq!(came, 300, "300 µs at one in 1 µs: parts of tokens were lost, or rounded away");
    });
}

#[test]
fn a_refusal_costs_nothing() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 2);
        assert_eq!(allowed(&limiter, 2), 2);
        clock.advance(SECOND / 2);
        assert_eq!(allowed(&limiter, 1_000), 0);
        clock.advance(SECOND / 2);
        assert!(limiter.allow(), "a thousand refusals have put the token off");
        clock.advance(SECOND);
        assert_eq!(limiter.allow_n(2), Ok(false));
        assert!(limiter.allow(), "the one that was there went with the refusal of two");
    });
}

#[test]
fn several_are_taken_together_or_not_at_all() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 5);
        assert_eq!(limiter.allow_n(3), Ok(true));
        assert_eq!(limiter.allow_n(3), Ok(false));
        assert_eq!(limiter.available(), 2, "nothing is taken where not all are");
        clock.advance(SECOND);
        assert_eq!(limiter.allow_n(3), Ok(true));
        assert_eq!(limiter.available(), 0);
    });
}

#[test]
fn none_is_always_to_be_had() {
    within_deadline(|| {
        let (limiter, _clock) = limiter(SECOND, 1);
        assert!(limiter.allow());
        assert_eq!(limiter.allow_n(0), Ok(true));
    });
}

#[test]
fn more_than_the_burst_is_an_error() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 2);
        clock.advance(DAY);
        let error = limiter.allow_n(3).unwrap_err();
        assert_eq!(error, BurstExceeded { asked: 3, burst: 2 });
        assert_eq!(error.to_string(), "3 tokens were asked for, and the burst is 2");
        assert_eq!(limiter.available(), 2);
        assert_eq!(limiter.allow_n(u32::MAX), Err(BurstExceeded { asked: u32::MAX, burst: 2 }));
    });
}

#[test]
fn twenty_years_later_it_counts_as_on_the_first_day() {
    within_deadline(|| {
        let (limiter, clock) = limiter(Duration::from_nanos(10), 3);
        clock.advance(20 * 365 * DAY);
        assert_eq!(allowed(&limiter, 9), 3);
        clock.advance(Duration::from_nanos(9));
        assert!(!limiter.allow());
        clock.advance(Duration::from_nanos(1));
        assert!(limiter.allow());
    });
}

#[test]
fn limiters_are_shared_between_threads() {
    fn is_shared<T: Send + Sync + Unpin>() {}
    fn is_sent<T: Send>(_: T) {}
    within_deadline(|| {
        is_shared::<RateLimiter>();
        is_shared::<KeyedLimiter<String>>();
        let (limiter, _clock) = limiter(SECOND, 1);
        is_sent(limiter.acquire());
        is_sent(limiter.acquire_n(1));
        let text = format!("{limiter:?}");
        assert_eq!(text, "RateLimiter { available: 1, waiting: 0 }");
    });
}
