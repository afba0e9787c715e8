//! A task panics, and nobody looks at its handle: its work is missing, and nothing says so.

use loomscope::sync::{Arc, Mutex};
use loomscope::task;

fn refuse_odd(total: &Mutex<u32>, value: u32) {
    assert!(value.is_multiple_of(2), "{value} is odd");
    *total.lock().unwrap() += value;
}

pub(crate) fn wrong() {
    let total = Arc::new(Mutex::new(0));
    let theirs = total.clone();
    task::spawn(async move { refuse_odd(&theirs, 1) });
    *total.lock().unwrap() += 2;
}

pub(crate) fn right() {
    let total = Arc::new(Mutex::new(0));
    let theirs = total.clone();
    let handle = task::spawn(async move { refuse_odd(&theirs, 1) });
    *total.lock().unwrap() += 2;
    assert!(task::block_on(handle).unwrap_err().is_panic());
}
