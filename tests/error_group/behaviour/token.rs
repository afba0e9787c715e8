//! A cancellation that comes from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use patterns::error_group::{CancelToken, ErrorGroup};

use crate::support::settle;
use crate::support::{Polled, run, within_deadline};

/// Stops at once where its token is cancelled.
async fn stops(token: CancelToken) -> Result<(), &'static str> {
    if token.is_cancelled() { Err("told to stop") } else { Ok(()) }
}

#[test]
fn a_group_that_was_told_to_stop_says_so() {
    run(|| async {
        let mut group = ErrorGroup::new();
        group.token().cancel();
        for _ in 0..100 {
            let task = stops(group.token().clone());
            group.spawn(task).await;
        }
        let answer = group.wait().await;
        assert_eq!(answer, Err("told to stop"), "nothing was done, and nobody says so");
    });
}

#[test]
fn a_cancelled_token_is_no_failure_of_the_group() {
    run(|| async {
        let (mut group, ran) = (ErrorGroup::<u8>::new(), Arc::new(AtomicUsize::new(0)));
        let task = |ran: Arc<AtomicUsize>| async move {
            ran.fetch_add(1, Relaxed);
            Ok(())
        };
        group.spawn(task(ran.clone())).await;
        group.token().cancel();
        group.spawn(task(ran.clone())).await;
        assert!(group.try_spawn(task(ran.clone())).is_ok(), "only a failure refuses tasks");
        assert_eq!(group.wait().await, Ok(()), "every task says that it has done its work");
        assert_eq!(ran.load(Relaxed), 3, "a task was left out, and the answer is Ok");
    });
}

#[test]
fn the_parents_cancellation_reaches_the_tasks() {
    run(|| async {
        let parent = CancelToken::new();
        let mut group = ErrorGroup::child_of(&parent, None);
        let token = group.token().clone();
        let waits = async move {
            token.cancelled().await;
            Err("told to stop")
        };
        group.spawn(waits).await;
        let wait = Polled::new(group.wait()).pending();
        parent.cancel();
        settle().await;
        assert_eq!(wait.ready(), Err("told to stop"));
    });
}

#[test]
fn an_error_does_not_reach_the_parent() {
    run(|| async {
        let parent = CancelToken::new();
        let mut group = ErrorGroup::child_of(&parent, None);
        group.spawn(async { Err(1) }).await;
        assert_eq!(group.wait().await, Err(1));
        assert!(!parent.is_cancelled(), "what fails here is not all that the parent does");
    });
}

#[test]
fn when_the_group_is_gone_its_token_is_cancelled() {
    within_deadline(|| {
        let group = ErrorGroup::<u8>::new();
        let token = group.token().clone();
        assert!(!token.is_cancelled());
        drop(group);
        assert!(token.is_cancelled(), "a thread with this token would run on after the drop");

        let group = ErrorGroup::<u8>::new();
        let token = group.token().clone();
        assert_eq!(Polled::new(group.wait()).ready(), Ok(()));
        assert!(token.is_cancelled(), "a thread with this token would run on after the wait");
    });
}
