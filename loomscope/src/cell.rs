//! `UnsafeCell` with access by closure, so that the explorer sees where each access begins and ends.

use std::fmt;
use std::panic::Location;

use crate::engine::RaceDetector;
use crate::event::Op;
use crate::record::Traced;

/// A cell whose pointer is lent to a closure. Two accesses at the same time, one of them a write,
/// fail the model.
pub struct UnsafeCell<T: ?Sized> {
    traced: Traced,
    detector: RaceDetector,
    value: std::cell::UnsafeCell<T>,
}

impl<T> UnsafeCell<T> {
    /// Wraps `value`.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let traced = Traced::new("UnsafeCell", Location::caller());
        Self { traced, detector: RaceDetector::new(), value: std::cell::UnsafeCell::new(value) }
    }

    /// Gives the value back.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    /// Lends the value for reading.
    #[track_caller]
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        self.traced.emit(Op::CellRead, Location::caller());
        self.detector.read(|| read(self.value.get()))
    }

    /// Lends the value for writing.
    #[track_caller]
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        self.traced.emit(Op::CellWrite, Location::caller());
        self.detector.write(|| write(self.value.get()))
    }

    /// The value, through an exclusive borrow.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: Default> Default for UnsafeCell<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized> fmt::Debug for UnsafeCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsafeCell").finish_non_exhaustive()
    }
}
