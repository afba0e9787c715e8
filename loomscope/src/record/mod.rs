//! The recorder: what the running execution has done so far, and how it ends.
//!
//! All threads of a model are coroutines on one OS thread (true of loom and of shuttle), so that
//! the state is a plain `thread_local!` and models of several tests run side by side.

mod frames;
mod panics;

pub(crate) use panics::{follow_panics, guard, is_unwinding, panic_message};

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::engine;
use crate::event::{Event, Failure, Frame, Log, Object, ObjectId, Op, Place, ThreadId};
use frames::{frames, workspace_root};
use panics::{install_hook, message_of_engine};

/// What a run of an engine hands back.
pub(crate) struct Finished {
    /// How many executions it went through.
    pub(crate) executions: u64,
    log: Log,
    backtraces: Vec<Backtrace>,
    pub(crate) failure: Option<Failure>,
    /// Whether it ended at its cap, with executions left.
    pub(crate) capped: bool,
    /// Whether a traced operation came from the source under test.
    pub(crate) explored: bool,
    /// The mode in which the run must be started again, where it met what its own cannot show.
    pub(crate) needs: Option<Mode>,
}

/// What a run must be ready for. It is found out on the way, since being ready costs schedule points
/// or precision that most programs need not pay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mode {
    /// Locking and unlocking are schedule points of their own, so that `try_lock` sees a held lock.
    pub(crate) try_lock: bool,
    /// Some atomic has `SeqCst` loads, and both `SeqCst` and weaker stores: see `sync::atomic`.
    pub(crate) mixed_orderings: bool,
}

impl Finished {
    /// A run that has not answered in time: its thread is lost, and its log with it.
    pub(crate) fn stuck(waited: Duration) -> Self {
        let failure = Some(Failure::Stuck(waited));
        let (log, backtraces) = (Log::default(), Vec::new());
        let (capped, explored, needs) = (false, true, None);
        Self { executions: 0, log, backtraces, failure, capped, explored, needs }
    }

    /// What the recorded execution did.
    pub(crate) fn log(mut self) -> Log {
        let root = workspace_root();
        for (event, backtrace) in self.log.events.iter_mut().zip(&self.backtraces) {
            event.frames.extend(frames(backtrace, &root));
        }
        self.log
    }
}

/// The settings of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// The execution to record, from 1; 0 for none.
    pub(crate) record: u64,
    /// Part of the path of the source under test.
    pub(crate) source: Option<&'static str>,
    pub(crate) mode: Mode,
    /// The number of schedule points after which an execution counts as a livelock.
    pub(crate) steps: usize,
    /// After how many executions, or when, the run gives up.
    pub(crate) cap: Option<(u64, Instant)>,
}

struct Run {
    settings: Settings,
    sink: mpsc::Sender<Finished>,
    log: Log,
    /// Where each event of the log happened. Resolved later, on a stack that is large enough.
    backtraces: Vec<Backtrace>,
    /// The traced objects that are alive.
    alive: BTreeSet<ObjectId>,
    next_object: ObjectId,
    /// Panics of tasks that nobody has looked at, by the task's object.
    unseen: BTreeMap<ObjectId, (ThreadId, String)>,
    /// The threads that unwind, as far as is known, each with the message of its newest panic, which
    /// `catch_unwind` alone does not have; `None` where a panic was resumed.
    panics: BTreeMap<ThreadId, Option<String>>,
}

