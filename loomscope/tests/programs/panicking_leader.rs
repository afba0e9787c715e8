//! One thread computes for all. It panics, and nobody tells those who wait for it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use loomscope::sync::{Arc, Condvar, Mutex};
use loomscope::thread;

struct Flight {
    state: Mutex<State>,
    landed: Condvar,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Idle,
    Running,
    Done(u32),
}

impl Flight {
    fn new() -> Self {
        Self { state: Mutex::new(State::Idle), landed: Condvar::new() }
    }

    fn run(&self, work: impl FnOnce() -> u32, told: bool) -> u32 {
        let mut state = self.state.lock().unwrap();
        while *state == State::Running {
            state = self.landed.wait(state).unwrap();
        }
        if let State::Done(value) = *state {
            return value;
        }
        *state = State::Running;
        drop(state);
        let reset = told.then(|| Reset(self));
        let value = work();
        *self.state.lock().unwrap() = State::Done(value);
        drop(reset);
        self.landed.notify_all();
        value
    }
}

/// Makes room for another leader where this one has not come to its end.
struct Reset<'a>(&'a Flight);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap();
        if *state == State::Running {
            *state = State::Idle;
        }
        drop(state);
        self.0.landed.notify_all();
    }
}

fn two_callers(told: bool) {
    let flight = Arc::new(Flight::new());
    let theirs = flight.clone();
    let failing = thread::spawn_named("failing", move || {
        let _ = catch_unwind(AssertUnwindSafe(|| theirs.run(|| panic!("backend down"), told)));
    });
    assert_eq!(flight.run(|| 7, told), 7);
    failing.join().unwrap();
}

pub(crate) fn wrong() {
    two_callers(false);
}

pub(crate) fn right() {
    two_callers(true);
}
