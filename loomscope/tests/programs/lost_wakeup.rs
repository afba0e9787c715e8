//! The check is made outside the lock, so that the notification may come between it and the wait.

use loomscope::sync::atomic::{AtomicBool, Ordering::SeqCst};
use loomscope::sync::{Arc, Condvar, Mutex};
use loomscope::thread;

struct Gate {
    open: AtomicBool,
    lock: Mutex<()>,
    opened: Condvar,
}

impl Gate {
    fn new() -> Self {
        Self { open: AtomicBool::new(false), lock: Mutex::new(()), opened: Condvar::new() }
    }
}

pub(crate) fn wrong() {
    let gate = Arc::new(Gate::new());
    let theirs = gate.clone();
    let opener = thread::spawn_named("opener", move || {
        theirs.open.store(true, SeqCst);
        theirs.opened.notify_one();
    });
    if !gate.open.load(SeqCst) {
        let guard = gate.lock.lock().unwrap();
        drop(gate.opened.wait(guard).unwrap());
    }
    opener.join().unwrap();
}

pub(crate) fn right() {
    let gate = Arc::new(Gate::new());
    let theirs = gate.clone();
    let opener = thread::spawn_named("opener", move || {
        let guard = theirs.lock.lock().unwrap();
        theirs.open.store(true, SeqCst);
        drop(guard);
        theirs.opened.notify_one();
    });
    let guard = gate.lock.lock().unwrap();
    drop(gate.opened.wait_while(guard, |()| !gate.open.load(SeqCst)).unwrap());
    opener.join().unwrap();
}
