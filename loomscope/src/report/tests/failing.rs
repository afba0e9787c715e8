//! Programs that fail while everybody can go on.

use super::script::{Script, made};
use crate::event::{Failure, Found, Log, Op};
use crate::report::Report;

const TRY: &str = r#"pub fn try_acquire(&self) -> bool {
    let free = self.free.load(SeqCst);
    if free == 0 { return false; }
    self.free.store(free - 1, SeqCst);
    true
}

let others = in_use.fetch_add(1, SeqCst);
assert_eq!(others, 0, "I1: two holders of one permit — «zwei», 二人");
drop(guard);
"#;

/// Two threads see the same free permit. One panics, and unwinds through an unlock.
pub(super) fn check_then_act() -> Report {
    let mut s = Script::new("exercises/src/semaphore.rs", TRY, &["main", "worker-a", "worker-b"]);
    let (free, in_use) = (s.object("AtomicUsize", "free"), s.object("AtomicUsize", "in_use"));
    let lock = s.object("Mutex", "log");
    let message = "assertion `left == right` failed: I1: two holders of one permit — «zwei», 二人\n  left: 1\n right: 0";
    s.on(1, free, Op::Load(1), "free.load").on(2, free, Op::Load(1), "free.load");
    s.on(2, free, Op::Store(0), "free.store");
    s.on(2, in_use, Op::Update { from: 0, to: 1 }, "fetch_add");
    s.on(1, free, Op::Store(0), "free.store").locks(1, lock, "fetch_add");
    s.on(1, in_use, Op::Update { from: 1, to: 2 }, "fetch_add");
    s.does(1, Op::Panicked(message.to_owned()), "assert_eq!");
    s.on(1, lock, Op::Unlocked, "drop(guard)").does(1, Op::End, "assert_eq!");
    s.fails("check then act", Failure::Panic { thread: 1, message: message.to_owned() })
}

const PUBLISH: &str = r#"data.store(42, Relaxed);
ready.store(true, Relaxed);
while !ready.load(Acquire) { thread::yield_now(); }
assert_eq!(data.load(Relaxed), 42);
"#;

/// A reader that sees the flag, but not the data.
pub(super) fn stale_publish() -> Report {
    let mut s = Script::new("src/publish.rs", PUBLISH, &["reader", "writer"]);
    let (data, ready) = (s.object("AtomicU32", "data"), s.object("AtomicBool", "ready"));
    let message = "assertion `left == right` failed";
    s.on(0, ready, Op::Load(0), "ready.load").does(0, Op::Yield, "yield_now");
    s.on(1, data, Op::Store(42), "data.store").on(1, ready, Op::Store(1), "ready.store");
    s.on(0, ready, Op::Load(1), "ready.load").on(0, data, Op::Load(0), "data.load");
    s.does(0, Op::Panicked(message.to_owned()), "assert_eq!");
    s.fails("publish", Failure::Panic { thread: 0, message: message.to_owned() })
}

/// A spinner that yields, beside a thread that hands a lock to and fro. `rounds` of it.
pub(super) fn livelock(rounds: usize) -> Report {
    let mut s = Script::new("src/publish.rs", PUBLISH, &["spinner"]);
    let (lock, ready) = (s.object("Mutex", "state"), s.object("AtomicBool", "ready"));
    s.locks(0, lock, "data.store");
    for _ in 0..rounds {
        s.on(0, ready, Op::Load(0), "ready.load").does(0, Op::Yield, "yield_now");
    }
    s.fails("spin", Failure::Steps(2 * rounds))
}

/// The same load again and again under a lock, then a note, then the unlock.
pub(super) fn repeated_load() -> Report {
    let mut s = Script::new("src/publish.rs", PUBLISH, &["main", "other"]);
    let (lock, ready) = (s.object("Mutex", "state"), s.object("AtomicBool", "ready"));
    s.locks(0, lock, "data.store");
    for _ in 0..12 {
        s.on(1, ready, Op::Load(0), "ready.load");
    }
    s.does(1, Op::Note("zwölf\u{1b}[31m mal".to_owned()), "yield_now");
    s.on(0, lock, Op::Unlocked, "ready.store");
    s.fails("twelve", Failure::Race("engine's words".to_owned()))
}

/// Two threads in one cell.
pub(super) fn race() -> Report {
    let mut s = Script::new("src/publish.rs", PUBLISH, &["main", "other"]);
    let slot = s.object("UnsafeCell", "slot");
    s.on(0, slot, Op::CellWrite, "data.store").on(1, slot, Op::CellRead, "data.load");
    s.fails("cell", Failure::Race("Causality violation".to_owned()))
}

