//! The belt: all that is between the stages, under one lock.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use loomscope::sync::{Arc, Mutex, MutexGuard};

use super::lane::Lane;
use super::room::Room;
use super::tape::Tape;

/// The most entries that a stage takes at once.
pub(super) const BATCH: usize = 32;

/// The entries on their way, and the stages that wait: for room, for work, or for results.
///
/// Its functions are short, none runs code of others under the lock, and whoever has to be called is
/// called after it.
pub(super) struct Belt<In, Out> {
    state: Mutex<State<In, Out>>,
}

/// What the lock guards.
struct State<In, Out> {
    /// What the sources take before they accept, and the slowest sink gives back.
    room: Room,
    /// How many sources have not ended.
    sources: usize,
    /// How many entries have been accepted: the number of the next one.
    accepted: u64,
    /// How many of them have come from the workers.
    delivered: u64,
    /// One for all workers, or one for each.
    lanes: Vec<Lane<In>>,
    tape: Tape<Out>,
}

/// How large a belt is.
pub(super) struct Size {
    pub(super) sources: usize,
    pub(super) workers: usize,
    pub(super) sinks: usize,
    /// How many entries may be on it.
    pub(super) room: usize,
    /// How many of them a sink may have in hand: it keeps the room of all until the last is written.
    pub(super) in_hand: usize,
}

impl<In, Out> Belt<In, Out> {
    /// Makes a belt for so many stages: with `lanes` of them for the workers to share, and a tape that
    /// keeps the order, or does not.
    pub(super) fn new(size: &Size, lanes: usize, kept: bool) -> Self {
        let state = State {
            room: Room::new(size.room, size.sources),
            sources: size.sources,
            accepted: 0,
            delivered: 0,
            lanes: (0..lanes).map(|_| Lane::new(size.workers / lanes)).collect(),
            tape: Tape::new(size.sinks, kept, size.in_hand.min(BATCH)),
        };
        Self { state: Mutex::new(state) }
    }

    // ANCHOR: source
    /// Waits for room for one entry at least: what is not used of it must be given back by `accept`.
    pub(super) async fn room(&self, source: usize) -> usize {
        poll_fn(|context| self.state().room.poll(source, context)).await
    }

    /// Accepts entries, each for a lane, and takes back what is left of the room.
    pub(super) fn accept(&self, room: usize, batch: &mut Vec<(usize, In)>) {
        let mut calls = Vec::new();
        let mut state = self.state();
        state.room.give_back(room - batch.len(), &mut calls);
        for (lane, entry) in batch.drain(..) {
            let number = state.accepted;
            state.accepted += 1;
            state.lanes[lane].push(number, entry, &mut calls);
        }
        call(state, calls);
    }

    /// Says that a source has ended.
    pub(super) fn end_source(&self) {
        let mut calls = Vec::new();
        let mut state = self.state();
        state.sources -= 1;
        state.call_at_the_end(&mut calls);
        call(state, calls);
    }

    /// Whether a source is still being read.
    pub(super) fn has_sources(&self) -> bool {
        self.state().sources > 0
    }
    // ANCHOR_END: source

    // ANCHOR: worker
    /// Takes what is there, for as long as there may be more; waits where there is nothing.
    pub(super) async fn take(&self, worker: usize, batch: &mut VecDeque<(u64, In)>) -> bool {
        poll_fn(|context| self.poll_take(worker, batch, context)).await
    }

    fn poll_take(
        &self,
        worker: usize,
        batch: &mut VecDeque<(u64, In)>,
        context: &Context<'_>,
    ) -> Poll<bool> {
        let mut state = self.state();
        let is_over = state.is_over();
        let lane = state.lane(worker);
        lane.comes(worker);
        lane.take(batch);
        if batch.is_empty() && !is_over {
            lane.wait(worker, context);
            return Poll::Pending;
        }
        Poll::Ready(!batch.is_empty())
    }

    /// Gives back what was taken and not begun, for other workers to take.
    pub(super) fn give_back(&self, worker: usize, batch: &mut VecDeque<(u64, In)>) {
        if batch.is_empty() {
            return;
        }
        let mut calls = Vec::new();
        let mut state = self.state();
        state.lane(worker).give_back(batch, &mut calls);
        call(state, calls);
    }

    /// Puts results on the tape. There is room: their entries had it.
    pub(super) fn deliver(&self, results: &mut Vec<(u64, Option<Arc<Out>>)>) {
        if results.is_empty() {
            return;
        }
        let mut calls = Vec::new();
        let mut state = self.state();
        state.delivered += results.len() as u64;
        for (number, result) in results.drain(..) {
            state.tape.put(number, result);
        }
        state.tape.call_readers(&mut calls);
        state.call_at_the_end(&mut calls);
        call(state, calls);
    }
    // ANCHOR_END: worker

    // ANCHOR: sink
    /// Waits until there is something for a sink; false if nothing will come any more.
    pub(super) async fn more(&self, sink: usize) -> bool {
        poll_fn(|context| self.poll_more(sink, context)).await
    }

    fn poll_more(&self, sink: usize, context: &Context<'_>) -> Poll<bool> {
        let mut state = self.state();
        let has_more = state.tape.has_more(sink);
        if !has_more && !state.is_over() {
            state.tape.wait(sink, context);
            return Poll::Pending;
        }
        Poll::Ready(has_more)
    }

    /// Takes what is there, after the sink has written what it had taken before. False if there is
    /// nothing.
    pub(super) fn collect(&self, sink: usize, batch: &mut Vec<Arc<Out>>) -> bool {
        let mut calls = Vec::new();
        let mut state = self.state();
        let written = state.tape.read(sink, batch);
        state.room.give_back(written as usize, &mut calls);
        call(state, calls);
        !batch.is_empty()
    }
    // ANCHOR_END: sink

    fn state(&self) -> MutexGuard<'_, State<In, Out>> {
        self.state.lock().expect("nothing panics under this lock: no code of others runs there")
    }
}

/// Calls who has to be called, without the lock.
fn call<In, Out>(state: MutexGuard<'_, State<In, Out>>, calls: Vec<Waker>) {
    drop(state);
    calls.into_iter().for_each(Waker::wake);
}

impl<In, Out> State<In, Out> {
    fn lane(&mut self, worker: usize) -> &mut Lane<In> {
        let lanes = self.lanes.len();
        &mut self.lanes[worker % lanes]
    }

    /// Nothing comes any more. A worker must not go before: another one may give something back.
    fn is_over(&self) -> bool {
        self.sources == 0 && self.delivered == self.accepted
    }

    fn call_at_the_end(&mut self, calls: &mut Vec<Waker>) {
        if self.is_over() {
            self.lanes.iter_mut().for_each(|lane| lane.call_all(calls));
            self.tape.call_all(calls);
        }
    }
}
