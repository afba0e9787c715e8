//! The count is read, then written: two threads take the last permit.

use loomscope::sync::Arc;
use loomscope::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use loomscope::thread;

struct Permits {
    free: AtomicUsize,
    holders: AtomicUsize,
}

impl Permits {
    fn try_acquire_wrongly(&self) -> bool {
        let free = self.free.load(SeqCst);
        if free == 0 {
            return false;
        }
        self.free.store(free - 1, SeqCst);
        true
    }

    fn try_acquire(&self) -> bool {
        self.free.fetch_update(SeqCst, SeqCst, |free| free.checked_sub(1)).is_ok()
    }
}

fn two_workers(try_acquire: fn(&Permits) -> bool) {
    let (free, holders) = (AtomicUsize::new(1), AtomicUsize::new(0));
    let permits = Arc::new(Permits { free, holders });
    let workers = ["worker-a", "worker-b"].map(|name| {
        let permits = permits.clone();
        thread::spawn_named(name, move || {
            if try_acquire(&permits) {
                let others = permits.holders.fetch_add(1, SeqCst);
                assert_eq!(others, 0, "two hold the one permit");
                permits.holders.fetch_sub(1, SeqCst);
                permits.free.fetch_add(1, SeqCst);
            }
        })
    });
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

pub(crate) fn wrong() {
    two_workers(Permits::try_acquire_wrongly);
}

pub(crate) fn right() {
    two_workers(Permits::try_acquire);
}
