//! A gate that one thread opens and another passes, with the classical mistake: the flag is no part
//! of what the lock guards. Run it to see the interleaving in which the visitor waits for ever.

use loomscope::sync::atomic::{AtomicBool, Ordering::SeqCst};
use loomscope::sync::{Arc, Condvar, Mutex};
use loomscope::{Model, thread};

struct Gate {
    open: AtomicBool,
    lock: Mutex<()>,
    opened: Condvar,
}

impl Gate {
    fn new() -> Self {
        Self { open: AtomicBool::new(false), lock: Mutex::new(()), opened: Condvar::new() }
    }

    fn open(&self) {
        self.open.store(true, SeqCst);
        self.opened.notify_one();
    }

    fn pass(&self) {
        if !self.open.load(SeqCst) {
            let guard = self.lock.lock().unwrap();
            let _guard = self.opened.wait(guard).unwrap();
        }
    }
}

fn main() {
    Model::new("a visitor passes the gate").check(|| {
        let gate = Arc::new(Gate::new());
        let opener = gate.clone();
        let opener = thread::spawn_named("opener", move || opener.open());
        gate.pass();
        opener.join().unwrap();
    });
}
