//! What the workers have done, in the order in which every sink is given it.

use std::collections::VecDeque;
use std::mem;
use std::task::{Context, Waker};

use loomscope::sync::Arc;

/// One queue for all sinks: each reads it with a cursor of its own, and what the slowest has read
/// is gone.
pub(super) struct Tape<Out> {
    /// Whether a result has its place by its number, or comes after those that came before.
    kept: bool,
    /// How much is read at once.
    batch: u64,
    places: VecDeque<Place<Out>>,
    /// The number of the first place.
    first: u64,
    /// The number of the first place that has no result yet: cursors go as far as this.
    ready: u64,
    readers: Vec<Reader>,
}

/// A place on the tape.
enum Place<Out> {
    /// The result is not there yet, and those behind it wait for it.
    Open,
    /// There is nothing to write: the work failed, or every sink has it.
    Empty,
    Full(Arc<Out>),
}

/// Where a sink stands.
#[derive(Default)]
struct Reader {
    /// What was read before this number has been written, or has failed.
    written: u64,
    /// The next place to read.
    next: u64,
    /// There while it waits.
    waker: Option<Waker>,
}

impl<Out> Tape<Out> {
    pub(super) fn new(readers: usize, kept: bool, batch: usize) -> Self {
        let readers = (0..readers).map(|_| Reader::default()).collect();
        let batch = batch as u64;
        Self { kept, batch, places: VecDeque::new(), first: 0, ready: 0, readers }
    }

    // ANCHOR: put
    /// Puts a result in its place; none is the result of work that failed.
    pub(super) fn put(&mut self, number: u64, result: Option<Arc<Out>>) {
        let place = result.map_or(Place::Empty, Place::Full);
        if !self.kept {
            self.places.push_back(place);
            self.ready += 1;
            return;
        }
        let index = (number - self.first) as usize;
        while self.places.len() <= index {
            self.places.push_back(Place::Open);
        }
        self.places[index] = place;
        while let Some(Place::Empty | Place::Full(_)) = self.places.get(self.unread()) {
            self.ready += 1;
        }
    }
    // ANCHOR_END: put

    /// The index of the first place that cannot be read yet.
    fn unread(&self) -> usize {
        (self.ready - self.first) as usize
    }

    /// Whether there is something to read.
    pub(super) fn has_more(&self, reader: usize) -> bool {
        self.readers[reader].next < self.ready
    }

    // ANCHOR: read
    /// Reads what is there, up to a batch, and returns how many places the slowest reader has done
    /// with since the last time. That one reads on says that it has written what it had read.
    pub(super) fn read(&mut self, reader: usize, batch: &mut Vec<Arc<Out>>) -> u64 {
        let before = self.written_by_all();
        while batch.is_empty() {
            let from = self.readers[reader].next;
            self.readers[reader].written = from;
            let to = self.ready.min(from + self.batch);
            if from == to {
                break;
            }
            self.readers[reader].next = to;
            let read_by_all = self.read_by_all();
            for number in from..to {
                let place = &mut self.places[(number - self.first) as usize];
                batch.extend(place.read(number < read_by_all));
            }
            self.places.drain(..(read_by_all - self.first) as usize);
            self.first = read_by_all;
        }
        self.written_by_all() - before
    }
    // ANCHOR_END: read

    fn read_by_all(&self) -> u64 {
        self.readers.iter().map(|reader| reader.next).min().expect("there is a reader")
    }

    fn written_by_all(&self) -> u64 {
        self.readers.iter().map(|reader| reader.written).min().expect("there is a reader")
    }

    /// Remembers a reader that found nothing.
    pub(super) fn wait(&mut self, reader: usize, context: &Context<'_>) {
        self.readers[reader].waker = Some(context.waker().clone());
    }

    /// Calls those that wait and have something to read.
    pub(super) fn call_readers(&mut self, calls: &mut Vec<Waker>) {
        for reader in &mut self.readers {
            if reader.next < self.ready {
                calls.extend(reader.waker.take());
            }
        }
    }

    /// Calls all.
    pub(super) fn call_all(&mut self, calls: &mut Vec<Waker>) {
        calls.extend(self.readers.iter_mut().filter_map(|reader| reader.waker.take()));
    }
}

impl<Out> Place<Out> {
    /// The last to read it takes it out, so that the tape drops nothing.
    fn read(&mut self, last: bool) -> Option<Arc<Out>> {
        match self {
            Self::Full(_) if last => match mem::replace(self, Self::Empty) {
                Self::Full(out) => Some(out),
                _ => None,
            },
            Self::Full(out) => Some(out.clone()),
            _ => None,
        }
    }
}
