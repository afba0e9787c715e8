//! What a priority queue promises: the urgent first, equals in their order, and nobody starves.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "priority_queue/behaviour.rs"]
mod behaviour;

#[path = "priority_queue/properties.rs"]
mod properties;

#[path = "priority_queue/stress.rs"]
mod stress;

#[path = "priority_queue/leaks.rs"]
mod leaks;

use patterns::priority_queue::{Priority, PriorityQueue};

/// Everything that waits, in the order in which it is taken.
fn drain<T>(queue: &mut PriorityQueue<T>) -> Vec<T> {
    std::iter::from_fn(|| queue.pop()).map(|(item, _)| item).collect()
}

/// How many later items an item of this priority has to let pass.
fn most_overtakers(priority: Priority, patience: u32) -> u64 {
    priority as u64 * u64::from(patience)
}
