//! Initialised once, checked twice: the first check sees the flag before it may see the value.

use loomscope::cell::UnsafeCell;
use loomscope::sync::atomic::{AtomicBool, Ordering};
use loomscope::sync::{Arc, Mutex};
use loomscope::thread;

struct Lazy {
    ready: AtomicBool,
    lock: Mutex<()>,
    value: UnsafeCell<u32>,
}

// SAFETY: that `ready` guards `value` is what the program is about; the explorer says whether it does.
unsafe impl Sync for Lazy {}

impl Lazy {
    fn get(&self, load: Ordering, store: Ordering) -> u32 {
        if !self.ready.load(load) {
            let _guard = self.lock.lock().unwrap();
            if !self.ready.load(load) {
                // SAFETY: under the lock, and before anyone may read.
                self.value.with_mut(|value| unsafe { *value = 7 });
                self.ready.store(true, store);
            }
        }
        // SAFETY: nobody writes once `ready` is set.
        self.value.with(|value| unsafe { *value })
    }
}

fn two_readers(load: Ordering, store: Ordering) {
    let (ready, lock) = (AtomicBool::new(false), Mutex::new(()));
    let lazy = Arc::new(Lazy { ready, lock, value: UnsafeCell::new(0) });
    let theirs = lazy.clone();
    let other = thread::spawn_named("other", move || theirs.get(load, store));
    assert_eq!(lazy.get(load, store), 7);
    assert_eq!(other.join().unwrap(), 7);
}

pub(crate) fn wrong() {
    two_readers(Ordering::Relaxed, Ordering::Relaxed);
}

pub(crate) fn right() {
    two_readers(Ordering::Acquire, Ordering::Release);
}
