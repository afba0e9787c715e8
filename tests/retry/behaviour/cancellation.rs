//! A token, and its deadline: before the first attempt, during one, and between two.

use std::future::{pending, ready};
use std::time::Duration;

use futures::FutureExt;
use patterns::retry::{CancelToken, ManualClock, Reason, Retry, RetryError, retry};
use tokio::time::{Instant, sleep};

use crate::clock::Jumping;
use crate::support::{Census, Polled, run, within_deadline};
use crate::{MS, SECOND, steady, times};

fn cancelled<T, E>(attempts: u32, source: Option<E>, reason: Reason) -> Result<T, RetryError<E>> {
    Err(RetryError::Cancelled { attempts, source, reason })
}

#[test]
fn under_a_cancelled_token_nothing_is_tried() {
    run(|| async {
        let policy = steady();
        let token = CancelToken::new();
        token.cancel();
        let late = CancelToken::new().with_timeout(Duration::ZERO);
        for (token, reason) in [(token, Reason::Cancelled), (late, Reason::DeadlineExceeded)] {
            let mut calls = 0;
            let answer = retry(&policy, &token, |_| {
                calls += 1;
                ready(Ok::<_, Retry<()>>(()))
            });
            assert_eq!(answer.now_or_never(), Some(cancelled(0, None, reason)));
            assert_eq!(calls, 0);
        }
    });
}

#[test]
fn a_cancellation_ends_the_attempt() {
    within_deadline(|| {
        let (token, census) = (CancelToken::new(), Census::default());
        let policy = steady().with_clock(Jumping::new());
        let mut answer = Polled::new(retry(&policy, &token, async |attempt| {
            let _held = census.payload(1);
            match attempt {
                1 => Err::<(), _>(Retry::Transient("busy")),
                _ => pending().await,
            }
        }));
        answer = answer.pending();
        assert_eq!(census.alive(), 1);
        token.cancel();
        assert!(answer.wakes() > 0, "nobody is told during the attempt");
        let end = answer.poll();
        assert_eq!(end, cancelled(2, Some("busy"), Reason::Cancelled).into());
        assert_eq!(census.alive(), 0, "the call has ended, and the attempt has not");
    });
}

#[test]
fn a_cancellation_ends_the_wait() {
    within_deadline(|| {
        let (token, clock) = (CancelToken::new(), ManualClock::new());
        let policy = steady().with_clock(clock.clone());
        let op = |_| ready(Err::<(), _>(Retry::Transient("busy")));
        let answer = Polled::new(retry(&policy, &token, op)).pending();
        token.cancel();
        assert!(answer.wakes() > 0, "nobody is told during the wait");
        assert_eq!(answer.ready(), cancelled(1, Some("busy"), Reason::Cancelled));
    });
}

#[test]
fn a_cancellation_at_the_end_of_the_wait_comes_first() {
    within_deadline(|| {
        let (token, clock, mut calls) = (CancelToken::new(), ManualClock::new(), 0);
        let policy = steady().with_clock(clock.clone());
        let answer = Polled::new(retry(&policy, &token, |_| {
            calls += 1;
            ready(if calls == 1 { Err(Retry::Transient("busy")) } else { Ok(()) })
        }));
        let answer = answer.pending();
        clock.advance(SECOND);
        token.cancel();
        assert_eq!(answer.ready(), cancelled(1, Some("busy"), Reason::Cancelled));
        assert_eq!(calls, 1, "another attempt under a cancelled token");
    });
}

#[test]
fn what_is_finished_is_not_thrown_away() {
    within_deadline(|| {
        let policy = steady().attempts(times(2)).with_clock(Jumping::new());
        // Each ends in the poll in which the token is cancelled.
        let ends = [
            (1, Ok(7), Ok(7)),
            (
                1,
                Err(Retry::Permanent("no")),
                Err(RetryError::Permanent { attempts: 1, source: "no" }),
            ),
            (1, Err(Retry::Transient("busy")), cancelled(1, Some("busy"), Reason::Cancelled)),
            (
                2,
                Err(Retry::Transient("busy")),
                Err(RetryError::Exhausted { attempts: 2, source: "busy" }),
            ),
        ];
        for (at, end, expected) in ends {
            let token = CancelToken::new();
            let answer = retry(&policy, &token, |attempt| {
                if attempt < at {
                    return ready(Err(Retry::Transient("earlier")));
                }
                token.cancel();
                ready(end)
            });
            assert_eq!(answer.now_or_never(), Some(expected));
        }
    });
}

