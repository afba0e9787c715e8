//! A FIFO line of waiters, of whom the first few have been called.
//!
//! The waiters live in a slab, linked by index: who waits allocates nothing once the slab has grown
//! to the longest line there was, and any place can be given up in constant time.

use loomscope::thread::{self, Thread};
use std::task::Waker;

/// A place in a line, until it is given up with [`Line::leave`].
pub(super) type Place = usize;

const NOWHERE: Place = usize::MAX;

/// Who asks, so that the handle to wake it is made only when it really has to wait.
#[derive(Clone, Copy)]
pub(super) enum Caller<'a> {
    /// A task, by the waker of its context.
    Task(&'a Waker),
    /// The current thread, which parks.
    Thread,
    /// The current thread, which looks in before it joins a line.
    Passing,
}

/// Whom to wake. Cloning, waking and dropping a waker runs foreign code: never under the lock.
pub(super) enum Sleeper {
    Task(Waker),
    Thread(Thread),
}

impl Caller<'_> {
    pub(super) fn sleeper(self) -> Sleeper {
        match self {
            Self::Task(waker) => Sleeper::Task(waker.clone()),
            Self::Thread | Self::Passing => Sleeper::Thread(thread::current()),
        }
    }
}

impl Sleeper {
    pub(super) fn wake(self) {
        match self {
            Self::Task(waker) => waker.wake(),
            Self::Thread(thread) => thread.unpark(),
        }
    }

    /// Whether waking this one wakes `caller`. A thread that blocks stands in a place of its own.
    fn is(&self, caller: Caller<'_>) -> bool {
        match (self, caller) {
            (Self::Task(mine), Caller::Task(waker)) => mine.will_wake(waker),
            (Self::Thread(_), Caller::Thread | Caller::Passing) => true,
            _ => false,
        }
    }
}

/// The line. Those called are always a prefix of it.
pub(super) struct Line<V> {
    nodes: Vec<Node<V>>,
    /// The free nodes, linked by `after`.
    free: Place,
    first: Place,
    last: Place,
    /// The first that has not been called.
    next: Place,
    len: usize,
    /// How many have been called, and how many of these have brought a value.
    called: usize,
    called_offers: usize,
    /// How many in all have brought a value.
    offers: usize,
}

struct Node<V> {
    before: Place,
    after: Place,
    standing: Standing,
    /// `None` once it has been woken, until it asks again.
    sleeper: Option<Sleeper>,
    /// What the waiter has brought, where it waits for someone to take it.
    value: Option<V>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Waiting,
    Called,
    /// Out of the line, served or dismissed; the node is kept until its owner has seen that.
    Out,
}

impl<V> Line<V> {
    pub(super) fn new() -> Self {
        Self {
            nodes: Vec::new(),
            free: NOWHERE,
            first: NOWHERE,
            last: NOWHERE,
            next: NOWHERE,
            len: 0,
            called: 0,
            called_offers: 0,
            offers: 0,
        }
    }

    /// How many are in line, called or not.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many have been called and have not come yet.
    pub(super) fn called(&self) -> usize {
        self.called
    }

    /// How many have not been called.
    #[inline]
    pub(super) fn waiting(&self) -> usize {
        self.len - self.called
    }

    /// How many of those called have brought a value.
    pub(super) fn called_offers(&self) -> usize {
        self.called_offers
    }

    /// How many in line have brought a value.
    pub(super) fn offers(&self) -> usize {
        self.offers
    }

    /// Whether someone in line has not been called.
    #[inline]
    pub(super) fn is_waiting(&self) -> bool {
        self.next != NOWHERE
    }

    /// Whether the next to be called has brought a value.
    pub(super) fn next_offers(&self) -> bool {
        self.nodes.get(self.next).is_some_and(|node| node.value.is_some())
    }

    /// Whether the one at `place` was called, or is out.
    pub(super) fn has_turn(&self, place: Place) -> bool {
        self.nodes[place].standing != Standing::Waiting
    }

    /// Whether the one at `place` was served or dismissed.
    pub(super) fn is_out(&self, place: Place) -> bool {
        self.nodes[place].standing == Standing::Out
    }