thread_local! {
    static STEPS_TAKEN: RefCell<Option<Arc<AtomicU64>>> = const { RefCell::new(None) };
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
    static EXECUTIONS: Cell<u64> = const { Cell::new(0) };
    static RECORDING: Cell<bool> = const { Cell::new(false) };
    static EXPLORED: Cell<bool> = const { Cell::new(false) };
    static SOURCE: Cell<Option<&'static str>> = const { Cell::new(None) };
    static DEAD: Cell<bool> = const { Cell::new(false) };
    static FAILURE: RefCell<Option<Failure>> = const { RefCell::new(None) };
    static STEPS: Cell<usize> = const { Cell::new(0) };
    static NAME: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Runs `explore`, which drives an engine through its executions, and reports to `sink`.
///
/// Call it on an OS thread of its own: where the execution fails, that thread never returns.
pub(crate) fn drive(
    settings: Settings,
    sink: mpsc::Sender<Finished>,
    steps_taken: Arc<AtomicU64>,
    explore: impl FnOnce(),
) {
    STEPS_TAKEN.set(Some(steps_taken));
    install_hook();
    SOURCE.set(settings.source);
    STEPS.set(settings.steps);
    EXPLORED.set(settings.source.is_none());
    RUN.set(Some(Run {
        settings,
        sink,
        log: Log::default(),
        backtraces: Vec::new(),
        alive: BTreeSet::new(),
        next_object: 0,
        unseen: BTreeMap::new(),
        panics: BTreeMap::new(),
    }));
    let outcome = catch_unwind(AssertUnwindSafe(explore));
    let failure = outcome.err().map(|payload| match FAILURE.take() {
        Some(failure) => failure,
        None => Failure::Panic { thread: 0, message: message_of_engine(payload.as_ref()) },
    });
    send(failure);
}

/// Called at the top of every execution.
pub(crate) fn begin_execution() {
    let execution = EXECUTIONS.get() + 1;
    let cap = with(|run| run.settings.cap);
    if cap.is_some_and(|(most, end)| execution > most || (execution > 1 && Instant::now() >= end)) {
        give_up(|finished| finished.capped = true);
    }
    EXECUTIONS.set(execution);
    with(|run| {
        RECORDING.set(run.settings.record == execution);
        run.log = Log { threads: vec![Some("main".to_owned())], ..Log::default() };
        run.backtraces.clear();
        run.alive.clear();
        run.next_object = 0;
        run.unseen.clear();
        run.panics.clear();
    });
}

/// Counts a step, for whoever watches this thread from outside.
pub(crate) fn count_step() {
    STEPS_TAKEN.with_borrow(|steps| steps.as_ref().map(|steps| steps.fetch_add(1, Relaxed)));
}

/// Called when every thread of an execution has ended.
pub(crate) fn end_execution() {
    if let Some((thread, message)) = with(|run| run.unseen.pop_first()).map(|(_, panic)| panic) {
        fail(Failure::TaskPanic { thread, message });
    }
    let leaked: Vec<ObjectId> = with(|run| run.alive.iter().copied().collect());
    if !leaked.is_empty() {
        fail(Failure::Leak(leaked));
    }
}

/// Ends the run with a failure, and this OS thread for ever.
///
/// There is no way to unwind from here: the engine would drop the other coroutines outside its
/// scheduler, and the destructors of the code under test would abort the process. The parked thread
/// costs some hundred KiB and ends with the test process.
pub(crate) fn fail(failure: Failure) -> ! {
    DEAD.set(true);
    send(Some(failure));
    park_for_ever()
}

fn park_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// Parks for ever where the execution is dead.
pub(crate) fn ensure_alive() {
    if DEAD.get() {
        let failure = FAILURE.take().unwrap_or(Failure::Deadlock);
        fail(failure);
    }
}

/// Ends the run without a failure, and this OS thread for ever: see `fail`.
fn give_up(because: impl FnOnce(&mut Finished)) -> ! {
    DEAD.set(true);
    finish(None, because);
    park_for_ever()
}

fn send(failure: Option<Failure>) {
    finish(failure, |_| ());
}

fn finish(failure: Option<Failure>, because: impl FnOnce(&mut Finished)) {
    RECORDING.set(false);
    let Some(mut run) = RUN.take() else { return };
    for (id, object) in run.log.objects.iter_mut().enumerate() {
        object.alive = run.alive.contains(&id);
    }
    let (executions, explored) = (EXECUTIONS.get(), EXPLORED.get());
    let Run { log, backtraces, sink, .. } = run;
    let (capped, needs) = (false, None);
    let mut finished = Finished { executions, log, backtraces, failure, capped, explored, needs };
    because(&mut finished);
    // Nobody receives it where the search has given up on this run.
    let _ = sink.send(finished);
}

/// The mode of the run.
pub(crate) fn mode() -> Mode {
    with(|run| run.settings.mode)
}

/// Ends a run whose mode lacks what the program needs: it is started again in that mode.
pub(crate) fn need(mode: Mode) -> ! {
    give_up(|finished| finished.needs = Some(mode))
}

fn with<R>(work: impl FnOnce(&mut Run) -> R) -> R {
    RUN.with_borrow_mut(|run| work(run.as_mut().expect("inside a model")))
}

/// Keeps a task's panic until somebody looks at it.
pub(crate) fn keep_task_panic(task: ObjectId, thread: ThreadId, message: String) {
    with(|run| run.unseen.insert(task, (thread, message)));
}

/// Says that somebody has seen how the task ended.
pub(crate) fn saw_task_panic(task: ObjectId) {
    with(|run| run.unseen.remove(&task));
}

/// A traced object's entry in the registry: alive until it is dropped.
#[derive(Debug)]
pub(crate) struct Traced {
    id: ObjectId,
    execution: u64,
}

impl Traced {
    /// Registers an object that was made at `place`.
    pub(crate) fn new(class: &'static str, place: Place) -> Self {
        engine::current();
        see_source(place);
        let id = with(|run| {
            let id = run.next_object;
            run.next_object += 1;
            run.alive.insert(id);
            run.log.objects.push(Object { class, place, name: NAME.get(), alive: true });
            id
        });
        Self { id, execution: EXECUTIONS.get() }
    }

    pub(crate) fn id(&self) -> ObjectId {
        self.id
    }

    /// Records a step on this object.
    #[inline]
    pub(crate) fn emit(&self, op: Op, place: Place) {
        emit(op, Some(self.id), place);
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        RUN.with_borrow_mut(|run| {
            // An object may outlive its execution where it leaked out of it.
            if let Some(run) = run.as_mut().filter(|_| self.execution == EXECUTIONS.get()) {
                run.alive.remove(&self.id);
            }
        });
    }
}

/// Gives the objects that `make` creates a name.
pub(crate) fn with_name<T>(name: &'static str, make: impl FnOnce() -> T) -> T {
    struct Restore(Option<&'static str>);
    impl Drop for Restore {
        fn drop(&mut self) {
            NAME.set(self.0);
        }
    }
    let _outer = Restore(NAME.replace(Some(name)));
    make()
}

/// Gives a thread a name.
pub(crate) fn name_thread(thread: ThreadId, name: String) {
    if RECORDING.get() {
        with(|run| {
            let known = run.log.threads.len().max(thread + 1);
            run.log.threads.resize(known, None);
            run.log.threads[thread] = Some(name);
        });
    }
}

/// Whether the current execution is the one that is recorded.
pub(crate) fn is_recording() -> bool {
    RECORDING.get()
}

/// Records a step of the current thread.
#[inline]
pub(crate) fn emit(op: Op, object: Option<ObjectId>, place: Place) {
    // Starting a thread is no step that another could come between.
    if object.is_some() {
        see_source(place);
    }
    if RECORDING.get() && !DEAD.get() {
        push(op, object, place, Vec::new());
    }
}

fn push(op: Op, object: Option<ObjectId>, place: Place, frames: Vec<Frame>) {
    let backtrace = Backtrace::force_capture();
    let thread = engine::thread_id();
    with(|run| {
        run.log.events.push(Event { thread, op, object, place, frames });
        run.backtraces.push(backtrace);
    });
}

#[inline]
fn see_source(place: Place) {
    if !EXPLORED.get() && SOURCE.get().is_some_and(|source| place.file().contains(source)) {
        EXPLORED.set(true);
    }
}
