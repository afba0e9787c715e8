//! The recorder: what the running execution has done so far, and how it ends.
//!
//! All threads of a model are coroutines on one OS thread (true of loom and of shuttle), so that
//! the state is a plain `thread_local!` and models of several tests run side by side.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, Location, PanicHookInfo, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Once, mpsc};
use std::time::{Duration, Instant};

use crate::engine;
use crate::event::{Event, Failure, Frame, HIDDEN_WAY, Log, Object, ObjectId, Op, Place, ThreadId};

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
pub(crate) fn drive(settings: Settings, sink: mpsc::Sender<Finished>, explore: impl FnOnce()) {
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

/// Runs the body of a thread: a panic that leaves it is the verdict.
pub(crate) fn guard<R>(thread: ThreadId, body: impl FnOnce() -> R) -> R {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(payload) => {
            ensure_alive();
            fail(Failure::Panic { thread, message: panic_message(thread, payload.as_ref()) })
        }
    }
}

/// The message of a panic that was caught on `thread`.
pub(crate) fn panic_message(thread: ThreadId, payload: &(dyn Any + Send)) -> String {
    let message = with(|run| run.panics.remove(&thread)).flatten();
    message.unwrap_or_else(|| message_of(payload))
}

/// A panic that leaves the engine itself: without a message it is loom's sign for a full stack.
fn message_of_engine(payload: &(dyn Any + Send)) -> String {
    if payload.is::<&str>() || payload.is::<String>() {
        return message_of(payload);
    }
    "a thread's stack is full: the body of a model has 32 KiB, a thread it spawns 512".to_owned()
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic whose payload is not a message".to_owned())
}

/// What an engine's own panic says.
fn classify(message: String) -> Failure {
    // The last of them is loom's clock, in a thread that runs on alone.
    let bounds = [
        "exceeded maximum number of branches",
        "exceeded max_steps bound",
        "attempt to add with overflow",
    ];
    if message.starts_with("deadlock") {
        Failure::Deadlock
    } else if bounds.iter().any(|bound| message.contains(bound)) {
        Failure::Steps(STEPS.get())
    } else if message == "test closure did not exercise any concurrency" {
        Failure::NothingToExplore
    } else if message.contains("Causality violation") && message.contains("mut accesses") {
        Failure::Race(HIDDEN_WAY.to_owned())
    } else if message.contains("Causality violation") {
        Failure::Race(message)
    } else {
        let hint = "is an object used that another execution made, such as one in a static?";
        Failure::Panic { thread: 0, message: format!("{hint} The engine says: {message}") }
    }
}

/// Keeps a task's panic until somebody looks at it.
pub(crate) fn keep_task_panic(task: ObjectId, thread: ThreadId, message: String) {
    with(|run| run.unseen.insert(task, (thread, message)));
}

/// Says that somebody has seen how the task ended.
pub(crate) fn saw_task_panic(task: ObjectId) {
    with(|run| run.unseen.remove(&task));
}

/// Called at every step, before another thread runs. Where nobody unwinds, every panic so far has
/// been caught; where somebody does and nobody is known to, it is the current thread, by
/// `resume_unwind`, which passes the panic hook by.
pub(crate) fn follow_panics() {
    if !std::thread::panicking() {
        with(|run| run.panics.clear());
    } else if with(|run| run.panics.is_empty()) {
        let thread = engine::thread_id();
        with(|run| run.panics.insert(thread, None));
    }
}

/// Whether the current thread is unwinding, and not merely a coroutine that its OS thread ran before.
pub(crate) fn is_unwinding() -> bool {
    if !std::thread::panicking() || RUN.with_borrow(Option::is_none) {
        return std::thread::panicking();
    }
    follow_panics();
    let thread = engine::thread_id();
    with(|run| run.panics.contains_key(&thread))
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

/// The nearest folder above with a lock file: paths are told from there.
fn workspace_root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let root = here.ancestors().find(|folder| folder.join("Cargo.lock").exists());
    root.unwrap_or(&here).to_path_buf()
}

/// The frames of a backtrace that lie in the code under test, innermost first.
fn frames(backtrace: &Backtrace, root: &Path) -> Vec<Frame> {
    let backtrace = backtrace.to_string();
    let mut frames = Vec::new();
    let mut function = "";
    for line in backtrace.lines().map(str::trim) {
        let Some(place) = line.strip_prefix("at ") else {
            function = line.split_once(": ").map_or(line, |(_number, name)| name);
            continue;
        };
        if let Some((file, line)) = parse_place(place).filter(|(file, _)| is_of_interest(file)) {
            let function = function.to_owned();
            frames.push(Frame { function, file: from_root(file, root), line });
        }
    }
    frames
}

