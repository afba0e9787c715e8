//! Who does what: the branches ask here for an item, and the source's waker comes here.
//!
//! It knows how many items there are and who waits, and holds neither items nor the source. So it
//! has no type parameter, and can be what the source wakes.

use std::collections::VecDeque;
use std::iter;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Wake, Waker};

use loomscope::sync::{Mutex, MutexGuard};
use solutions::wake::wake_all;

/// Serves the branches of one source.
pub(super) struct Desk {
    state: Mutex<State>,
}

/// What a branch is to do.
#[derive(PartialEq, Eq)]
pub(super) enum Turn {
    /// Take an item from the queue: one there is yours.
    Take,
    /// Poll the source: nobody else does.
    Drive,
    /// Nothing: you are in line, and will be woken.
    Wait,
    /// Nothing will come any more.
    End,
}

struct State {
    source: Source,
    /// How many items are in the queue that no branch has set out to take.
    queued: usize,
    /// One for each branch.
    seats: Box<[Seat]>,
    /// Those whose seat is `Waiting`, in the order in which they are to be called.
    line: VecDeque<usize>,
    /// How many seats are `Called`.
    called: usize,
}

/// How things stand with the source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// It may have an item, and nobody polls it.
    Idle,
    /// A branch polls it; whether it was woken meanwhile.
    Driven {
        woken: bool,
    },
    /// It had none when it was last polled, and will wake the desk.
    Asleep,
    Ended,
}

enum Seat {
    /// Does not wait.
    Away,
    Waiting(Waker),
    /// Woken, and has not come yet.
    Called,
}

impl Desk {
    pub(super) fn new(branches: usize) -> Arc<Self> {
        let state = State {
            source: Source::Idle,
            queued: 0,
            seats: iter::repeat_with(|| Seat::Away).take(branches).collect(),
            line: VecDeque::with_capacity(branches),
            called: 0,
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// A branch wants an item.
    // ANCHOR: ask
    pub(super) fn ask(&self, branch: usize, waker: &Waker) -> Turn {
        // Outlives the lock: it is where the old waker ends.
        let mut spare = None;
        loop {
            let mut state = self.lock();
            match state.turn() {
                // It keeps its place until it is known what the source has.
                Turn::Drive => return Turn::Drive,
                Turn::Wait if state.wait(branch, waker, &mut spare) => return Turn::Wait,
                Turn::Wait => {
                    drop(state);
                    spare = Some(waker.clone());
                }
                turn => {
                    let left = state.leave(branch);
                    drop(state);
                    drop(left);
                    return turn;
                }
            }
        }
    }
    // ANCHOR_END: ask

    /// A branch no longer wants one; was it called, the next in line is.
    pub(super) fn leave(&self, branch: usize) {
        let mut state = self.lock();
        let left = state.leave(branch);
        self.settle(state);
        drop(left);
    }

    /// The driver has put an item into the queue; says how many there are. It calls nobody yet: a
    /// waker that panics must not look like a source that does.
    pub(super) fn put(&self) -> usize {
        let mut state = self.lock();
        state.queued += 1;
        state.queued
    }

    /// The driver has its item, and has put the source back.
    pub(super) fn stop(&self, branch: usize, asleep: bool) {
        let mut state = self.lock();
        state.stop(asleep);
        let left = state.leave(branch);
        self.settle(state);
        drop(left);
    }

    /// The driver has put the source back, which had nothing for it, and waits.
    pub(super) fn stop_and_wait(&self, branch: usize, waker: &Waker) {
        // A clone that panics must not leave a source that nobody polls and nobody may poll.
        let clone = catch_unwind(AssertUnwindSafe(|| waker.clone()));
        let (mut spare, panic) =
            clone.map_or_else(|panic| (None, Some(panic)), |waker| (Some(waker), None));
        let mut state = self.lock();
        state.stop(true);
        state.wait(branch, waker, &mut spare);
        self.settle(state);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// The source is gone, and may have left one more item in the queue.
    pub(super) fn end(&self, one_more: bool) {
        let mut state = self.lock();
        state.queued += usize::from(one_more);
        state.source = Source::Ended;
        self.settle(state);
    }

    /// Calls those who are due (I9), one after the other, and none of them under the lock.
    // ANCHOR: settle
    fn settle(&self, mut state: MutexGuard<'_, State>) {
        let first = state.call();
        drop(state);
        let Some(first) = first else { return };
        wake_all(iter::once(first).chain(iter::from_fn(|| self.lock().call())));
    }
    // ANCHOR_END: settle

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock: no waker is touched there")
    }
}

/// The desk is what the source wakes, whoever has polled it.
// ANCHOR: wake
impl Wake for Desk {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.lock();
        state.source = match state.source {
            Source::Driven { .. } => Source::Driven { woken: true },
            Source::Asleep => Source::Idle,
            other => other,
        };
        self.settle(state);
    }
}
// ANCHOR_END: wake

impl State {
    /// What there is to do for a branch that asks.
    fn turn(&mut self) -> Turn {
        if self.queued > 0 {
            self.queued -= 1;
            return Turn::Take;
        }
        match self.source {
            Source::Idle => {
                self.source = Source::Driven { woken: false };
                Turn::Drive
            }
            Source::Driven { .. } | Source::Asleep => Turn::Wait,
            Source::Ended => Turn::End,
        }
    }

    /// Has a branch wait with the waker in `spare`; where one is needed and there is none, says no.
    /// Who was called in vain, since another was quicker, waits first in line.
    fn wait(&mut self, branch: usize, waker: &Waker, spare: &mut Option<Waker>) -> bool {
        match &mut self.seats[branch] {
            Seat::Waiting(known) if known.will_wake(waker) => return true,
            Seat::Waiting(known) => {
                let Some(spare) = spare else { return false };
                mem::swap(known, spare);
                return true;
            }
            Seat::Away | Seat::Called => {}
        }
        let Some(waker) = spare.take() else { return false };
        match mem::replace(&mut self.seats[branch], Seat::Waiting(waker)) {
            Seat::Called => {
                self.called -= 1;
                self.line.push_front(branch);
            }
            _ => self.line.push_back(branch),
        }
        true
    }

    /// Frees a seat.
    fn leave(&mut self, branch: usize) -> Option<Waker> {
        match mem::replace(&mut self.seats[branch], Seat::Away) {
            Seat::Away => None,
            Seat::Called => {
                self.called -= 1;
                None
            }
            Seat::Waiting(waker) => {
                self.line.retain(|waiting| *waiting != branch);
                Some(waker)
            }
        }
    }

    fn stop(&mut self, asleep: bool) {
        // Woken while it was polled: what it said then need not be true any more.
        let sleeps = asleep && self.source == Source::Driven { woken: false };
        self.source = if sleeps { Source::Asleep } else { Source::Idle };
    }

    /// Calls the first in line, if there is work that nobody was called for.
    // ANCHOR: call
    fn call(&mut self) -> Option<Waker> {
        let work = match self.source {
            Source::Idle => self.queued + 1,
            Source::Driven { .. } | Source::Asleep => self.queued,
            Source::Ended => usize::MAX,
        };
        if self.called >= work {
            return None;
        }
        let branch = self.line.pop_front()?;
        self.called += 1;
        match mem::replace(&mut self.seats[branch], Seat::Called) {
            Seat::Waiting(waker) => Some(waker),
            _ => unreachable!("only those who wait are in line"),
        }
    }
    // ANCHOR_END: call
}
