//! How many more entries may be accepted, and the sources that wait until it is one at least.

use std::collections::VecDeque;
use std::mem;
use std::task::{Context, Poll, Waker};

use super::belt::BATCH;

/// Room for entries. Where some is free, no source waits: what comes back goes to those in line.
pub(super) struct Room {
    free: usize,
    seats: Vec<Seat>,
    /// The sources that wait, in the order in which they asked.
    line: VecDeque<usize>,
}

/// What belongs to one source.
#[derive(Default)]
struct Seat {
    /// Room that was given to it while it slept.
    granted: usize,
    /// There while it is in line.
    waker: Option<Waker>,
}

impl Room {
    pub(super) fn new(entries: usize, sources: usize) -> Self {
        let seats = (0..sources).map(|_| Seat::default()).collect();
        Self { free: entries, seats, line: VecDeque::new() }
    }

    /// Takes room for one entry at least, and for a batch at most.
    pub(super) fn poll(&mut self, source: usize, context: &Context<'_>) -> Poll<usize> {
        let seat = &mut self.seats[source];
        let room = match mem::take(&mut seat.granted) {
            0 => mem::take(&mut self.free),
            granted => granted,
        };
        if room == 0 {
            if seat.waker.replace(context.waker().clone()).is_none() {
                self.line.push_back(source);
            }
            return Poll::Pending;
        }
        self.free += room.saturating_sub(BATCH);
        Poll::Ready(room.min(BATCH))
    }

    /// Takes room back. The first in line get it, each its share, and have to be called.
    pub(super) fn give_back(&mut self, entries: usize, calls: &mut Vec<Waker>) {
        self.free += entries;
        while self.free > 0
            && let Some(source) = self.line.pop_front()
        {
            let share = self.free.div_ceil(self.line.len() + 1).min(BATCH);
            self.free -= share;
            self.seats[source].granted = share;
            calls.extend(self.seats[source].waker.take());
        }
    }
}
