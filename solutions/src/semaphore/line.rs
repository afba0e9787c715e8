//! The line of those who wait: a linked list in a table whose slots are used again.
//!
//! First in, first out, and anyone may leave from the middle. The links are indices, so that there is
//! neither an allocation a waiter nor a pointer to keep valid; they are half as wide as a pointer, so
//! that the ends of the line, the lock and the word of permits share one cache line.

use std::mem;
use std::task::Waker;

/// The waiters in order, and the slots of those who have been served but do not know it yet.
pub(super) struct Line {
    slots: Vec<Slot>,
    first: Link,
    last: Link,
    /// The first of the slots that nobody has a ticket for; each is `behind` the one before it.
    vacant: Link,
    len: u32,
}

/// A slot's index, or `NONE`.
type Link = u32;

/// The link that leads nowhere: a line never has so many slots.
const NONE: Link = Link::MAX;

struct Slot {
    state: State,
    ahead: Link,
    behind: Link,
}

enum State {
    Vacant,
    Waiting { need: usize, waker: Waker },
    Granted,
    Closed,
}

/// A slot of the line, for as long as its owner has not left.
#[derive(Clone, Copy)]
pub(super) struct Ticket(Link);

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
        Self { slots: Vec::new(), first: NONE, last: NONE, vacant: NONE, len: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first == NONE
    }

    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// What the first in line needs.
    pub(super) fn first(&self) -> Option<usize> {
        match self.slots.get(self.first as usize)?.state {
            State::Waiting { need, .. } => Some(need),
            _ => unreachable!("only waiters are linked"),
        }
    }

    pub(super) fn is_first(&self, ticket: Ticket) -> bool {
        self.first == ticket.0
    }

    /// Joins at the end.
    pub(super) fn push(&mut self, need: usize, waker: Waker) -> Ticket {
        let waiter = Slot { state: State::Waiting { need, waker }, ahead: self.last, behind: NONE };
        let slot = self.vacant;
        let slot = match self.slots.get_mut(slot as usize) {
            Some(vacant) => {
                self.vacant = vacant.behind;
                *vacant = waiter;
                slot
            }
            None => {
                self.slots.push(waiter);
                Link::try_from(self.slots.len() - 1).expect("memory ends before the links do")
            }
        };
        match self.last {
            NONE => self.first = slot,
            ahead => self.slots[ahead as usize].behind = slot,
        }
        self.last = slot;
        self.len += 1;
        Ticket(slot)
    }

    /// Serves the first in line.
    pub(super) fn grant(&mut self) -> Waker {
        self.unlink(self.first, State::Granted)
    }

    /// Sends everyone home.
    pub(super) fn close(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::with_capacity(self.len());
        while !self.is_empty() {
            wakers.push(self.unlink(self.first, State::Closed));
        }
        wakers
    }

    /// How things stand with a ticket.
    pub(super) fn standing(&mut self, ticket: Ticket) -> Standing<'_> {
        match &mut self.slots[ticket.0 as usize].state {
            State::Waiting { waker, .. } => Standing::Waiting(waker),
            State::Granted => Standing::Granted,
            State::Closed => Standing::Closed,
            State::Vacant => unreachable!("a slot is vacant only after its owner has left"),
        }
    }

    /// Leaves for good: the slot is free for the next.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Left {
        let Ticket(slot) = ticket;
        let left = match self.slots[slot as usize].state {
            State::Waiting { .. } => Left::Waiting(self.unlink(slot, State::Vacant)),
            State::Granted => Left::Granted,
            State::Closed => Left::Closed,
            State::Vacant => unreachable!("a slot is vacant only after its owner has left"),
        };
        let empty = &mut self.slots[slot as usize];
        empty.state = State::Vacant;
        empty.behind = mem::replace(&mut self.vacant, slot);
        left
    }

    /// Takes a waiter out of the list and leaves `after` in its slot.
    fn unlink(&mut self, slot: Link, after: State) -> Waker {
        let Slot { state, ahead, behind } = &mut self.slots[slot as usize];
        let State::Waiting { waker, .. } = mem::replace(state, after) else {
            unreachable!("only waiters are linked");
        };
        let (ahead, behind) = (*ahead, *behind);
        match ahead {
            NONE => self.first = behind,
            ahead => self.slots[ahead as usize].behind = behind,
        }
        match behind {
            NONE => self.last = ahead,
            behind => self.slots[behind as usize].ahead = ahead,
        }
        self.len -= 1;
        waker
    }
}
