//! A loop that waits without letting anyone else run may go round for ever.

use loomscope::sync::Arc;
use loomscope::sync::atomic::{AtomicBool, Ordering::SeqCst};
use loomscope::{hint, thread};

fn wait_for_flag(pause: fn()) {
    let flag = Arc::new(AtomicBool::new(false));
    let theirs = flag.clone();
    let setter = thread::spawn_named("setter", move || theirs.store(true, SeqCst));
    while !flag.load(SeqCst) {
        pause();
    }
    setter.join().unwrap();
}

pub(crate) fn wrong() {
    wait_for_flag(|| {});
}

pub(crate) fn right() {
    wait_for_flag(hint::spin_loop);
}