/// Splits `file:line:column`.
fn parse_place(place: &str) -> Option<(&str, u32)> {
    let mut parts = place.rsplitn(3, ':');
    let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some((file, line.parse().ok()?))
}

/// Whether a file is not the toolchain's, a dependency's or one of this crate's own.
fn is_of_interest(file: &str) -> bool {
    let foreign = ["/rustc/", "/library/", "/registry/src/"];
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let here = std::env::current_dir().unwrap_or_default();
    file.ends_with(".rs")
        && !foreign.iter().any(|part| file.contains(part))
        && !here.join(file).starts_with(ours)
}

/// A path as the compiler gives it elsewhere: relative to the workspace, not to the package.
fn from_root(file: &str, root: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let whole: PathBuf = here.join(file).components().collect();
    whole.strip_prefix(root).unwrap_or(&whole).display().to_string()
}

/// Keeps panics of models quiet, and remembers what they said.
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        // The engines put hooks of their own on top; ours replaces them, or shuttle's would print
        // at every panic of every model.
        engine::install_hooks();
        std::panic::set_hook(Box::new(move |info| {
            if RUN.with_borrow(Option::is_some) { note_panic(info) } else { usual(info) }
        }));
    });
}

fn note_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().unwrap_or(Location::caller());
    let message = message_of_hook(info);
    if ABORTS.contains(&message.as_str()) {
        DEAD.set(true);
        send(Some(FAILURE.take().unwrap_or_else(|| panicked_twice(&message))));
        // std ends the process as soon as this returns, and it cannot stay for ever: std's lock on
        // the hook, which it has, is wanted by the test harness when it ends.
        std::thread::sleep(LINGER);
    } else if is_from(place.file(), "generator") {
        // How loom's coroutines end.
    } else if is_from(place.file(), "loom") || is_from(place.file(), "shuttle") {
        // The engine is in the middle of its work: it must not be asked anything from here.
        DEAD.set(true);
        FAILURE.set(Some(classify(message)));
    } else if !DEAD.get() {
        let thread = engine::thread_id();
        if is_recording() {
            // Unlike the backtrace, the location skips what only passes a caller's mistake on.
            let (file, line) = (place.file().to_owned(), place.line());
            let frame = Frame { function: String::new(), file, line };
            let frames = if is_of_interest(place.file()) { vec![frame] } else { Vec::new() };
            push(Op::Panicked(message.clone()), None, Location::caller(), frames);
        }
        with(|run| run.panics.insert(thread, Some(message)));
    }
}

/// The panics after which std ends the process, whoever would catch them.
const ABORTS: [&str; 2] =
    ["panic in a destructor during cleanup", "panic in a function that cannot unwind"];

/// How long a process that is about to be ended so goes on for the sake of its other tests.
const LINGER: Duration = Duration::from_secs(10);

fn panicked_twice(message: &str) -> Failure {
    let thread = engine::thread_id();
    let cause = with(|run| run.panics.remove(&thread)).flatten();
    let cause = cause.map_or(String::new(), |cause| format!("{cause}: "));
    Failure::Panic { thread, message: format!("{cause}{message}, which ends a program at once") }
}

/// Whether a file is of a version of the engine's package, or of one of that package's parts.
fn is_from(file: &str, engine: &str) -> bool {
    file.split(['/', '\\']).any(|folder| {
        let Some(rest) = folder.strip_prefix(engine) else { return false };
        let version = rest.rsplit('-').next().unwrap_or_default();
        rest.starts_with('-') && version.starts_with(|first: char| first.is_ascii_digit())
    })
}

fn message_of_hook(info: &PanicHookInfo<'_>) -> String {
    info.payload_as_str().unwrap_or("a panic whose payload is not a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::is_from;

    #[test]
    fn an_engine_is_told_from_a_package_that_is_named_after_it() {
        assert!(is_from("/home/me/.cargo/registry/src/index/loom-0.7.2/src/rt/mod.rs", "loom"));
        assert!(is_from("/vendor/shuttle-engine-0.1.7/src/runtime.rs", "shuttle"));
        assert!(!is_from("crates/loom-tests/src/lib.rs", "loom"));
        assert!(!is_from("crates/loomscope-0.1.0/src/lib.rs", "loom"));
    }
}
