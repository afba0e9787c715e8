use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::engine::Turn;
use crate::event::Op;
use crate::record::Traced;

/// A place for one waker, which one task fills while others wake it.
#[derive(Debug)]
pub struct AtomicWaker {
    traced: Traced,
    turn: Turn,
    waker: Mutex<Option<Waker>>,
}

impl AtomicWaker {
    /// An empty place.
    #[track_caller]
    pub fn new() -> Self {
        let traced = Traced::new("AtomicWaker", Location::caller());
        Self { traced, turn: Turn::new(), waker: Mutex::default() }
    }

    /// Puts `waker` there, instead of the one before.
    #[track_caller]
    pub fn register(&self, waker: &Waker) {
        self.turn.take();
        self.traced.emit(Op::Store(1), Location::caller());
        let waker = waker.clone();
        let before = self.slot().replace(waker);
        drop(before);
    }

    /// Takes the waker out, if there is one, and wakes it.
    #[track_caller]
    pub fn wake(&self) {
        self.take().into_iter().for_each(Waker::wake);
    }

    /// Takes the waker out, if there is one.
    #[track_caller]
    pub fn take(&self) -> Option<Waker> {
        self.turn.take();
        let waker = self.slot().take();
        let from = i128::from(waker.is_some());
        self.traced.emit(Op::Update { from, to: 0 }, Location::caller());
        waker
    }

    fn slot(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for AtomicWaker {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}
