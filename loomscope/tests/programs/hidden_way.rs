//! A waker goes to another thread through a lock that the explorer does not see.

use std::future::poll_fn;
use std::task::{Poll, Waker};

use loomscope::sync::atomic::{AtomicBool, Ordering::SeqCst};
use loomscope::sync::{Arc, Mutex};
use loomscope::{task, thread};

pub(crate) fn wrong() {
    let kept = Arc::new(std::sync::Mutex::new(None::<Waker>));
    let theirs = kept.clone();
    let wakes = thread::spawn_named("wakes", move || {
        let waker = theirs.lock().unwrap().take();
        waker.into_iter().for_each(Waker::wake);
    });
    let mut polled = false;
    task::block_on(poll_fn(|context| {
        if polled {
            return Poll::Ready(());
        }
        polled = true;
        *kept.lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    }));
    wakes.join().unwrap();
}

pub(crate) fn right() {
    let (kept, done) = (Arc::new(Mutex::new(None::<Waker>)), Arc::new(AtomicBool::new(false)));
    let (their_kept, their_done) = (kept.clone(), done.clone());
    let wakes = thread::spawn_named("wakes", move || {
        their_done.store(true, SeqCst);
        let waker = their_kept.lock().unwrap().take();
        waker.into_iter().for_each(Waker::wake);
    });
    task::block_on(poll_fn(|context| {
        *kept.lock().unwrap() = Some(context.waker().clone());
        if done.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }));
    wakes.join().unwrap();
}
