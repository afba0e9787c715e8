//! The line of those who wait: a linked list in a table whose slots are used again.
//!
//! First in, first out, and anyone may leave from the middle. The links are indices, so that there is
//! neither an allocation a waiter nor a pointer to keep valid.

use std::mem;
use std::task::Waker;

/// The waiters in order, and the slots of those who have been served but do not know it yet.
#[derive(Default)]
pub(super) struct Line {
    slots: Vec<Slot>,
    /// The slots that nobody has a ticket for.
    vacant: Vec<usize>,
    first: Option<usize>,
    last: Option<usize>,
    len: usize,
}

enum Slot {
    Vacant,
    Waiting(Waiter),
    Granted,
    Closed,
}

struct Waiter {
    need: usize,
    waker: Waker,
    ahead: Option<usize>,
    behind: Option<usize>,
}

/// A slot of the line, for as long as its owner has not left.
#[derive(Clone, Copy)]
pub(super) struct Ticket(usize);

/// How things stand for the owner of a ticket.
pub(super) enum Standing<'a> {
    Waiting(&'a mut Waker),
    Granted,
    Closed,
}

/// How things stood when the owner left.
pub(super) enum Left {
    Waiting(Waker),
    Granted,
    Closed,
}

impl Line {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What the first in line needs.
    pub(super) fn first(&self) -> Option<usize> {
        self.first.map(|first| self.waiter(first).need)
    }

    pub(super) fn is_first(&self, ticket: Ticket) -> bool {
        self.first == Some(ticket.0)
    }

    /// Joins at the end.
    pub(super) fn push(&mut self, need: usize, waker: Waker) -> Ticket {
        let waiter = Slot::Waiting(Waiter { need, waker, ahead: self.last, behind: None });
        let slot = match self.vacant.pop() {
            Some(slot) => {
                self.slots[slot] = waiter;
                slot
            }
            None => {
                self.slots.push(waiter);
                self.slots.len() - 1
            }
        };
        match self.last.replace(slot) {
            Some(ahead) => self.waiter_mut(ahead).behind = Some(slot),
            None => self.first = Some(slot),
        }
        self.len += 1;
        Ticket(slot)
    }

    /// Serves the first in line.
    pub(super) fn grant(&mut self) -> Waker {
        let first = self.first.expect("only a line that is not empty is served");
        self.unlink(first, Slot::Granted)
    }

    /// Sends everyone home.
    pub(super) fn close(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::with_capacity(self.len);
        while let Some(first) = self.first {
            wakers.push(self.unlink(first, Slot::Closed));
        }
        wakers
    }

    /// How things stand with a ticket.
    pub(super) fn standing(&mut self, ticket: Ticket) -> Standing<'_> {
        match &mut self.slots[ticket.0] {
            Slot::Waiting(waiter) => Standing::Waiting(&mut waiter.waker),
            Slot::Granted => Standing::Granted,
            Slot::Closed => Standing::Closed,
            Slot::Vacant => unreachable!("a slot is vacant only after its owner has left"),
        }
    }

    /// Leaves for good: the slot is free for the next.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Left {
        let Ticket(slot) = ticket;
        let left = match self.slots[slot] {
            Slot::Waiting(_) => Left::Waiting(self.unlink(slot, Slot::Vacant)),
            Slot::Granted => Left::Granted,
            Slot::Closed => Left::Closed,
            Slot::Vacant => unreachable!("a slot is vacant only after its owner has left"),
        };
        self.slots[slot] = Slot::Vacant;
        self.vacant.push(slot);
        left
    }

    /// Takes a waiter out of the list and leaves `after` in its slot.
    fn unlink(&mut self, slot: usize, after: Slot) -> Waker {
        let Slot::Waiting(waiter) = mem::replace(&mut self.slots[slot], after) else {
            unreachable!("only waiters are linked");
        };
        match waiter.ahead {
            Some(ahead) => self.waiter_mut(ahead).behind = waiter.behind,
            None => self.first = waiter.behind,
        }
        match waiter.behind {
            Some(behind) => self.waiter_mut(behind).ahead = waiter.ahead,
            None => self.last = waiter.ahead,
        }
        self.len -= 1;
        waiter.waker
    }

    fn waiter(&self, slot: usize) -> &Waiter {
        let Slot::Waiting(waiter) = &self.slots[slot] else {
            unreachable!("only waiters are linked");
        };
        waiter
    }

    fn waiter_mut(&mut self, slot: usize) -> &mut Waiter {
        let Slot::Waiting(waiter) = &mut self.slots[slot] else {
            unreachable!("only waiters are linked");
        };
        waiter
    }
}
