//! Litmus tests: what the orderings forbid passes in every interleaving, what they allow is found.

use std::future::poll_fn;
use std::task::Poll;

use loomscope::sync::Arc;
use loomscope::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use loomscope::sync::atomic::{AtomicUsize, fence};
use loomscope::{Model, task, thread};

/// Two atomics, both 0 at first.
type Pair = Arc<(AtomicUsize, AtomicUsize)>;

fn is_found(body: impl Fn(Pair) + Send + Sync + 'static) -> bool {
    let outcome = Model::new("litmus").run(move || body(Pair::default()));
    assert!(outcome.report.is_some() || outcome.passes.iter().all(|pass| pass.exhausted));
    outcome.report.is_some()
}

/// Each thread stores to its own atomic and loads the other's: can both have missed the store?
fn store_buffering(store: Ordering, load: Ordering, before: fn(&Pair)) -> bool {
    is_found(move |pair| {
        before(&pair);
        let theirs = pair.clone();
        let other = thread::spawn(move || {
            theirs.0.store(1, store);
            theirs.1.load(load)
        });
        pair.1.store(1, store);
        let seen = pair.0.load(load);
        assert!(seen + other.join().unwrap() > 0);
    })
}

#[test]
fn store_buffering_is_forbidden_to_seqcst_alone() {
    let nothing: fn(&Pair) = |_| ();
    assert!(!store_buffering(SeqCst, SeqCst, nothing));
    assert!(store_buffering(Release, Acquire, nothing));
    assert!(store_buffering(SeqCst, Acquire, nothing));
    assert!(store_buffering(Release, SeqCst, nothing));
}

#[test]
fn a_weaker_store_beside_them_takes_nothing_from_seqcst_operations() {
    assert!(!store_buffering(SeqCst, SeqCst, |pair| {
        pair.0.store(0, Relaxed);
        pair.1.store(0, Release);
    }));
    assert!(!store_buffering(SeqCst, SeqCst, |_| {
        let another = AtomicUsize::new(0);
        another.store(3, Relaxed);
        assert_eq!(another.load(SeqCst), 3);
    }));
}

#[test]
fn a_seqcst_update_counts_as_a_seqcst_store() {
    assert!(!is_found(|pair| {
        let theirs = pair.clone();
        let other = thread::spawn(move || {
            theirs.0.fetch_add(1, SeqCst);
            theirs.1.load(SeqCst)
        });
        pair.1.swap(1, SeqCst);
        let seen = pair.0.load(SeqCst);
        assert!(seen + other.join().unwrap() > 0);
    }));
}

#[test]
fn store_buffering_needs_a_fence_on_both_sides() {
    let with_fences = |mine: bool| {
        is_found(move |pair| {
            let theirs = pair.clone();
            let other = thread::spawn(move || {
                theirs.0.store(1, Relaxed);
                fence(SeqCst);
                theirs.1.load(Relaxed)
            });
            pair.1.store(1, Relaxed);
            if mine {
                fence(SeqCst);
            }
            let seen = pair.0.load(Relaxed);
            assert!(seen + other.join().unwrap() > 0);
        })
    };
    assert!(!with_fences(true));
    assert!(with_fences(false));
}

#[test]
fn a_message_is_passed_by_release_and_acquire() {
    let passing = |publish: Ordering, look: Ordering| {
        is_found(move |pair| {
            let theirs = pair.clone();
            let other = thread::spawn(move || {
                theirs.0.store(1, Relaxed);
                theirs.1.store(1, publish);
            });
            if pair.1.load(look) == 1 {
                assert_eq!(pair.0.load(Relaxed), 1);
            }
            other.join().unwrap();
        })
    };
    assert!(!passing(Release, Acquire));
    assert!(!passing(SeqCst, SeqCst));
    assert!(passing(Relaxed, Acquire));
    assert!(passing(Release, Relaxed));
    assert!(passing(Relaxed, SeqCst));
}

#[test]
fn a_relaxed_update_carries_a_release_on() {
    assert!(!is_found(|pair| {
        let (first, second) = (pair.clone(), pair.clone());
        let first = thread::spawn(move || {
            first.0.store(1, Relaxed);
            first.1.store(1, Release);
        });
        let second = thread::spawn(move || second.1.fetch_add(1, Relaxed));
        if pair.1.load(Acquire) == 2 {
            assert_eq!(pair.0.load(Relaxed), 1);
        }
        first.join().unwrap();
        second.join().unwrap();
    }));
}

#[test]
fn readers_agree_on_the_order_of_seqcst_stores_only() {
    let disagree = |store: Ordering, load: Ordering| {
        is_found(move |pair| {
            let (left, right, reader) = (pair.clone(), pair.clone(), pair.clone());
            thread::spawn(move || left.0.store(1, store));
            thread::spawn(move || right.1.store(1, store));
            let reader = thread::spawn(move || (reader.0.load(load), reader.1.load(load)));
            let seen = (pair.1.load(load), pair.0.load(load));
            assert!((seen, reader.join().unwrap()) != ((1, 0), (1, 0)));
        })
    };
    assert!(!disagree(SeqCst, SeqCst));
    assert!(disagree(Release, Acquire));
}

#[test]
fn relaxed_stores_to_two_atomics_may_end_in_opposite_orders() {
    assert!(is_found(|pair| {
        let theirs = pair.clone();
        let other = thread::spawn(move || {
            theirs.0.store(1, Relaxed);
            theirs.1.store(2, Relaxed);
        });
        pair.1.store(1, Relaxed);
        pair.0.store(2, Relaxed);
        other.join().unwrap();
        assert!((pair.0.load(Relaxed), pair.1.load(Relaxed)) != (1, 1));
    }));
}

#[test]
fn one_atomic_never_goes_back() {
    assert!(!is_found(|pair| {
        let theirs = pair.clone();
        let other = thread::spawn(move || {
            theirs.0.store(1, Relaxed);
            theirs.0.swap(2, AcqRel);
        });
        let (first, second) = (pair.0.load(Relaxed), pair.0.load(Relaxed));
        assert!(first <= second);
        other.join().unwrap();
        assert_eq!(pair.0.load(Relaxed), 2);
    }));
}

/// Stores to each of the two in a thread of its own, which then calls `wake`.
fn store_and_wake(pair: &Pair, wake: impl Fn() + Clone + Send + 'static) {
    let (ours, theirs, also) = (pair.clone(), pair.clone(), wake.clone());
    thread::spawn(move || {
        ours.0.store(1, Relaxed);
        wake();
    });
    thread::spawn(move || {
        theirs.1.store(1, Relaxed);
        also();
    });
}

fn both_are_stored(pair: &Pair) -> bool {
    pair.0.load(Relaxed) + pair.1.load(Relaxed) == 2
}

#[test]
fn whoever_wakes_a_thread_that_is_awake_already_is_seen_by_it_as_well() {
    assert!(!is_found(|pair| {
        let waiter = thread::current();
        store_and_wake(&pair, move || waiter.unpark());
        while !both_are_stored(&pair) {
            thread::park();
        }
    }));
    assert!(!is_found(|pair| {
        let mut begun = None;
        task::block_on(poll_fn(|context| {
            begun.get_or_insert_with(|| {
                let waker = context.waker().clone();
                store_and_wake(&pair, move || waker.wake_by_ref());
            });
            if both_are_stored(&pair) { Poll::Ready(()) } else { Poll::Pending }
        }));
    }));
}
