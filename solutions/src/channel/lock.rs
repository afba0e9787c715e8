//! The channel's lock: one byte, taken with one exchange and given back with one store.
//!
//! A std mutex has to ask on release whether someone sleeps on it, which is a second exchange, and
//! marks poison: together half of what a value costs here. This one never sleeps. Who finds it
//! taken spins for as long as a holder needs at most, some ten instructions, and then offers its
//! time to others, so that a holder that was interrupted comes back to finish. It is for this use
//! alone: no foreign code runs under it, no holder waits for anything, and a thread whose priority
//! keeps an interrupted holder from running at all must not share a channel with it.

use loomscope::cell::UnsafeCell;
use loomscope::sync::atomic::{
    AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};
use loomscope::{MODEL, hint, thread};
use std::ops::{Deref, DerefMut};

/// How often a taken lock is looked at before the thread yields. In models a look is a step.
const SPINS: u32 = if MODEL { 0 } else { 32 };

pub(super) struct Lock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached only through a guard, and there is one guard at a time; so sharing
// the lock is sending the value back and forth.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(super) fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    #[inline]
    pub(super) fn lock(&self) -> Guard<'_, T> {
        if !self.try_take() {
            self.wait();
        }
        Guard { lock: self }
    }

    /// Acquire: what the holders before did, up to their release in `Guard::drop`, is visible.
    #[inline]
    fn try_take(&self) -> bool {
        self.taken.compare_exchange_weak(false, true, Acquire, Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self) {
        loop {
            for _ in 0..SPINS {
                // Looks before it tries: an exchange would take the line from the holder. Relaxed:
                // the exchange that follows is what counts.
                if !self.taken.load(Relaxed) && self.try_take() {
                    return;
                }
                hint::spin_loop();
            }
            thread::yield_now();
            if self.try_take() {
                return;
            }
        }
    }
}

/// The lock is taken while this lives.
pub(super) struct Guard<'a, T> {
    lock: &'a Lock<T>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this is the one guard, so nobody writes while the borrow of it lasts.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this is the one guard, and it is borrowed exclusively.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the acquire in `try_take` of whoever is next.
        self.lock.taken.store(false, Release);
    }
}
