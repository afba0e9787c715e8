//! One into many: who gets what, and what is left when somebody goes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;

use futures::executor::block_on;
use futures::stream::{self, StreamExt, poll_fn};
use futures::{FutureExt, Stream};
use patterns::fan_in::{Branch, fan_out};

use crate::feed::{Ear, Fed, Feed, feed};
use crate::support::{Census, run, within_deadline};

/// Listens to a branch.
pub(super) type Listener<T> = Ear<Branch<Fed<T>>>;

/// A fed source, and its branches.
pub(super) fn branches<T>(count: usize, capacity: usize) -> (Feed<T>, Vec<Listener<T>>)
where
    T: std::fmt::Debug + PartialEq,
{
    let (feed, fed) = feed();
    (feed, fan_out(fed, count, capacity).into_iter().map(Ear::new).collect())
}

#[test]
fn one_branch_has_every_item_in_order() {
    within_deadline(|| {
        for capacity in [0, 1, 3, 100] {
            let mut branches = fan_out(stream::iter(0..50), 1, capacity);
            let items: Vec<_> = block_on(branches.pop().unwrap().collect());
            assert!(items.into_iter().eq(0..50), "capacity {capacity}");
        }
    });
}

#[test]
fn each_item_goes_to_exactly_one_branch() {
    within_deadline(|| {
        for capacity in [0, 1, 3, 100] {
            let branches = fan_out(stream::iter(0..50), 3, capacity);
            let mut ears: Vec<_> = branches.into_iter().map(Ear::new).collect();
            for item in 0..50 {
                assert_eq!(
                    ears[item % 3].item(),
                    item,
                    "capacity {capacity}: who asks has the next"
                );
            }
            ears.iter_mut().for_each(Ear::ends);
        }
    });
}

#[test]
fn all_branches_end_with_the_source_and_stay_there() {
    within_deadline(|| {
        for capacity in [0, 2] {
            let (feed, mut ears) = branches::<u64>(3, capacity);
            ears.iter_mut().for_each(Ear::waits);
            feed.end();
            ears[0].ends();
            assert!(ears.iter().all(|ear| ear.wakes() == 1), "a branch was not told of the end");
            assert!(feed.dropped(), "the source has ended, and nobody needs it");
            ears.iter_mut().for_each(Ear::ends);
            ears.iter_mut().for_each(Ear::ends);
        }
    });
}

#[test]
fn without_branches_the_source_is_dropped_unpolled() {
    within_deadline(|| {
        let (feed, fed) = feed::<u64>();
        assert_eq!(fan_out(fed, 0, 3).len(), 0);
        assert!(feed.dropped());
        assert_eq!(feed.polls(), 0);
    });
}

#[test]
fn nothing_is_read_before_a_branch_asks() {
    within_deadline(|| {
        let (feed, mut ears) = branches(2, 3);
        feed.give(1);
        assert_eq!(feed.polls(), 0);
        assert_eq!(ears[1].item(), 1);
    });
}

#[test]
fn a_branch_that_waits_is_woken_for_its_item() {
    within_deadline(|| {
        let (feed, mut ears) = branches(2, 0);
        ears[0].waits();
        assert_eq!(ears[0].wakes(), 0);
        feed.give(1);
        assert_eq!(ears[0].wakes(), 1);
        assert_eq!(ears[0].item(), 1);
        ears[0].waits();
    });
}

#[test]
fn without_capacity_an_item_is_read_only_for_who_asks() {
    within_deadline(|| {
        let (feed, mut ears) = branches(2, 0);
        feed.give_all(0..10);
        for item in 0..10 {
            assert_eq!(ears[item % 2].item(), item);
            assert_eq!(feed.taken(), item + 1, "nobody has asked for more");
        }
    });
}

#[test]
fn at_most_the_capacity_is_read_ahead() {
    within_deadline(|| {
        for capacity in [1, 2, 5] {
            let (feed, mut ears) = branches(2, capacity);
            feed.give_all(0..20);
            assert_eq!(ears[0].item(), 0);
            assert_eq!(feed.taken(), 1 + capacity, "what is at hand is read ahead");
            for item in 1..20 {
                assert_eq!(ears[item % 2].item(), item);
                let ahead = feed.taken() - (item + 1);
                assert!(
                    ahead <= capacity,
                    "{ahead} items were read ahead, with room for {capacity}"
                );
            }
        }
    });
}

#[test]
fn a_slow_branch_holds_up_no_other() {
    within_deadline(|| {
        let (feed, mut ears) = branches(3, 0);
        ears[2].waits();
        feed.give_all(0..10);
        for item in 0..10 {
            assert_eq!(ears[item % 2].item(), item, "the third branch does not come");
        }
    });
}

#[test]
fn what_was_read_ahead_is_not_lost_with_the_branch_that_read_it() {
    within_deadline(|| {
        let (feed, mut ears) = branches(2, 3);
        feed.give_all(0..6);
        assert_eq!(ears[0].item(), 0);
        drop(ears.remove(0));
        (1..6).for_each(|item| assert_eq!(ears[0].item(), item));
        feed.end();
        ears[0].ends();
    });
}

