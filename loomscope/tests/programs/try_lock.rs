//! `try_lock` and give up: the update is lost whenever the other thread is in its critical section.

use loomscope::sync::{Arc, Mutex};
use loomscope::thread;

fn two_increments(increment: fn(&Mutex<u32>)) {
    let count = Arc::new(Mutex::new(0));
    let theirs = count.clone();
    let other = thread::spawn_named("other", move || *theirs.lock().unwrap() += 1);
    increment(&count);
    other.join().unwrap();
    assert_eq!(*count.lock().unwrap(), 2, "no increment is lost");
}

pub(crate) fn wrong() {
    two_increments(|count| {
        if let Ok(mut count) = count.try_lock() {
            *count += 1;
        }
    });
}

pub(crate) fn right() {
    two_increments(|count| *count.lock().unwrap() += 1);
}
