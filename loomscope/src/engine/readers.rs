use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom::sync::Notify;

use super::{Engine, current, enter, thread_id};

/// Makes a write depend on every read before it, whoever has read.
///
/// loom remembers one access of an atomic, the last. Where a thread reads and then writes, its own
/// read hides those of the others, and the write is never tried before them. So each reader has an
/// object of its own here, which it steps on when it reads; and a writer steps on those of all the
/// others. A notification that nobody waits for is such a step, and, unlike a `Turn`, one that does
/// not order the memory of the program.
#[derive(Debug, Default)]
pub(crate) struct Readers(Mutex<BTreeMap<usize, Arc<Notify>>>);

impl Readers {
    pub(crate) fn read(&self) {
        if current() == Engine::Loom {
            let mut readers = self.by_thread();
            let own = readers.entry(thread_id()).or_insert_with(|| Arc::new(Notify::new())).clone();
            drop(readers);
            enter(|| own.notify());
        }
    }

    pub(crate) fn write(&self) {
        if current() == Engine::Loom && !self.by_thread().is_empty() {
            let writer = thread_id();
            let readers = self.by_thread().clone();
            for (_, reader) in readers.into_iter().filter(|(reader, _)| *reader != writer) {
                enter(|| reader.notify());
            }
        }
    }

    fn by_thread(&self) -> MutexGuard<'_, BTreeMap<usize, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
