use std::panic::{RefUnwindSafe, UnwindSafe};

use patterns::priority_queue::{Iter, Priority, PriorityQueue};

use crate::support::within_deadline;
use crate::{drain, most_overtakers};

use Priority::{High, Low, Normal};

#[test]
fn what_is_urgent_goes_first() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(10);
        queue.push("some day", Low);
        queue.push("today", Normal);
        queue.push("now", High);
        assert_eq!(queue.pop(), Some(("now", High)));
        assert_eq!(queue.pop(), Some(("today", Normal)));
        assert_eq!(queue.pop(), Some(("some day", Low)));
    });
}

#[test]
fn equals_leave_in_the_order_in_which_they_came() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(10);
        (0..20).for_each(|i| queue.push(i, Normal));
        assert!(drain(&mut queue).into_iter().eq(0..20), "the order of equals");
    });
}

#[test]
fn a_queue_that_was_empty_goes_on() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(10);
        assert_eq!(queue.pop(), None, "nothing has come");
        for round in 0..3 {
            queue.push(round, Low);
            assert_eq!(queue.pop(), Some((round, Low)));
            assert_eq!(queue.pop(), None, "nothing is left");
        }
    });
}

#[test]
fn it_knows_how_many_wait() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(10);
        assert_eq!((queue.is_empty(), queue.len()), (true, 0), "nothing has come");
        for (count, priority) in (1..).zip([Low, Low, High, Normal]) {
            queue.push(count, priority);
            assert!(!queue.is_empty(), "{count} wait");
            assert_eq!(queue.len(), count);
        }
        for left in (0..4).rev() {
            queue.pop();
            assert_eq!(queue.len(), left);
        }
        assert!(queue.is_empty());
    });
}

#[test]
fn without_patience_nothing_overtakes() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(0);
        for (i, priority) in [Low, High, Normal, High, Low, Normal].into_iter().enumerate() {
            queue.push(i, priority);
        }
        assert_eq!(drain(&mut queue), [0, 1, 2, 3, 4, 5]);
    });
}

/// With a patience of 1, one may overtake: it comes next, is due at the same time, and is more urgent.
#[test]
fn of_those_due_at_once_the_most_urgent_goes_first() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(1);
        queue.push("low", Low);
        queue.push("normal", Normal);
        queue.push("high", High);
        assert_eq!(drain(&mut queue), ["high", "normal", "low"]);
    });
}

/// How many of these are served before `waits`, where another one comes for each that is served.
fn overtakers(waits: Priority, comes: Priority, patience: u32) -> u64 {
    let mut queue = PriorityQueue::new(patience);
    queue.push("waits", waits);
    for served in 0..1_000 {
        queue.push("comes", comes);
        if queue.pop().expect("one has just come").0 == "waits" {
            return served;
        }
    }
    panic!("I3: {waits:?} starves: 1000 of {comes:?} were served before it");
}

#[test]
fn what_waits_is_overtaken_so_many_times_and_no_more() {
    within_deadline(|| {
        for patience in [0, 1, 3, 32] {
            for (waits, comes) in [(Low, High), (Normal, High), (Low, Normal)] {
                let levels = waits as u64 - comes as u64;
                let most = levels * u64::from(patience);
                let seen = overtakers(waits, comes, patience);
                assert_eq!(
                    seen, most,
                    "I3: {comes:?} before {waits:?} at a patience of {patience}"
                );
            }
        }
    });
}

/// They come before anything is served: waiting is counted in arrivals, not in pops.
#[test]
fn a_crowd_that_comes_at_once_overtakes_no_more() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(4);
        queue.push("waits", Low);
        (0..100).for_each(|_| queue.push("comes", High));
        let served = drain(&mut queue);
        let place = served.iter().position(|&item| item == "waits").expect("it is served");
        assert_eq!(place as u64, most_overtakers(Low, 4), "I3: of a hundred that came at once");
    });
}

