//! Programs in which somebody waits for ever.

use super::script::Script;
use crate::event::{Failure, Op, ThreadId};
use crate::report::Report;

const MAIN: ThreadId = 0;

const GATE: &str = r#"impl Gate {
    pub fn open(&self) {
        self.open.store(true, SeqCst);
        self.cv.notify_one();
    }

    pub fn pass(&self) {
        if !self.open.load(SeqCst) {
            let guard = self.lock.lock().unwrap();
            let _guard = self.cv.wait(guard).unwrap();
        }
    }
}

fn run() {
    let gate = Arc::new(Gate::new());
    let opener = thread::spawn_named("opener", move || g.open());
    gate.pass();
    opener.join().unwrap();
}
"#;

/// The notify comes between the check and the wait.
pub(super) fn lost_wakeup() -> Report {
    let mut s = Script::new("exercises/src/gate.rs", GATE, &["main", "opener"]);
    let open = s.object("AtomicBool", "open");
    let lock = s.object("Mutex", "lock");
    let cv = s.object("Condvar", "cv");
    s.does(MAIN, Op::Start, "fn run");
    s.does(MAIN, Op::Spawn(1), "spawn_named");
    s.on(MAIN, open, Op::Load(0), "open.load");
    s.locks(MAIN, lock, "lock.lock");
    s.does(1, Op::Start, "spawn_named");
    s.on(1, open, Op::Store(1), "open.store");
    s.on(1, cv, Op::NotifyOne, "notify_one");
    s.does(1, Op::End, "spawn_named");
    s.on(MAIN, cv, Op::Wait { mutex: lock }, "cv.wait");
    s.fails("gate", Failure::Deadlock)
}

const BANK: &str = r#"let pay = thread::spawn_named("pay", move || {
    let mut from = accounts.from.lock().unwrap();
    let mut to = accounts.to.lock().unwrap();
    *from -= 1;
    *to += 1;
});
let refund = thread::spawn_named("refund", move || {
    let mut into = accounts.to.lock().unwrap();
    let mut back = accounts.from.lock().unwrap();
    *into -= 1;
    *back += 1;
});
pay.join().unwrap();
"#;

/// Two threads lock two accounts, each in its own order.
pub(super) fn lock_order() -> Report {
    let mut s = Script::new("exercises/src/bank.rs", BANK, &["main", "pay", "refund"]);
    let (from, to) = (s.object("Mutex", "from"), s.object("Mutex", "to"));
    s.does(MAIN, Op::Spawn(1), "let pay");
    s.does(MAIN, Op::Spawn(2), "let refund");
    s.does(MAIN, Op::JoinWant(1), "pay.join");
    s.locks(1, from, "let mut from");
    s.on(1, to, Op::LockWant, "let mut to");
    s.locks(2, to, "let mut into");
    s.on(2, from, Op::LockWant, "let mut back");
    s.fails("lock order", Failure::Deadlock)
}

const PERMITS: &str = r#"impl Future for Acquire {
    fn poll(self, cx: &mut Context) -> Poll<Permit> {
        let mut state = self.semaphore.state.lock().unwrap();
        state.waiters.push_back(cx.waker().clone());
        drop(state);
    }
}
impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.semaphore.state.lock().unwrap();
        state.free += 1;
        let next = state.waiters.pop_front();
        next.map(Waker::wake);
    }
}
let first = task::spawn(acquire()); drop(first);
task::block_on(acquire());
"#;

/// A permit's drop wakes a waiter that has gone; the one behind it sleeps on.
pub(super) fn cancelled_waiter() -> Report {
    let mut s = Script::new("exercises/src/semaphore.rs", PERMITS, &["main", "holder"]);
    let state = s.object("Mutex", "state");
    let (gone, second) = (s.object("task", "first"), s.object("task", "second"));
    s.does(0, Op::Spawn(1), "task::spawn");
    s.locks(0, state, "state.lock").on(0, state, Op::Unlocked, "drop(state)");
    s.on(0, gone, Op::TaskAborted, "drop(first)");
    s.locks(0, state, "state.lock");
    s.on(1, state, Op::LockWant, "state.lock");
    s.on(0, state, Op::Unlocked, "drop(state)");
    s.on(0, second, Op::Sleep, "block_on");
    s.on(1, state, Op::Locked, "state.lock").on(1, gone, Op::Wake, "Waker::wake");
    s.on(1, state, Op::Unlocked, "drop(state)").does(1, Op::End, "drop(&mut self)");
    s.fails("a cancelled waiter keeps no permit", Failure::Deadlock)
}

const QUEUE: &str = r#"let mut items = self.items.lock().unwrap();
while items.is_empty() {
    items = self.ready.wait(items).unwrap();
}
self.items.lock().unwrap().push_back(item);
self.ready.notify_one();
drop(items);
thread::spawn_named("consumer", consume);
"#;

/// Four consumers and one producer that wakes one of them.
pub(super) fn five_threads() -> Report {
    let names = ["producer", "consumer-1", "consumer-2", "consumer-3", "consumer-4"];
    let mut s = Script::new("exercises/src/a_rather_long_file_name.rs", QUEUE, &names);
    let (items, ready) = (s.object("Mutex", "items"), s.object("Condvar", "ready"));
    for consumer in 1..=4 {
        s.does(0, Op::Spawn(consumer), "spawn_named");
        s.locks(consumer, items, "let mut items");
        s.on(consumer, ready, Op::Wait { mutex: items }, "ready.wait");
    }
    s.locks(0, items, "push_back").on(0, items, Op::Unlocked, "push_back");
    s.on(0, ready, Op::NotifyOne, "notify_one");
    s.does(0, Op::JoinWant(1), "spawn_named");
    s.on(2, ready, Op::WaitOver { mutex: items, timed_out: false }, "ready.wait");
    s.on(2, items, Op::Unlocked, "drop(items)").does(2, Op::End, "spawn_named");
    s.fails("one notify, four consumers", Failure::Deadlock)
}

