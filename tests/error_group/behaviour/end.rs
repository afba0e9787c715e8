//! The group ends with its last task.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use patterns::error_group::{CancelToken, ErrorGroup};
use tokio::sync::{Barrier, oneshot};

use crate::support::settle;
use crate::support::{Polled, run, run_on, within_deadline};

#[test]
fn with_no_task_there_is_nothing_to_wait_for() {
    within_deadline(|| {
        assert_eq!(Polled::new(ErrorGroup::<u8>::new().wait()).ready(), Ok(()));
        assert_eq!(Polled::new(ErrorGroup::<u8>::default().wait()).ready(), Ok(()));
        assert_eq!(
            Polled::new(ErrorGroup::<u8>::with_limit(NonZeroUsize::MIN).wait()).ready(),
            Ok(())
        );
        let parent = CancelToken::new();
        assert_eq!(Polled::new(ErrorGroup::<u8>::child_of(&parent, None).wait()).ready(), Ok(()));
    });
}

#[test]
fn a_task_starts_before_anybody_waits() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        let (started, mut start) = oneshot::channel();
        group.spawn(async { started.send("started").map_err(|_| 1) }).await;
        settle().await;
        assert_eq!(start.try_recv(), Ok("started"), "nothing runs until somebody waits");
        assert_eq!(group.wait().await, Ok(()));
    });
}

#[test]
fn it_waits_for_the_last_task() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        let (first, gate) = oneshot::channel();
        group.spawn(async { gate.await.map_err(|_| 1) }).await;
        let (second, gate) = oneshot::channel();
        group.spawn(async { gate.await.map_err(|_| 2) }).await;
        let mut wait = Polled::new(group.wait()).pending();
        second.send(()).unwrap();
        settle().await;
        assert!(wait.poll().is_pending(), "the first task has not ended");
        first.send(()).unwrap();
        settle().await;
        assert!(wait.wakes() > 0, "the last task wakes the one who waits");
        assert_eq!(wait.ready(), Ok(()));
    });
}

#[test]
fn a_task_that_still_runs_wakes_nobody() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        let (gate, gates): (Vec<_>, Vec<_>) = (0..5).map(|_| oneshot::channel::<()>()).unzip();
        for gate in gates {
            group.spawn(async { gate.await.map_err(|_| 1) }).await;
        }
        let wait = Polled::new(group.wait()).pending();
        let mut gates = gate.into_iter();
        for gate in gates.by_ref().take(4) {
            gate.send(()).unwrap();
            settle().await;
        }
        assert_eq!(wait.wakes(), 0, "four have ended, but one has not");
        gates.next().unwrap().send(()).unwrap();
        settle().await;
        assert_eq!(wait.wakes(), 1);
        assert_eq!(wait.ready(), Ok(()));
    });
}

#[test]
fn a_wait_that_moves_to_another_task_is_woken_there() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        let (gate, gated) = oneshot::channel();
        group.spawn(async { gated.await.map_err(|_| 1) }).await;
        let mut wait = Polled::new(group.wait()).pending();
        let old_task = wait.move_to_another_task();
        let wait = wait.pending();
        gate.send(()).unwrap();
        settle().await;
        assert_eq!((wait.wakes(), old_task.count()), (1, 0), "the last task to poll is woken");
        assert_eq!(wait.ready(), Ok(()));
    });
}

#[test]
fn all_tasks_run_at_once() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::new();
        let (together, met) = (Arc::new(Barrier::new(4)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..4 {
            let (together, met) = (together.clone(), met.clone());
            let task = async move {
                together.wait().await;
                met.fetch_add(1, Relaxed);
                Ok(())
            };
            assert!(group.try_spawn(task).is_ok(), "there is no limit");
        }
        let mut wait = Polled::new(group.wait());
        let _ = wait.poll();
        settle().await;
        assert_eq!(
            met.load(Relaxed),
            4,
            "each waits for the others: one after the other, none ends"
        );
        assert_eq!(wait.ready(), Ok(()));
    });
}

#[test]
fn tasks_run_on_all_threads_of_their_runtime() {
    run_on(2, || async {
        let mut group = ErrorGroup::<u8>::new();
        let together = Arc::new(std::sync::Barrier::new(2));
        for _ in 0..2 {
            let together = together.clone();
            let task = async move {
                // Blocks its thread: the other has to come on another one.
                together.wait();
                Ok(())
            };
            group.spawn(task).await;
        }
        assert_eq!(group.wait().await, Ok(()));
    });
}

#[test]
fn the_types_may_cross_threads_and_an_error_need_not_be_shared() {
    fn crosses<T: Send + Sync + Unpin>() {}
    fn moves<T: Send>(value: T) -> T {
        value
    }
    crosses::<ErrorGroup<u8>>();
    crosses::<ErrorGroup<Cell<u8>>>();
    run(|| async {
        let mut group = ErrorGroup::<Cell<u8>>::new();
        moves(group.spawn(async { Err(Cell::new(1)) })).await;
        assert!(format!("{group:?}").contains("ErrorGroup"), "{group:?}");
        assert_eq!(moves(group.wait()).await, Err(Cell::new(1)));
    });
}
