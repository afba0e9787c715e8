//! Those who wait, without a clock and without a runtime.

use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;

use futures::FutureExt;
use futures::executor::block_on;
use patterns::cancel::{CancelToken, Reason};

use crate::support::{Polled, Wakes, within_deadline};

#[test]
fn a_wait_ends_when_the_token_is_cancelled() {
    within_deadline(|| {
        let token = CancelToken::new();
        let borrowed = Polled::new(token.cancelled()).pending();
        let owned = Polled::new(token.clone().cancelled_owned()).pending();
        token.cancel();
        assert_eq!((borrowed.wakes(), owned.wakes()), (1, 1));
        assert_eq!(borrowed.ready(), Reason::Cancelled);
        assert_eq!(owned.ready(), Reason::Cancelled);
    });
}

#[test]
fn a_wait_for_a_cancelled_token_does_not_wait() {
    within_deadline(|| {
        let token = CancelToken::new();
        let made_before = token.cancelled();
        token.cancel();
        assert_eq!(made_before.now_or_never(), Some(Reason::Cancelled));
        assert_eq!(token.cancelled().now_or_never(), Some(Reason::Cancelled));
        assert_eq!(token.cancelled_owned().now_or_never(), Some(Reason::Cancelled));
    });
}

#[test]
fn every_waiter_of_the_tree_is_woken_once() {
    within_deadline(|| {
        let root = CancelToken::new();
        let children = [(); 3].map(|()| root.child());
        let grandchildren = children.each_ref().map(CancelToken::child);
        let tokens = [&root].into_iter().chain(&children).chain(&grandchildren);
        let waits = tokens.flat_map(|token| [token.cancelled(), token.cancelled()]);
        let waits: Vec<_> = waits.map(|wait| Polled::new(wait).pending()).collect();
        root.cancel();
        root.cancel();
        children[0].cancel();
        let wakes: Vec<_> = waits.iter().map(Polled::wakes).collect();
        assert_eq!(wakes, [1; 14]);
        assert!(waits.into_iter().all(|wait| wait.ready() == Reason::Cancelled));
    });
}

#[test]
fn a_wait_that_is_polled_again_is_woken_once() {
    within_deadline(|| {
        let token = CancelToken::new();
        let wait = Polled::new(token.cancelled()).pending().pending().pending();
        token.cancel();
        assert_eq!(wait.wakes(), 1);
        wait.ready();
    });
}

#[test]
fn a_wait_that_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        let token = CancelToken::new();
        let mut wait = Polled::new(token.cancelled()).pending();
        let old_task = wait.move_to_another_task();
        let wait = wait.pending();
        token.cancel();
        assert_eq!((wait.wakes(), old_task.count()), (1, 0), "the last task to poll is woken");
        wait.ready();
    });
}

#[test]
fn a_wait_that_has_ended_gives_its_reason_again() {
    within_deadline(|| {
        let token = CancelToken::new();
        let mut wait = token.cancelled();
        assert!((&mut wait).now_or_never().is_none());
        token.cancel();
        for _ in 0..3 {
            assert_eq!((&mut wait).now_or_never(), Some(Reason::Cancelled));
        }
    });
}

#[test]
fn a_waiter_that_gives_up_harms_no_other() {
    within_deadline(|| {
        let token = CancelToken::new();
        let mut waits: Vec<_> = (0..6).map(|_| Polled::new(token.cancelled()).pending()).collect();
        drop(waits.remove(4));
        drop(waits.remove(0));
        waits.push(Polled::new(token.cancelled()).pending());
        drop(waits.remove(1));
        waits.push(Polled::new(token.cancelled()).pending());
        waits.push(Polled::new(token.cancelled()).pending());
        token.cancel();
        let wakes: Vec<_> = waits.iter().map(Polled::wakes).collect();
        assert_eq!(wakes, [1; 6]);
    });
}

#[test]
fn one_of_a_tasks_two_waits_may_give_up() {
    within_deadline(|| {
        let token = CancelToken::new();
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let [gives_up, mut stays] = [(); 2].map(|()| {
            let mut wait = token.cancelled();
            assert!(wait.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
            wait
        });
        drop(gives_up);
        token.cancel();
        assert!(wakes.count() > 0, "the task still waits: its waker went with its other wait");
        assert_eq!((&mut stays).now_or_never(), Some(Reason::Cancelled));
    });
}

#[test]
fn an_unpolled_wait_is_nobody_to_wake() {
    within_deadline(|| {
        let token = CancelToken::new();
        let wait = Polled::new(token.cancelled());
        token.cancel();
        assert_eq!(wait.wakes(), 0);
        wait.ready();
    });
}

#[test]
fn an_owned_wait_keeps_its_token_in_the_tree() {
    within_deadline(|| {
        let root = CancelToken::new();
        let wait = Polled::new(root.child().cancelled_owned()).pending();
        root.cancel();
        assert_eq!(wait.wakes(), 1);
        wait.ready();
    });
}

#[test]
fn a_thread_without_a_runtime_may_wait() {
    within_deadline(|| {
        let root = CancelToken::new();
        let child = root.child();
        let waiter = thread::spawn(move || block_on(child.cancelled()));
        root.cancel();
        assert_eq!(waiter.join().unwrap(), Reason::Cancelled);
    });
}
