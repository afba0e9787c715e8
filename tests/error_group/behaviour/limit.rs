//! At most so many at once: back-pressure on `spawn`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use patterns::error_group::{CancelToken, ErrorGroup};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use crate::support::settle;
use crate::support::{Census, Polled, run};

fn limited<E: Send>(limit: usize) -> ErrorGroup<E> {
    ErrorGroup::with_limit(NonZeroUsize::new(limit).unwrap())
}

/// A task, and what ends it.
fn gated() -> (oneshot::Sender<Result<(), u8>>, impl Future<Output = Result<(), u8>> + Send) {
    let (gate, end) = oneshot::channel();
    (gate, async { end.await.unwrap() })
}

#[test]
fn as_many_as_the_limit_run_at_once_and_no_more() {
    run(|| async {
        for limit in 1..4 {
            let mut group = limited(limit);
            let gates: Vec<_> = (0..limit)
                .map(|_| {
                    let (gate, task) = gated();
                    assert!(group.try_spawn(task).is_ok(), "the limit of {limit} is not reached");
                    gate
                })
                .collect();
            let (_gate, task) = gated();
            assert!(group.try_spawn(task).is_err(), "{limit} run already");
            gates.into_iter().for_each(|gate| gate.send(Ok(())).unwrap());
            assert_eq!(group.wait().await, Ok(()));
        }
    });
}

#[test]
fn a_task_that_is_given_back_was_not_polled() {
    run(|| async {
        let mut group = limited(1);
        let (gate, task) = gated();
        group.spawn(task).await;
        let (ended, end) = oneshot::channel();
        let task = group.try_spawn(async { ended.send(()).map_err(|()| 1) });
        let task = task.expect_err("one runs already");
        gate.send(Ok(())).unwrap();
        settle().await;
        group.spawn(task).await;
        assert_eq!(group.wait().await, Ok(()));
        assert_eq!(end.await, Ok(()), "it runs when there is room");
    });
}

#[test]
fn spawn_waits_for_room() {
    run(|| async {
        let mut group = limited(2);
        let [(first, one), (second, two), (third, three)] = [gated(), gated(), gated()];
        group.spawn(one).await;
        group.spawn(two).await;
        let mut spawn = Polled::new(group.spawn(three)).pending();
        settle().await;
        assert!(spawn.poll().is_pending(), "two run already");
        assert_eq!(spawn.wakes(), 0);
        second.send(Ok(())).unwrap();
        settle().await;
        assert_eq!(spawn.wakes(), 1, "a task has ended: there is room");
        spawn.ready();
        first.send(Ok(())).unwrap();
        third.send(Ok(())).unwrap();
        assert_eq!(group.wait().await, Ok(()));
    });
}

#[test]
fn a_spawn_that_moves_to_another_task_is_woken_there() {
    run(|| async {
        let mut group = limited(1);
        let (gate, task) = gated();
        group.spawn(task).await;
        let mut spawn = Polled::new(group.spawn(async { Ok(()) })).pending();
        let old_task = spawn.move_to_another_task();
        let spawn = spawn.pending();
        gate.send(Ok(())).unwrap();
        settle().await;
        assert_eq!((spawn.wakes(), old_task.count()), (1, 0), "the last task to poll is woken");
        spawn.ready();
        assert_eq!(group.wait().await, Ok(()));
    });
}

#[test]
fn a_spawn_that_is_dropped_starts_nothing() {
    run(|| async {
        let (mut group, census) = (limited(1), Census::default());
        let never = || {
            let payload = census.payload(1);
            async move { unreachable!("{payload:?} was never to start") }
        };
        drop(group.spawn(never()));
        assert_eq!(census.alive(), 0, "not polled");

        let (gate, task) = gated();
        group.spawn(task).await;
        drop(Polled::new(group.spawn(never())).pending());
        assert_eq!(census.alive(), 0, "dropped while it waits");

        let spawn = Polled::new(group.spawn(never())).pending();
        gate.send(Ok(())).unwrap();
        settle().await;
        drop(spawn);
        assert_eq!(census.alive(), 0, "dropped when there was room for it");

        settle().await;
        let (gate, task) = gated();
        assert!(group.try_spawn(task).is_ok(), "the room is still there");
        gate.send(Ok(())).unwrap();
        assert_eq!(group.wait().await, Ok(()));
    });
}

#[test]
fn never_more_than_the_limit_are_alive() {
    run(|| async {
        let (mut group, alive) = (limited::<u8>(3), Arc::new(AtomicUsize::new(0)));
        let most = Arc::new(AtomicUsize::new(0));
        for _ in 0..20 {
            let (alive, most) = (alive.clone(), most.clone());
            let task = async move {
                most.fetch_max(alive.fetch_add(1, Relaxed) + 1, Relaxed);
                yield_now().await;
                yield_now().await;
                alive.fetch_sub(1, Relaxed);
                Ok(())
            };
            group.spawn(task).await;
        }
        assert_eq!(group.wait().await, Ok(()));
        assert_eq!(most.load(Relaxed), 3, "three at once, no more and no less");
    });
}

#[test]
fn a_failure_frees_its_place_and_refuses_the_one_who_waits() {
    run(|| async {
        let (mut group, census) = (limited(1), Census::default());
        let (gate, task) = gated();
        group.spawn(task).await;
        let payload = census.payload(1);
        let never = async move { unreachable!("{payload:?} was never to start") };
        let mut spawn = Polled::new(group.spawn(never)).pending();
        gate.send(Err(1)).unwrap();
        settle().await;
        assert!(spawn.poll().is_ready(), "the task that failed has left its place taken");
        drop(spawn);
        assert_eq!(census.alive(), 0, "it was started after a failure");
        assert_eq!(group.wait().await, Err(1));
    });
}

#[test]
fn a_panic_frees_its_place() {
    run(|| async {
        let mut group = limited::<u8>(1);
        let (gate, gated) = oneshot::channel();
        let panics = async {
            gated.await.map_err(|_| 1)?;
            panic!("the task's own");
        };
        group.spawn(panics).await;
        let spawn = Polled::new(group.spawn(async { Ok(()) })).pending();
        gate.send(()).unwrap();
        settle().await;
        spawn.ready();
    });
}

#[test]
fn a_cancelled_token_makes_no_room() {
    run(|| async {
        let parent = CancelToken::new();
        let mut group = ErrorGroup::child_of(&parent, NonZeroUsize::new(1));
        let (gate, task) = gated();
        group.spawn(task).await;
        let (ended, end) = oneshot::channel();
        let token = group.token().clone();
        let second = async move { ended.send(token.is_cancelled()).map_err(|_| 2) };
        let mut spawn = Polled::new(group.spawn(second)).pending();
        parent.cancel();
        settle().await;
        assert!(spawn.poll().is_pending(), "one still runs");
        gate.send(Ok(())).unwrap();
        settle().await;
        spawn.ready();
        assert_eq!(group.wait().await, Ok(()));
        assert_eq!(end.await, Ok(true), "it is started, with a token that is cancelled");
    });
}

#[test]
fn the_largest_limit_is_none() {
    run(|| async {
        let mut group = ErrorGroup::<u8>::with_limit(NonZeroUsize::MAX);
        assert!(group.try_spawn(async { Ok(()) }).is_ok());
        group.spawn(async { Ok(()) }).await;
        assert_eq!(group.wait().await, Ok(()));
    });
}