    pub(super) fn will_wake(&self, place: Place, caller: Caller<'_>) -> bool {
        self.nodes[place].sleeper.as_ref().is_some_and(|sleeper| sleeper.is(caller))
    }

    /// Changes whom to wake; gives back whom it was, to be dropped outside the lock.
    pub(super) fn set_sleeper(&mut self, place: Place, sleeper: Sleeper) -> Option<Sleeper> {
        self.nodes[place].sleeper.replace(sleeper)
    }

    /// Joins at the end.
    pub(super) fn join(&mut self, sleeper: Sleeper, value: Option<V>) -> Place {
        self.len += 1;
        self.offers += usize::from(value.is_some());
        let place = self.store(Node {
            before: self.last,
            after: NOWHERE,
            standing: Standing::Waiting,
            sleeper: Some(sleeper),
            value,
        });
        match self.last {
            NOWHERE => self.first = place,
            last => self.nodes[last].after = place,
        }
        self.last = place;
        if self.next == NOWHERE {
            self.next = place;
        }
        place
    }

    /// Calls the first that has not been called; gives whom to wake. No one is, where it is awake
    /// already, or has brought a value: it waits for someone to take that.
    pub(super) fn call(&mut self) -> Option<Sleeper> {
        let node = self.nodes.get_mut(self.next)?;
        node.standing = Standing::Called;
        self.called += 1;
        self.called_offers += usize::from(node.value.is_some());
        self.next = node.after;
        if node.value.is_some() { None } else { node.sleeper.take() }
    }

    /// Takes the latest call back. Whom it concerns keeps its place: it is awake, and will ask again.
    pub(super) fn call_back(&mut self) {
        let latest = self.nodes.get(self.next).map_or(self.last, |next| next.before);
        let node = &mut self.nodes[latest];
        node.standing = Standing::Waiting;
        self.called -= 1;
        self.called_offers -= usize::from(node.value.is_some());
        self.next = latest;
    }

    /// Serves the first in line who has brought a value: gives the value, and whom to wake.
    pub(super) fn serve(&mut self) -> Option<(V, Option<Sleeper>)> {
        let mut place = self.first;
        while self.nodes.get(place)?.value.is_none() {
            place = self.nodes[place].after;
        }
        let sleeper = self.put_out(place);
        self.nodes[place].value.take().map(|value| (value, sleeper))
    }

    /// Sends the first in line away, with what it has brought; gives whom to wake.
    pub(super) fn dismiss(&mut self) -> Option<Sleeper> {
        self.put_out(self.first)
    }

    /// Gives a place up, called or not; gives what was left there, to be dropped outside the lock.
    pub(super) fn leave(&mut self, place: Place) -> (Option<Sleeper>, Option<V>) {
        if !self.is_out(place) {
            self.unlink(place);
        }
        let node = &mut self.nodes[place];
        node.after = self.free;
        self.free = place;
        (node.sleeper.take(), node.value.take())
    }

    fn store(&mut self, node: Node<V>) -> Place {
        if self.free == NOWHERE {
            self.nodes.push(node);
            return self.nodes.len() - 1;
        }
        let place = self.free;
        self.free = self.nodes[place].after;
        self.nodes[place] = node;
        place
    }

    fn put_out(&mut self, place: Place) -> Option<Sleeper> {
        self.unlink(place);
        let node = &mut self.nodes[place];
        node.standing = Standing::Out;
        node.sleeper.take()
    }

    fn unlink(&mut self, place: Place) {
        let node = &self.nodes[place];
        let (before, after, offers) = (node.before, node.after, usize::from(node.value.is_some()));
        self.len -= 1;
        self.offers -= offers;
        if node.standing == Standing::Called {
            self.called -= 1;
            self.called_offers -= offers;
        }
        match before {
            NOWHERE => self.first = after,
            before => self.nodes[before].after = after,
        }
        match after {
            NOWHERE => self.last = before,
            after => self.nodes[after].before = before,
        }
        if self.next == place {
            self.next = after;
        }
    }
}