#[test]
fn nobody_waits_when_the_attempt_has_cancelled_the_token() {
    within_deadline(|| {
        let (token, clock) = (CancelToken::new(), Jumping::new());
        let policy = steady().with_clock(clock.clone());
        let answer = retry(&policy, &token, |_| {
            token.cancel();
            ready(Err::<(), _>(Retry::Transient("busy")))
        });
        assert_eq!(answer.now_or_never(), Some(cancelled(1, Some("busy"), Reason::Cancelled)));
        assert_eq!(clock.elapsed(), Duration::ZERO, "a wait under a cancelled token");
    });
}

#[test]
fn the_deadline_ends_an_attempt() {
    run(|| async {
        let policy = steady();
        let (start, census) = (Instant::now(), Census::default());
        let token = CancelToken::new().with_timeout(SECOND);
        let answer = retry(&policy, &token, async |_| {
            let _held = census.payload(1);
            sleep(400 * MS).await;
            Err::<(), _>(Retry::Transient("busy"))
        });
        // Attempts at 0 and 500 ms; the next would begin at 1100 ms.
        let (attempts, reason) = (2, Reason::DeadlineExceeded);
        assert_eq!(answer.await, cancelled(attempts, Some("busy"), reason));
        assert_eq!(start.elapsed(), 900 * MS, "a wait beyond the deadline was begun");
        let answer = retry(&policy, &token, async |_| {
            let _held = census.payload(1);
            pending::<Result<(), Retry<()>>>().await
        });
        assert_eq!(answer.await, cancelled(1, None, reason));
        assert_eq!((start.elapsed(), census.alive()), (SECOND, 0));
    });
}

#[test]
fn a_wait_beyond_the_deadline_is_not_begun() {
    run(|| async {
        let policy = steady();
        // The waits would end at 100, 300 and 700 ms.
        for (limit, attempts, ends) in [(700, 3, 300), (701, 4, 700), (100, 1, 0), (101, 2, 100)] {
            let (start, token) = (Instant::now(), CancelToken::new().with_timeout(limit * MS));
            let op = |_| ready(Err::<(), _>(Retry::Transient("busy")));
            let answer = retry(&policy, &token, op).await;
            assert_eq!(answer, cancelled(attempts, Some("busy"), Reason::DeadlineExceeded));
            assert_eq!(start.elapsed(), ends * MS, "with a limit of {limit} ms");
        }
    });
}

#[test]
fn the_deadline_stays_with_the_systems_clock() {
    run(|| async {
        // The policy's clock is an hour ahead: the deadline is not over, and a wait of 100 ms is not
        // too long. The next wait is: 200 ms are left by the system's clock, which has not moved.
        let (token, clock) = (CancelToken::new().with_timeout(200 * MS), Jumping::new());
        clock.pass(3600 * SECOND);
        let policy = steady().with_clock(clock);
        let op = |_| ready(Err::<(), _>(Retry::Transient("busy")));
        let answer = retry(&policy, &token, op).now_or_never();
        let expected = cancelled(2, Some("busy"), Reason::DeadlineExceeded);
        assert_eq!(answer, Some(expected), "the deadline by the system's clock");
    });
}

#[test]
fn a_hint_beyond_the_deadline_is_the_end() {
    run(|| async {
        let policy = steady();
        let token = CancelToken::new().with_timeout(10 * SECOND);
        let op = |_| ready(Err::<(), _>(Retry::After("closed", 30 * SECOND)));
        let answer = retry(&policy, &token, op).now_or_never();
        assert_eq!(answer, Some(cancelled(1, Some("closed"), Reason::DeadlineExceeded)));
        assert!(!token.is_cancelled(), "whoever has the token has the rest of its time");
    });
}
