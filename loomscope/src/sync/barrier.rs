use std::panic::Location;
use std::sync::{Arc, Mutex as Plain, PoisonError};

use crate::engine::{Slot, Turn};
use crate::event::Op;
use crate::record::Traced;

/// A traced barrier: threads wait until as many of them as it was made for have come.
#[derive(Debug)]
pub struct Barrier {
    traced: Traced,
    turn: Turn,
    needed: usize,
    waiting: Plain<Vec<Arc<Slot>>>,
}

/// Whether this thread was the last to come.
#[derive(Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Exactly one thread of each round is the leader.
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    /// A barrier for `needed` threads.
    #[track_caller]
    pub fn new(needed: usize) -> Self {
        let traced = Traced::new("Barrier", Location::caller());
        Self { traced, turn: Turn::new(), needed, waiting: Plain::default() }
    }

    /// Waits until all have come.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let place = Location::caller();
        self.turn.take();
        self.traced.emit(Op::PhaseWant, place);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + 1 >= self.needed {
            let round = std::mem::take(&mut *waiting);
            drop(waiting);
            round.iter().for_each(|slot| slot.set());
            self.traced.emit(Op::PhaseOver, place);
            return BarrierWaitResult(true);
        }
        let slot = Arc::new(Slot::default());
        waiting.push(slot.clone());
        drop(waiting);
        slot.wait();
        self.traced.emit(Op::PhaseOver, place);
        BarrierWaitResult(false)
    }
}
