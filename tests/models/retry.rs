//! Every interleaving of calls that share a budget, and of a call with the cancellation of its token.

use std::future::{pending, ready};
use std::num::NonZeroU32;
use std::time::Duration;

use loomscope::task::block_on;
use loomscope::{Model, thread};
use patterns::retry::{Backoff, CancelToken, Jitter, Retry, RetryBudget, RetryError, retry};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/retry")
}

fn times(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn steady() -> Backoff {
    let second = Duration::from_secs(1);
    Backoff::new(second, second).unwrap().jitter(Jitter::None).unwrap()
}

#[test]
fn the_last_retry_is_taken_once() {
    model("I5: a retry is withdrawn once").check(|| {
        let budget = RetryBudget::new(0, times(1));
        let theirs = budget.clone();
        let other = thread::spawn_named("other", move || theirs.withdraw());
        let (ours, theirs) = (budget.withdraw(), other.join().unwrap());
        assert!(ours ^ theirs, "I5: one retry, and it was taken by both or by none");
        assert_eq!(budget.available(), 0);
    });
}

#[test]
fn nothing_that_is_paid_in_is_lost() {
    model("I5: what calls pay in is there for retries").check(|| {
        let budget = RetryBudget::new(50, times(2));
        assert!(budget.withdraw());
        let theirs = budget.clone();
        let other = thread::spawn_named("other", move || theirs.deposit());
        budget.deposit();
        other.join().unwrap();
        assert_eq!(budget.available(), 2, "I5: a deposit was lost");
    });
}

#[test]
fn a_deposit_brings_no_retry_back() {
    model("I5: a retry that was made is paid for").check(|| {
        let budget = RetryBudget::new(100, times(3));
        assert!(budget.withdraw());
        let theirs = budget.clone();
        let other = thread::spawn_named("other", move || theirs.withdraw());
        budget.deposit();
        assert!(other.join().unwrap());
        assert_eq!(budget.available(), 2, "I5: a withdrawal was lost");
    });
}

#[test]
fn one_retry_in_the_budget_is_one_retry_of_two_calls() {
    model("I5: each retry that is made costs one").check(|| {
        let policy = steady().budget(RetryBudget::new(0, times(1)));
        let call = |policy: &Backoff| {
            let op = |attempt| ready(if attempt == 1 { Err(Retry::Transient(())) } else { Ok(()) });
            block_on(retry(policy, &CancelToken::new(), op))
        };
        let theirs = policy.clone();
        let other = thread::spawn_named("other", move || call(&theirs));
        let ends = [call(&policy), other.join().unwrap()];
        let refused = Err(RetryError::OutOfBudget { attempts: 1, source: () });
        assert!(ends.contains(&Ok(())) && ends.contains(&refused), "I5: {ends:?}");
    });
}

#[test]
fn a_cancellation_during_an_attempt_is_never_missed() {
    model("I3: no attempt goes on under a cancelled token").check(|| {
        let (token, budget) = (CancelToken::new(), RetryBudget::new(0, times(1)));
        let (theirs, policy) = (token.clone(), steady().budget(budget));
        let call = thread::spawn_named("call", move || {
            block_on(retry(&policy, &theirs, |_| pending::<Result<(), Retry<()>>>()))
        });
        token.cancel();
        let end = call.join().unwrap();
        assert!(matches!(end, Err(RetryError::Cancelled { source: None, .. })), "I3: {end:?}");
    });
}

#[test]
fn a_cancellation_and_the_end_of_a_wait_may_come_in_any_order() {
    model("I5: a retry that is not made costs none").check(|| {
        let (token, budget) = (CancelToken::new(), RetryBudget::new(0, times(1)));
        let (theirs, policy) = (token.clone(), steady().budget(budget.clone()));
        let call = thread::spawn_named("call", move || {
            let op = |attempt| ready(if attempt == 1 { Err(Retry::Transient(())) } else { Ok(()) });
            block_on(retry(&policy, &theirs, op))
        });
        token.cancel();
        let made = match call.join().unwrap() {
            Ok(()) => 1,
            Err(RetryError::Cancelled { attempts: 0 | 1, .. }) => 0,
            other => panic!("I4: {other:?}"),
        };
        assert_eq!(budget.available(), 1 - made, "I5: {made} retries were made with a budget of 1");
    });
}
