//! Real threads, a common start, high counts.

use futures::FutureExt;
use futures::executor::block_on;
use patterns::cancel::{CancelToken, Reason};

use crate::support::{run_on, together, within_deadline};

#[test]
fn children_made_during_the_cancellation_are_cancelled() {
    within_deadline(|| {
        for _ in 0..100 {
            let root = CancelToken::new();
            together(3, |i| {
                if i == 0 {
                    root.cancel();
                    return;
                }
                let mut line = vec![root.child()];
                for _ in 0..20 {
                    line.push(line.last().unwrap().child());
                }
                for token in line {
                    assert_eq!(block_on(token.cancelled()), Reason::Cancelled);
                }
            });
        }
    });
}

#[test]
fn waiters_that_come_and_go_are_never_left_behind() {
    within_deadline(|| {
        for _ in 0..100 {
            let root = CancelToken::new();
            let child = root.child();
            together(4, |i| match i {
                0 => root.cancel(),
                1 => assert_eq!(block_on(child.cancelled()), Reason::Cancelled),
                _ => {
                    let gave_up = (0..50).all(|_| child.cancelled().now_or_never().is_none());
                    let last = gave_up.then(|| block_on(child.cancelled()));
                    assert!(last.is_none_or(|reason| reason == Reason::Cancelled));
                }
            });
        }
    });
}

#[test]
fn tokens_that_go_during_the_cancellation_cut_nobody_off() {
    within_deadline(|| {
        for _ in 0..100 {
            let root = CancelToken::new();
            let parents: Vec<_> = (0..10).map(|_| root.child()).collect();
            let leaves: Vec<_> = parents.iter().map(CancelToken::child).collect();
            let parents = std::sync::Mutex::new(parents);
            together(3, |i| match i {
                0 => root.cancel(),
                1 => drop(std::mem::take(&mut *parents.lock().unwrap())),
                _ => leaves.iter().for_each(|leaf| drop(leaf.child())),
            });
            assert!(leaves.iter().all(CancelToken::is_cancelled));
        }
    });
}

#[test]
fn children_come_and_go_on_all_threads() {
    within_deadline(|| {
        let root = CancelToken::new();
        together(4, |i| {
            let mut kept = Vec::new();
            for round in 0..5_000 {
                let child = root.child();
                if round % (i + 2) == 0 {
                    kept.push(child);
                }
                if kept.len() > 20 {
                    kept.clear();
                }
            }
            assert!(!root.is_cancelled());
        });
        let child = root.child();
        root.cancel();
        assert!(child.is_cancelled());
    });
}

#[test]
fn a_thousand_tasks_stop_when_told_to() {
    run_on(2, || async {
        let root = CancelToken::new();
        let tasks: Vec<_> = (0..1_000)
            .map(|_| {
                let token = root.child();
                tokio::spawn(async move {
                    let below = token.child();
                    tokio::task::yield_now().await;
                    (below.cancelled().await, token.reason())
                })
            })
            .collect();
        root.cancel();
        for task in tasks {
            assert_eq!(task.await.unwrap(), (Reason::Cancelled, Some(Reason::Cancelled)));
        }
    });
}
