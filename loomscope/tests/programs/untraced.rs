//! The code under test delegates to a primitive that the explorer does not see.

use loomscope::sync::Arc;
use loomscope::thread;

pub(crate) fn wrong() {
    let count = Arc::new(std::sync::Mutex::new(0));
    let theirs = count.clone();
    let other = thread::spawn_named("other", move || *theirs.lock().unwrap() += 1);
    other.join().unwrap();
    assert_eq!(*count.lock().unwrap(), 1);
}

pub(crate) fn right() {
    let count = Arc::new(loomscope::sync::Mutex::new(0));
    let theirs = count.clone();
    let other = thread::spawn_named("other", move || *theirs.lock().unwrap() += 1);
    other.join().unwrap();
    assert_eq!(*count.lock().unwrap(), 1);
}
