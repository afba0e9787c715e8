//! Entries that have been accepted and not begun, and the workers that wait for some.

use std::collections::VecDeque;
use std::task::{Context, Waker};

use super::belt::BATCH;

/// One queue, and those who work it off: all workers, or, where keys keep their order, one.
pub(super) struct Lane<In> {
    /// Each with its number, which says where it stands among all that were accepted.
    entries: VecDeque<(u64, In)>,
    /// How many workers there are for this lane.
    workers: usize,
    /// Those that wait.
    idle: Vec<(usize, Waker)>,
}

impl<In> Lane<In> {
    pub(super) fn new(workers: usize) -> Self {
        Self { entries: VecDeque::new(), workers, idle: Vec::new() }
    }

    /// Adds an entry, and calls a worker if one waits.
    pub(super) fn push(&mut self, number: u64, entry: In, calls: &mut Vec<Waker>) {
        self.entries.push_back((number, entry));
        calls.extend(self.idle.pop().map(|(_, waker)| waker));
    }

    /// Puts back what was taken last, and calls workers that wait.
    pub(super) fn give_back(&mut self, batch: &mut VecDeque<(u64, In)>, calls: &mut Vec<Waker>) {
        while let Some(entry) = batch.pop_back() {
            self.entries.push_front(entry);
            calls.extend(self.idle.pop().map(|(_, waker)| waker));
        }
    }

    /// Gives a worker its share of what is there, and never waits for more to come.
    pub(super) fn take(&mut self, batch: &mut VecDeque<(u64, In)>) {
        let share = self.entries.len().div_ceil(self.workers).min(BATCH);
        batch.extend(self.entries.drain(..share));
    }

    /// Remembers a worker that found nothing.
    pub(super) fn wait(&mut self, worker: usize, context: &Context<'_>) {
        self.idle.push((worker, context.waker().clone()));
    }

    /// Forgets it, since it is here.
    pub(super) fn comes(&mut self, worker: usize) {
        self.idle.retain(|(other, _)| *other != worker);
    }

    /// Calls all.
    pub(super) fn call_all(&mut self, calls: &mut Vec<Waker>) {
        calls.extend(self.idle.drain(..).map(|(_, waker)| waker));
    }
}
