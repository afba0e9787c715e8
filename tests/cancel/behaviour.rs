//! What one can see from outside, with one thread at a time.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use futures::FutureExt;
use futures::executor::block_on;
use patterns::cancel::{CancelGuard, CancelToken, Cancelled, CancelledOwned, Reason};

use crate::support::within_deadline;

const CANCELLED: Option<Reason> = Some(Reason::Cancelled);

// One token

#[test]
fn a_new_token_is_not_cancelled() {
    within_deadline(|| {
        for token in [CancelToken::new(), CancelToken::default()] {
            assert!(!token.is_cancelled());
            assert_eq!((token.reason(), token.deadline()), (None, None));
        }
    });
}

#[test]
fn a_cancelled_token_stays_cancelled() {
    within_deadline(|| {
        let token = CancelToken::new();
        for _ in 0..3 {
            token.cancel();
            assert!(token.is_cancelled());
            assert_eq!(token.reason(), CANCELLED);
        }
    });
}

#[test]
fn clones_are_one_token() {
    within_deadline(|| {
        let token = CancelToken::new();
        let (clone, another) = (token.clone(), token.clone());
        drop(token);
        assert!(!clone.is_cancelled(), "a clone that goes cancels nothing");
        clone.cancel();
        assert!(another.is_cancelled());
    });
}

#[test]
fn a_token_that_is_dropped_cancels_nothing() {
    within_deadline(|| {
        let parent = CancelToken::new();
        let child = parent.child();
        drop(parent.child());
        drop(parent);
        assert!(!child.is_cancelled());
    });
}

#[test]
fn a_reason_is_an_error_to_read() {
    within_deadline(|| {
        let token = CancelToken::new();
        token.cancel();
        let error: Box<dyn Error> = token.reason().unwrap().into();
        assert_eq!(error.to_string(), "cancelled");
        assert_eq!(Reason::DeadlineExceeded.to_string(), "deadline exceeded");
    });
}

#[test]
fn the_types_may_cross_threads_and_move_after_a_poll() {
    within_deadline(|| {
        fn crosses<T: Send + Sync + Unpin>() {}
        crosses::<CancelToken>();
        crosses::<CancelGuard>();
        crosses::<Reason>();
        fn is_sent<T: Send + Unpin>() {}
        is_sent::<Cancelled<'_>>();
        is_sent::<CancelledOwned>();

        let token = CancelToken::new();
        let mut wait = token.cancelled();
        assert!((&mut wait).now_or_never().is_none());
        let boxed = Box::new(wait);
        thread::scope(|scope| {
            let waiter = scope.spawn(move || block_on(*boxed));
            token.cancel();
            assert_eq!(waiter.join().unwrap(), Reason::Cancelled);
        });
    });
}

// The tree

#[test]
fn cancelling_a_parent_cancels_its_children() {
    within_deadline(|| {
        let parent = CancelToken::new();
        let children = [(); 5].map(|()| parent.child());
        assert!(children.iter().all(|child| !child.is_cancelled()));
        parent.cancel();
        assert!(children.iter().all(|child| child.reason() == CANCELLED));
    });
}

#[test]
fn cancelling_reaches_every_generation() {
    within_deadline(|| {
        let root = CancelToken::new();
        let mut tree = vec![root.clone()];
        for _ in 0..4 {
            let next = tree.iter().flat_map(|token| [token.child(), token.child()]);
            tree = next.chain(tree.iter().cloned()).collect();
        }
        root.cancel();
        let missed = tree.iter().filter(|token| !token.is_cancelled()).count();
        assert_eq!(missed, 0, "of {} tokens", tree.len());
    });
}

#[test]
fn a_cancelled_child_leaves_its_parent_and_its_siblings_alone() {
    within_deadline(|| {
        let parent = CancelToken::new();
        let (child, sibling) = (parent.child(), parent.child());
        let grandchild = child.child();
        child.cancel();
        assert!(grandchild.is_cancelled());
        assert!(!parent.is_cancelled(), "cancelling never goes up");
        assert!(!sibling.is_cancelled());
        parent.cancel();
        assert!(sibling.is_cancelled());
    });
}

