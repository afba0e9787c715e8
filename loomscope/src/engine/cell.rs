use std::cell::Cell;

use super::{Engine, Sentinel, Turn, current};
use crate::event::Failure;
use crate::record::fail;

/// Sees two accesses to one cell at the same time.
#[derive(Debug)]
pub(crate) enum RaceDetector {
    Loom(loom::cell::UnsafeCell<()>),
    /// shuttle is sequentially consistent: only an access inside another is a race, so that each
    /// has a schedule point inside.
    Shuttle(Users),
}

/// Who accesses a cell: as many readers, or -1 for a writer.
#[derive(Debug)]
pub(crate) struct Users {
    turn: Turn,
    count: Cell<isize>,
}

impl Users {
    /// Runs `access` with the count changed. A panic changes it back as well.
    fn during<R>(&self, change: isize, access: impl FnOnce() -> R) -> R {
        struct Restore<'a>(&'a Cell<isize>, isize);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() - self.1);
            }
        }
        self.count.set(self.count.get() + change);
        let _restore = Restore(&self.count, change);
        self.turn.take();
        access()
    }
}

// SAFETY: all threads of a model are coroutines on one OS thread, so the plain `Cell` is never
// touched by two at the same time; the loom cell only keeps an index into the execution.
unsafe impl Sync for RaceDetector {}
// SAFETY: as above.
unsafe impl Send for RaceDetector {}

impl RaceDetector {
    pub(crate) fn new() -> Self {
        match current() {
            Engine::Loom => Self::Loom(loom::cell::UnsafeCell::new(())),
            Engine::Shuttle => Self::Shuttle(Users { turn: Turn::new(), count: Cell::new(0) }),
        }
    }

    pub(crate) fn read<R>(&self, access: impl FnOnce() -> R) -> R {
        match self {
            Self::Loom(cell) => {
                let _sentinel = Sentinel;
                cell.with(|_| access())
            }
            Self::Shuttle(users) => {
                if users.count.get() < 0 {
                    fail(Failure::Race("a read during a write".to_owned()));
                }
                users.during(1, access)
            }
        }
    }

    pub(crate) fn write<R>(&self, access: impl FnOnce() -> R) -> R {
        match self {
            Self::Loom(cell) => {
                let _sentinel = Sentinel;
                cell.with_mut(|_| access())
            }
            Self::Shuttle(users) => {
                if users.count.get() != 0 {
                    fail(Failure::Race("a write during another access".to_owned()));
                }
                users.during(-1, access)
            }
        }
    }
}
