//! Waking several tasks when one of the wakers may panic. Not a pattern: several patterns share it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

use loomscope::thread;

/// Wakes all, also where waking one of them panics: nobody is left waiting by another's panic.
///
/// Call it with no lock held: a waker is foreign code, and may poll or drop on the spot.
///
/// # Panics
///
/// With the first panic of a waker, after the last has been called. Not in a thread that unwinds
/// already: a second panic would abort the process.
pub fn wake_all(wakers: impl Iterator<Item = Waker>) {
    let mut panic = None;
    for waker in wakers {
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            panic.get_or_insert(cause);
        }
    }
    if let Some(cause) = panic
        && !thread::panicking()
    {
        resume_unwind(cause);
    }
}
