//! Another rate, while things go on.

use std::num::NonZeroU32;

use patterns::rate_limiter::RateLimiter;
use tokio::time::Instant;

use crate::scene::{DAY, Line, SECOND, allowed, limiter, one_in};
use crate::support::{Polled, run, within_deadline};

#[test]
fn the_new_rate_holds_from_now_on() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 10);
        assert_eq!(allowed(&limiter, 10), 10);
        clock.advance(2 * SECOND);
        limiter.set_rate(one_in(SECOND / 4));
        assert_eq!(limiter.available(), 2, "what came by the old rate");
        clock.advance(SECOND);
        assert_eq!(allowed(&limiter, 99), 2 + 4);
        limiter.set_rate(one_in(3 * SECOND));
        clock.advance(9 * SECOND);
        assert_eq!(allowed(&limiter, 99), 3);
    });
}

#[test]
fn a_part_of_a_token_is_kept() {
    within_deadline(|| {
        let (limiter, clock) = limiter(4 * SECOND, 1);
        assert!(limiter.allow());
        clock.advance(3 * SECOND);
        limiter.set_rate(one_in(8 * SECOND));
        clock.advance(SECOND);
        assert!(!limiter.allow(), "three quarters, and an eighth");
        clock.advance(SECOND);
        assert!(limiter.allow(), "three quarters, and two eighths");
    });
}

#[test]
fn a_slower_rate_gives_no_tokens_away() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND / 1_000, 10);
        assert_eq!(allowed(&limiter, 10), 10);
        limiter.set_rate(one_in(SECOND));
        assert_eq!((limiter.available(), allowed(&limiter, 9)), (0, 0), "an empty bucket is empty");
        clock.advance(SECOND);
        assert_eq!(allowed(&limiter, 9), 1);
    });
}

#[test]
fn a_faster_rate_takes_no_tokens_away() {
    within_deadline(|| {
        let (limiter, _clock) = limiter(SECOND, 10);
        assert_eq!(allowed(&limiter, 4), 4);
        limiter.set_rate(one_in(SECOND / 1_000));
        assert_eq!((limiter.available(), allowed(&limiter, 99)), (6, 6));
    });
}

#[test]
fn a_full_bucket_stays_full_and_no_fuller() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 3);
        clock.advance(DAY);
        limiter.set_rate(one_in(2 * SECOND));
        assert_eq!(limiter.available(), 3);
        limiter.set_rate(one_in(SECOND / 2));
        assert_eq!(allowed(&limiter, 99), 3);
    });
}

#[test]
fn a_faster_rate_wakes_the_one_who_sleeps_by_the_slow() {
    within_deadline(|| {
        let (limiter, clock) = limiter(DAY, 1);
        assert!(limiter.allow());
        let mut waiter = Polled::new(limiter.acquire()).pending();
        limiter.set_rate(one_in(SECOND));
        assert!(waiter.wakes() > 0, "it sleeps for a day, by a rate that is none any more");
        assert!(waiter.poll().is_pending(), "it is not time yet");
        clock.advance(SECOND);
        waiter.ready();
    });
}

#[test]
fn a_faster_rate_reaches_who_sleeps_by_the_system_clock() {
    run(|| async {
        let limiter = RateLimiter::new(one_in(DAY), NonZeroU32::MIN);
        limiter.acquire().await;
        let start = Instant::now();
        let waits = async {
            limiter.acquire().await;
            limiter.acquire().await;
        };
        tokio::join!(waits, async { limiter.set_rate(one_in(SECOND)) });
        assert_eq!(start.elapsed(), 2 * SECOND, "it slept by a rate that is none any more");
    });
}

#[test]
fn a_slower_rate_lets_those_who_wait_wait_longer() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 1);
        assert!(limiter.allow());
        let mut line = Line::default();
        line.join(0, limiter.acquire());
        line.join(1, limiter.acquire());
        limiter.set_rate(one_in(10 * SECOND));
        clock.advance(9 * SECOND);
        assert_eq!(line.served(), [0; 0], "by the old rate it would be its turn");
        clock.advance(SECOND);
        assert_eq!(line.served(), [0]);
        clock.advance(10 * SECOND);
        assert_eq!(line.served(), [1]);
    });
}

#[test]
fn the_rate_may_change_as_often_as_one_likes() {
    within_deadline(|| {
        // By the slow rate an empty bucket owes three years.
        let (limiter, clock) = limiter(DAY, 1_000);
        assert_eq!(allowed(&limiter, 1_000), 1_000);
        for _ in 0..1_000 {
            limiter.set_rate(one_in(SECOND / 1_000));
            assert!(!limiter.allow(), "a change has brought a token");
            limiter.set_rate(one_in(DAY));
            assert!(!limiter.allow(), "a change has brought a token");
        }
        clock.advance(DAY);
        assert_eq!(allowed(&limiter, 9), 1, "one a day, however often that was changed");
    });
}
