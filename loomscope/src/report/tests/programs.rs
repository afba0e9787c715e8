//! Executions written by hand: the recorder has no part in them.

use crate::event::{Event, Failure, Found, Frame, Log, Object, ObjectId, Op, ThreadId};
use crate::report::Report;
use crate::report::source::Sources;
use std::panic::Location;

/// One execution of a source text.
pub(super) struct Script {
    file: &'static str,
    source: &'static str,
    pub(super) log: Log,
}

impl Script {
    pub(super) fn new(file: &'static str, source: &'static str, threads: &[&str]) -> Self {
        let threads = threads.iter().map(|name| Some((*name).to_owned())).collect();
        Self { file, source, log: Log { threads, ..Log::default() } }
    }

    /// An object by a given name.
    #[track_caller]
    pub(super) fn object(&mut self, class: &'static str, name: &'static str) -> ObjectId {
        let name = Some(name).filter(|name| !name.is_empty());
        self.log.objects.push(Object { class, place: Location::caller(), name, alive: true });
        self.log.objects.len() - 1
    }

    /// A step on `object`, at the first line of the source that contains `code`.
    #[track_caller]
    pub(super) fn on(
        &mut self,
        thread: ThreadId,
        object: ObjectId,
        op: Op,
        code: &str,
    ) -> &mut Self {
        self.event(thread, op, Some(object), code)
    }

    /// A step on no object.
    #[track_caller]
    pub(super) fn does(&mut self, thread: ThreadId, op: Op, code: &str) -> &mut Self {
        self.event(thread, op, None, code)
    }

    /// Want and have.
    #[track_caller]
    pub(super) fn locks(&mut self, thread: ThreadId, lock: ObjectId, code: &str) -> &mut Self {
        self.on(thread, lock, Op::LockWant, code).on(thread, lock, Op::Locked, code)
    }

    #[track_caller]
    fn event(
        &mut self,
        thread: ThreadId,
        op: Op,
        object: Option<ObjectId>,
        code: &str,
    ) -> &mut Self {
        let line = self.source.lines().position(|line| line.contains(code));
        let line = line.unwrap_or_else(|| panic!("no line with {code:?}")) as u32 + 1;
        let function = "patterns::gate::Gate::pass::{{closure}}".to_owned();
        let frames = vec![Frame { function, file: self.file.to_owned(), line }];
        self.log.events.push(Event { thread, op, object, place: Location::caller(), frames });
        self
    }

    pub(super) fn fails(&mut self, name: &str, failure: Failure) -> Report {
        let found = Found {
            engine: "loom",
            execution: 3,
            preemptions: Some(1),
            seed: None,
            replayed: true,
        };
        let sources = Sources::of(&[(self.file, self.source)]);
        Report::with_sources(name, &failure, found, &self.log, sources)
    }
}

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
