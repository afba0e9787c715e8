//! Deadlines, on a clock that stands still until it is moved.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use futures::FutureExt;
use patterns::cancel::{CancelToken, Reason};
use tokio::time::{Instant, advance, timeout};

use crate::support::{Polled, run, within_deadline};

const CANCELLED: Option<Reason> = Some(Reason::Cancelled);
const EXCEEDED: Option<Reason> = Some(Reason::DeadlineExceeded);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_token_is_cancelled_when_its_time_is_over() {
    run(|| async {
        let root = CancelToken::new();
        let token = root.with_timeout(5 * SECOND);
        assert_eq!(token.deadline(), Some(Instant::now() + 5 * SECOND));
        advance(4 * SECOND).await;
        assert_eq!((token.is_cancelled(), token.reason()), (false, None));
        advance(SECOND).await;
        assert!(token.is_cancelled(), "nobody waits for it, and its time is over all the same");
        assert_eq!(token.reason(), EXCEEDED);
        assert!(!root.is_cancelled(), "the deadline is the child's own");
    });
}

#[test]
fn the_deadline_wakes_who_waits() {
    run(|| async {
        let token = CancelToken::new().with_timeout(SECOND);
        let start = Instant::now();
        let reason = timeout(2 * SECOND, token.cancelled()).await.expect("woken by its deadline");
        assert_eq!((reason, start.elapsed()), (Reason::DeadlineExceeded, SECOND));
        assert_eq!(token.reason(), EXCEEDED);
    });
}

#[test]
fn a_limit_of_zero_is_over_at_once() {
    run(|| async {
        let token = CancelToken::new().with_timeout(Duration::ZERO);
        assert_eq!(token.cancelled().now_or_never(), EXCEEDED);
        let token = CancelToken::new().with_timeout(Duration::ZERO);
        assert!(token.is_cancelled());
        let token = CancelToken::new().with_timeout(Duration::ZERO);
        assert!(token.child().is_cancelled());
    });
}

#[test]
fn a_limit_beyond_all_time_never_comes() {
    run(|| async {
        let root = CancelToken::new();
        for limit in [Duration::MAX, Duration::MAX - SECOND, Duration::from_secs(u64::MAX / 2)] {
            let token = root.with_timeout(limit);
            assert!(!token.is_cancelled());
            let wait = Polled::new(token.cancelled()).pending();
            token.cancel();
            assert_eq!(wait.ready(), Reason::Cancelled);
        }
        let soon = root.with_timeout(SECOND);
        assert_eq!(soon.with_timeout(Duration::MAX).deadline(), soon.deadline());
    });
}

#[test]
fn a_limit_beyond_all_time_by_a_tick_never_comes() {
    run(|| async {
        let now = Instant::now();
        let (mut reached, mut beyond) = (Duration::ZERO, Duration::MAX);
        while beyond - reached > Duration::from_nanos(1) {
            let middle = reached + (beyond - reached) / 2;
            match now.checked_add(middle) {
                Some(_) => reached = middle,
                None => beyond = middle,
            }
        }
        let token = CancelToken::new().with_timeout(reached);
        let wait = Polled::new(token.cancelled()).pending();
        token.cancel();
        assert_eq!(wait.ready(), Reason::Cancelled);
    });
}

#[test]
fn a_childs_deadline_is_no_later_than_its_parents() {
    run(|| async {
        let parent = CancelToken::new().with_timeout(5 * SECOND);
        let late = parent.with_timeout(8 * SECOND);
        let early = parent.with_timeout(2 * SECOND);
        let plain = parent.child().child();
        assert_eq!(late.deadline(), parent.deadline());
        assert_eq!(plain.deadline(), parent.deadline());
        assert_eq!(early.deadline(), Some(Instant::now() + 2 * SECOND));
        advance(2 * SECOND).await;
        assert_eq!(early.reason(), EXCEEDED);
        assert_eq!((parent.reason(), late.reason(), plain.reason()), (None, None, None));
        advance(3 * SECOND).await;
        assert_eq!((plain.reason(), late.reason()), (EXCEEDED, EXCEEDED));
        assert_eq!(parent.reason(), EXCEEDED);
    });
}

#[test]
fn a_wait_below_a_deadline_ends_with_it() {
    run(|| async {
        let (start, parent) = (Instant::now(), CancelToken::new().with_timeout(SECOND));
        let late = parent.with_timeout(8 * SECOND).child();
        drop(parent);
        let reason = timeout(2 * SECOND, late.cancelled()).await.expect("its ancestor's deadline");
        assert_eq!((reason, start.elapsed()), (Reason::DeadlineExceeded, SECOND));
    });
}

