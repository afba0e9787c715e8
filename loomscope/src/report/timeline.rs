//! An execution as rows: one step each, with what every thread holds and who waits after it.

use super::source::Spot;
use crate::event::{ObjectId, ThreadId};

/// What happened, in order.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    pub(super) rows: Vec<Row>,
    pub(super) arrows: Vec<Arrow>,
    pub(super) wakes: Vec<WakeUp>,
    /// The threads that had not ended, with what they waited for.
    pub(super) blocked: Vec<Blocked>,
    /// The locks that were held at the end.
    pub(super) held: Vec<Hold>,
}

/// One step.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Its number, from 1. Folding and cutting leave it as it is.
    pub(super) step: usize,
    pub(super) thread: ThreadId,
    pub(super) kind: Kind,
    pub(super) object: Option<ObjectId>,
    pub(super) text: String,
    pub(super) spot: Spot,
    pub(super) code: String,
    pub(super) function: String,
    /// How things stand after the step.
    pub(super) state: State,
}

impl Row {
    /// Whether the two tell the reader the same, but for the number.
    pub(super) fn same_as(&self, other: &Row) -> bool {
        let key = |row: &Row| (row.thread, row.kind, row.spot.line);
        key(self) == key(other)
            && self.text == other.text
            && self.spot == other.spot
            && self.state == other.state
    }
}

/// What a step means to the reader, and so its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Takes a lock or is let through.
    Take,
    Release,
    /// Has to wait.
    Block,
    /// Lets others go on: a notify, an unpark, a wake.
    Wake,
    Read,
    Write,
    /// A load that does not see the newest store.
    Stale,
    /// A try that failed.
    Refused,
    /// Threads and tasks come and go; time; yields.
    Life,
    Note,
    Panic,
}

impl Kind {
    /// Its class in the pictures.
    pub(super) fn class(self) -> &'static str {
        match self {
            Kind::Take => "take",
            Kind::Release => "release",
            Kind::Block => "block",
            Kind::Wake => "wake",
            Kind::Read => "read",
            Kind::Write => "write",
            Kind::Stale => "stale",
            Kind::Refused => "refused",
            Kind::Life => "life",
            Kind::Note => "note",
            Kind::Panic => "panic",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) held: Vec<(ThreadId, ObjectId)>,
    pub(super) waiting: Vec<ThreadId>,
}

impl State {
    pub(super) fn holds(&self, thread: ThreadId) -> bool {
        self.held.iter().any(|(holder, _)| *holder == thread)
    }

    pub(super) fn waits(&self, thread: ThreadId) -> bool {
        self.waiting.contains(&thread)
    }
}

/// The step `to` came about by the step `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A notify, an unpark or a wake.
#[derive(Debug)]
pub(super) struct WakeUp {
    pub(super) step: usize,
    pub(super) thread: ThreadId,
    pub(super) target: Target,
    /// Who was waiting for it then.
    pub(super) heard_by: Vec<ThreadId>,
    /// Whether it is for one of them only, and which of them is not known yet.
    pub(super) open: bool,
    /// Who went on because of it.
    pub(super) got_by: Option<ThreadId>,
    /// It is for a task that had come to its end.
    pub(super) too_late: bool,
}

/// What a wake-up is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A condition variable or a task.
    Object(ObjectId),
    /// A parked thread.
    Thread(ThreadId),
}

/// A lock in somebody's hands.
#[derive(Debug, Clone)]
pub(super) struct Hold {
    pub(super) thread: ThreadId,
    pub(super) lock: ObjectId,
    /// The read side of an `RwLock`.
    pub(super) shared: bool,
    pub(super) step: usize,
    pub(super) spot: Spot,
}

/// A thread that waits, since `step`.
#[derive(Debug, Clone)]
pub(super) struct Blocked {
    pub(super) thread: ThreadId,
    pub(super) on: On,
    pub(super) step: usize,
    pub(super) spot: Spot,
}

/// What a thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Lock(ObjectId),
    Condvar { condvar: ObjectId, mutex: ObjectId },
    Task(ObjectId),
    Phase(Option<ObjectId>),
    Park,
    End(ThreadId),
}
