//! Real threads, high counts.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use patterns::error_group::ErrorGroup;
use tokio::task::yield_now;

use crate::support::run_on;

#[test]
fn no_end_is_missed() {
    run_on(2, || async {
        for round in 0..2_000_usize {
            let (mut group, ended) = (ErrorGroup::<u8>::new(), Arc::new(AtomicUsize::new(0)));
            let tasks = 1 + round % 4;
            for i in 0..tasks {
                let ended = ended.clone();
                let task = async move {
                    if i % 2 == 1 {
                        yield_now().await;
                    }
                    ended.fetch_add(1, SeqCst);
                    Ok(())
                };
                group.spawn(task).await;
            }
            assert_eq!(group.wait().await, Ok(()));
            assert_eq!(ended.load(SeqCst), tasks, "the wait was over too early");
        }
    });
}

#[test]
fn a_thousand_tasks_keep_to_the_limit() {
    run_on(2, || async {
        let mut group = ErrorGroup::<u8>::with_limit(NonZeroUsize::new(5).unwrap());
        let (alive, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..1_000 {
            let (alive, ended) = (alive.clone(), ended.clone());
            let task = async move {
                assert!(alive.fetch_add(1, SeqCst) < 5, "more than five at once");
                yield_now().await;
                alive.fetch_sub(1, SeqCst);
                ended.fetch_add(1, SeqCst);
                Ok(())
            };
            group.spawn(task).await;
        }
        assert_eq!(group.wait().await, Ok(()));
        assert_eq!(ended.load(SeqCst), 1_000);
    });
}

#[test]
fn of_many_errors_at_once_one_is_returned_when_all_have_ended() {
    run_on(2, || async {
        for _ in 0..1_000 {
            let (started, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let mut group = ErrorGroup::new();
            for i in 0..4 {
                let (started, ended, token) =
                    (started.clone(), ended.clone(), group.token().clone());
                let task = async move {
                    started.fetch_add(1, SeqCst);
                    if i < 2 {
                        token.cancelled().await;
                    }
                    ended.fetch_add(1, SeqCst);
                    if i < 2 { Ok(()) } else { Err(i) }
                };
                group.spawn(task).await;
            }
            let error = group.wait().await.unwrap_err();
            assert!(error >= 2);
            assert_eq!(ended.load(SeqCst), started.load(SeqCst), "a task outlives the wait");
        }
    });
}
