//! Who has left leaves no trace: neither a waker nor memory.

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use futures::FutureExt;
use patterns::cancel::{CancelToken, with_timeout};
use tokio::time::advance;

use crate::allocations::{self, live_bytes};
use crate::support::{Wakes, run, within_deadline};

const SECOND: Duration = Duration::from_secs(1);

/// What a token may keep for itself when nobody is left: tables of a fixed size, but no list.
const SLACK: isize = 1024;

#[test]
fn no_waker_is_kept_when_its_wait_is_over() {
    run(|| async {
        let wakes = Arc::new(Wakes::default());
        let wait = |token: &CancelToken| {
            let mut wait = token.clone().cancelled_owned();
            let waker = Waker::from(wakes.clone());
            assert!(wait.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
            wait
        };
        let kept = || Arc::strong_count(&wakes) - 1;
        let (root, timed) = (CancelToken::new(), CancelToken::new().with_timeout(SECOND));

        drop((wait(&root), wait(&timed)));
        assert_eq!(kept(), 0, "a wait that was given up has left its waker behind");

        let (mut ended, mut early) = (wait(&root), wait(&root.with_timeout(SECOND)));
        root.cancel();
        assert!((&mut ended).now_or_never().is_some() && (&mut early).now_or_never().is_some());
        assert_eq!(kept(), 0, "a wait that has ended keeps a waker, with the token or a timer");

        let mut exceeded = wait(&timed);
        advance(SECOND).await;
        (&mut exceeded).now_or_never().unwrap();
        assert_eq!(kept(), 0, "nobody is left to wake after the deadline");
    });
}

#[test]
fn a_million_children_one_after_another_leave_no_trace() {
    within_deadline(|| {
        let root = CancelToken::new();
        let request = |number: usize| {
            let child = root.child();
            match number % 16 {
                0 => assert!(child.cancelled().now_or_never().is_none()),
                1 => child.cancel(),
                2 => drop(child.child()),
                _ => {}
            }
        };
        (0..100).for_each(request);
        let before = live_bytes();
        (0..1_000_000).for_each(request);
        let grown = live_bytes() - before;
        assert_eq!(grown, 0, "a million children have left {grown} bytes behind");
        assert!(!root.is_cancelled());
    });
}

#[test]
fn memory_is_bounded_by_the_children_alive_at_once() {
    within_deadline(|| {
        let root = CancelToken::new();
        let mut alive: VecDeque<_> = (0..100).map(|_| root.child()).collect();
        let before = live_bytes();
        for number in 0..100_000 {
            alive.push_back(root.child());
            drop(alive.remove(number * 7 % 100));
        }
        let grown = live_bytes() - before;
        // Of these, there are 100 at any time; tables may grow for the one that comes before one goes.
        assert!(
            grown < 100 * 64 + SLACK,
            "100 children alive, and {grown} bytes more than at first"
        );
    });
}

#[test]
fn memory_is_bounded_by_the_waiters_alive_at_once() {
    within_deadline(|| {
        let token = CancelToken::new();
        let wait = || {
            let mut wait = token.cancelled();
            assert!((&mut wait).now_or_never().is_none());
            wait
        };
        let mut alive: VecDeque<_> = (0..100).map(|_| wait()).collect();
        let before = live_bytes();
        for number in 0..100_000 {
            alive.push_back(wait());
            drop(alive.remove(number * 7 % 100));
        }
        let grown = live_bytes() - before;
        assert!(
            grown < 100 * 64 + SLACK,
            "100 waiters alive, and {grown} bytes more than at first"
        );
    });
}

#[test]
fn what_a_burst_has_left_goes_with_the_cancellation() {
    within_deadline(|| {
        let root = CancelToken::new();
        let before = live_bytes();
        let burst: Vec<_> = (0..10_000).map(|_| root.child()).collect();
        drop(burst);
        root.cancel();
        let grown = live_bytes() - before;
        assert!(grown < SLACK, "nobody joins any more, and {grown} bytes wait for the next burst");
    });
}

#[test]
fn a_tree_goes_with_its_tokens() {
    within_deadline(|| {
        let tree = |cancels: bool| {
            let root = CancelToken::new();
            let children: Vec<_> = (0..100).map(|_| root.child()).collect();
            let grandchildren: Vec<_> = children.iter().map(CancelToken::child).collect();
            let mut waits: Vec<_> = grandchildren.iter().map(CancelToken::cancelled).collect();
            assert!(waits.iter_mut().all(|wait| wait.now_or_never().is_none()));
            drop(waits);
            drop(children);
            if cancels {
                root.cancel();
            }
            drop(root);
            drop(grandchildren);
        };
        tree(true);
        let before = live_bytes();
        tree(true);
        tree(false);
        assert_eq!(live_bytes() - before, 0, "nobody has a token, and the tree is still there");
    });
}

#[test]
fn a_cancelled_tree_goes_while_its_waits_are_held() {
    within_deadline(|| {
        let before = live_bytes();
        let root = CancelToken::new();
        let mut waits: Vec<_> = (0..10).map(|_| root.child().cancelled_owned()).collect();
        assert!(waits.iter_mut().all(|wait| wait.now_or_never().is_none()));
        root.cancel();
        drop(root);
        assert!(waits.iter_mut().all(|wait| wait.now_or_never().is_some()));
        drop(waits);
        assert_eq!(live_bytes() - before, 0);
    });
}

#[test]
fn work_leaves_no_child_however_it_ends() {
    within_deadline(|| {
        let token = CancelToken::new();
        let every_end = || {
            with_timeout(&token, Duration::MAX, ready(1)).now_or_never().unwrap().unwrap();
            assert!(with_timeout(&token, Duration::ZERO, pending::<()>()).now_or_never().is_some());
            assert!(with_timeout(&token, Duration::MAX, pending::<()>()).now_or_never().is_none());
            let fails = with_timeout(&token, Duration::MAX, async { resume_unwind(Box::new(1)) });
            let end = catch_unwind(AssertUnwindSafe(|| fails.now_or_never()));
            assert!(end.is_err());
        };
        every_end();
        let before = live_bytes();
        (0..1_000).for_each(|_| every_end());
        assert_eq!(live_bytes() - before, 0, "work that has ended has left something behind");
    });
}

#[test]
fn looking_and_polling_again_allocate_nothing() {
    run(|| async {
        let token = CancelToken::new().child();
        let timed = token.with_timeout(SECOND);
        let (mut wait, mut timed_wait) = (token.cancelled(), timed.cancelled());
        assert!((&mut wait).now_or_never().is_none());
        assert!((&mut timed_wait).now_or_never().is_none());
        let made = allocations::during(|| {
            for _ in 0..100 {
                assert!(!token.is_cancelled() && timed.reason().is_none());
                assert!((&mut wait).now_or_never().is_none());
                assert!((&mut timed_wait).now_or_never().is_none());
                assert!(token.cancelled().now_or_never().is_none());
            }
        });
        assert!(made <= 2, "a hundred rounds allocated {made} times");
    });
}

#[test]
fn tasks_that_wait_end_with_their_token() {
    run(|| async {
        let root = CancelToken::new();
        let tasks: Vec<_> = (0..10u32)
            .map(|i| {
                let token = if i % 2 == 0 { root.child() } else { root.with_timeout(SECOND * 60) };
                tokio::spawn(async move { token.cancelled().await })
            })
            .collect();
        tokio::task::yield_now().await;
        root.cancel();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    });
}
