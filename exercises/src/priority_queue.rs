//! A queue in which what is urgent overtakes, but never for ever.
//!
//! # Problem
//!
//! A job that somebody waits for should not stand behind a thousand that nobody waits for. But where the
//! urgent always go first, and keep coming, the rest is never served: it starves, and nothing says so.
//!
//! # From Go
//!
//! `container/heap` orders by priority. Equals come out in any order, and the last may wait for ever:
//!
//! ```go
//! func (q jobs) Less(a, b int) bool { return q[a].priority < q[b].priority } // no word about the time of arrival
//! heap.Push(&q, job)                  // an `any`: an allocation for each job that is not a pointer
//! next := heap.Pop(&q).(Job)
//! ```
//!
//! # In Rust
//!
//! A plain structure with one owner: `&mut self` is the proof that nobody else is in it, so there is no lock
//! here. Whoever shares it puts it under theirs. The order is made of numbers of our own, so that `T` needs
//! no `Ord`, and no code of the user's runs in a push or a pop, which may therefore be done under a lock.
//!
//! # Invariants
//!
//! The nth item pushed *arrives* at n, and is *due* at n + level × patience, where the level is 0 for
//! [`Priority::High`], 1 for `Normal` and 2 for `Low`.
//!
//! - I1: items leave in the order in which they are due; of those due at once, the most urgent first.
//! - I2: items of one priority leave in the order in which they came.
//! - I3: no item is overtaken by more than level × patience that came later. For those are due no later
//!   than it is, though they are due no earlier than they arrive: they are among the next level × patience
//!   arrivals. So an item that finds `len` others waiting is served after at most `len` + level × patience
//!   of them, however many keep coming.
//! - I4: each item is given back or dropped once, whatever panics.
//!
//! # Cancellation and panics
//!
//! Nothing is async, and nothing waits. Only [`clear`](PriorityQueue::clear) and the queue's own end drop
//! items. Where the destructor of one panics, the others are dropped, or still wait.
//!
//! # Cost
//!
//! A push and a pop take O(log n) at most; in the reference, the same short time however many wait. No
//! allocation once there was room for as many of each priority. The number of an arrival has 64 bits: one
//! push a nanosecond uses them up in 584 years.
//!
//! # See also
//!
//! 1. `std::collections::BinaryHeap`: any number of priorities, any order, and not the order of arrival among equals.
//! 2. `priority-queue`, where the priority of what waits has to change.
//! 3. `tower::buffer`, `tokio::sync::mpsc`: one line, where nothing is more urgent than anything else.
#![forbid(unsafe_code)]

use std::iter::FusedIterator;
use std::marker::PhantomData;

/// How urgent an item is. What goes first is less: `High < Normal < Low`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// Goes first.
    High,
    /// Goes before `Low`.
    #[default]
    Normal,
    /// Goes last, but goes.
    Low,
}

impl Priority {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];
}

/// A queue whose urgent items overtake others, so many times and no more.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::priority_queue::{Priority, PriorityQueue};
///
/// let mut jobs = PriorityQueue::new(1);
/// jobs.push("report", Priority::Normal);
/// jobs.push("alarm", Priority::High);
/// jobs.push("second alarm", Priority::High);
/// assert_eq!(jobs.pop(), Some(("alarm", Priority::High)));
/// assert_eq!(jobs.pop(), Some(("report", Priority::Normal)), "overtaken once, and not again");
/// assert_eq!(jobs.pop(), Some(("second alarm", Priority::High)));
/// ```
#[derive(Debug)]
pub struct PriorityQueue<T> {
    // Your fields, in the place of this one: what says who came first, and who goes first?
    marker: PhantomData<T>,
}

impl<T> PriorityQueue<T> {
    /// Makes an empty queue, in which an item is overtaken by so many later ones, for each level of priority
    /// that it stands below `High`; with 0 nothing ever overtakes.
    ///
    /// `Low` is two levels below `High`, so that up to twice as many go before it, and of these no more
    /// than `patience` may be `Normal`.
    pub fn new(patience: u32) -> Self {
        todo!("make an empty queue: what has it to know besides its items?")
    }

    /// Adds an item.
    pub fn push(&mut self, item: T, priority: Priority) {
        todo!(
            "add the item: what do you write down now, so that nobody has to grow older while it waits?"
        )
    }

    /// Takes the item that goes first, with its priority.
    pub fn pop(&mut self) -> Option<(T, Priority)> {
        todo!("take who is due first: which of those that wait can that be?")
    }

    /// Returns the item that [`pop`](Self::pop) would take, and leaves it there.
    pub fn peek(&self) -> Option<(&T, Priority)> {
        todo!("show who goes next: how do you make sure that `pop` takes the same?")
    }

    /// Returns how many wait.
    pub fn len(&self) -> usize {
        todo!("count those that wait")
    }

    /// Returns whether none waits.
    pub fn is_empty(&self) -> bool {
        todo!("say whether anybody waits")
    }

    /// Drops all items, and keeps the room for them.
    ///
    /// # Panics
    ///
    /// Where the destructor of an item does. Every other item has been dropped, or still waits.
    pub fn clear(&mut self) {
        todo!("drop all that wait: what is true of the queue if a destructor panics half way?")
    }

    /// Returns the items in the order in which they would be taken, and leaves them there.
    pub fn iter(&self) -> Iter<'_, T> {
        todo!("list those that wait in the order of service, and take none")
    }
}

impl<'a, T> IntoIterator for &'a PriorityQueue<T> {
    type Item = (&'a T, Priority);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        todo!("the same as `iter`")
    }
}

/// What waits in a [`PriorityQueue`], in the order in which it would be taken.
#[derive(Debug)]
pub struct Iter<'a, T> {
    // Your fields, in the place of this one: what is left to show, and in which order?
    marker: PhantomData<&'a T>,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (&'a T, Priority);

    fn next(&mut self) -> Option<Self::Item> {
        todo!("show the next one: who of those that are left is due first?")
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        todo!("say how many are left: exactly, since the iterator promises it")
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

impl<T> FusedIterator for Iter<'_, T> {}