/// A thread locks what it holds.
pub(super) fn self_deadlock() -> Report {
    let mut s = Script::new("src/queue.rs", QUEUE, &["main"]);
    let items = s.object("Mutex", "items");
    s.locks(0, items, "let mut items").on(0, items, Op::LockWant, "push_back");
    s.fails("again", Failure::Deadlock)
}

/// A thread ends with a lock in its hands; the reader of an `RwLock` waits for it.
pub(super) fn forgotten_guard() -> Report {
    let mut s = Script::new("src/queue.rs", QUEUE, &["main", "thief"]);
    let items = s.object("RwLock", "items");
    s.does(0, Op::Spawn(1), "spawn_named");
    s.locks(1, items, "let mut items").does(1, Op::End, "spawn_named");
    s.on(0, items, Op::ReadWant, "push_back");
    s.fails("forgotten", Failure::Deadlock)
}

/// A waiter keeps a second lock, which the notifier needs first.
pub(super) fn nested_monitor() -> Report {
    let mut s = Script::new("src/queue.rs", QUEUE, &["consumer", "producer"]);
    let (outer, items) = (s.object("Mutex", "outer"), s.object("Mutex", "items"));
    let ready = s.object("Condvar", "ready");
    s.locks(0, outer, "let mut items").locks(0, items, "let mut items");
    s.on(0, ready, Op::Wait { mutex: items }, "ready.wait");
    s.on(1, outer, Op::LockWant, "push_back");
    s.fails("nested", Failure::Deadlock)
}

/// Parks after its token was used up.
pub(super) fn parked() -> Report {
    let mut s = Script::new("src/queue.rs", QUEUE, &["main", "waker"]);
    s.does(1, Op::Unpark(0), "notify_one");
    s.does(0, Op::ParkWant, "ready.wait").does(0, Op::ParkOver { timed_out: false }, "ready.wait");
    s.does(0, Op::ParkWant, "while items");
    s.fails("park", Failure::Deadlock)
}

/// A lock taken early, a hundred steps, and the deadlock at the end.
pub(super) fn long() -> Report {
    let mut s = Script::new("src/queue.rs", QUEUE, &["main", "other"]);
    let (lock, count) = (s.object("Mutex", "lock"), s.object("AtomicUsize", "count"));
    s.does(0, Op::Note("before".to_owned()), "let mut items");
    s.locks(0, lock, "let mut items");
    for n in 0..100 {
        s.on(1, count, Op::Update { from: n, to: n + 1 }, "push_back");
    }
    s.on(1, lock, Op::LockWant, "push_back");
    s.does(0, Op::JoinWant(1), "spawn_named");
    s.fails("long", Failure::Deadlock)
}

/// Two consumers, a notify for each; one of them comes back and waits once more.
pub(super) fn two_notifies() -> Report {
    let mut s = Script::new("src/queue.rs", QUEUE, &["main", "a", "b"]);
    let (items, ready) = (s.object("Mutex", "items"), s.object("Condvar", "ready"));
    for consumer in [1, 2] {
        s.locks(consumer, items, "let mut items");
        s.on(consumer, ready, Op::Wait { mutex: items }, "ready.wait");
    }
    for _ in 0..3 {
        s.on(0, ready, Op::NotifyOne, "notify_one");
    }
    for consumer in [2, 1] {
        s.on(consumer, ready, Op::WaitOver { mutex: items, timed_out: false }, "ready.wait");
        s.on(consumer, items, Op::Unlocked, "drop(items)");
    }
    s.locks(1, items, "let mut items").on(1, ready, Op::Wait { mutex: items }, "ready.wait");
    s.on(0, ready, Op::NotifyOne, "notify_one");
    s.on(1, ready, Op::WaitOver { mutex: items, timed_out: false }, "ready.wait");
    s.on(1, ready, Op::Wait { mutex: items }, "ready.wait");
    s.fails("two", Failure::Deadlock)
}

/// The waiter is woken, but its mutex is gone with the thread that notified.
pub(super) fn woken_into_a_taken_mutex() -> Report {
    let mut s = Script::new("src/queue.rs", QUEUE, &["main", "thief"]);
    let (items, ready) = (s.object("Mutex", "items"), s.object("Condvar", "ready"));
    s.locks(0, items, "let mut items").on(0, ready, Op::Wait { mutex: items }, "ready.wait");
    s.locks(1, items, "push_back").on(1, ready, Op::NotifyOne, "notify_one").does(
        1,
        Op::End,
        "consume",
    );
    s.fails("taken", Failure::Deadlock)
}

/// Two readers who both want to write.
pub(super) fn upgrade() -> Report {
    let mut s = Script::new("src/queue.rs", QUEUE, &["a", "b"]);
    let items = s.object("RwLock", "items");
    for reader in [0, 1] {
        s.on(reader, items, Op::ReadWant, "let mut items");
        s.on(reader, items, Op::ReadLocked, "let mut items");
    }
    s.on(0, items, Op::LockWant, "push_back").on(1, items, Op::LockWant, "push_back");
    s.fails("upgrade", Failure::Deadlock)
}
