//! What one execution did: the events, the objects they touched, and how it failed.
//!
//! The recorder fills a [`Log`]; the report reads it. Neither knows of the other.

use std::panic::Location;

/// A place in the source. Taken with `#[track_caller]`, so it is the learner's line, not ours.
pub(crate) type Place = &'static Location<'static>;

/// The number of a model thread: 0 is the body of the model, then in the order of spawning.
pub(crate) type ThreadId = usize;

/// The number of a traced object: its index in [`Log::objects`].
pub(crate) type ObjectId = usize;

/// One step of one thread.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) thread: ThreadId,
    pub(crate) op: Op,
    /// The object it concerns, where it concerns one.
    pub(crate) object: Option<ObjectId>,
    pub(crate) place: Place,
    /// The learner's frames, innermost first. An unlock or a panic takes its line from here, since
    /// a `drop` has no caller location.
    pub(crate) frames: Vec<Frame>,
}

/// One line of a backtrace that lies in the learner's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) function: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// What a step did. A `…Want` is emitted before an operation that may block, its partner after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    /// The thread's body begins / has ended.
    Start,
    End,
    /// A mutex, or the write side of an `RwLock`.
    LockWant,
    Locked,
    TryLockFailed,
    Unlocked,
    /// The read side of an `RwLock`.
    ReadWant,
    ReadLocked,
    ReadUnlocked,
    /// A condition variable; `mutex` is what the waiter gives up and takes again.
    Wait {
        mutex: ObjectId,
    },
    WaitOver {
        mutex: ObjectId,
        timed_out: bool,
    },
    NotifyOne,
    NotifyAll,
    /// Atomics. Values are widened; a pointer is its address, a bool 0 or 1.
    Load(i128),
    Store(i128),
    Update {
        from: i128,
        to: i128,
    },
    CasOk {
        from: i128,
        to: i128,
    },
    CasFailed {
        expected: i128,
        found: i128,
    },
    Fence,
    /// Access to an `UnsafeCell`.
    CellRead,
    CellWrite,
    /// Threads.
    Spawn(ThreadId),
    JoinWant(ThreadId),
    Joined(ThreadId),
    ParkWant,
    ParkOver {
        timed_out: bool,
    },
    Unpark(ThreadId),
    Yield,
    /// A `Once`, `OnceLock` or `Barrier` that makes its caller wait for another thread's part.
    PhaseWant,
    PhaseOver,
    /// A task that `block_on` or `spawn` polls: it sleeps as Pending, is woken, polls again.
    Sleep,
    Awake,
    Wake,
    /// The task gave a value / was aborted / panicked.
    TaskDone,
    TaskAborted,
    TaskPanicked(String),
    /// Virtual time: a deadline was set, came, was called off. Nanoseconds from the start.
    DeadlineSet(u128),
    DeadlineFired(u128),
    DeadlineCalledOff(u128),
    /// A remark of the learner's own.
    Note(String),
    /// A panic began on this thread.
    Panicked(String),
}

/// A traced object.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    /// `Mutex`, `AtomicUsize`, `task`, …
    pub(crate) class: &'static str,
    /// Where it was made.
    pub(crate) place: Place,
    /// The name given with `named`, if any; the report guesses one from the source otherwise.
    pub(crate) name: Option<&'static str>,
    /// Whether it was still there when the execution ended.
    pub(crate) alive: bool,
}

/// One recorded execution.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    pub(crate) events: Vec<Event>,
    pub(crate) objects: Vec<Object>,
    /// Names given with `spawn_named`, by thread number.
    pub(crate) threads: Vec<Option<String>>,
}

/// How an execution failed, as the engine and the facade saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A panic left a thread's body, or the model's.
    Panic { thread: ThreadId, message: String },
    /// A task panicked, and nobody looked at its `JoinHandle`.
    TaskPanic { thread: ThreadId, message: String },
    /// No thread can take a step, and not all have ended.
    Deadlock,
    /// One execution took more schedule points than `steps`.
    Steps(usize),
    /// One thread ran this long without a single schedule point; the log is not to be had.
    Stuck(std::time::Duration),
    /// Every thread has ended, and these objects are still alive.
    Leak(Vec<ObjectId>),
    /// Two accesses to one `UnsafeCell` at the same time.
    Race(String),
    /// The body ended without a single traced operation outside the spec itself.
    NothingToExplore,
}

/// The message of a race on an object as a whole, not on a cell: its maker and its user are ordered
/// by nothing that the explorer can see.
pub(crate) const HIDDEN_WAY: &str = "an object came to another thread by a way that cannot be seen";

/// How a failure was found: for the line under the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// `loom` or `shuttle`.
    pub(crate) engine: &'static str,
    /// The number of the failing execution in its pass, from 1.
    pub(crate) execution: u64,
    /// With at most how many preemptions; `None` for a random schedule.
    pub(crate) preemptions: Option<usize>,
    /// The seed of a random schedule.
    pub(crate) seed: Option<u64>,
    /// Whether the explaining replay failed at the same execution.
    pub(crate) replayed: bool,
}
