use std::panic::{AssertUnwindSafe, catch_unwind};

use patterns::priority_queue::{Priority, PriorityQueue};

use crate::support::{Census, Payload, within_deadline};
use crate::{allocations, drain};

/// So many of each priority.
fn filled(census: &Census, each: u64) -> PriorityQueue<Payload> {
    let mut queue = PriorityQueue::new(2);
    for i in 0..each {
        Priority::ALL.into_iter().for_each(|priority| queue.push(census.payload(i), priority));
    }
    queue
}

#[test]
fn what_still_waits_goes_with_the_queue() {
    within_deadline(|| {
        let census = Census::default();
        {
            let mut queue = filled(&census, 10);
            (0..7).for_each(|_| drop(queue.pop()));
            assert_eq!(census.alive(), 23, "what was taken is the taker's");
        }
        assert_eq!(census.alive(), 0, "what was left");
    });
}

#[test]
fn what_is_cleared_is_dropped_at_once() {
    within_deadline(|| {
        let census = Census::default();
        let mut queue = filled(&census, 10);
        queue.clear();
        assert_eq!(census.alive(), 0, "the queue is there, the items are not");
        queue.push(census.payload(1), Priority::Low);
        assert_eq!(drain(&mut queue).len(), 1);
    });
}

/// Panics when it is dropped, if it is told to.
struct Bomb(Payload, bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!self.1, "the bomb of {:?}", self.0);
    }
}

#[test]
fn a_destructor_that_panics_costs_no_other_item() {
    within_deadline(|| {
        for bomb in 0..9 {
            let census = Census::default();
            let mut queue = PriorityQueue::new(2);
            for i in 0..9 {
                let item = Bomb(census.payload(i as u64), i == bomb);
                queue.push(item, Priority::ALL[i % 3]);
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| queue.clear()));
            assert!(outcome.is_err(), "the bomb's panic is not swallowed");
            let left = census.alive();
            assert_eq!(queue.len(), left, "I4: what has not been dropped still waits");
            assert_eq!(drain(&mut queue).len(), left, "I4: and can be taken");
            assert_eq!(census.alive(), 0, "I4: everything is dropped");
        }
    });
}

/// So many of each priority come and go.
fn come_and_go(queue: &mut PriorityQueue<u64>) {
    for i in 0..300 {
        queue.push(i, Priority::ALL[(i % 3) as usize]);
    }
    while queue.pop().is_some() {}
}

#[test]
fn room_that_was_there_is_used_again() {
    within_deadline(|| {
        let mut queue = PriorityQueue::new(4);
        come_and_go(&mut queue);
        let again = allocations::during(|| (0..5).for_each(|_| come_and_go(&mut queue)));
        assert_eq!(again, 0, "allocations of a queue that has grown");
        queue.push(1, Priority::Low);
        let cleared = allocations::during(|| {
            queue.clear();
            come_and_go(&mut queue);
        });
        assert_eq!(cleared, 0, "allocations of a queue that was cleared");
    });
}
