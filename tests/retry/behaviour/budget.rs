//! A budget: who pays in, who is paid for, and who gets it back.

use std::future::ready;

use futures::FutureExt;
use patterns::retry::{
    Backoff, CancelToken, Clock, ManualClock, Retry, RetryBudget, RetryError, retry,
};

use crate::clock::Jumping;
use crate::support::{Polled, panic_of, run, within_deadline};
use crate::{MS, SECOND, steady, times};

#[test]
fn the_reserve_is_there_from_the_start() {
    within_deadline(|| {
        let budget = RetryBudget::new(0, times(3));
        assert_eq!(budget.available(), 3);
        assert_eq!([(); 5].map(|()| budget.withdraw()), [true, true, true, false, false]);
        assert_eq!(budget.available(), 0);
    });
}

#[test]
fn calls_pay_for_retries() {
    within_deadline(|| {
        for (percent, calls, retries) in
            [(20, 5, 1), (20, 4, 0), (1, 100, 1), (1, 99, 0), (150, 2, 3)]
        {
            let budget = RetryBudget::new(percent, times(10));
            (0..10).for_each(|_| assert!(budget.withdraw()));
            (0..calls).for_each(|_| budget.deposit());
            assert_eq!(budget.available(), retries, "{calls} calls at {percent} %");
            assert_eq!((0..9).filter(|_| budget.withdraw()).count(), retries as usize);
        }
    });
}

#[test]
fn no_more_is_kept_than_the_reserve() {
    within_deadline(|| {
        let budget = RetryBudget::new(70, times(2));
        (0..1000).for_each(|_| budget.deposit());
        assert_eq!(budget.available(), 2);
        assert!(budget.withdraw());
        // 1.7, and then 2: not 2.4.
        (0..2).for_each(|_| budget.deposit());
        assert_eq!([(); 3].map(|()| budget.withdraw()), [true, true, false]);
        (0..1).for_each(|_| budget.deposit());
        assert!(!budget.withdraw(), "0.7 is no whole retry");
    });
}

#[test]
fn no_number_is_too_large() {
    within_deadline(|| {
        let budget = RetryBudget::new(u32::MAX, times(u32::MAX));
        budget.deposit();
        assert_eq!(budget.available(), u32::MAX);
        assert!(budget.withdraw());
        assert_eq!(budget.available(), u32::MAX - 1);
        budget.deposit();
        assert_eq!(budget.available(), u32::MAX);
    });
}

#[test]
fn clones_are_one_budget() {
    within_deadline(|| {
        let budget = RetryBudget::new(100, times(1));
        let other = budget.clone();
        assert!(budget.withdraw());
        assert!(!other.withdraw());
        other.deposit();
        assert_eq!(budget.available(), 1);
    });
}

#[test]
fn a_retry_is_paid_for_and_a_first_attempt_is_not() {
    within_deadline(|| {
        let (token, clock, budget) =
            (CancelToken::new(), Jumping::new(), RetryBudget::new(0, times(2)));
        let policy = steady().with_clock(clock.clone()).budget(budget.clone());
        for _ in 0..10 {
            let answer = retry(&policy, &token, |attempt| ready(Ok::<_, Retry<()>>(attempt)));
            assert_eq!(answer.now_or_never(), Some(Ok(1)));
        }
        assert_eq!(budget.available(), 2, "after ten calls without a retry");
        let op =
            |attempt| ready(if attempt == 1 { Err(Retry::Transient(())) } else { Ok(attempt) });
        assert_eq!(retry(&policy, &token, op).now_or_never(), Some(Ok(2)));
        assert_eq!(budget.available(), 1, "after one retry");
        let op = |_| ready(Err::<(), _>(Retry::Permanent(())));
        assert!(retry(&policy, &token, op).now_or_never().is_some());
        assert_eq!(budget.available(), 1, "a permanent failure is not tried again");
    });
}

#[test]
fn without_budget_there_is_no_retry_and_no_wait() {
    within_deadline(|| {
        let (token, clock, budget) =
            (CancelToken::new(), Jumping::new(), RetryBudget::new(0, times(2)));
        let policy = steady().with_clock(clock.clone()).budget(budget.clone());
        let errors = ["", "first", "second", "third"];
        let op = |attempt| ready(Err::<(), _>(Retry::Transient(errors[attempt as usize])));
        let expected = Err(RetryError::OutOfBudget { attempts: 3, source: "third" });
        assert_eq!(retry(&policy, &token, op).now_or_never(), Some(expected));
        assert_eq!(clock.elapsed(), 300 * MS, "nobody waits for what they cannot pay");
        let op = |_| ready(Err::<(), _>(Retry::Transient("again")));
        let expected = Err(RetryError::OutOfBudget { attempts: 1, source: "again" });
        assert_eq!(retry(&policy, &token, op).now_or_never(), Some(expected));
    });
}

