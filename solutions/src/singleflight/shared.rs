//! What the callers of one flight share.

use std::mem;
use std::task::Waker;

use loomscope::sync::{Mutex, MutexGuard, OnceLock};
use solutions::wake::wake_all;

use super::line::{Line, Place};
use super::work::Work;

/// A flight: whose turn it is to drive, who waits, and in the end the value.
pub(super) struct Shared<V> {
    /// Set once, before the last look at the line.
    value: OnceLock<V>,
    state: Mutex<State<V>>,
}

/// What the lock guards. No code of the user runs there: works and wakers are moved out.
struct State<V> {
    turn: Turn<V>,
    line: Line,
}

/// Who drives.
// ANCHOR: turn
enum Turn<V> {
    /// One of the callers, and it has the work.
    Taken,
    /// Nobody: whoever is polled next goes on with the work, or, where that was lost in a panic, with
    /// its own.
    Free(Option<Work<V>>),
}
// ANCHOR_END: turn

/// What a waiter finds.
pub(super) enum Found<'a, V> {
    Value(&'a V),
    /// It is the driver from now on, and this is what is left of the work.
    Turn(Option<Work<V>>),
    /// Its waker lies in line.
    Nothing,
}

impl<V> Shared<V> {
    /// A flight whose turn is taken by its first caller.
    pub(super) fn new() -> Self {
        let state = State { turn: Turn::Taken, line: Line::default() };
        Self { value: OnceLock::new(), state: Mutex::new(state) }
    }

    /// How things stand for a waiter, who has a place in line if this was asked before.
    // ANCHOR: look
    pub(super) fn look(&self, place: &mut Option<Place>, waker: &Waker) -> Found<'_, V> {
        if let Some(value) = self.value.get() {
            return Found::Value(value);
        }
        // Cloned before the lock is taken; what it replaces is dropped after.
        let waker = waker.clone();
        let mut state = self.lock();
        if let Some(value) = self.value.get() {
            return Found::Value(value);
        }
        match mem::replace(&mut state.turn, Turn::Taken) {
            Turn::Taken => {
                let place = *place.get_or_insert_with(|| state.line.new_place());
                let _old = state.line.put(place, waker);
                drop(state);
                Found::Nothing
            }
            Turn::Free(rest) => {
                let _old = place.and_then(|place| state.line.take(place));
                drop(state);
                Found::Turn(rest)
            }
        }
    }
    // ANCHOR_END: look

    /// The driver has the value: everyone hears of it.
    // ANCHOR: publish
    pub(super) fn publish(&self, value: V) -> &V {
        let value = self.value.get_or_init(|| value);
        // After the value is there: who is not in line yet, will see it.
        let line = self.lock().line.take_all();
        wake_all(line);
        value
    }
    // ANCHOR_END: publish

    /// The driver goes: the turn is free, and the one who is returned has to be woken.
    // ANCHOR: pass_on
    pub(super) fn pass_on(&self, rest: Option<Work<V>>) -> Option<Waker> {
        let mut state = self.lock();
        state.turn = Turn::Free(rest);
        state.line.take_first()
    }

    /// A waiter goes. If the turn is free, then it may be the one who was woken for it, and the one
    /// who is returned has to be woken in its place.
    pub(super) fn leave(&self, place: Place) -> Option<Waker> {
        let mut state = self.lock();
        let _ours = state.line.take(place);
        let next = match state.turn {
            Turn::Free(_) => state.line.take_first(),
            Turn::Taken => None,
        };
        drop(state);
        next
    }
    // ANCHOR_END: pass_on

    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().expect("nothing panics under this lock: no code of the user runs there")
    }
}
