//! What the pool's one lock guards: the queue, the line of those who wait for room in it, and the workers.

use std::collections::BTreeMap;
use std::mem;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::task::Waker;

use crossbeam_utils::CachePadded;
use loomscope::task::JoinHandle;
use loomscope::time::Instant;
use solutions::priority_queue::{Priority, PriorityQueue};

use super::stats::{Hand, Record};
use super::ticket::{Reply, Slot};
use super::{JobId, Running, Stats, Ticket};

// ANCHOR: desk
/// Everything that has to be seen together. No foreign code runs here, and no waker is cloned or dropped.
pub(super) struct Desk<J, T, E> {
    queue: PriorityQueue<Entry<J, T, E>>,
    /// For how many jobs there is room in the queue.
    capacity: usize,
    /// Who waits for room, by the number of the arrival.
    line: BTreeMap<u64, Waker>,
    arrivals: u64,
    /// How many of the line were told that there is room, and have not come back.
    granted: usize,
    places: Vec<Place>,
    /// The places whose workers sleep, the last one to fall asleep on top: the others may go home.
    idle: Vec<usize>,
    /// How many workers were called, or hired, and have not come to look for a job yet.
    coming: usize,
    /// How many workers there are, and may be.
    alive: usize,
    workers: RangeInclusive<usize>,
    /// The tasks of the workers. One that has ended may still be here.
    pub(super) tasks: Vec<JoinHandle<()>>,
    closed: bool,
    submitted: u64,
    aborted: u64,
}

/// A worker's place, for whoever works there next as well.
#[derive(Default)]
struct Place {
    taken: bool,
    is_coming: bool,
    /// The waker of a worker that sleeps.
    waker: Option<Waker>,
    hand: Option<Hand>,
    record: Arc<CachePadded<Record>>,
}
// ANCHOR_END: desk

/// A job in the queue.
pub(super) struct Entry<J, T, E> {
    pub(super) job: J,
    pub(super) key: Option<Arc<str>>,
    pub(super) reply: Reply<T, E>,
}

/// A job that is to be accepted.
pub(super) struct Request<J, T, E> {
    pub(super) job: J,
    pub(super) key: Option<Arc<str>>,
    pub(super) priority: Priority,
    pub(super) slot: Arc<Slot<T, E>>,
}

/// Who is to see to a new job.
pub(super) enum Summons {
    /// A worker that sleeps.
    Wake(Waker),
    /// One more, at this place.
    Hire(Vacancy),
    /// Whoever is done first.
    Nobody,
}

/// A place for a worker that is still to be started, but counts already.
pub(super) struct Vacancy {
    pub(super) place: usize,
    pub(super) record: Arc<CachePadded<Record>>,
}

