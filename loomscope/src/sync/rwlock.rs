use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{Arc, Mutex as Plain};

use super::{LockResult, Poison, PoisonError, TryLockError, TryLockResult};
use crate::engine::{Slot, Turn};
use crate::event::{Op, Place};
use crate::record::Traced;

/// A traced lock for many readers or one writer. Who comes next is up to the schedule.
pub struct RwLock<T: ?Sized> {
    traced: Traced,
    turn: Turn,
    users: Plain<Users>,
    poison: Poison,
    /// Locked only as `users` says.
    data: std::sync::RwLock<T>,
}

#[derive(Debug, Default)]
struct Users {
    readers: usize,
    writer: bool,
    waiting: Vec<Arc<Slot>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
}

impl Users {
    fn admit(&mut self, mode: Mode) -> bool {
        let free = !self.writer && (mode == Mode::Read || self.readers == 0);
        match mode {
            Mode::Read if free => self.readers += 1,
            Mode::Write if free => self.writer = true,
            _ => {}
        }
        free
    }

    fn leave(&mut self, mode: Mode) -> Vec<Arc<Slot>> {
        match mode {
            Mode::Read => self.readers -= 1,
            Mode::Write => self.writer = false,
        }
        std::mem::take(&mut self.waiting)
    }
}

impl<T> RwLock<T> {
    /// A lock that nobody holds.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self {
            traced: Traced::new("RwLock", Location::caller()),
            turn: Turn::new(),
            users: Plain::default(),
            poison: Poison::default(),
            data: std::sync::RwLock::new(value),
        }
    }

    /// Gives the value back.
    ///
    /// # Errors
    ///
    /// The value all the same, where a thread panicked while it wrote.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.poison.is_set();
        let value = self.data.into_inner().unwrap_or_else(PoisonError::into_inner);
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until nobody writes, and reads.
    ///
    /// # Errors
    ///
    /// The guard all the same, where a thread panicked while it wrote.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let hold = self.hold(Mode::Read, Location::caller());
        self.poison.wrap(self.reading(hold))
    }

    /// Waits until nobody reads or writes, and writes.
    ///
    /// # Errors
    ///
    /// The guard all the same, where a thread panicked while it wrote.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let hold = self.hold(Mode::Write, Location::caller());
        self.poison.wrap(self.writing(hold))
    }

    /// Reads if nobody writes.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where somebody writes; `Poisoned`, with the guard, where a thread panicked
    /// while it wrote.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let hold = self.try_hold(Mode::Read, Location::caller());
        let hold = hold.ok_or(TryLockError::WouldBlock)?;
        Ok(self.poison.wrap(self.reading(hold))?)
    }

    /// Writes if nobody reads or writes.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where somebody reads or writes; `Poisoned`, with the guard, where a thread
    /// panicked while it wrote.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let hold = self.try_hold(Mode::Write, Location::caller());
        let hold = hold.ok_or(TryLockError::WouldBlock)?;
        Ok(self.poison.wrap(self.writing(hold))?)
    }

    /// The value, through an exclusive borrow.
    ///
    /// # Errors
    ///
    /// The value all the same, where a thread panicked while it wrote.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.poison.is_set();
        let value = self.data.get_mut().unwrap_or_else(PoisonError::into_inner);
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    /// Whether a thread panicked while it wrote.
    pub fn is_poisoned(&self) -> bool {
        self.poison.is_set()
    }

    fn users(&self) -> std::sync::MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self, mode: Mode, place: Place) -> Hold<'_> {
        let (want, got) = match mode {
            Mode::Read => (Op::ReadWant, Op::ReadLocked),
            Mode::Write => (Op::LockWant, Op::Locked),
        };
        self.traced.emit(want, place);
        loop {
            self.turn.take();
            let mut users = self.users();
            if users.admit(mode) {
                break;
            }
            let slot = Arc::new(Slot::default());
            users.waiting.push(slot.clone());
            drop(users);
            slot.wait();
        }
        self.traced.emit(got, place);
        self.held(mode, place)
    }

    fn try_hold(&self, mode: Mode, place: Place) -> Option<Hold<'_>> {
        self.turn.take();
        let admitted = self.users().admit(mode);
        let op = match (admitted, mode) {
            (false, _) => Op::TryLockFailed,
            (true, Mode::Read) => Op::ReadLocked,
            (true, Mode::Write) => Op::Locked,
        };
        self.traced.emit(op, place);
        admitted.then(|| self.held(mode, place))
    }

    fn held(&self, mode: Mode, place: Place) -> Hold<'_> {
        let (traced, turn, users, poison) = (&self.traced, &self.turn, &self.users, &self.poison);
        Hold { traced, turn, users, poison, mode, place, was_unwinding: Poison::on_lock() }
    }

    fn reading<'a>(&'a self, hold: Hold<'a>) -> RwLockReadGuard<'a, T> {
        let data = match self.data.try_read() {
            Ok(data) => data,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => unreachable!("`users` guards the data"),
        };
        RwLockReadGuard { data, _hold: hold }
    }

    fn writing<'a>(&'a self, hold: Hold<'a>) -> RwLockWriteGuard<'a, T> {
        let data = match self.data.try_write() {
            Ok(data) => data,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => unreachable!("`users` guards the data"),
        };
        RwLockWriteGuard { data, _hold: hold }
    }
}

/// The right to use the data; dropped, it passes on.
struct Hold<'a> {
    traced: &'a Traced,
    turn: &'a Turn,
    users: &'a Plain<Users>,
    poison: &'a Poison,
    mode: Mode,
    place: Place,
    was_unwinding: bool,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.turn.take();
        let op = match self.mode {
            Mode::Read => Op::ReadUnlocked,
            Mode::Write => Op::Unlocked,
        };
        if self.mode == Mode::Write {
            self.poison.on_unlock(self.was_unwinding);
        }
        self.traced.emit(op, self.place);
        let waiting = self.users.lock().unwrap_or_else(PoisonError::into_inner).leave(self.mode);
        waiting.iter().for_each(|slot| slot.set());
    }
}

/// Reads an `RwLock`. The data's own guard is dropped before the right to it passes on.
pub struct RwLockReadGuard<'a, T: ?Sized> {
    data: std::sync::RwLockReadGuard<'a, T>,
    _hold: Hold<'a>,
}

/// Writes an `RwLock`. The data's own guard is dropped before the right to it passes on.
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    data: std::sync::RwLockWriteGuard<'a, T>,
    _hold: Hold<'a>,
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.data
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock").field("data", &&self.data).finish_non_exhaustive()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
