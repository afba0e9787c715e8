//! Beats: on time, one at a time, and none made up for.

use std::cell::RefCell;
use std::future::{pending, ready};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use patterns::retry::{CancelToken, ManualClock, Reason, heartbeat, heartbeat_with_clock};
use tokio::time::{Instant, sleep};

use crate::support::{Census, Polled, run, within_deadline};
use crate::{MS, SECOND};

/// When beats begin that last so long each, one period being a second, within ten seconds and a half.
async fn begun(beats: impl IntoIterator<Item = u64>) -> Vec<u128> {
    let (start, begun) = (Instant::now(), RefCell::new(Vec::new()));
    let token = CancelToken::new().with_timeout(10_500 * MS);
    let mut beats = beats.into_iter();
    let beat = || {
        begun.borrow_mut().push(start.elapsed().as_millis());
        sleep(Duration::from_millis(beats.next().unwrap_or(0)))
    };
    assert_eq!(heartbeat(&token, SECOND, beat).await, Reason::DeadlineExceeded);
    assert_eq!(start.elapsed(), 10_500 * MS, "the deadline, which ends it at once");
    begun.into_inner()
}

fn seconds<const N: usize>(seconds: [u128; N]) -> Vec<u128> {
    seconds.map(|second| second * 1000).to_vec()
}

#[test]
fn the_first_beat_comes_after_a_period_and_the_others_follow() {
    run(|| async {
        assert_eq!(begun([]).await, seconds([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    });
}

#[test]
fn a_beat_that_takes_its_time_moves_no_other() {
    run(|| async {
        let beats = [300, 1, 999, 0, 300, 17, 5];
        assert_eq!(begun(beats).await, seconds([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    });
}

#[test]
fn ticks_that_pass_during_a_beat_are_skipped() {
    run(|| async {
        // From 1 to 3.5; from 4 to 6.2; from 7 to 9.001.
        assert_eq!(begun([2500, 2200, 2001]).await, seconds([1, 4, 7, 10]));
    });
}

#[test]
fn a_beat_that_ends_with_a_tick_skips_nothing() {
    run(|| async {
        // From 1 to 2; from 2 to 4; from 4 to 5.
        assert_eq!(begun([1000, 2000, 1000]).await, seconds([1, 2, 4, 5, 6, 7, 8, 9, 10]));
    });
}

#[test]
fn after_a_pause_there_is_one_beat_and_then_the_old_ticks() {
    within_deadline(|| {
        let (token, clock, beats) = (CancelToken::new(), ManualClock::new(), RefCell::new(0));
        let beat = || {
            *beats.borrow_mut() += 1;
            ready(())
        };
        let mut heart = Polled::new(heartbeat_with_clock(&clock, &token, SECOND, beat)).pending();
        // The laptop was shut for an hour, and opened again between two ticks.
        for (passed, expected) in [(3_600_300, 1), (699, 1), (1, 2), (999, 2), (1, 3)] {
            clock.advance(passed * MS);
            heart = heart.pending();
            assert_eq!(*beats.borrow(), expected, "after another {passed} ms");
        }
    });
}

#[test]
fn a_cancellation_ends_the_wait_for_the_next_beat() {
    within_deadline(|| {
        let (token, clock) = (CancelToken::new(), ManualClock::new());
        let heart = heartbeat_with_clock(&clock, &token, SECOND, || ready(()));
        let heart = Polled::new(heart).pending();
        token.cancel();
        assert!(heart.wakes() > 0, "nobody is told");
        assert_eq!(heart.ready(), Reason::Cancelled);
        let heart = heartbeat_with_clock(&clock, &token, SECOND, || -> std::future::Ready<()> {
            panic!("a beat under a cancelled token")
        });
        assert_eq!(Polled::new(heart).ready(), Reason::Cancelled);
    });
}

#[test]
fn a_cancellation_ends_the_beat() {
    within_deadline(|| {
        let (token, clock, census) = (CancelToken::new(), ManualClock::new(), Census::default());
        let beat = async || {
            let _held = census.payload(1);
            pending().await
        };
        let mut heart = Polled::new(heartbeat_with_clock(&clock, &token, SECOND, beat)).pending();
        clock.advance(SECOND);
        heart = heart.pending();
        assert_eq!(census.alive(), 1);
        clock.advance(5 * SECOND);
        heart = heart.pending();
        assert_eq!(census.alive(), 1, "one beat at a time");
        token.cancel();
        assert_eq!(heart.poll(), Reason::Cancelled.into());
        assert_eq!(census.alive(), 0, "the beat goes on");
    });
}

#[test]
fn a_cancellation_at_a_tick_comes_first() {
    within_deadline(|| {
        let (token, clock, beats) = (CancelToken::new(), ManualClock::new(), RefCell::new(0));
        let beat = || {
            *beats.borrow_mut() += 1;
            ready(())
        };
        let heart = Polled::new(heartbeat_with_clock(&clock, &token, SECOND, beat)).pending();
        clock.advance(SECOND);
        token.cancel();
        assert_eq!(heart.ready(), Reason::Cancelled);
        assert_eq!(beats.into_inner(), 0, "a beat under a cancelled token");
    });
}

#[test]
fn a_panic_of_a_beat_goes_through() {
    run(|| async {
        let (token, mut beats) = (CancelToken::new(), 0);
        let beat = || {
            beats += 1;
            let panics = beats == 3;
            async move { assert!(!panics, "the third beat") }
        };
        let cause = AssertUnwindSafe(heartbeat(&token, MS, beat)).catch_unwind().await;
        assert_eq!(cause.unwrap_err().downcast_ref::<&str>(), Some(&"the third beat"));
    });
}

#[test]
#[should_panic(expected = "period")]
fn a_period_of_nothing_is_refused() {
    run(|| async {
        let token = CancelToken::new().with_timeout(SECOND);
        heartbeat(&token, Duration::ZERO, || ready(())).await
    });
}

#[test]
fn a_period_that_no_clock_reaches_waits_for_the_token() {
    run(|| async {
        for period in [Duration::MAX, Duration::MAX / 2, Duration::from_secs(u64::MAX / 4)] {
            let token = CancelToken::new();
            let heart = Polled::new(heartbeat(&token, period, || ready(()))).pending();
            token.cancel();
            assert_eq!(heart.ready(), Reason::Cancelled);
        }
    });
}

#[test]
fn a_heartbeat_may_move_to_another_thread() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    run(|| async {
        let token = CancelToken::new().with_timeout(1500 * MS);
        let task = async move { heartbeat(&token, SECOND, || ready(())).await };
        assert_eq!(tokio::spawn(is_send(task)).await.unwrap(), Reason::DeadlineExceeded);
    });
}
