//! A panic is never swallowed, and never comes too early.

use std::any::Any;
use std::panic::{AssertUnwindSafe, panic_any};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures::FutureExt;
use patterns::error_group::ErrorGroup;
use tokio::sync::oneshot;

use crate::support::settle;
use crate::support::{Polled, run};

/// How the wait ended: with what the task has panicked with.
async fn panic_of<E: Send + std::fmt::Debug>(group: ErrorGroup<E>) -> Box<dyn Any + Send> {
    let waited = AssertUnwindSafe(group.wait()).catch_unwind().await;
    waited.expect_err("a task has panicked, and wait says nothing of it")
}

/// Panics when it is dropped.
#[derive(Debug)]
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb's own");
    }
}

/// Ends at once, and is dropped with what it holds after that.
struct Holds(Bomb);

impl Future for Holds {
    type Output = Result<(), u8>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_panic_goes_on_in_the_wait() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        group.spawn(async { panic_any(42_u64) }).await;
        let panic = panic_of(group).await;
        assert_eq!(panic.downcast_ref(), Some(&42_u64), "what it panicked with is kept");
    });
}

#[test]
fn a_panic_cancels_the_token() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        let token = group.token().clone();
        group.spawn(async { panic!("the task's own") }).await;
        settle().await;
        assert!(token.is_cancelled(), "the others hear of a panic as of an error");
        assert!(group.try_spawn(async { Ok(()) }).is_err(), "nothing more is started");
        panic_of(group).await;
    });
}

#[test]
fn a_panic_waits_for_the_others() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        let (gate, gated) = oneshot::channel();
        group.spawn(async { gated.await.map_err(|_| 1) }).await;
        group.spawn(async { panic_any(42_u64) }).await;
        let mut wait = Polled::new(AssertUnwindSafe(group.wait()).catch_unwind());
        settle().await;
        assert!(wait.poll().is_pending(), "one has panicked, and the other still runs");
        gate.send(()).unwrap();
        settle().await;
        assert_eq!(wait.ready().unwrap_err().downcast_ref(), Some(&42_u64));
    });
}

#[test]
fn a_panic_is_not_hidden_by_an_error_that_came_first() {
    run(|| async {
        let mut group = ErrorGroup::new();
        let (gate, gated) = oneshot::channel();
        let panics = async {
            gated.await.map_err(|_| 2)?;
            panic_any(42_u64)
        };
        group.spawn(panics).await;
        group.spawn(async { Err(1) }).await;
        settle().await;
        gate.send(()).unwrap();
        assert_eq!(panic_of(group).await.downcast_ref(), Some(&42_u64));
    });
}

#[test]
fn an_error_that_comes_later_does_not_hide_a_panic() {
    run(|| async {
        let mut group = ErrorGroup::new();
        let token = group.token().clone();
        let fails = async move {
            token.cancelled().await;
            Err(1)
        };
        group.spawn(fails).await;
        group.spawn(async { panic_any(42_u64) }).await;
        assert_eq!(panic_of(group).await.downcast_ref(), Some(&42_u64));
    });
}

#[test]
fn of_two_panics_the_first_goes_on() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        let token = group.token().clone();
        let follows = async move {
            token.cancelled().await;
            panic_any("second")
        };
        group.spawn(follows).await;
        group.spawn(async { panic_any("first") }).await;
        assert_eq!(panic_of(group).await.downcast_ref(), Some(&"first"));
    });
}

#[test]
fn a_task_whose_drop_panics_has_panicked() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        group.spawn(Holds(Bomb)).await;
        let panic = panic_of(group).await;
        assert_eq!(panic.downcast_ref(), Some(&"the bomb's own"));
    });
}

#[test]
fn an_error_that_nobody_wants_may_panic_when_it_is_dropped() {
    run(|| async {
        let mut group = ErrorGroup::<Option<Bomb>>::new();
        group.spawn(async { Err(None) }).await;
        group.spawn(async { Err(Some(Bomb)) }).await;
        let panic = panic_of(group).await;
        assert_eq!(panic.downcast_ref(), Some(&"the bomb's own"));
    });
}

#[test]
fn a_waker_that_panics_strands_nobody() {
    /// Somebody waits for the token, and cannot be woken.
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("the waker's own");
        }
    }
    run(|| async {
        let mut group = ErrorGroup::new();
        let token = group.token().clone();
        let mut cancelled = Box::pin(token.cancelled());
        let waker = Waker::from(Arc::new(Panics));
        assert!(cancelled.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
        group.spawn(async { Err(1) }).await;
        let panic = panic_of(group).await;
        assert_eq!(panic.downcast_ref(), Some(&"the waker's own"));
    });
}