#[test]
fn the_last_attempt_asks_for_no_budget() {
    within_deadline(|| {
        let (token, budget) = (CancelToken::new(), RetryBudget::new(0, times(1)));
        let policy = steady().attempts(times(2)).with_clock(Jumping::new()).budget(budget.clone());
        let op = |_| ready(Err::<(), _>(Retry::Transient("busy")));
        let expected = Err(RetryError::Exhausted { attempts: 2, source: "busy" });
        assert_eq!(retry(&policy, &token, op).now_or_never(), Some(expected));
    });
}

#[test]
fn a_call_pays_in_once_when_it_begins() {
    within_deadline(|| {
        let (token, budget) = (CancelToken::new(), RetryBudget::new(100, times(10)));
        let policy = steady().with_clock(Jumping::new()).budget(budget.clone());
        (0..10).for_each(|_| assert!(budget.withdraw()));
        let op = |_| ready(Err::<(), _>(Retry::Transient("busy")));
        let expected = Err(RetryError::OutOfBudget { attempts: 2, source: "busy" });
        assert_eq!(
            retry(&policy, &token, op).now_or_never(),
            Some(expected),
            "it has paid for one"
        );
        token.cancel();
        assert!(retry(&policy, &token, op).now_or_never().is_some());
        assert_eq!(budget.available(), 0, "a call that never began has paid in");
    });
}

#[test]
fn an_outage_is_not_multiplied() {
    within_deadline(|| {
        let (token, budget, mut attempts) =
            (CancelToken::new(), RetryBudget::new(10, times(20)), 0);
        let policy = steady().with_clock(Jumping::new()).budget(budget);
        for _ in 0..1000 {
            let answer = retry(&policy, &token, |_| {
                attempts += 1;
                ready(Err::<(), _>(Retry::Transient(())))
            });
            assert!(answer.now_or_never().is_some());
        }
        // What the first call pays is more than the full reserve holds, and is not kept.
        let retries = attempts - 1000;
        assert!(
            (115..=120).contains(&retries),
            "{retries} retries on 1000 calls, reserve 20 and 10 %"
        );
    });
}

/// A call that has failed once, and waits for its clock.
fn waiting<'a, C: Clock>(
    policy: &'a Backoff<C>,
    token: &'a CancelToken,
) -> Polled<impl Future<Output = bool> + 'a> {
    let call = retry(policy, token, |_| ready(Err::<(), _>(Retry::Transient(()))));
    Polled::new(call.map(|end| matches!(end, Err(RetryError::Cancelled { attempts: 1, .. }))))
        .pending()
}

#[test]
fn a_retry_that_is_not_made_costs_nothing() {
    within_deadline(|| {
        let (token, clock, budget) =
            (CancelToken::new(), ManualClock::new(), RetryBudget::new(100, times(1)));
        let policy = steady().with_clock(clock.clone()).budget(budget.clone());
        let dropped = waiting(&policy, &token);
        assert_eq!(budget.available(), 0, "whoever waits has paid");
        drop(dropped);
        assert_eq!(budget.available(), 1, "dropped while it waits");
        let dropped = waiting(&policy, &token);
        budget.deposit();
        drop(dropped);
        assert_eq!(budget.available(), 1, "more than the reserve");
        let stopped = waiting(&policy, &token);
        token.cancel();
        assert!(stopped.ready());
        assert_eq!(budget.available(), 1, "cancelled while it waits");
        let token = CancelToken::new();
        let stopped = waiting(&policy, &token);
        clock.advance(SECOND);
        token.cancel();
        assert!(stopped.ready());
        assert_eq!(budget.available(), 1, "cancelled when the wait was over");
    });
}

#[test]
fn a_retry_that_would_come_too_late_costs_nothing() {
    run(|| async {
        let budget = RetryBudget::new(100, times(1));
        let policy = steady().budget(budget.clone());
        let token = CancelToken::new().with_timeout(50 * MS);
        let op = |_| ready(Err::<(), _>(Retry::Transient(())));
        assert!(retry(&policy, &token, op).now_or_never().is_some());
        assert_eq!(budget.available(), 1);
    });
}

#[test]
fn a_retry_that_is_dropped_or_panics_is_paid_for() {
    within_deadline(|| {
        let (token, budget) = (CancelToken::new(), RetryBudget::new(0, times(2)));
        let policy = steady().with_clock(Jumping::new()).budget(budget.clone());
        let op = async |attempt| match attempt {
            1 => Err::<(), _>(Retry::Transient(())),
            _ => std::future::pending().await,
        };
        drop(Polled::new(retry(&policy, &token, op)).pending());
        assert_eq!(budget.available(), 1, "it had begun");
        let op = async |attempt| match attempt {
            1 => Err::<(), _>(Retry::Transient(())),
            _ => panic!("the second attempt"),
        };
        let call = retry(&policy, &token, op);
        assert_eq!(panic_of(|| call.now_or_never()), "the second attempt");
        assert_eq!(budget.available(), 0, "it had begun, too");
    });
}
