//! How often an operation is called, when, and what its caller is told.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use patterns::retry::{CancelToken, ManualClock, Reason, Retry, RetryError, retry};

use crate::clock::Jumping;
use crate::support::{Census, Payload, Polled, panic_of, within_deadline};
use crate::{MS, SECOND, steady, times};

type Outcome = Ready<Result<u32, Retry<&'static str>>>;

fn fails(error: &'static str) -> Outcome {
    ready(Err(Retry::Transient(error)))
}

#[test]
fn a_success_is_returned_at_once() {
    within_deadline(|| {
        let (token, clock, mut calls) = (CancelToken::new(), Jumping::new(), Vec::new());
        let policy = steady().with_clock(clock.clone());
        let answer = retry(&policy, &token, |attempt| {
            calls.push(attempt);
            ready(Ok::<_, Retry<()>>("done"))
        });
        assert_eq!(answer.now_or_never(), Some(Ok("done")));
        assert_eq!((calls, clock.elapsed()), (vec![1], Duration::ZERO));
    });
}

#[test]
fn a_transient_failure_is_tried_again() {
    within_deadline(|| {
        let (token, mut calls) = (CancelToken::new(), Vec::new());
        let policy = steady().with_clock(Jumping::new());
        let answer = retry(&policy, &token, |attempt| {
            calls.push(attempt);
            if attempt < 3 { fails("busy") } else { ready(Ok(attempt)) }
        });
        assert_eq!(answer.now_or_never(), Some(Ok(3)));
        assert_eq!(calls, [1, 2, 3], "the numbers of the attempts");
    });
}

#[test]
fn a_permanent_failure_is_the_last() {
    within_deadline(|| {
        let (token, clock, mut calls) = (CancelToken::new(), Jumping::new(), 0);
        let policy = steady().with_clock(clock.clone());
        let answer = retry(&policy, &token, |attempt| {
            calls += 1;
            let failure =
                if attempt == 1 { Retry::Transient("busy") } else { Retry::Permanent("no") };
            ready(Err::<(), _>(failure))
        });
        let expected = Err(RetryError::Permanent { attempts: 2, source: "no" });
        assert_eq!(answer.now_or_never(), Some(expected));
        assert_eq!((calls, clock.elapsed()), (2, 100 * MS), "attempts, and the time of one wait");
    });
}

#[test]
fn the_waits_double_up_to_the_cap() {
    within_deadline(|| {
        let (token, clock, mut begun) = (CancelToken::new(), Jumping::new(), Vec::new());
        let policy = steady().attempts(times(7)).with_clock(clock.clone());
        let answer = retry(&policy, &token, |_| {
            begun.push(clock.elapsed().as_millis());
            // A wait begins when the attempt has ended, and not when it began.
            clock.pass(10 * MS);
            fails("busy")
        });
        assert!(answer.now_or_never().is_some());
        assert_eq!(begun, [0, 110, 320, 730, 1540, 2550, 3560]);
    });
}

#[test]
fn nobody_waits_after_the_last_attempt() {
    within_deadline(|| {
        let (token, clock) = (CancelToken::new(), Jumping::new());
        let errors = ["", "first", "second", "third"];
        for (allowed, waited) in [(1, 0), (3, 300)] {
            let before = clock.elapsed();
            let policy = steady().attempts(times(allowed)).with_clock(clock.clone());
            let answer = retry(&policy, &token, |attempt| fails(errors[attempt as usize]));
            let source = errors[allowed as usize];
            let expected = Err(RetryError::Exhausted { attempts: allowed, source });
            assert_eq!(answer.now_or_never(), Some(expected));
            assert_eq!(clock.elapsed() - before, waited * MS);
        }
    });
}

#[test]
fn unless_told_otherwise_there_are_five_attempts() {
    within_deadline(|| {
        let (token, policy) = (CancelToken::new(), steady().with_clock(Jumping::new()));
        let answer = retry(&policy, &token, |_| fails("busy")).now_or_never();
        assert_eq!(answer, Some(Err(RetryError::Exhausted { attempts: 5, source: "busy" })));
    });
}

#[test]
fn a_hint_is_waited_for_and_the_delay_comes_on_top() {
    within_deadline(|| {
        let (token, clock, mut begun) = (CancelToken::new(), Jumping::new(), Vec::new());
        let policy = steady().with_clock(clock.clone());
        let answer = retry(&policy, &token, |attempt| {
            begun.push(clock.elapsed().as_millis());
            ready(match attempt {
                // Longer than the cap; shorter than the delay.
                1 => Err(Retry::After("closed", 30 * SECOND)),
                2 => Err(Retry::After("closed", 50 * MS)),
                3 => Err(Retry::Transient("busy")),
                _ => Ok(()),
            })
        });
        assert_eq!(answer.now_or_never(), Some(Ok(())));
        assert_eq!(begun, [0, 30_100, 30_350, 30_750]);
    });
}