impl<J, T, E> Desk<J, T, E> {
    pub(super) fn new(capacity: usize, patience: u32, workers: RangeInclusive<usize>) -> Self {
        Self {
            queue: PriorityQueue::new(patience),
            capacity,
            line: BTreeMap::new(),
            arrivals: 0,
            granted: 0,
            places: Vec::new(),
            idle: Vec::new(),
            coming: 0,
            alive: 0,
            workers,
            tasks: Vec::new(),
            closed: false,
            submitted: 0,
            aborted: 0,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether there is room for one who has this number in line; or for a newcomer.
    // ANCHOR: room
    pub(super) fn has_room(&self, number: Option<u64>) -> bool {
        match number {
            Some(number) => !self.line.contains_key(&number),
            None => self.line.is_empty() && self.free() > 0,
        }
    }

    fn free(&self) -> usize {
        self.capacity - self.queue.len() - self.granted
    }

    /// Stands in line, under a new number or the old one; returns the waker from before.
    pub(super) fn wait(&mut self, number: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let number = *number.get_or_insert_with(|| {
            self.arrivals += 1;
            self.arrivals
        });
        self.line.insert(number, waker)
    }

    /// Tells the first in line that there is room, which is kept for it.
    fn grant(&mut self) -> Option<Waker> {
        let (_, waker) = self.line.pop_first()?;
        self.granted += 1;
        Some(waker)
    }

    /// Leaves the line without a job; returns the own waker, and that of who is now first.
    pub(super) fn give_up(&mut self, number: u64) -> [Option<Waker>; 2] {
        let own = self.line.remove(&number);
        // Closed, the line is empty, and nothing is kept for anyone.
        if own.is_some() || self.closed {
            return [own, None];
        }
        self.granted -= 1;
        [None, self.grant()]
    }
    // ANCHOR_END: room

    /// Accepts a job, for which there is room.
    // ANCHOR: accept
    pub(super) fn accept(
        &mut self,
        request: Request<J, T, E>,
        was_in_line: bool,
    ) -> (Ticket<T, E>, Summons) {
        let Request { job, key, priority, slot } = request;
        self.granted -= usize::from(was_in_line);
        self.submitted += 1;
        let id = JobId(self.submitted);
        let ticket = Ticket::new(id, slot.clone());
        self.queue.push(Entry { job, key, reply: Reply::new(id, slot) }, priority);
        (ticket, self.summon())
    }

    /// I4: where more jobs wait than workers are coming, one that sleeps is called; where none sleeps,
    /// and there may be one more, that is hired.
    fn summon(&mut self) -> Summons {
        if self.queue.len() <= self.coming {
            return Summons::Nobody;
        }
        if let Some(place) = self.idle.pop() {
            self.expect(place);
            return self.places[place].waker.take().map_or(Summons::Nobody, Summons::Wake);
        }
        if self.alive < *self.workers.end() { Summons::Hire(self.hire()) } else { Summons::Nobody }
    }
    // ANCHOR_END: accept

    /// Counts one more worker, if there are fewer than there have to be.
    pub(super) fn hire_least(&mut self) -> Option<Vacancy> {
        (self.alive < *self.workers.start()).then(|| self.hire())
    }

    /// Counts one more worker, at the first place that is free.
    fn hire(&mut self) -> Vacancy {
        self.alive += 1;
        let free = self.places.iter().position(|place| !place.taken);
        let place = free.unwrap_or_else(|| {
            self.places.push(Place::default());
            self.places.len() - 1
        });
        self.places[place].taken = true;
        self.expect(place);
        Vacancy { place, record: self.places[place].record.clone() }
    }

    fn expect(&mut self, place: usize) {
        self.coming += 1;
        self.places[place].is_coming = true;
    }

    /// A worker takes the job that is next, and with it the waker of one who waited for room.
    // ANCHOR: take
    pub(super) fn take(
        &mut self,
        place: usize,
        since: Instant,
    ) -> Option<(Entry<J, T, E>, Option<Waker>)> {
        let (entry, _) = self.queue.pop()?;
        let Place { hand, record, .. } = &mut self.places[place];
        *hand = Some(Hand { id: entry.reply.id, key: entry.key.clone(), since });
        record.take();
        Some((entry, self.grant()))
    }

    /// Whether a worker that finds no job is to go: when no more will come, or it has been idle for too
    /// long and there are more than the least number.
    pub(super) fn may_leave(&self, was_idle: bool) -> bool {
        self.closed || was_idle && self.has_more_than_least()
    }

    pub(super) fn has_more_than_least(&self) -> bool {
        self.alive > *self.workers.start()
    }

    pub(super) fn fall_asleep(&mut self, place: usize, waker: Waker) {
        self.idle.push(place);
        self.places[place].waker = Some(waker);
    }

    /// The worker has come, called or not. Returns its waker, if it was not called.
    pub(super) fn arrive(&mut self, place: usize) -> Option<Waker> {
        self.coming -= usize::from(mem::take(&mut self.places[place].is_coming));
        let waker = self.places[place].waker.take();
        if waker.is_some() {
            self.idle.retain(|idle| *idle != place);
        }
        waker
    }

    /// The worker is gone. `aborts` says that it has a job, which goes with it.
    pub(super) fn leave(&mut self, place: usize, aborts: bool) -> Option<Waker> {
        self.alive -= 1;
        self.aborted += u64::from(aborts);
        self.places[place].taken = false;
        self.arrive(place)
    }
    // ANCHOR_END: take

    /// Takes no more jobs. Returns the wakers of all who sleep: workers, and those who wait for room.
    pub(super) fn close(&mut self) -> Vec<Waker> {
        self.closed = true;
        self.granted = 0;
        let line = mem::take(&mut self.line).into_values();
        let idle = mem::take(&mut self.idle).into_iter();
        line.chain(idle.filter_map(|place| self.places[place].waker.take())).collect()
    }

    /// Gives up the jobs in the queue, for the caller to drop.
    pub(super) fn clear(&mut self) -> PriorityQueue<Entry<J, T, E>> {
        self.aborted += self.queue.len() as u64;
        mem::replace(&mut self.queue, PriorityQueue::new(0))
    }

    pub(super) fn stats(&self) -> Stats {
        let mut stats = Stats {
            submitted: self.submitted,
            queued: self.queue.len() as u64,
            aborted: self.aborted,
            alive: self.alive,
            ..Stats::default()
        };
        self.places.iter().for_each(|place| stats.add(&place.record));
        stats
    }

    pub(super) fn running(&self) -> Vec<Running> {
        let running = |(number, place): (usize, &Place)| {
            place.hand.as_ref().and_then(|hand| hand.running(number, &place.record))
        };
        self.places.iter().enumerate().filter_map(running).collect()
    }
}