#[test]
fn what_was_read_before_the_end_is_delivered() {
    within_deadline(|| {
        for capacity in [0, 1, 2, 3, 4] {
            let (feed, mut ears) = branches(2, capacity);
            feed.give_all(0..3);
            feed.end();
            (0..3).for_each(|item| assert_eq!(ears[item % 2].item(), item, "capacity {capacity}"));
            ears.iter_mut().for_each(Ear::ends);
        }
    });
}

#[test]
fn the_last_branch_drops_the_source_and_the_queue() {
    within_deadline(|| {
        let census = Census::default();
        let (feed, fed) = feed();
        let mut branches = fan_out(fed, 2, 2);
        feed.give_all((0..5).map(|item| census.payload(item)));
        drop(branches[0].next().now_or_never().unwrap());
        assert_eq!(census.alive(), 4, "two in the queue, two in the source");
        drop(branches.pop());
        assert!(!feed.dropped(), "a branch is left");
        drop(branches);
        assert!(feed.dropped(), "no branch is left");
        assert_eq!(census.alive(), 2, "the queue has gone; two were never read");
    });
}

#[test]
fn a_panic_of_the_source_is_the_pollers_and_the_end_of_the_others() {
    within_deadline(|| {
        for capacity in [0, 2] {
            let (feed, mut ears) = branches::<u64>(3, capacity);
            ears.iter_mut().for_each(Ear::waits);
            feed.panic();
            assert!(catch_unwind(AssertUnwindSafe(|| ears[0].poll())).is_err());
            assert!(feed.dropped(), "who has panicked is not polled again");
            assert!(ears.iter().all(|ear| ear.wakes() == 1), "somebody waits for ever");
            ears.iter_mut().for_each(Ear::ends);
        }
    });
}

#[test]
fn what_was_read_before_a_panic_is_delivered() {
    within_deadline(|| {
        for capacity in [3, 4] {
            let (feed, mut ears) = branches(2, capacity);
            feed.give_all(0..3);
            feed.panic();
            assert!(catch_unwind(AssertUnwindSafe(|| ears[0].poll())).is_err());
            (0..3).for_each(|item| assert_eq!(ears[1].item(), item, "capacity {capacity}"));
            ears.iter_mut().for_each(Ear::ends);
        }
    });
}

#[test]
fn the_source_may_use_another_branch_in_its_poll() {
    within_deadline(|| {
        let other: Arc<Mutex<Option<Branch<_>>>> = Arc::default();
        let theirs = other.clone();
        let poll = move |cx: &mut Context<'_>| {
            let mut other = theirs.lock().unwrap();
            if let Some(branch) = other.as_mut() {
                assert!(branch.poll_next_unpin(cx).is_pending(), "the source is being polled");
                *other = None;
            }
            Poll::Ready(Some(1))
        };
        let source: Box<dyn Stream<Item = u64> + Send + Unpin> = Box::new(poll_fn(poll));
        let mut branches = fan_out(source, 2, 0);
        *other.lock().unwrap() = branches.pop();
        let mut ear = Ear::new(branches.pop().unwrap());
        assert_eq!(ear.item(), 1);
        assert!(other.lock().unwrap().is_none());
        assert_eq!(ear.item(), 1);
    });
}

#[test]
fn a_source_that_is_always_ready_lets_the_neighbours_run() {
    run(|| async {
        for capacity in [0, 4] {
            let ran = Arc::new(AtomicBool::new(false));
            let neighbour = ran.clone();
            tokio::spawn(async move { neighbour.store(true, SeqCst) });
            let mut branch = fan_out(stream::repeat(1), 1, capacity).pop().unwrap();
            let mut items = 0;
            while !ran.load(SeqCst) {
                branch.next().await.unwrap();
                items += 1;
                assert!(items < 100_000, "a neighbour on the same thread never ran");
            }
        }
    });
}

#[test]
fn a_poll_comes_to_its_end_however_much_there_is_to_read() {
    within_deadline(|| {
        let read = Arc::new(AtomicUsize::new(0));
        let count = read.clone();
        let source = poll_fn(move |_| {
            assert!(count.fetch_add(1, SeqCst) < 1_000, "one poll reads on and on");
            Poll::Ready(Some(1))
        });
        let mut ear = Ear::new(fan_out(source, 1, usize::MAX).pop().unwrap());
        assert_eq!(ear.item(), 1);
        assert!(read.load(SeqCst) <= 64, "{} items in one poll", read.load(SeqCst));
    });
}

#[test]
fn the_branches_may_cross_threads() {
    fn crosses<T: Send + Sync + Unpin>(_: &T) {}
    within_deadline(|| {
        let (_feed, fed) = feed::<u64>();
        fan_out(fed, 2, 0).iter_mut().for_each(|branch| {
            crosses(branch);
            crosses(&branch.next());
        });
        let branches = fan_out(stream::iter(0..100), 3, 2);
        let collect = |branch: Branch<_>| thread::spawn(|| block_on(branch.collect::<Vec<_>>()));
        let threads: Vec<_> = branches.into_iter().map(collect).collect();
        let mut items: Vec<_> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        items.sort_unstable();
        assert!(items.into_iter().eq(0..100));
    });
}
