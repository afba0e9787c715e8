//! One into many: who is woken, and who instead when that one goes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};

use patterns::fan_in::{Branch, fan_out};

use super::fan_out::{Listener, branches};
use crate::feed::{Ear, Fed, feed, panicking_waker, uncloneable_waker};
use crate::support::{Polled, within_deadline};

fn wakes<T: std::fmt::Debug + PartialEq>(ears: &[Listener<T>]) -> Vec<usize> {
    ears.iter().map(Ear::wakes).collect()
}

#[test]
fn one_branch_is_woken_an_item_in_the_order_of_their_coming() {
    within_deadline(|| {
        for capacity in [0, 2] {
            let (feed, mut ears) = branches(3, capacity);
            [2, 0, 1].into_iter().for_each(|branch: usize| ears[branch].waits());
            feed.give(1);
            assert_eq!(wakes(&ears), [0, 0, 1], "who came first");
            assert_eq!(ears[2].item(), 1);
            feed.give(2);
            // Its poll may have found that the source has nothing, or that is left to the next.
            if ears[0].wakes() == 1 && ears[0].poll() == Poll::Ready(Some(2)) {
                continue;
            }
            panic!("capacity {capacity}: the second item is the second's: {:?}", wakes(&ears));
        }
    });
}

#[test]
fn an_item_wakes_one_branch_and_not_all() {
    within_deadline(|| {
        let (feed, mut ears) = branches(8, 0);
        ears.iter_mut().for_each(Ear::waits);
        feed.give(1);
        assert_eq!(wakes(&ears), [1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(ears[0].item(), 1);
        // The next one may be woken to see whether there is more; but not everyone.
        assert!(wakes(&ears).iter().sum::<usize>() <= 2, "one item: {:?}", wakes(&ears));
    });
}

#[test]
fn several_items_that_come_at_once_reach_as_many_branches() {
    within_deadline(|| {
        for capacity in [0, 1, 2, 5] {
            let (feed, mut ears) = branches(4, capacity);
            ears.iter_mut().for_each(Ear::waits);
            feed.give_all(0..3);
            let mut heard = Vec::new();
            for _ in 0..4 {
                let woken = ears.iter_mut().filter(|ear| ear.wakes() == 1);
                let items = woken.filter_map(|ear| match ear.poll() {
                    Poll::Ready(item) => {
                        ear.move_to_another_task();
                        item
                    }
                    Poll::Pending => None,
                });
                heard.extend(items);
            }
            heard.sort_unstable();
            assert_eq!(heard, [0, 1, 2], "capacity {capacity}: an item came, and nobody was woken");
        }
    });
}

#[test]
fn what_is_read_ahead_wakes_those_who_wait() {
    within_deadline(|| {
        let (feed, mut ears) = branches(3, 2);
        ears.iter_mut().for_each(Ear::waits);
        feed.give_all(0..3);
        assert_eq!(ears[0].item(), 0);
        assert_eq!(wakes(&ears), [1, 1, 1], "there is an item in the queue for each");
        assert_eq!((ears[1].item(), ears[2].item()), (1, 2));
    });
}

#[test]
fn a_branch_that_polled_the_source_and_goes_leaves_the_wake_up_to_another() {
    within_deadline(|| {
        for goes in [0, 1] {
            let (feed, mut ears) = branches(2, 0);
            ears.iter_mut().for_each(Ear::waits);
            drop(ears.remove(goes));
            feed.give(1);
            assert_eq!(ears[0].wakes(), 1, "the source woke somebody who has gone");
            assert_eq!(ears[0].item(), 1);
        }
    });
}

#[test]
fn a_branch_that_was_woken_and_goes_passes_the_wake_up_on() {
    within_deadline(|| {
        for capacity in [0, 2] {
            let (feed, mut ears) = branches(3, capacity);
            ears.iter_mut().for_each(Ear::waits);
            feed.give(1);
            assert_eq!(ears[0].wakes(), 1);
            for _ in 0..2 {
                drop(ears.remove(0));
                assert_eq!(ears[0].wakes(), 1, "the wake-up went with the branch that it was for");
            }
            assert_eq!(ears[0].item(), 1);
        }
    });
}

#[test]
fn a_branch_that_goes_with_an_item_waiting_for_it_passes_that_on() {
    within_deadline(|| {
        let (feed, mut ears) = branches(3, 2);
        ears.iter_mut().for_each(Ear::waits);
        feed.give_all(0..2);
        assert_eq!(ears[0].item(), 0);
        assert_eq!(ears[1].wakes(), 1);
        drop(ears.remove(1));
        assert_eq!(ears[1].wakes(), 1, "an item is in the queue, and nobody was woken for it");
        assert_eq!(ears[1].item(), 1);
    });
}

#[test]
fn a_next_that_is_dropped_leaves_the_line() {
    within_deadline(|| {
        let (feed, fed) = feed();
        let [mut first, mut second] = <[_; 2]>::try_from(fan_out(fed, 2, 0)).unwrap();
        let next = Polled::new(first.next()).pending();
        let waiting = Polled::new(second.next()).pending();
        drop(next);
        feed.give(1);
        assert_eq!(
            waiting.wakes(),
            1,
            "the branch still stands in line, though nobody waits for it"
        );
        assert_eq!(waiting.ready(), Some(1));
        feed.give(2);
        assert_eq!(Polled::new(first.next()).ready(), Some(2));
    });
}

#[test]
fn a_next_that_is_dropped_after_its_wake_up_passes_it_on() {
    within_deadline(|| {
        let (feed, fed) = feed();
        let [mut first, mut second] = <[_; 2]>::try_from(fan_out(fed, 2, 0)).unwrap();
        let next = Polled::new(first.next()).pending();
        let waiting = Polled::new(second.next()).pending();
        feed.give(1);
        assert_eq!((next.wakes(), waiting.wakes()), (1, 0));
        drop(next);
        assert_eq!(waiting.wakes(), 1, "the wake-up went with the future");
        assert_eq!(waiting.ready(), Some(1));
    });
}

#[test]
fn a_branch_is_woken_where_it_was_polled_last() {
    within_deadline(|| {
        let (feed, mut ears) = branches(2, 0);
        ears[1].waits();
        ears[0].waits();
        let old_task = ears[1].move_to_another_task();
        ears[1].waits();
        feed.give(1);
        assert_eq!((old_task.count(), ears[1].wakes(), ears[0].wakes()), (0, 1, 0));
        assert_eq!(ears[1].item(), 1);
    });
}

#[test]
fn a_branch_that_is_woken_too_late_waits_first_in_line() {
    within_deadline(|| {
        let (feed, mut ears) = branches(3, 0);
        ears[0].waits();
        ears[1].waits();
        feed.give(1);
        assert_eq!(ears[0].wakes(), 1);
        assert_eq!(ears[2].item(), 1, "who is awake takes what is there");
        ears[0].waits();
        feed.give(2);
        assert_eq!(wakes(&ears), [2, 0, 0]);
        assert_eq!(ears[0].item(), 2);
    });
}

#[test]
fn a_source_that_wakes_in_its_own_poll_is_polled_again_but_lets_others_run() {
    within_deadline(|| {
        let (feed, mut ears) = branches(1, 0);
        feed.knock_in_every_poll();
        for polls in 1..=3 {
            ears[0].waits();
            assert_eq!(feed.polls(), polls, "one poll of it in one poll of the branch");
            assert_eq!(ears[0].wakes(), polls, "its wake-up during the poll is lost");
        }
        feed.give(1);
        assert_eq!(ears[0].item(), 1);
    });
}

#[test]
fn a_waker_that_panics_strands_no_other_branch() {
    within_deadline(|| {
        let (feed, mut ears) = branches::<u64>(3, 0);
        ears[2].waits();
        assert!(ears[0].poll_with(&panicking_waker()).is_pending());
        ears[1].waits();
        feed.end();
        assert!(
            catch_unwind(AssertUnwindSafe(|| ears[2].poll())).is_err(),
            "it is the waker's own"
        );
        assert_eq!(ears[1].wakes(), 1, "a branch behind it waits for ever");
        ears.iter_mut().for_each(Ear::ends);
    });
}

#[test]
fn a_waker_that_cannot_be_cloned_strands_no_other_branch() {
    within_deadline(|| {
        let (feed, mut ears) = branches(3, 0);
        let poll = || ears[0].poll_with(&uncloneable_waker());
        assert!(catch_unwind(AssertUnwindSafe(poll)).is_err(), "it has to leave a waker");
        ears[1].waits();
        let poll = || ears[2].poll_with(&uncloneable_waker());
        assert!(catch_unwind(AssertUnwindSafe(poll)).is_err(), "it has to leave a waker");
        feed.give(1);
        assert_eq!(ears[1].wakes(), 1, "somebody else could not wait, and nobody is woken");
        assert_eq!(ears[1].item(), 1);
    });
}

#[test]
fn a_waker_may_use_the_branches_that_call_it() {
    struct Drops(Mutex<Option<Branch<Fed<u64>>>>);
    impl Wake for Drops {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
        }
    }
    within_deadline(|| {
        let (feed, fed) = feed();
        let mut ears: Vec<_> = fan_out(fed, 3, 0).into_iter().map(Ear::new).collect();
        let waker = Arc::new(Drops(Mutex::default()));
        assert!(ears[0].poll_with(&Waker::from(waker.clone())).is_pending());
        ears[1].waits();
        *waker.0.lock().unwrap() = ears.pop().map(|mut last| {
            last.waits();
            last.stream
        });
        feed.give(1);
        assert!(waker.0.lock().unwrap().is_none(), "it was woken, and has dropped a branch");
        assert_eq!(ears[1].item(), 1);
    });
}

#[test]
fn branches_may_be_merged_again() {
    within_deadline(|| {
        let (feed, fed) = feed();
        let branches = fan_out(fed, 3, 1);
        let mut merged = Ear::new(futures::stream::select_all(branches));
        merged.waits();
        feed.give_all(0..4);
        (0..4).for_each(|item| assert_eq!(merged.item(), item));
        merged.waits();
        let wakes = merged.wakes();
        feed.end();
        assert!(merged.wakes() > wakes);
        merged.ends();
    });
}
