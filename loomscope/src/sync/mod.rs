//! Locks, condition variable, barrier and atomics of a model.

pub mod atomic;
mod barrier;
mod condvar;
mod mutex;
mod once;
mod rwlock;

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};
pub use once::{Once, OnceLock};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::record;

/// Whether a panic happened while a lock was held exclusively.
///
/// Not std's own flag: while one coroutine unwinds, `std::thread::panicking` holds for all of them.
/// `Relaxed`, since the threads of a model are coroutines on one OS thread.
#[derive(Debug, Default)]
struct Poison(AtomicBool);

impl Poison {
    fn is_set(&self) -> bool {
        self.0.load(Relaxed)
    }

    fn clear(&self) {
        self.0.store(false, Relaxed);
    }

    /// Whether the thread that locks is unwinding already: then its unlocking poisons nothing.
    fn on_lock() -> bool {
        record::is_unwinding()
    }

    fn on_unlock(&self, was_unwinding: bool) {
        if !was_unwinding && record::is_unwinding() {
            self.0.store(true, Relaxed);
        }
    }

    fn wrap<G>(&self, guard: G) -> LockResult<G> {
        if self.is_set() { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }
}