/// Who came before it does not count as an overtaker.
#[test]
fn those_that_were_there_before_take_nothing_from_its_patience() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(4);
        (0..50).for_each(|_| queue.push("before", High));
        queue.push("waits", Normal);
        (0..50).for_each(|_| queue.push("after", High));
        let served = drain(&mut queue);
        let place = served.iter().position(|&item| item == "waits").expect("it is served");
        assert_eq!(place, 50 + 4, "50 were there, and 4 may overtake");
    });
}

#[test]
fn the_greatest_patience_is_no_less_than_a_small_one() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(u32::MAX);
        for priority in [Low, Normal, High, Low, Normal, High] {
            queue.push(priority, priority);
        }
        assert_eq!(drain(&mut queue), [High, High, Normal, Normal, Low, Low]);
    });
}

/// At every stage of a queue in which much is overtaken.
#[test]
fn a_look_shows_what_the_next_pop_takes() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(2);
        assert_eq!(queue.peek(), None, "nothing has come");
        for i in 0..30 {
            queue.push(i, Priority::ALL[2 - i % 3]);
        }
        for left in (0..30).rev() {
            let (seen, of) = queue.peek().map(|(item, priority)| (*item, priority)).expect("one");
            assert_eq!(queue.pop(), Some((seen, of)), "with {left} behind it");
        }
        assert_eq!(queue.peek(), None, "nothing is left");
    });
}

#[test]
fn the_list_is_in_the_order_of_service() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(2);
        for i in 0..30 {
            queue.push(i, Priority::ALL[2 - i % 3]);
        }
        for _ in 0..5 {
            queue.pop();
        }
        let listed: Vec<_> = queue.iter().map(|(item, priority)| (*item, priority)).collect();
        assert_eq!(queue.iter().len(), 25, "what the list says of its length");
        assert_eq!((&queue).into_iter().count(), 25, "a loop over the queue");
        let taken: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(listed, taken);
    });
}

#[test]
fn a_list_knows_how_many_it_has_left() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(2);
        (0..4).for_each(|i| queue.push(i, Priority::ALL[i % 3]));
        let mut list = queue.iter();
        for left in (0..4).rev() {
            assert!(list.next().is_some(), "one of four");
            assert_eq!(list.len(), left, "left of four");
        }
        assert!(list.next().is_none() && list.next().is_none(), "the end is the end");
    });
}

#[test]
fn a_queue_that_was_cleared_is_as_good_as_new() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(2);
        (0..30).for_each(|i| queue.push(i, Priority::ALL[i % 3]));
        queue.clear();
        assert_eq!((queue.is_empty(), queue.len()), (true, 0), "cleared");
        assert!(queue.peek().is_none() && queue.iter().next().is_none(), "cleared");
        assert_eq!(queue.pop(), None, "cleared");
        queue.push(1, Low);
        (2..10).for_each(|i| queue.push(i, High));
        assert_eq!(drain(&mut queue), [2, 3, 4, 5, 1, 6, 7, 8, 9]);
    });
}

#[test]
fn the_priorities_are_in_the_order_of_service() {
    within_deadline(|| {
        assert!(High < Normal && Normal < Low, "what goes first is less");
        assert_eq!(Priority::ALL, [High, Normal, Low]);
        assert_eq!(Priority::default(), Normal);
        assert!(PriorityQueue::<u8>::new(1).is_empty());
    });
}

/// The order is of arrival and priority: the items themselves need no `Ord`, no `Clone`, nothing.
#[test]
fn an_item_may_be_of_any_type() {
    within_deadline(|| {
        struct Job(Box<dyn FnOnce() -> u32 + Send>);
        let mut queue = PriorityQueue::new(1);
        queue.push(Job(Box::new(|| 1)), Low);
        queue.push(Job(Box::new(|| 2)), High);
        let answers = std::iter::from_fn(|| queue.pop()).map(|(job, _)| (job.0)());
        assert!(answers.eq([2, 1]));
    });
}

#[test]
fn it_is_as_send_and_sync_as_its_items() {
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    fn send<T: Send>() {}
    all::<PriorityQueue<u8>>();
    all::<Iter<'_, u8>>();
    send::<PriorityQueue<std::cell::Cell<u8>>>();
    within_deadline(|| assert!(PriorityQueue::<u8>::new(1).is_empty()));
}