#[test]
fn a_token_with_a_deadline_may_be_cancelled_before_it() {
    run(|| async {
        let root = CancelToken::new();
        let token = root.with_timeout(SECOND);
        let wait = Polled::new(token.cancelled()).pending();
        root.cancel();
        assert_eq!(wait.wakes(), 1);
        advance(2 * SECOND).await;
        token.cancel();
        assert_eq!(token.reason(), CANCELLED, "the first cause counts, whatever comes later");
        assert_eq!(wait.ready(), Reason::Cancelled);
    });
}

#[test]
fn a_cancellation_after_the_deadline_changes_nothing() {
    run(|| async {
        let token = CancelToken::new().with_timeout(SECOND);
        let child = token.child();
        advance(2 * SECOND).await;
        // Nobody has looked in between: the deadline was the first cause all the same.
        token.cancel();
        assert_eq!((token.reason(), child.reason()), (EXCEEDED, EXCEEDED));
        let child = token.child();
        child.cancel();
        assert_eq!(child.reason(), EXCEEDED);
    });
}

#[test]
fn a_parents_cancellation_after_the_childs_deadline_changes_nothing() {
    run(|| async {
        let parent = CancelToken::new();
        let (early, late) = (parent.with_timeout(SECOND), parent.with_timeout(8 * SECOND));
        advance(2 * SECOND).await;
        parent.cancel();
        assert_eq!(parent.reason(), CANCELLED);
        assert_eq!(early.reason(), EXCEEDED, "its time was over before its parent was cancelled");
        assert_eq!(late.reason(), CANCELLED, "its time is not over yet");
    });
}

#[test]
fn a_child_with_a_deadline_takes_a_cancelled_parents_reason() {
    run(|| async {
        let parent = CancelToken::new();
        parent.cancel();
        let child = parent.with_timeout(Duration::ZERO);
        assert_eq!(child.reason(), CANCELLED, "the parent was cancelled before the child was made");
        let parent = CancelToken::new().with_timeout(Duration::ZERO);
        let child = parent.with_timeout(SECOND);
        assert_eq!(child.reason(), EXCEEDED);
    });
}

#[test]
fn whoever_looks_first_all_give_one_reason() {
    run(|| async {
        let token = CancelToken::new().with_timeout(SECOND);
        let mut wait = token.cancelled();
        assert!((&mut wait).now_or_never().is_none());
        advance(SECOND).await;
        assert!(token.is_cancelled());
        token.cancel();
        assert_eq!((&mut wait).now_or_never(), EXCEEDED);
        assert_eq!(token.reason(), EXCEEDED);
        assert_eq!((&mut wait).now_or_never(), EXCEEDED);
    });
}

#[test]
fn a_wait_with_a_deadline_that_moves_to_another_task_is_woken_there() {
    run(|| async {
        let token = CancelToken::new().with_timeout(SECOND);
        let mut wait = Polled::new(token.cancelled()).pending();
        let old_task = wait.move_to_another_task();
        let wait = wait.pending();
        advance(SECOND).await;
        assert_eq!((wait.wakes(), old_task.count()), (1, 0), "the last task to poll is woken");
        assert_eq!(wait.ready(), Reason::DeadlineExceeded);
    });
}

#[test]
fn a_task_out_of_budget_still_hears_of_the_deadline() {
    run(|| async {
        let token = CancelToken::new().with_timeout(SECOND);
        let waiter = tokio::spawn(async move {
            // tokio's timers do not listen to a task that has used up its turn.
            while tokio::task::consume_budget().now_or_never().is_some() {}
            token.cancelled().await
        });
        let reason = timeout(2 * SECOND, waiter).await.expect("woken by its deadline").unwrap();
        assert_eq!(reason, Reason::DeadlineExceeded);
    });
}

#[test]
fn a_deadline_needs_no_runtime_to_be_looked_at() {
    within_deadline(|| {
        let root = CancelToken::new();
        let (over, far) = (root.with_timeout(Duration::ZERO), root.with_timeout(3600 * SECOND));
        assert_eq!((over.reason(), far.reason()), (EXCEEDED, None));
        assert_eq!(over.cancelled().now_or_never(), EXCEEDED);
        let mut wait = far.cancelled();
        let waits = catch_unwind(AssertUnwindSafe(|| (&mut wait).now_or_never()));
        assert!(waits.is_err(), "to wait for it needs a timer");
        let child = far.child();
        let cancels = thread::spawn(move || root.cancel());
        cancels.join().unwrap();
        assert_eq!((child.reason(), wait.now_or_never()), (CANCELLED, CANCELLED));
    });
}
