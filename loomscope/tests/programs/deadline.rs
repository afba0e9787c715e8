//! The answer is taken for late because the deadline fired, though it had come in the meantime.

use loomscope::sync::{Arc, Condvar, Mutex};
use loomscope::thread;
use loomscope::time::Duration;

struct Reply {
    value: Mutex<Option<u32>>,
    came: Condvar,
}

impl Reply {
    fn new() -> Self {
        Self { value: Mutex::new(None), came: Condvar::new() }
    }
}

fn ask(trust_the_clock: bool) {
    let reply = Arc::new(Reply::new());
    let theirs = reply.clone();
    let server = thread::spawn_named("server", move || {
        *theirs.value.lock().unwrap() = Some(7);
        theirs.came.notify_one();
    });
    let mut value = reply.value.lock().unwrap();
    let mut timed_out = false;
    while value.is_none() && !timed_out {
        let (again, result) = reply.came.wait_timeout(value, Duration::from_secs(1)).unwrap();
        (value, timed_out) = (again, result.timed_out());
    }
    let gave_up = if trust_the_clock { timed_out } else { value.is_none() };
    assert!(!(gave_up && value.is_some()), "gave up, and the answer lies there");
    drop(value);
    server.join().unwrap();
}

pub(crate) fn wrong() {
    ask(true);
}

pub(crate) fn right() {
    ask(false);
}
