//! Waiting for tokens.

use std::num::NonZeroU32;
use std::time::Duration;

use patterns::rate_limiter::{BurstExceeded, RateLimiter};
use tokio::time::Instant;

use crate::scene::{Line, SECOND, allowed, limiter, one_in};
use crate::support::{Polled, run, within_deadline};

#[test]
fn where_there_are_tokens_nobody_waits() {
    within_deadline(|| {
        let (limiter, _clock) = limiter(SECOND, 3);
        Polled::new(limiter.acquire()).ready();
        assert_eq!(Polled::new(limiter.acquire_n(2)).ready(), Ok(()));
        assert_eq!((limiter.available(), limiter.waiting()), (0, 0));
        assert_eq!(Polled::new(limiter.acquire_n(0)).ready(), Ok(()), "none is always to be had");
    });
}

#[test]
fn who_finds_no_token_waits_for_it() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 1);
        assert!(limiter.allow());
        let mut waiter = Polled::new(limiter.acquire()).pending();
        assert_eq!(limiter.waiting(), 1);
        clock.advance(SECOND - Duration::from_nanos(1));
        assert!(waiter.poll().is_pending(), "a nanosecond early");
        clock.advance(Duration::from_nanos(1));
        assert!(waiter.wakes() > 0, "nobody has told it that there is a token");
        waiter.ready();
        assert_eq!((limiter.available(), limiter.waiting()), (0, 0));
    });
}

#[test]
fn by_the_system_clock_one_waits_without_a_hand() {
    run(|| async {
        let limiter = RateLimiter::new(one_in(SECOND), NonZeroU32::MIN);
        let start = Instant::now();
        for _ in 0..4 {
            limiter.acquire().await;
        }
        assert_eq!(start.elapsed(), 3 * SECOND, "the first at once, then one in a second");
    });
}

#[test]
fn those_who_wait_are_served_in_the_order_in_which_they_asked() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 2);
        let mut line = Line::default();
        for name in 0..6 {
            line.join(name, limiter.acquire());
        }
        assert_eq!(line.served(), [0, 1], "the burst");
        assert_eq!(limiter.waiting(), 4);
        clock.advance(SECOND);
        assert_eq!(line.served(), [2]);
        clock.advance(2 * SECOND);
        assert_eq!(line.served(), [3, 4]);
        clock.advance(SECOND);
        assert_eq!(line.served(), [5]);
        assert_eq!(limiter.waiting(), 0);
    });
}

#[test]
fn a_large_request_is_not_overtaken_by_small_ones() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 3);
        assert_eq!(allowed(&limiter, 3), 3);
        let mut line = Line::default();
        line.join(0, async { limiter.acquire_n(3).await.unwrap() });
        line.join(1, limiter.acquire());
        for _ in 0..2 {
            clock.advance(SECOND);
            assert_eq!(line.served(), [0; 0], "somebody took what the first in line waits for");
            line.join(2, limiter.acquire());
        }
        assert_eq!(limiter.available(), 2);
        clock.advance(SECOND);
        assert_eq!(line.served(), [0]);
        clock.advance(SECOND);
        assert_eq!(line.served(), [1]);
    });
}

#[test]
fn allow_does_not_overtake_those_who_wait() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 3);
        assert_eq!(allowed(&limiter, 3), 3);
        let mut line = Line::default();
        line.join(0, async { limiter.acquire_n(2).await.unwrap() });
        clock.advance(SECOND);
        assert!(!limiter.allow(), "the token is the first in line's");
        clock.advance(2 * SECOND);
        // Three are there, but the first in line has not been polled since.
        assert!(!limiter.allow(), "who waits comes first, polled or not");
        assert_eq!(limiter.allow_n(1), Ok(false));
        assert_eq!(line.served(), [0]);
        assert!(limiter.allow(), "nobody waits any more");
    });
}

#[test]
fn a_place_in_line_is_taken_by_the_first_poll() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 1);
        assert!(limiter.allow());
        let mut line = Line::default();
        let (made_first, made_second) = (limiter.acquire(), limiter.acquire());
        assert_eq!(limiter.waiting(), 0, "a future does nothing before it is polled");
        line.join(2, made_second);
        line.join(1, made_first);
        clock.advance(SECOND);
        assert_eq!(line.served(), [2]);
        clock.advance(SECOND);
        assert_eq!(line.served(), [1]);
    });
}

#[test]
fn who_asks_for_more_than_the_burst_is_told_and_does_not_wait() {
    within_deadline(|| {
        let (limiter, _clock) = limiter(SECOND, 2);
        let error = Polled::new(limiter.acquire_n(3)).ready().unwrap_err();
        assert_eq!(error, BurstExceeded { asked: 3, burst: 2 });
        assert_eq!((limiter.available(), limiter.waiting()), (2, 0));
    });
}

#[test]
fn who_waits_may_move_to_another_task() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 1);
        assert!(limiter.allow());
        let mut first = Polled::new(limiter.acquire()).pending();
        let mut second = Polled::new(limiter.acquire()).pending();
        for waiter in [&mut first, &mut second] {
            waiter.move_to_another_task();
            assert!(waiter.poll().is_pending());
        }
        clock.advance(SECOND);
        assert!(first.wakes() > 0, "the task that it left was woken, and this one was not");
        first.ready();
        assert!(second.wakes() > 0, "it is the first now");
        assert!(second.poll().is_pending());
        clock.advance(SECOND);
        second.ready();
    });
}
