//! Every interleaving of cancel, child, wait, deadline and drop, for each invariant of the tokens.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use loomscope::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loomscope::task::block_on;
use loomscope::{Model, thread};
use patterns::cancel::{CancelToken, Reason, with_timeout};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/cancel")
}

#[test]
fn a_cancellation_is_never_missed() {
    model("I2: who waits is woken, or has seen the reason").check(|| {
        let token = CancelToken::new();
        let theirs = token.clone();
        let waiter = thread::spawn_named("waiter", move || block_on(theirs.cancelled()));
        token.cancel();
        assert_eq!(waiter.join().unwrap(), Reason::Cancelled);
    });
}

#[test]
fn each_of_two_waiters_is_woken() {
    model("I2: all who wait are woken").check(|| {
        let token = CancelToken::new();
        let waiters = ["first", "second"].map(|name| {
            let token = token.clone();
            thread::spawn_named(name, move || block_on(token.cancelled_owned()))
        });
        token.cancel();
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Reason::Cancelled);
        }
    });
}

#[test]
fn a_child_made_during_the_cancellation_is_cancelled() {
    model("I3: a child is told, or its maker sees the state").check(|| {
        let token = CancelToken::new();
        let theirs = token.clone();
        let maker = thread::spawn_named("maker", move || theirs.child());
        token.cancel();
        let child = maker.join().unwrap();
        assert_eq!(child.reason(), Some(Reason::Cancelled), "I3: the child was forgotten");
    });
}

#[test]
fn a_waiter_of_a_child_made_during_the_cancellation_is_woken() {
    model("I3: nobody waits below a cancelled token").check(|| {
        let token = CancelToken::new();
        let theirs = token.clone();
        let waiter = thread::spawn_named("waiter", move || {
            let child = theirs.child();
            block_on(child.cancelled())
        });
        token.cancel();
        assert_eq!(waiter.join().unwrap(), Reason::Cancelled);
    });
}

#[test]
fn a_waiter_may_move_while_it_is_woken() {
    model("I2: the last waker is the one that is woken").check(|| {
        let token = CancelToken::new();
        let mut cancelled = token.cancelled();
        assert!((&mut cancelled).now_or_never().is_none());
        let theirs = token.clone();
        let cancels = thread::spawn_named("cancels", move || theirs.cancel());
        assert_eq!(block_on(cancelled), Reason::Cancelled);
        cancels.join().unwrap();
    });
}

#[test]
fn a_waiter_that_gives_up_takes_nobody_with_it() {
    model("I5: a waiter that leaves frees its own place only").check(|| {
        let token = CancelToken::new();
        let theirs = token.clone();
        let gives_up = thread::spawn_named("gives up", move || {
            let mut wait = theirs.cancelled();
            (&mut wait).now_or_never()
        });
        let cancels = {
            let token = token.clone();
            thread::spawn_named("cancels", move || token.cancel())
        };
        assert_eq!(block_on(token.cancelled()), Reason::Cancelled);
        let seen = gives_up.join().unwrap();
        assert!(seen.is_none_or(|reason| reason == Reason::Cancelled));
        cancels.join().unwrap();
    });
}

#[test]
fn a_child_that_goes_takes_nobody_with_it() {
    model("I5: a child that leaves frees its own place only").check(|| {
        let token = CancelToken::new();
        let (goes, stays) = (token.child(), token.child());
        let goes = thread::spawn_named("goes", move || drop(goes));
        let theirs = token.clone();
        let cancels = thread::spawn_named("cancels", move || theirs.cancel());
        assert_eq!(block_on(stays.cancelled()), Reason::Cancelled);
        goes.join().unwrap();
        cancels.join().unwrap();
    });
}

#[test]
fn a_parent_that_goes_cuts_nobody_off() {
    model("I4: what is above a living token is alive").check(|| {
        let token = CancelToken::new();
        let parent = token.child();
        let child = parent.child();
        let goes = thread::spawn_named("goes", move || drop(parent));
        token.cancel();
        assert!(child.is_cancelled(), "I4: the grandchild was cut off");
        goes.join().unwrap();
    });
}

#[test]
fn two_who_cancel_give_one_reason() {
    model("I1: the reason is given once").check(|| {
        let token = CancelToken::new().with_timeout(Duration::from_secs(1));
        let theirs = token.clone();
        let cancels = thread::spawn_named("cancels", move || {
            theirs.cancel();
            theirs.reason()
        });
        let seen = block_on(token.cancelled());
        assert_eq!(cancels.join().unwrap(), Some(seen), "I1: two reasons");
        assert_eq!(token.reason(), Some(seen), "I1: the reason has changed");
    });
}

#[test]
fn a_deadline_is_never_missed() {
    model("I6: a waiter is woken by the deadline at the latest").check(|| {
        let token = CancelToken::new().with_timeout(Duration::from_secs(1));
        let child = token.child();
        drop(token);
        assert_eq!(block_on(child.cancelled()), Reason::DeadlineExceeded);
    });
}

#[test]
fn a_child_is_exceeded_where_its_parent_is() {
    model("I6: the parent's deadline is the child's as well").check(|| {
        let parent = CancelToken::new().with_timeout(Duration::from_secs(1));
        let child = parent.child();
        let theirs = parent.clone();
        let cancels = thread::spawn_named("cancels", move || theirs.cancel());
        let seen = block_on(child.cancelled());
        cancels.join().unwrap();
        assert_eq!(child.reason(), Some(seen), "I1: the reason has changed");
        if parent.reason() == Some(Reason::DeadlineExceeded) {
            assert_eq!(seen, Reason::DeadlineExceeded, "I6: the deadline was later for the child");
        }
    });
}

#[test]
fn what_was_done_before_the_cancellation_is_seen_after_it() {
    model("I1: a cancellation carries what was done before it").check(|| {
        let (token, work) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
        let (child, done) = (token.child(), work.clone());
        let cancels = thread::spawn_named("cancels", move || {
            done.store(1, Relaxed);
            token.cancel();
        });
        if child.is_cancelled() {
            assert_eq!(work.load(Relaxed), 1, "I1: cancelled, without what came before it");
        }
        cancels.join().unwrap();
    });
}

#[test]
fn what_was_done_before_the_cancellation_is_seen_by_who_joins_too_late() {
    let by_a_child = |token: &CancelToken| token.child().is_cancelled();
    let by_a_wait = |token: &CancelToken| token.cancelled().now_or_never().is_some();
    for learns in [by_a_child, by_a_wait] {
        model("I1: the look under the lock carries it too").check(move || {
            let (token, work) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
            let (theirs, done) = (token.clone(), work.clone());
            let cancels = thread::spawn_named("cancels", move || {
                done.store(1, Relaxed);
                theirs.cancel();
            });
            if learns(&token) {
                assert_eq!(work.load(Relaxed), 1, "I1: cancelled, without what came before it");
            }
            cancels.join().unwrap();
        });
    }
}

#[test]
fn work_ends_with_its_limit_or_its_token() {
    model("I6: work ends by the deadline at the latest").check(|| {
        let token = CancelToken::new();
        let theirs = token.clone();
        let cancels = thread::spawn_named("cancels", move || theirs.cancel());
        let work = with_timeout(&token, Duration::from_secs(1), pending::<()>());
        let reason = block_on(work).unwrap_err();
        assert!([Reason::Cancelled, Reason::DeadlineExceeded].contains(&reason));
        cancels.join().unwrap();
        assert_eq!(token.reason(), Some(Reason::Cancelled), "the limit is the work's own");
    });
}
