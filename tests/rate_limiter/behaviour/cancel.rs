//! Giving up, at each point where one can.

use crate::scene::{Line, SECOND, allowed, limiter};
use crate::support::{Polled, run, within_deadline};

use patterns::rate_limiter::RateLimiter;
use std::num::NonZeroU32;
use tokio::time::timeout;

#[test]
fn an_acquire_that_was_never_polled_has_done_nothing() {
    within_deadline(|| {
        let (limiter, _clock) = limiter(SECOND, 1);
        drop(limiter.acquire());
        assert_eq!((limiter.available(), limiter.waiting()), (1, 0));
        assert!(limiter.allow());
    });
}

#[test]
fn one_who_gives_up_leaves_the_line() {
    within_deadline(|| {
        for leaving in 0..3 {
            let (limiter, clock) = limiter(SECOND, 1);
            assert!(limiter.allow());
            let mut line = Line::default();
            (0..3).for_each(|name| line.join(name, limiter.acquire()));
            line.cancel(leaving);
            assert_eq!(limiter.waiting(), 2, "request {leaving} has left");
            let mut served = Vec::new();
            for _ in 0..2 {
                clock.advance(SECOND);
                served.extend(line.served());
            }
            let others: Vec<_> = (0..3).filter(|name| *name != leaving).collect();
            assert_eq!(served, others, "request {leaving} has left");
        }
    });
}

#[test]
fn one_who_gives_up_takes_no_token() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 2);
        assert_eq!(allowed(&limiter, 2), 2);
        let waiter = Polled::new(limiter.acquire_n(2)).pending();
        clock.advance(2 * SECOND);
        // Its tokens are there, it was woken, and it was not polled since.
        drop(waiter);
        assert_eq!(limiter.waiting(), 0);
        assert_eq!(allowed(&limiter, 9), 2, "the tokens went with the one who gave up");
    });
}

#[test]
fn one_who_gives_up_when_its_time_has_come_passes_the_turn_on() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 2);
        assert_eq!(allowed(&limiter, 2), 2);
        let mut line = Line::default();
        (0..3).for_each(|name| line.join(name, limiter.acquire()));
        clock.advance(2 * SECOND);
        line.cancel(0);
        assert_eq!(line.served(), [1, 2], "two tokens for the two who still wait");
    });
}

#[test]
fn a_large_request_that_gives_up_lets_the_others_through() {
    within_deadline(|| {
        let (limiter, clock) = limiter(SECOND, 3);
        assert_eq!(allowed(&limiter, 3), 3);
        let mut line = Line::default();
        line.join(0, async { limiter.acquire_n(3).await.unwrap() });
        (1..4).for_each(|name| line.join(name, limiter.acquire()));
        clock.advance(2 * SECOND);
        assert_eq!(line.served(), [0; 0]);
        line.cancel(0);
        assert_eq!(line.served(), [1, 2], "two tokens are there, and two want one");
        assert_eq!((limiter.waiting(), line.len()), (1, 1));
    });
}

#[test]
fn an_acquire_that_times_out_has_taken_nothing() {
    run(|| async {
        let limiter = RateLimiter::new(crate::scene::one_in(SECOND), NonZeroU32::MIN);
        limiter.acquire().await;
        for _ in 0..3 {
            assert!(timeout(SECOND / 4, limiter.acquire()).await.is_err());
        }
        assert_eq!(limiter.waiting(), 0);
        timeout(SECOND / 2, limiter.acquire()).await.expect("a second has passed since the first");
    });
}
