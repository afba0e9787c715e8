//! A line of messages, and the places of those who read it.
//!
//! Every message is there once, however many read the line: each of them has a cursor, and a message
//! counts who has not read it yet. The last one who reads a message takes it out.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use loomscope::time::Instant;

use super::desk::Left;
use super::message::Entry;
use super::unacked::Unacked;
use super::{Ended, SubscriberId};

// ANCHOR: line
pub(super) struct Line<P> {
    /// What somebody has still to read. A later one has as many readers to come as an earlier one, or more.
    slots: VecDeque<Slot<P>>,
    /// Where the first slot is, counted from the beginning of the line.
    first: u64,
    /// By place; a place is used again when its subscription has been dropped.
    seats: Vec<Option<Seat>>,
    vacant: Vec<usize>,
    /// Who has found nothing, and has to be woken: their places and wakers.
    parked: Vec<(usize, Waker)>,
    /// How the line ends, when what is in it has been read.
    pub(super) closing: Option<Ended>,
    /// The rest is for a line with one reader.
    pub(super) unacked: Unacked<P>,
    /// When it last asked, where the rules need to know.
    pub(super) seen: Option<Instant>,
    /// Since when there have been messages.
    pub(super) waiting_since: Option<Instant>,
}

struct Slot<P> {
    entry: Arc<Entry<P>>,
    /// How many have still to read it: those whose cursors are here or before.
    unread: usize,
}

pub(super) struct Seat {
    pub(super) id: SubscriberId,
    /// Where it reads next; what lies before the first slot it has lost.
    cursor: u64,
    /// Whether it is in `parked`.
    is_parked: bool,
    pub(super) dropped: u64,
    pub(super) redelivered: u64,
    pub(super) end: Option<Ended>,
}
// ANCHOR_END: line

impl<P> Line<P> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            // A publish asks for no memory here, unless a long line gets long.
            slots: VecDeque::with_capacity(capacity.min(64)),
            first: 0,
            seats: Vec::new(),
            vacant: Vec::new(),
            parked: Vec::new(),
            closing: None,
            unacked: Unacked::new(),
            seen: None,
            waiting_since: None,
        }
    }

    /// How many messages somebody has still to read.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn push(&mut self, entry: Arc<Entry<P>>, readers: usize) {
        self.slots.push_back(Slot { entry, unread: readers });
    }

    /// Where the next message will lie.
    fn end(&self) -> u64 {
        self.first + self.slots.len() as u64
    }

    /// Gives a reader a place, behind all that is there.
    pub(super) fn sit(&mut self, id: SubscriberId) -> usize {
        let cursor = self.end();
        let seat = Seat { id, cursor, is_parked: false, dropped: 0, redelivered: 0, end: None };
        match self.vacant.pop() {
            Some(place) => {
                self.seats[place] = Some(seat);
                place
            }
            None => {
                self.seats.push(Some(seat));
                self.seats.len() - 1
            }
        }
    }

    pub(super) fn vacate(&mut self, place: usize) {
        self.seats[place] = None;
        self.vacant.push(place);
    }

    pub(super) fn seat(&mut self, place: usize) -> &mut Seat {
        self.seats[place].as_mut().expect("a subscription has its seat until it is dropped")
    }

    /// The seat of one that is alone.
    pub(super) fn sole(&mut self) -> &mut Seat {
        self.seat(0)
    }

    /// Moves a reader on to the first slot, if it is behind; returns where it is.
    pub(super) fn skip_lost(&mut self, place: usize) -> u64 {
        let first = self.first;
        let seat = self.seat(place);
        seat.dropped += first.saturating_sub(seat.cursor);
        seat.cursor = seat.cursor.max(first);
        seat.cursor
    }

    /// The next message of a reader. The last one who reads it takes it out of the line: that is the
    /// first slot then.
    // ANCHOR: read
    pub(super) fn read(&mut self, place: usize) -> Option<Arc<Entry<P>>> {
        let index = (self.skip_lost(place) - self.first) as usize;
        let slot = self.slots.get_mut(index)?;
        slot.unread -= 1;
        let entry = if slot.unread > 0 { Some(slot.entry.clone()) } else { self.pop() };
        self.seat(place).cursor += 1;
        entry
    }
    // ANCHOR_END: read

    /// How many messages a reader has not read.
    pub(super) fn lag(&mut self, place: usize) -> usize {
        self.end().saturating_sub(self.skip_lost(place)) as usize
    }

    /// A reader leaves: what only it would have read is taken out.
    pub(super) fn skip_all(&mut self, place: usize, left: &mut Left<P>) {
        let unread = self.lag(place);
        for slot in self.slots.iter_mut().rev().take(unread) {
            slot.unread -= 1;
        }
        while self.slots.front().is_some_and(|slot| slot.unread == 0) {
            left.entries.extend(self.pop());
        }
        // Whatever is lost from now on, it does not lose.
        self.seat(place).cursor = u64::MAX;
    }

    /// Takes the first slot out.
    fn pop(&mut self) -> Option<Arc<Entry<P>>> {
        let slot = self.slots.pop_front()?;
        self.first += 1;
        Some(slot.entry)
    }

    /// Drops the message that is there for longest; returns how many lose it. What was given and not
    /// acked is older than what was not given.
    pub(super) fn drop_oldest(&mut self, left: &mut Left<P>) -> usize {
        if let Some(entry) = self.unacked.remove_oldest() {
            left.entries.push(entry);
            self.sole().dropped += 1;
            return 1;
        }
        let lose = self.slots.front().map_or(0, |slot| slot.unread);
        left.entries.extend(self.pop());
        lose
    }

    /// A reader that has read all of a line that is to end has ended.
    pub(super) fn conclude(&mut self, place: usize) {
        if let Some(why) = self.closing
            && self.unacked.len() == 0
            && self.lag(place) == 0
        {
            self.seat(place).end.get_or_insert(why);
        }
    }

    /// All who are parked are to be woken.
    pub(super) fn wake(&mut self, left: &mut Left<P>) {
        for (place, waker) in self.parked.drain(..) {
            left.wakers.push(waker);
            if let Some(seat) = &mut self.seats[place] {
                seat.is_parked = false;
            }
        }
    }

    pub(super) fn park(&mut self, place: usize, waker: Waker) {
        self.seat(place).is_parked = true;
        self.parked.push((place, waker));
    }

    /// Takes the waker that a reader has left.
    pub(super) fn unpark(&mut self, place: usize) -> Option<Waker> {
        if !mem::take(&mut self.seat(place).is_parked) {
            return None;
        }
        let index = self.parked.iter().position(|(parked, _)| *parked == place)?;
        Some(self.parked.swap_remove(index).1)
    }
}
