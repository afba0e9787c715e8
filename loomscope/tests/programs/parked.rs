//! A thread unparks another once for two jobs: the token counts no further than one.

use loomscope::sync::Arc;
use loomscope::sync::atomic::{AtomicU32, Ordering::SeqCst};
use loomscope::thread;

fn two_jobs(one_park_a_job: bool) {
    let jobs = Arc::new(AtomicU32::new(0));
    let theirs = jobs.clone();
    let worker = thread::spawn_named("worker", move || {
        for done in 0..2 {
            if one_park_a_job {
                thread::park();
            } else {
                while theirs.load(SeqCst) <= done {
                    thread::park();
                }
            }
        }
    });
    for _ in 0..2 {
        jobs.fetch_add(1, SeqCst);
        worker.thread().unpark();
    }
    worker.join().unwrap();
}

pub(crate) fn wrong() {
    two_jobs(true);
}

pub(crate) fn right() {
    two_jobs(false);
}
