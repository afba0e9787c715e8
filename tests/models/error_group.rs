//! Every interleaving of the ends of tasks with their group's waits, its limit and its drop.

use std::future::pending;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt;
use loomscope::Model;
use loomscope::sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use loomscope::task::{block_on, yield_now};
use patterns::error_group::ErrorGroup;

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/error_group")
}

/// A task that ends at once, and counts its drop, which comes after that.
struct CountsItsDrop(Arc<AtomicUsize>);

impl Future for CountsItsDrop {
    type Output = Result<(), u8>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for CountsItsDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn one_at_a_time() -> ErrorGroup<u8> {
    ErrorGroup::with_limit(NonZeroUsize::MIN)
}

#[test]
fn the_last_task_is_never_missed() {
    model("I4: the wait ends, whenever the last task does").check(|| {
        let mut group = ErrorGroup::<u8>::new();
        group.try_spawn(async { Ok(()) }).ok().unwrap();
        assert_eq!(block_on(group.wait()), Ok(()));
    });
}

#[test]
fn the_wait_is_not_over_before_the_last_task() {
    model("I1: a task is counted until its future is gone").check(|| {
        let (mut group, ended) = (ErrorGroup::<u8>::new(), Arc::new(AtomicUsize::new(0)));
        for _ in 0..2 {
            group.try_spawn(CountsItsDrop(ended.clone())).ok().unwrap();
        }
        assert_eq!(block_on(group.wait()), Ok(()));
        assert_eq!(ended.load(Relaxed), 2, "I1: the wait is over, and a task is not gone");
    });
}

#[test]
fn of_two_errors_one_is_returned() {
    model("I2, I3: a wait that sees no task left sees the first error").check(|| {
        let mut group = ErrorGroup::new();
        group.try_spawn(async { Err(1) }).ok().unwrap();
        // Refused where the first has failed by now.
        let both = group.try_spawn(async { Err(2) }).is_ok();
        let error = block_on(group.wait()).unwrap_err();
        assert!(error == 1 || both, "I3: the error of a task that was refused");
    });
}

#[test]
fn the_first_to_fail_is_the_one_that_is_returned() {
    model("I3: who fails because the token is cancelled is not the first").check(|| {
        let mut group = ErrorGroup::new();
        let token = group.token().clone();
        let follows = async move {
            token.cancelled().await;
            Err(2)
        };
        group.try_spawn(follows).ok().unwrap();
        group.try_spawn(async { Err(1) }).ok().unwrap();
        assert_eq!(block_on(group.wait()), Err(1), "I3: the last error instead of the first");
    });
}

#[test]
fn an_end_at_the_limit_is_never_missed() {
    model("I4: a spawn that waits for room is woken").check(|| {
        let mut group = one_at_a_time();
        block_on(group.spawn(async { Ok(()) }));
        block_on(group.spawn(async { Ok(()) }));
        assert_eq!(block_on(group.wait()), Ok(()));
    });
}

#[test]
fn never_more_run_than_the_limit_allows() {
    model("I1: the count never exceeds the limit").check(|| {
        let (mut group, running) = (one_at_a_time(), Arc::new(AtomicUsize::new(0)));
        for _ in 0..2 {
            let running = running.clone();
            block_on(group.spawn(async move {
                assert_eq!(running.fetch_add(1, SeqCst), 0, "I1: two run at once");
                running.fetch_sub(1, SeqCst);
                Ok(())
            }));
        }
        assert_eq!(block_on(group.wait()), Ok(()));
    });
}

#[test]
fn a_failure_at_the_limit_starts_nothing_more() {
    model("I6: a task is refused once a failure is recorded").check(|| {
        let (mut group, started) = (one_at_a_time(), Arc::new(AtomicUsize::new(0)));
        block_on(group.spawn(async { Err(1) }));
        let theirs = started.clone();
        block_on(group.spawn(async move {
            theirs.fetch_add(1, Relaxed);
            Ok(())
        }));
        assert_eq!(block_on(group.wait()), Err(1));
        assert_eq!(started.load(Relaxed), 0, "I6: the room was made by a failure");
    });
}

#[test]
fn a_panic_goes_on_in_the_wait() {
    model("I2: a wait that sees no task left sees the panic").check(|| {
        let mut group = ErrorGroup::<u8>::new();
        group.try_spawn(async { panic!("the task's own") }).ok().unwrap();
        let wait = catch_unwind(AssertUnwindSafe(|| block_on(group.wait())));
        assert!(wait.is_err(), "I2: the panic was swallowed");
    });
}

#[test]
fn a_group_that_is_dropped_reaches_a_task_that_goes_to_sleep() {
    model("I5: a task is woken by the drop of its group, or finds out before it sleeps").check(
        || {
            let mut group = ErrorGroup::<u8>::new();
            group.try_spawn(pending()).ok().unwrap();
            drop(group);
        },
    );
}

#[test]
fn a_group_that_is_dropped_leaves_a_task_that_ends_alone() {
    model("I5: a task leaves the table once, by its end or by the drop of the group").check(|| {
        let mut group = ErrorGroup::<u8>::new();
        let task = async {
            yield_now().await;
            Ok(())
        };
        group.try_spawn(task).ok().unwrap();
        drop(group);
    });
}

#[test]
fn a_wait_that_is_dropped_aborts() {
    model("I5: the group goes with the future that waits for it").check(|| {
        let mut group = ErrorGroup::<u8>::new();
        group.try_spawn(pending()).ok().unwrap();
        assert!(group.wait().now_or_never().is_none(), "I1: the task has not ended");
    });
}
