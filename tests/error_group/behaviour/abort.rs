//! A group that is given up leaves no task behind.

use std::future::pending;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures::FutureExt;
use patterns::error_group::ErrorGroup;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use crate::support::settle;
use crate::support::{Census, Payload, Polled, run, run_on, within_deadline};

/// Holds its payload for ever.
async fn endless(payload: Payload) -> Result<(), u8> {
    let _payload = payload;
    pending().await
}

/// Waits until the runtime has no task: a task that is left lets the deadline pass.
async fn no_task_is_left() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        yield_now().await;
    }
}

#[test]
fn a_group_that_is_dropped_aborts_its_tasks() {
    run(|| async {
        let (mut group, census) = (ErrorGroup::new(), Census::default());
        for i in 0..3 {
            group.spawn(endless(census.payload(i))).await;
        }
        settle().await;
        assert_eq!(census.alive(), 3);
        drop(group);
        settle().await;
        assert_eq!(census.alive(), 0, "a task outlives its group");
        no_task_is_left().await;
    });
}

#[test]
fn a_task_that_was_not_polled_is_not_any_more() {
    run(|| async {
        let (mut group, census) = (ErrorGroup::<u8>::new(), Census::default());
        let (payload, ran) = (census.payload(1), Arc::new(AtomicUsize::new(0)));
        let runs = ran.clone();
        let task = async move {
            let _payload = payload;
            runs.fetch_add(1, Relaxed);
            Ok(())
        };
        group.spawn(task).await;
        drop(group);
        settle().await;
        assert_eq!(ran.load(Relaxed), 0, "a task has started when its group was gone");
        assert_eq!(census.alive(), 0);
        no_task_is_left().await;
    });
}

#[test]
fn a_task_ends_where_it_yields_and_not_before() {
    run(|| async {
        let (mut group, steps) = (ErrorGroup::<u8>::new(), Arc::new(AtomicUsize::new(0)));
        let theirs = steps.clone();
        let works = async move {
            loop {
                theirs.fetch_add(1, Relaxed);
                yield_now().await;
            }
        };
        group.spawn(works).await;
        settle().await;
        assert!(steps.load(Relaxed) > 1, "it has slept and gone on");
        drop(group);
        settle().await;
        let then = steps.load(Relaxed);
        settle().await;
        assert_eq!(steps.load(Relaxed), then, "it runs on");
        no_task_is_left().await;
    });
}

#[test]
fn a_wait_that_is_dropped_aborts() {
    run(|| async {
        let census = Census::default();
        for polled in [false, true] {
            let mut group = ErrorGroup::new();
            group.spawn(endless(census.payload(1))).await;
            settle().await;
            let mut wait = Polled::new(group.wait());
            assert!(!polled || wait.poll().is_pending());
            drop(wait);
            settle().await;
            assert_eq!(census.alive(), 0, "a task outlives the wait; polled: {polled}");
            no_task_is_left().await;
        }
    });
}

#[test]
fn a_scope_that_is_dropped_while_it_spawns_leaves_nothing() {
    run(|| async {
        let census = Census::default();
        let scope = async {
            let mut group = ErrorGroup::with_limit(NonZeroUsize::MIN);
            group.spawn(endless(census.payload(1))).await;
            group.spawn(endless(census.payload(2))).await;
            group.wait().await
        };
        let scope = Polled::new(scope).pending();
        settle().await;
        assert_eq!(census.alive(), 2, "one runs, the other waits for room");
        drop(scope);
        settle().await;
        assert_eq!(census.alive(), 0);
        no_task_is_left().await;
    });
}

#[test]
fn a_group_inside_a_task_goes_with_it() {
    run(|| async {
        let (mut outer, census) = (ErrorGroup::new(), Census::default());
        let (one, two) = (census.payload(1), census.payload(2));
        let nested = async move {
            let mut inner = ErrorGroup::new();
            inner.spawn(endless(one)).await;
            inner.spawn(endless(two)).await;
            inner.wait().await
        };
        outer.spawn(nested).await;
        settle().await;
        assert_eq!(census.alive(), 2);
        drop(outer);
        settle().await;
        assert_eq!(census.alive(), 0, "the inner tasks outlive the outer group");
        no_task_is_left().await;
    });
}

#[test]
fn tasks_on_other_threads_end_too() {
    run_on(2, || async {
        let census = Census::default();
        for round in 0..50 {
            let mut group = ErrorGroup::<u8>::new();
            for i in 0..8 {
                let payload = census.payload(i);
                let works = async move {
                    let _payload = payload;
                    loop {
                        yield_now().await;
                    }
                };
                group.spawn(works).await;
            }
            if round % 2 == 0 {
                yield_now().await;
            }
            drop(group);
            no_task_is_left().await;
            assert_eq!(census.alive(), 0);
        }
    });
}

#[test]
fn a_runtime_that_shuts_down_is_no_success() {
    within_deadline(|| {
        for polled in [false, true] {
            let runtime = Builder::new_current_thread().build().unwrap();
            let (mut group, census) = (ErrorGroup::new(), Census::default());
            let token = group.token().clone();
            let entered = runtime.enter();
            assert!(group.try_spawn(endless(census.payload(1))).is_ok());
            drop(entered);
            if polled {
                runtime.block_on(settle());
            }
            drop(runtime);
            assert_eq!(census.alive(), 0);
            assert!(token.is_cancelled(), "what is not a task has to hear of it");
            let waited = catch_unwind(AssertUnwindSafe(|| group.wait().now_or_never()));
            let panic = waited.expect_err("a task was lost, and wait says that all is well");
            let message = panic.downcast_ref::<&str>().expect("a message");
            assert!(message.contains("dropped before it had ended"), "{message}");
        }
    });
}

#[test]
fn a_task_without_a_runtime_is_lost_and_not_forgotten() {
    within_deadline(|| {
        let (mut group, census) = (ErrorGroup::new(), Census::default());
        let spawn = || group.try_spawn(endless(census.payload(1))).is_ok();
        assert!(catch_unwind(AssertUnwindSafe(spawn)).is_err(), "there is nothing to run it on");
        assert_eq!(census.alive(), 0);
        let waited = catch_unwind(AssertUnwindSafe(|| group.wait().now_or_never()));
        assert!(waited.is_err(), "a task was not run, and wait says nothing of it");
    });
}

#[test]
fn an_error_is_returned_where_another_task_was_lost() {
    within_deadline(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let mut group = ErrorGroup::new();
        let (fails, gate) = oneshot::channel();
        let entered = runtime.enter();
        assert!(group.try_spawn(pending()).is_ok());
        assert!(group.try_spawn(async { gate.await.unwrap() }).is_ok());
        drop(entered);
        fails.send(Err(1)).unwrap();
        runtime.block_on(settle());
        drop(runtime);
        assert_eq!(Polled::new(group.wait()).ready(), Err(1));
    });
}
