use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;

use super::{LockResult, Poison, PoisonError, TryLockError, TryLockResult};
use crate::engine::RawLock;
use crate::event::{Op, Place};
use crate::record::Traced;

/// A traced mutex.
pub struct Mutex<T: ?Sized> {
    traced: Traced,
    lock: RawLock,
    poison: Poison,
    /// Locked only by whoever holds `lock`.
    data: std::sync::Mutex<T>,
}

/// Holds a `Mutex`; dropped, it unlocks it.
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    place: Place,
    was_unwinding: bool,
    /// `None` while a condition variable has the mutex unlocked.
    data: Option<std::sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    /// A mutex that nobody holds.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self {
            traced: Traced::new("Mutex", Location::caller()),
            lock: RawLock::new(),
            poison: Poison::default(),
            data: std::sync::Mutex::new(value),
        }
    }

    /// Gives the value back.
    ///
    /// # Errors
    ///
    /// The value all the same, where a thread panicked while it held the lock.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.poison.is_set();
        let value = self.data.into_inner().unwrap_or_else(PoisonError::into_inner);
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until nobody holds the lock, and takes it.
    ///
    /// # Errors
    ///
    /// The guard all the same, where a thread panicked while it held the lock.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let place = Location::caller();
        self.traced.emit(Op::LockWant, place);
        self.lock.lock();
        self.traced.emit(Op::Locked, place);
        self.poison.wrap(self.guard(place))
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where somebody holds it; `Poisoned`, with the guard, where a thread panicked
    /// while it held it.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let place = Location::caller();
        if !self.lock.try_lock() {
            self.traced.emit(Op::TryLockFailed, place);
            return Err(TryLockError::WouldBlock);
        }
        self.traced.emit(Op::Locked, place);
        Ok(self.poison.wrap(self.guard(place))?)
    }

    /// The value, through an exclusive borrow.
    ///
    /// # Errors
    ///
    /// The value all the same, where a thread panicked while it held the lock.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.poison.is_set();
        let value = self.data.get_mut().unwrap_or_else(PoisonError::into_inner);
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    /// Whether a thread panicked while it held the lock.
    pub fn is_poisoned(&self) -> bool {
        self.poison.is_set()
    }

    /// Forgets that a thread panicked while it held the lock.
    pub fn clear_poison(&self) {
        self.poison.clear();
    }

    /// The guard, for the thread that holds the lock.
    fn guard(&self, place: Place) -> MutexGuard<'_, T> {
        let data = match self.data.try_lock() {
            Ok(data) => data,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => unreachable!("the engine's lock guards the data"),
        };
        let was_unwinding = Poison::on_lock();
        MutexGuard { mutex: self, place, was_unwinding, data: Some(data) }
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Unlocks for the length of a wait: `parked` runs with the lock free.
    pub(super) fn unlocked(&mut self, register: impl FnOnce(), parked: impl FnOnce()) {
        register();
        self.release(|| ());
        parked();
        self.mutex.lock.lock();
        self.data = self.mutex.guard(self.place).data.take();
    }

    pub(super) fn id(&self) -> usize {
        self.mutex.traced.id()
    }

    /// Says whether the mutex was poisoned while it was unlocked.
    pub(super) fn checked(self) -> LockResult<Self> {
        let mutex = self.mutex;
        mutex.poison.wrap(self)
    }

    fn release(&mut self, told: impl FnOnce()) {
        drop(self.data.take());
        self.mutex.lock.unlock(told);
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.mutex.is_poisoned()
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        if self.data.is_none() {
            return;
        }
        self.mutex.poison.on_unlock(self.was_unwinding);
        let (mutex, place) = (self.mutex, self.place);
        self.release(|| mutex.traced.emit(Op::Unlocked, place));
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.data.as_deref().expect("a guard has its data while it can be named")
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.data.as_deref_mut().expect("a guard has its data while it can be named")
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").field("data", &&self.data).finish_non_exhaustive()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
