use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex as Plain, MutexGuard, PoisonError};

use crate::engine::{Slot, Turn};
use crate::event::{Op, Place};
use crate::record::Traced;

/// A traced one-time initialisation.
#[derive(Debug)]
pub struct Once {
    traced: Traced,
    turn: Turn,
    state: Plain<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    waiting: Vec<Arc<Slot>>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    #[default]
    New,
    Running,
    Done,
    Poisoned,
}

impl Once {
    /// Nothing has been initialised yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::at("Once", Location::caller())
    }

    fn at(class: &'static str, place: Place) -> Self {
        Self { traced: Traced::new(class, place), turn: Turn::new(), state: Plain::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `init` if nobody has; waits where somebody is at it.
    ///
    /// # Panics
    ///
    /// Where an earlier `init` panicked.
    #[track_caller]
    pub fn call_once(&self, init: impl FnOnce()) {
        self.run(init, false, Location::caller());
    }

    /// Whether an `init` has run to its end.
    pub fn is_completed(&self) -> bool {
        self.turn.take();
        self.state().phase == Phase::Done
    }

    fn run(&self, init: impl FnOnce(), retry: bool, place: Place) {
        loop {
            self.turn.take();
            let mut state = self.state();
            match state.phase {
                Phase::Done => return,
                Phase::Poisoned if !retry => {
                    drop(state);
                    panic!("Once instance has previously been poisoned");
                }
                Phase::Running => {
                    let slot = Arc::new(Slot::default());
                    state.waiting.push(slot.clone());
                    drop(state);
                    self.traced.emit(Op::PhaseWant, place);
                    slot.wait();
                }
                Phase::New | Phase::Poisoned => {
                    state.phase = Phase::Running;
                    drop(state);
                    let mut finish = Finish { once: self, place, phase: Phase::Poisoned };
                    init();
                    finish.phase = Phase::Done;
                    return drop(finish);
                }
            }
        }
    }
}

/// Ends the initialisation, well or by a panic, and lets those go on that wait for it.
struct Finish<'a> {
    once: &'a Once,
    place: Place,
    /// Poisoned until the initialisation has returned.
    phase: Phase,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.once.turn.take();
        let waiting = {
            let mut state = self.once.state();
            state.phase = self.phase;
            std::mem::take(&mut state.waiting)
        };
        self.once.traced.emit(Op::PhaseOver, self.place);
        waiting.iter().for_each(|slot| slot.set());
    }
}

impl Default for Once {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

/// A traced cell that is written once.
pub struct OnceLock<T> {
    once: Once,
    value: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// An empty cell.
    #[track_caller]
    pub fn new() -> Self {
        let once = Once::at("OnceLock", Location::caller());
        Self { once, value: std::sync::OnceLock::new() }
    }

    /// The value, if it is there.
    pub fn get(&self) -> Option<&T> {
        if self.once.is_completed() { self.value.get() } else { None }
    }

    /// The value, through an exclusive borrow.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Writes the value.
    ///
    /// # Errors
    ///
    /// Gives `value` back where there is one already.
    #[track_caller]
    #[expect(clippy::missing_panics_doc, reason = "an initialiser runs once")]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        let write = || drop(self.value.set(value.take().expect("an initialiser runs once")));
        self.once.run(write, true, Location::caller());
        value.map_or(Ok(()), Err)
    }

    /// The value; `init` makes it if nobody has.
    #[track_caller]
    #[expect(clippy::missing_panics_doc, reason = "an initialiser has run to its end")]
    pub fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
        self.once.run(|| drop(self.value.set(init())), true, Location::caller());
        self.value.get().expect("an initialiser has run to its end")
    }

    /// Gives the value back, if there is one.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnceLock").field(&self.value.get()).finish()
    }
}
