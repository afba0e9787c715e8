//! What is left when it is over: no task, no payload, no error, no memory.

use std::sync::Arc;
use std::task::{Context, Waker};

use futures::FutureExt;
use patterns::error_group::ErrorGroup;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::yield_now;

use crate::allocations;
use crate::support::settle;
use crate::support::{Census, Wakes, run, within_deadline};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

#[test]
fn no_task_and_no_payload_outlive_the_wait() {
    run(|| async {
        let (mut group, census) = (ErrorGroup::new(), Census::default());
        for i in 0..9 {
            let payload = census.payload(i);
            let task = async move {
                let payload = payload;
                yield_now().await;
                if payload.value == 4 { Err("the fifth fails") } else { Ok(()) }
            };
            group.spawn(task).await;
        }
        assert_eq!(group.wait().await, Err("the fifth fails"));
        assert_eq!(census.alive(), 0, "payloads outlive their tasks");
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    });
}

#[test]
fn errors_that_nobody_wants_are_dropped() {
    run(|| async {
        let (mut group, census) = (ErrorGroup::new(), Census::default());
        for i in 0..5 {
            let payload = census.payload(i);
            group.spawn(async move { Err(payload) }).await;
        }
        let error = group.wait().await.unwrap_err();
        assert_eq!(census.alive(), 1, "the first error is returned, the others are gone");
        drop(error);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn an_error_goes_with_a_group_that_is_dropped() {
    run(|| async {
        let (mut group, census) = (ErrorGroup::new(), Census::default());
        let payload = census.payload(1);
        group.spawn(async move { Err(payload) }).await;
        settle().await;
        drop(group);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn no_waker_outlives_the_wait() {
    within_deadline(|| {
        let (runtime, wakes) = (runtime(), Arc::new(Wakes::default()));
        let waker = Waker::from(wakes.clone());
        let mut group = ErrorGroup::<u8>::new();
        runtime.block_on(group.spawn(async { Ok(()) }));
        {
            let mut wait = Box::pin(group.wait());
            let mut context = Context::from_waker(&waker);
            assert!(wait.poll_unpin(&mut context).is_pending());
            runtime.block_on(settle());
            assert!(wait.poll_unpin(&mut context).is_ready());
        }
        drop(waker);
        assert_eq!(Arc::strong_count(&wakes), 1, "a waker was left behind");
    });
}

#[test]
fn tasks_that_have_ended_leave_no_trace() {
    within_deadline(|| {
        let runtime = runtime();
        let mut group = ErrorGroup::<u8>::new();
        // Nobody waits meanwhile, and nobody has to.
        let mut spawn_many = |tasks: usize| {
            runtime.block_on(async {
                for i in 0..tasks {
                    let task = async move {
                        if i % 3 == 0 {
                            yield_now().await;
                        }
                        Ok(())
                    };
                    group.spawn(task).await;
                    if i % 8 == 0 {
                        settle().await;
                    }
                }
                settle().await;
            });
        };
        spawn_many(1_000);
        let kept = allocations::kept_by(|| spawn_many(100_000));
        assert!(kept < 1_000, "{kept} bytes are kept for 100 000 tasks that have ended");
        assert_eq!(runtime.block_on(group.wait()), Ok(()));
    });
}

#[test]
fn a_task_of_the_group_is_at_most_one_allocation_more() {
    const TASKS: usize = 1_000;
    within_deadline(|| {
        let bare = runtime();
        let spawned = allocations::during(|| {
            bare.block_on(async {
                for _ in 0..TASKS {
                    drop(tokio::spawn(async { Ok::<(), u8>(()) }));
                }
                settle().await;
            });
        });
        let runtime = runtime();
        let grouped = allocations::during(|| {
            runtime.block_on(async {
                let mut group = ErrorGroup::<u8>::new();
                for _ in 0..TASKS {
                    group.spawn(async { Ok(()) }).await;
                }
                assert_eq!(group.wait().await, Ok(()));
            });
        });
        let more = grouped.saturating_sub(spawned);
        assert!(more <= TASKS + 50, "{TASKS} tasks took {more} allocations more in a group");
    });
}