#[test]
fn a_child_of_a_cancelled_token_is_cancelled_at_once() {
    within_deadline(|| {
        let parent = CancelToken::new();
        parent.cancel();
        let child = parent.child();
        assert_eq!(child.reason(), CANCELLED);
        assert_eq!(child.child().cancelled().now_or_never(), CANCELLED);
    });
}

#[test]
fn children_of_a_dropped_token_live_on() {
    within_deadline(|| {
        let parent = CancelToken::new();
        let (child, sibling) = (parent.child(), parent.child());
        drop(parent);
        let grandchild = child.child();
        child.cancel();
        assert!(grandchild.is_cancelled() && !sibling.is_cancelled());
    });
}

#[test]
fn a_dropped_parent_does_not_cut_its_children_off() {
    within_deadline(|| {
        let root = CancelToken::new();
        let (first, second) = (root.child(), root.child());
        let grandchild = first.child();
        let great_grandchild = second.child().child();
        drop((first, second));
        root.cancel();
        assert_eq!(grandchild.reason(), CANCELLED, "its parent was dropped, its ancestor not");
        assert_eq!(great_grandchild.reason(), CANCELLED);
    });
}

#[test]
fn siblings_may_come_and_go_in_any_order() {
    within_deadline(|| {
        let parent = CancelToken::new();
        let mut children: Vec<_> = (0..8).map(|_| parent.child()).collect();
        for gone in [3, 0, 5, 1] {
            drop(children.remove(gone));
            children.push(parent.child());
            children.push(parent.child());
        }
        children.drain(2..9).for_each(drop);
        parent.cancel();
        assert!(children.iter().all(CancelToken::is_cancelled));
    });
}

#[test]
fn a_hundred_thousand_generations_are_cancelled() {
    within_deadline(|| {
        let root = CancelToken::new();
        let line = line_of_descent(&root);
        let last = line.last().unwrap().clone();
        root.cancel();
        assert!(last.is_cancelled());
        // Neither the cancelling nor the dropping is what this test is about.
        std::mem::forget(line);
    });
}

#[test]
fn a_hundred_thousand_generations_are_dropped() {
    within_deadline(|| {
        let root = CancelToken::new();
        let last = line_of_descent(&root).pop().unwrap();
        assert!(!last.is_cancelled());
        drop(root);
        drop(last);
        // The other way round: the youngest first.
        let root = CancelToken::new();
        let mut line = line_of_descent(&root);
        while line.pop().is_some() {}
        root.cancel();
    });
}

/// A child, its child, and so on.
fn line_of_descent(root: &CancelToken) -> Vec<CancelToken> {
    let mut line = vec![root.child()];
    for i in 0..100_000 {
        line.push(line[i].child());
    }
    line
}

// The guard

#[test]
fn a_guard_cancels_when_it_is_dropped() {
    within_deadline(|| {
        let token = CancelToken::new();
        let guard = token.clone().guard();
        assert!(!token.is_cancelled());
        drop(guard);
        assert_eq!(token.reason(), CANCELLED);
    });
}

#[test]
fn a_guard_cancels_when_its_owner_panics() {
    within_deadline(|| {
        let parent = CancelToken::new();
        let child = parent.child();
        let guard = child.clone().guard();
        let end = catch_unwind(AssertUnwindSafe(move || {
            let _guard = guard;
            panic!("the owner fails");
        }));
        assert!(end.is_err());
        assert!(child.is_cancelled() && !parent.is_cancelled());
    });
}

#[test]
fn a_guard_that_is_disarmed_gives_the_token_back() {
    within_deadline(|| {
        let token = CancelToken::new();
        let watched = token.child();
        let token = token.guard().disarm();
        assert!(!watched.is_cancelled(), "a guard that was disarmed cancels nothing");
        token.cancel();
        assert!(watched.is_cancelled(), "what came back is the same token");
    });
}
