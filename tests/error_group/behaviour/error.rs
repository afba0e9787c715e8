//! The first error, and what it does to the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use patterns::error_group::ErrorGroup;
use tokio::sync::oneshot;
use tokio::task::yield_now;

use crate::support::settle;
use crate::support::{Census, Polled, run};

#[test]
fn an_error_is_returned() {
    run(|| async {
        let mut group = ErrorGroup::new();
        group.spawn(async { Ok(()) }).await;
        group.spawn(async { Err("no such file") }).await;
        group.spawn(async { Ok(()) }).await;
        assert_eq!(group.wait().await, Err("no such file"));
    });
}

#[test]
fn an_error_cancels_the_token() {
    run(|| async {
        let mut group = ErrorGroup::new();
        let token = group.token().clone();
        group.spawn(async { Ok(()) }).await;
        settle().await;
        assert!(!token.is_cancelled(), "nothing has failed");
        group.spawn(async { Err(1) }).await;
        settle().await;
        assert!(token.is_cancelled(), "the error cancels the token, and nobody has to wait for it");
        assert_eq!(group.wait().await, Err(1));
    });
}

#[test]
fn the_first_to_fail_wins_not_the_first_to_be_spawned() {
    run(|| async {
        let mut group = ErrorGroup::new();
        let (last, gate) = oneshot::channel();
        group
            .spawn(async {
                gate.await.unwrap();
                Err("spawned first, failed last")
            })
            .await;
        group.spawn(async { Err("failed first") }).await;
        settle().await;
        last.send(()).unwrap();
        assert_eq!(group.wait().await, Err("failed first"));
    });
}

#[test]
fn wait_returns_only_after_every_task_has_ended() {
    run(|| async {
        let mut group = ErrorGroup::new();
        let (gate, gated) = oneshot::channel();
        group.spawn(async { gated.await.map_err(|_| 2) }).await;
        group.spawn(async { Err(1) }).await;
        let mut wait = Polled::new(group.wait()).pending();
        settle().await;
        assert!(wait.poll().is_pending(), "one has failed, and the other still runs");
        gate.send(()).unwrap();
        settle().await;
        assert_eq!(wait.ready(), Err(1));
    });
}

#[test]
fn a_task_is_asked_to_stop_and_not_cut_short() {
    run(|| async {
        let mut group = ErrorGroup::new();
        let (token, tidy) = (group.token().clone(), Arc::new(AtomicBool::new(false)));
        let tidied = tidy.clone();
        let looks = async move {
            token.cancelled().await;
            // Flushes, says goodbye, closes.
            yield_now().await;
            yield_now().await;
            tidied.store(true, Relaxed);
            Ok(())
        };
        group.spawn(looks).await;
        group.spawn(async { Err(1) }).await;
        assert_eq!(group.wait().await, Err(1));
        assert!(tidy.load(Relaxed), "a task that was told to stop was not let finish");
    });
}

#[test]
fn a_task_that_ignores_the_token_runs_to_its_end() {
    run(|| async {
        let mut group = ErrorGroup::new();
        let (gate, gated) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let ignores = async {
            gated.await.unwrap();
            ended.send("done").unwrap();
            Ok(())
        };
        group.spawn(ignores).await;
        group.spawn(async { Err(1) }).await;
        settle().await;
        gate.send(()).expect("the task is still there");
        assert_eq!(group.wait().await, Err(1));
        assert_eq!(end.await, Ok("done"));
    });
}

#[test]
fn after_an_error_nothing_more_is_started() {
    run(|| async {
        let (mut group, census) = (ErrorGroup::new(), Census::default());
        group.spawn(async { Err(1) }).await;
        settle().await;
        let payload = census.payload(7);
        let mut spawn = Polled::new(group.spawn(async move {
            unreachable!("{payload:?} is started after an error");
        }));
        assert!(spawn.poll().is_ready(), "there is nothing to wait for");
        drop(spawn);
        assert_eq!(census.alive(), 0, "the task was dropped");
        settle().await;
        assert_eq!(group.wait().await, Err(1));
    });
}

#[test]
fn after_an_error_try_spawn_gives_the_task_back() {
    run(|| async {
        let mut group = ErrorGroup::new();
        group.spawn(async { Err(1) }).await;
        settle().await;
        let task = group.try_spawn(async { Err(2) }).expect_err("the group has failed");
        assert_eq!(task.await, Err(2), "it was not polled");
        assert_eq!(group.wait().await, Err(1));
    });
}
