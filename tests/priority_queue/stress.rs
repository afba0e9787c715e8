use patterns::priority_queue::{Priority, PriorityQueue};

use crate::drain;
use crate::support::within_deadline;

#[test]
fn a_hundred_thousand_wait_and_leave_in_order() {
    const MANY: usize = 100_000;
    within_deadline(|| {
        let mut queue = PriorityQueue::new(10);
        (0..MANY).for_each(|i| queue.push(i, Priority::Low));
        assert!(drain(&mut queue).into_iter().eq(0..MANY), "the order of a hundred thousand");
    });
}
