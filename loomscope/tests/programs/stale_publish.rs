//! The flag is published with `Relaxed`: whoever sees it need not see the data behind it.

use loomscope::sync::Arc;
use loomscope::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use loomscope::thread;

fn publish(store: Ordering) {
    let data = Arc::new(AtomicU32::new(0));
    let ready = Arc::new(AtomicBool::new(false));
    let (their_data, their_ready) = (data.clone(), ready.clone());
    let writer = thread::spawn_named("writer", move || {
        their_data.store(42, Ordering::Relaxed);
        their_ready.store(true, store);
    });
    if ready.load(Ordering::Acquire) {
        assert_eq!(data.load(Ordering::Relaxed), 42, "what stands behind the flag");
    }
    writer.join().unwrap();
}

pub(crate) fn wrong() {
    publish(Ordering::Relaxed);
}

pub(crate) fn right() {
    publish(Ordering::Release);
}
