//! Wakers are other people's code: they come back, let go, and panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use futures::FutureExt;
use patterns::cancel::{CancelToken, CancelledOwned, Reason};

use crate::support::{Polled, within_deadline};

/// Calls a closure when it is woken, once.
struct Calls<F>(Mutex<Option<F>>);

impl<F: FnOnce() + Send + 'static> Wake for Calls<F> {
    fn wake(self: Arc<Self>) {
        let call = self.0.lock().unwrap().take();
        call.into_iter().for_each(|call| call());
    }
}

/// Leaves a waker with the token that calls `call`.
fn call_when_cancelled(
    token: &CancelToken,
    call: impl FnOnce() + Send + 'static,
) -> Pin<Box<CancelledOwned>> {
    let waker = Waker::from(Arc::new(Calls(Mutex::new(Some(call)))));
    let mut wait = Box::pin(token.clone().cancelled_owned());
    assert!(wait.as_mut().poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    wait
}

#[test]
fn a_waker_may_use_the_tokens_that_call_it() {
    within_deadline(|| {
        let root = CancelToken::new();
        let child = root.child();
        let seen = Arc::new(AtomicUsize::new(0));
        let wait_here = Polled::new(child.clone().cancelled_owned()).pending();
        let (root2, child2, seen2) = (root.clone(), child.clone(), seen.clone());
        let _first = call_when_cancelled(&child, move || {
            root2.cancel();
            child2.cancel();
            let made = [root2.child(), child2.child()];
            assert!(made.iter().all(CancelToken::is_cancelled));
            assert_eq!(child2.cancelled().now_or_never(), Some(Reason::Cancelled));
            assert_eq!(wait_here.ready(), Reason::Cancelled);
            drop((root2, child2, made));
            seen2.fetch_add(1, SeqCst);
        });
        let (lone, seen3) = (CancelToken::new(), seen.clone());
        let lone_child = lone.child();
        let _second = call_when_cancelled(&root, move || {
            drop(lone);
            drop(lone_child);
            seen3.fetch_add(1, SeqCst);
        });
        root.cancel();
        assert_eq!(seen.load(SeqCst), 2);
    });
}

#[test]
fn a_waker_may_drop_another_wait_of_the_token() {
    within_deadline(|| {
        let token = CancelToken::new();
        let waits = [(); 4].map(|()| Polled::new(token.clone().cancelled_owned()).pending());
        let dropped = Arc::new(Mutex::new(Vec::from(waits)));
        let theirs = dropped.clone();
        let _wait = call_when_cancelled(&token, move || theirs.lock().unwrap().clear());
        token.cancel();
        assert!(dropped.lock().unwrap().is_empty());
    });
}

#[test]
fn the_whole_tree_is_cancelled_before_anybody_is_woken() {
    within_deadline(|| {
        let root = CancelToken::new();
        let children = [root.child(), root.child(), root.child()];
        let grandchildren = children.each_ref().map(CancelToken::child);
        let tree: Vec<_> = [&root].into_iter().chain(&children).chain(&grandchildren).collect();
        let tree: Arc<Vec<CancelToken>> = Arc::new(tree.into_iter().cloned().collect());
        let missed = Arc::new(AtomicUsize::new(0));
        let waits = tree.iter().map(|token| {
            let (tree, missed) = (tree.clone(), missed.clone());
            call_when_cancelled(token, move || {
                let live = tree.iter().filter(|token| !token.is_cancelled()).count();
                missed.fetch_add(live, SeqCst);
            })
        });
        let _waits: Vec<_> = waits.collect();
        root.cancel();
        assert_eq!(missed.load(SeqCst), 0, "a waiter was woken, and found some not cancelled yet");
    });
}

#[test]
fn a_waker_that_panics_keeps_nobody_asleep() {
    within_deadline(|| {
        let root = CancelToken::new();
        let children = [(); 3].map(|()| root.child());
        let before: Vec<_> =
            children.iter().map(|c| Polled::new(c.cancelled()).pending()).collect();
        let panics = children.iter().chain([&root]);
        let panics = panics.map(|token| call_when_cancelled(token, || panic!("a waker fails")));
        let _panics: Vec<_> = panics.collect();
        let after: Vec<_> = children.iter().map(|c| Polled::new(c.cancelled()).pending()).collect();
        let end = catch_unwind(AssertUnwindSafe(|| root.cancel()));
        assert!(end.is_err(), "the panic goes on in the thread that cancelled");
        let wakes = before.iter().chain(&after).map(Polled::wakes);
        assert_eq!(wakes.collect::<Vec<_>>(), [1; 6]);
        assert!(root.is_cancelled() && children.iter().all(CancelToken::is_cancelled));
        assert_eq!(root.child().cancelled().now_or_never(), Some(Reason::Cancelled));
    });
}

#[test]
fn a_waker_that_panics_beside_a_panic_ends_there() {
    within_deadline(|| {
        let token = CancelToken::new();
        let _panics = call_when_cancelled(&token, || panic!("a waker fails"));
        let other = Polled::new(token.cancelled()).pending();
        let guard = token.clone().guard();
        let end = catch_unwind(AssertUnwindSafe(move || {
            let _guard = guard;
            panic!("the owner fails");
        }));
        let cause = end.unwrap_err();
        assert_eq!(cause.downcast_ref::<&str>(), Some(&"the owner fails"));
        assert_eq!(other.wakes(), 1);
    });
}

/// Uses the token when the last copy of the waker goes.
struct LooksWhenDropped(CancelToken);

impl Wake for LooksWhenDropped {
    fn wake(self: Arc<Self>) {}
}

impl Drop for LooksWhenDropped {
    fn drop(&mut self) {
        drop(self.0.child());
        assert!(self.0.cancelled().now_or_never().is_none_or(|why| why == Reason::Cancelled));
    }
}

#[test]
fn a_waker_may_use_the_token_when_it_is_dropped() {
    within_deadline(|| {
        let token = CancelToken::new();
        let leave_one = || {
            let waker = Waker::from(Arc::new(LooksWhenDropped(token.clone())));
            let mut wait = Box::pin(token.clone().cancelled_owned());
            assert!(wait.as_mut().poll_unpin(&mut Context::from_waker(&waker)).is_pending());
            wait
        };
        // The waker goes with its wait, in the place of another, too late to be left, and woken.
        drop(leave_one());
        let mut moves = leave_one();
        assert!(moves.as_mut().poll_unpin(&mut Context::from_waker(Waker::noop())).is_pending());
        let woken = leave_one();
        token.cancel();
        drop(woken);
        drop(moves);
    });
}