/// The objects get their names and lines from this very file.
pub(super) fn leak() -> Report {
    let mut log = Log::default();
    let parent = made(&mut log);
    let child = made(&mut log);
    let found = Found {
        engine: "shuttle",
        execution: 1,
        preemptions: None,
        seed: Some(7),
        replayed: false,
    };
    Report::new("leak", Failure::Leak(vec![parent, child]), found, log)
}

/// Nothing was recorded.
pub(super) fn empty(failure: Failure) -> Report {
    Script::new("src/publish.rs", PUBLISH, &[]).fails("empty", failure)
}

/// A task that nobody joins panics on a thread that lives on.
pub(super) fn task_panic() -> Report {
    let mut s = Script::new("src/publish.rs", PUBLISH, &["main", "worker"]);
    let (task, state) = (s.object("task", "first"), s.object("Mutex", "state"));
    let message = "<b>out</b> of \"permits\" & luck";
    s.locks(1, state, "data.store").does(1, Op::Panicked(message.to_owned()), "assert_eq!");
    s.on(1, state, Op::Unlocked, "ready.store");
    s.on(1, task, Op::TaskPanicked(message.to_owned()), "while").does(1, Op::End, "assert_eq!");
    s.fails("task", Failure::TaskPanic { thread: 1, message: message.to_owned() })
}

/// One step of every kind that the other programs have none of.
pub(super) fn every_step() -> Report {
    let mut s = Script::new("src/publish.rs", PUBLISH, &["main", "other"]);
    let (map, cv, once) =
        (s.object("RwLock", "map"), s.object("Condvar", "cv"), s.object("Barrier", "door"));
    let (head, lock) = (s.object("AtomicPtr", "head"), s.object("Mutex", "lock"));
    let (job, open) = (s.object("task", "job"), s.object("AtomicBool", "open"));
    let code = "data.store";
    s.on(0, map, Op::ReadWant, code).on(0, map, Op::ReadLocked, code);
    s.on(1, map, Op::ReadWant, code).on(1, map, Op::ReadLocked, code);
    s.on(1, map, Op::ReadUnlocked, code).on(1, map, Op::LockWant, code);
    s.on(0, map, Op::ReadUnlocked, code).on(1, map, Op::Locked, code);
    s.on(0, map, Op::TryLockFailed, code).on(1, map, Op::Unlocked, code);
    s.on(0, head, Op::Load(0), code).on(0, head, Op::Store(0x7f00), code);
    s.on(1, head, Op::CasFailed { expected: 0, found: 0x7f00 }, code);
    s.on(1, head, Op::CasOk { from: 0x7f00, to: 0x7f10 }, code);
    s.on(1, open, Op::Update { from: 0, to: 1 }, code).does(0, Op::Fence, code);
    s.locks(0, lock, code).on(0, cv, Op::Wait { mutex: lock }, code);
    s.does(1, Op::DeadlineSet(10_000_000), code).does(1, Op::DeadlineFired(10_000_000), code);
    s.on(0, cv, Op::WaitOver { mutex: lock, timed_out: true }, code).on(
        0,
        lock,
        Op::Unlocked,
        code,
    );
    s.on(0, cv, Op::NotifyAll, code).does(0, Op::ParkWant, code);
    s.does(1, Op::Unpark(0), code).does(0, Op::ParkOver { timed_out: false }, code);
    s.does(0, Op::ParkWant, code).does(1, Op::Yield, code);
    s.does(0, Op::ParkOver { timed_out: true }, code);
    s.on(0, once, Op::PhaseWant, code).on(1, once, Op::PhaseWant, code);
    s.on(1, once, Op::PhaseOver, code).on(0, once, Op::PhaseOver, code);
    s.on(0, job, Op::Sleep, code).on(1, job, Op::Wake, code).on(0, job, Op::Awake, code);
    s.on(0, job, Op::TaskDone, code).does(1, Op::End, code);
    s.does(0, Op::JoinWant(1), code).does(0, Op::Joined(1), code);
    s.fails("all", Failure::Race(String::new()))
}

/// Locks that overlap, and readers that pile up. The panicking thread's first step is its panic.
pub(super) fn hand_over_hand() -> Report {
    let mut s = Script::new("src/publish.rs", PUBLISH, &["main", "other"]);
    let (left, right) = (s.object("Mutex", "left"), s.object("Mutex", "right"));
    let (map, count) = (s.object("RwLock", "map"), s.object("AtomicUsize", "count"));
    s.locks(1, left, "data.store").locks(1, right, "ready.store");
    s.on(1, left, Op::Unlocked, "data.load").on(1, right, Op::Unlocked, "data.load");
    for _ in 0..3 {
        s.on(1, map, Op::ReadLocked, "while");
    }
    s.on(1, count, Op::Update { from: 0, to: 1 }, "data.store");
    s.does(0, Op::Panicked("at once".to_owned()), "assert_eq!");
    s.fails("hand over hand", Failure::Panic { thread: 0, message: "at once".to_owned() })
}