#[test]
fn a_hint_counts_as_a_failure() {
    within_deadline(|| {
        let (token, clock) = (CancelToken::new(), Jumping::new());
        let policy = steady().attempts(times(2)).with_clock(clock.clone());
        let op = |attempt| {
            ready(if attempt < 3 { Err(Retry::After("closed", SECOND)) } else { Ok(attempt) })
        };
        let expected = Err(RetryError::Exhausted { attempts: 2, source: "closed" });
        assert_eq!(retry(&policy, &token, op).now_or_never(), Some(expected));
        assert_eq!(clock.elapsed(), SECOND + 100 * MS);
    });
}

#[test]
fn a_hint_that_no_clock_reaches_waits_for_the_token() {
    within_deadline(|| {
        let (token, policy) = (CancelToken::new(), steady().with_clock(ManualClock::new()));
        let forever = |_| ready(Err::<(), _>(Retry::After("closed", Duration::MAX)));
        let answer = Polled::new(retry(&policy, &token, forever)).pending();
        token.cancel();
        let (source, reason) = (Some("closed"), Reason::Cancelled);
        assert_eq!(answer.ready(), Err(RetryError::Cancelled { attempts: 1, source, reason }));
    });
}

#[test]
fn the_wait_is_over_when_the_policys_clock_says_so() {
    within_deadline(|| {
        let (token, clock) = (CancelToken::new(), ManualClock::new());
        let policy = steady().with_clock(clock.clone());
        let op = |attempt| if attempt == 1 { fails("busy") } else { ready(Ok(attempt)) };
        let mut answer = Polled::new(retry(&policy, &token, op)).pending();
        clock.advance(99 * MS);
        answer = answer.pending();
        let before = answer.wakes();
        clock.advance(MS);
        assert_eq!(answer.wakes(), before + 1, "woken by the clock");
        assert_eq!(answer.ready(), Ok(2));
    });
}

/// An attempt that fails at once, and has something in its hands until it is dropped.
struct Holding(#[allow(dead_code)] Payload);

impl Future for Holding {
    type Output = Result<(), Retry<()>>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Err(Retry::Transient(())))
    }
}

#[test]
fn an_attempt_is_gone_before_the_wait() {
    within_deadline(|| {
        let (token, clock, census) = (CancelToken::new(), ManualClock::new(), Census::default());
        let policy = steady().with_clock(clock.clone());
        let op = |_| Holding(census.payload(1));
        let _answer = Polled::new(retry(&policy, &token, op)).pending();
        assert_eq!(census.alive(), 0, "the attempt has ended, and holds on to what it had");
    });
}

#[test]
fn a_panic_goes_through() {
    within_deadline(|| {
        let (token, policy) = (CancelToken::new(), steady().with_clock(Jumping::new()));
        let (calls, census) = (Cell::new(0), Census::default());
        let call = retry(&policy, &token, |attempt| {
            calls.set(calls.get() + 1);
            let _held = census.payload(1);
            if attempt == 2 { panic!("the call") } else { fails("busy") }
        });
        assert_eq!(panic_of(|| call.now_or_never()), "the call");
        let call = retry(&policy, &token, async |attempt| {
            calls.set(calls.get() + 1);
            let _held = census.payload(1);
            if attempt == 2 { panic!("the attempt") } else { fails("busy").await }
        });
        assert_eq!(panic_of(|| call.now_or_never()), "the attempt");
        assert_eq!((calls.get(), census.alive()), (4, 0), "a panic is no failure to try again");
    });
}

#[derive(Debug, PartialEq)]
struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("busy")
    }
}

impl Error for Busy {}

#[test]
fn an_error_says_what_ended_it_and_keeps_its_source() {
    within_deadline(|| {
        let cancelled =
            |attempts, source, reason| RetryError::Cancelled { attempts, source, reason };
        let errors = [
            RetryError::Permanent { attempts: 1, source: Busy },
            RetryError::Exhausted { attempts: 5, source: Busy },
            RetryError::OutOfBudget { attempts: 2, source: Busy },
            cancelled(3, Some(Busy), Reason::DeadlineExceeded),
            cancelled(0, None, Reason::Cancelled),
        ];
        let messages = [
            "permanent failure after 1 attempt",
            "no attempts left after 5 attempts",
            "no budget for a retry after 2 attempts",
            "deadline exceeded after 3 attempts",
            "cancelled before the first attempt",
        ];
        assert_eq!(errors.each_ref().map(ToString::to_string), messages);
        assert_eq!(errors.each_ref().map(RetryError::attempts), [1, 5, 2, 3, 0]);
        for error in errors {
            let source = error.source().map(ToString::to_string);
            let known = error.into_source();
            assert_eq!(source.as_deref(), known.as_ref().map(|_| "busy"));
        }
    });
}

#[test]
fn a_call_may_move_to_another_thread() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    within_deadline(|| {
        let (token, policy) = (CancelToken::new(), steady());
        let call = is_send(retry(&policy, &token, |_| ready(Ok::<_, Retry<()>>(1))));
        let answer = std::thread::scope(|scope| scope.spawn(|| call.now_or_never()).join());
        assert_eq!(answer.unwrap(), Some(Ok(1)));
    });
}
