//! The channel's lock: one byte, taken with one exchange and given back with one store.
//!
//! A std mutex has to ask on release whether someone sleeps on it, which is a second exchange, and
//! keeps account of poison: together half of what a value costs here. This one lets nobody sleep.
//! Who finds it taken stays away for a moment, longer each time, and at last offers its time to
//! others, so that a holder that was interrupted comes back to finish.
//!
//! It is for this use alone: no foreign code runs under it, and no holder waits for anything. Where
//! priorities are strict, a thread that spins can keep a lower holder from running at all: do not
//! share a channel between such threads.

use loomscope::cell::UnsafeCell;
use loomscope::sync::atomic::{
    AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};
use loomscope::sync::{Mutex, MutexGuard, PoisonError};
use loomscope::{MODEL, hint, thread};
use std::ops::{Deref, DerefMut};

/// How long a thread that finds the lock taken stays away at first, in turns of a spin loop, and
/// how often it does so, each time twice as long, before it yields. In models each turn is a step.
const PAUSES: u32 = if MODEL { 0 } else { 64 };
const ROUNDS: u32 = if MODEL { 1 } else { 4 };

// In this order, so that the first fields of the value share a cache line with the lock.
#[repr(C)]
pub(super) struct Lock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
    /// In models, those who want the lock wait here: an explorer has no end of schedules in which
    /// two spin. The exchange itself has a model of its own, below.
    turn: Mutex<()>,
}

// SAFETY: the value is reached only through a guard, and there is one guard at a time; so sharing
// the lock is sending the value back and forth.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(super) fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), turn: Mutex::new(()), value: UnsafeCell::new(value) }
    }

    #[inline]
    pub(super) fn lock(&self) -> Guard<'_, T> {
        if MODEL {
            let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            return self.guard(Some(turn));
        }
        self.take()
    }

    #[inline]
    fn take(&self) -> Guard<'_, T> {
        if !self.try_take() {
            self.wait();
        }
        self.guard(None)
    }

    /// Acquire: what the holders before have written, up to the release in `Guard::drop`, is here.
    #[inline]
    fn try_take(&self) -> bool {
        self.taken.compare_exchange_weak(false, true, Acquire, Relaxed).is_ok()
    }

    /// Stays away for longer each time, without so much as a look: every look takes the cache line
    /// from the holder, who meanwhile does many values' work at the speed of one thread.
    #[cold]
    fn wait(&self) {
        for round in 0..ROUNDS {
            for _ in 0..PAUSES << round {
                hint::spin_loop();
            }
            if self.try_take() {
                return;
            }
        }
        while !self.try_take() {
            thread::yield_now();
        }
    }

    #[inline]
    fn guard<'a>(&'a self, turn: Option<MutexGuard<'a, ()>>) -> Guard<'a, T> {
        Guard { taken: &self.taken, value: self.value.with_mut(|value| value), turn }
    }
}

/// The lock is taken while this lives.
pub(super) struct Guard<'a, T> {
    taken: &'a AtomicBool,
    /// A pointer: a reference passed to a function would have to stay exclusive until it returns,
    /// and a function may give the lock back earlier.
    value: *mut T,
    /// In models, what makes this the one guard.
    turn: Option<MutexGuard<'a, ()>>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this is the one guard, so nobody writes while the borrow of it lasts.
        unsafe { &*self.value }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this is the one guard, and it is borrowed exclusively.
        unsafe { &mut *self.value }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.turn.is_none() {
            // Release: pairs with the acquire in `try_take` of whoever is next.
            self.taken.store(false, Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use loomscope::{Model, thread};
    use std::sync::Arc;

    #[test]
    fn one_holder_at_a_time_sees_what_the_last_has_written() {
        Model::new("one holder at a time").source("channel/lock").check(|| {
            let lock = Arc::new(Lock::new((0, 0)));
            let theirs = lock.clone();
            let add = |lock: &Lock<(u32, u32)>| {
                let mut value = lock.take();
                value.0 += 1;
                thread::yield_now();
                value.1 += 1;
                assert_eq!(value.0, value.1, "someone else was here");
            };
            let other = thread::spawn_named("other", move || add(&theirs));
            add(&lock);
            other.join().unwrap();
            assert_eq!(*lock.take(), (2, 2), "an addition was lost");
        });
    }
}
