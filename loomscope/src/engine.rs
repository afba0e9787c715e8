//! The two engines under the facade: loom (exhaustive, weak memory) and shuttle (random, many threads).
//!
//! Everything that the facade needs of them is here: a schedule point, blocking, a lock, a data
//! race detector and a thread. The rest is built on these, once, for both.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom::sync::Notify;

use crate::event::Failure;
use crate::record::{self, ensure_alive, fail};

/// Which engine runs the current model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Loom,
    Shuttle,
}

thread_local! {
    static CURRENT: Cell<Option<Engine>> = const { Cell::new(None) };
}

/// Says that the models of this OS thread run on `engine`.
pub(crate) fn select(engine: Engine) {
    CURRENT.set(Some(engine));
}

/// The engine of the model that runs on this OS thread.
///
/// # Panics
///
/// Outside a model: a traced object exists only inside one.
pub(crate) fn current() -> Engine {
    CURRENT.get().expect(
        "this face of loomscope works inside a model only: create and use its objects in the \
         body of `loomscope::model`, or depend on `loomscope-std` instead",
    )
}

/// Has the engines install their panic hooks, so that another can replace them.
pub(crate) fn install_hooks() {
    let mut config = shuttle::Config::new();
    config.failure_persistence = shuttle::FailurePersistence::None;
    let scheduler = shuttle::scheduler::RandomScheduler::new(1);
    shuttle::Runner::new(scheduler, config).run(|| {});
}

/// Lives on the stack during every call into an engine.
///
/// When the engine declares the execution dead (a deadlock, a bound), it unwinds its coroutines.
/// Destructors of the code under test would then call into a dead engine, panic, and abort the
/// process. This stops the unwinding before it reaches any of them.
struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {
        ensure_alive();
    }
}

/// Calls into the engine, under the sentinel.
pub(crate) fn enter<R>(call: impl FnOnce() -> R) -> R {
    ensure_alive();
    record::follow_panics();
    let _sentinel = Sentinel;
    call()
}

/// A schedule point: steps on the same object are explored in every order.
///
/// It is a read-modify-write of an atomic of the engine, which also orders memory between the two.
#[derive(Debug)]
pub(crate) enum Turn {
    Loom(loom::sync::atomic::AtomicUsize),
    Shuttle(shuttle::sync::atomic::AtomicUsize),
}

impl Turn {
    pub(crate) fn new() -> Self {
        match current() {
            Engine::Loom => Self::Loom(loom::sync::atomic::AtomicUsize::new(0)),
            Engine::Shuttle => Self::Shuttle(shuttle::sync::atomic::AtomicUsize::new(0)),
        }
    }

    pub(crate) fn take(&self) {
        enter(|| match self {
            Self::Loom(turn) => turn.fetch_add(1, SeqCst),
            Self::Shuttle(turn) => turn.fetch_add(1, SeqCst),
        });
    }
}

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

/// A handle to a thread of the engine.
#[derive(Debug, Clone)]
enum Thread {
    Loom(loom::thread::Thread),
    Shuttle(shuttle::thread::Thread),
}

/// The place where one thread blocks until another sets its token.
///
/// Not a schedule point itself: whoever waits or sets takes a `Turn` first. The engine's `unpark`
/// is called only while the thread is parked here: loom would make a thread runnable that is
/// blocked on something else.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<SlotState>);

#[derive(Debug, Default)]
struct SlotState {
    token: bool,
    parked: Option<Thread>,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, SlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the token is there: then `wait` returns at once.
    pub(crate) fn is_set(&self) -> bool {
        self.state().token
    }

    /// Blocks until the token is there, and takes it.
    pub(crate) fn wait(&self) {
        while !std::mem::take(&mut self.state().token) {
            self.state().parked = Some(current_thread());
            enter(|| match current() {
                Engine::Loom => loom::thread::park(),
                Engine::Shuttle => shuttle::thread::park(),
            });
        }
    }

    /// Leaves a token, and makes the thread that waits runnable.
    pub(crate) fn set(&self) {
        let parked = {
            let mut state = self.state();
            state.token = true;
            state.parked.take()
        };
        match parked {
            Some(Thread::Loom(thread)) => enter(|| thread.unpark()),
            Some(Thread::Shuttle(thread)) => enter(|| thread.unpark()),
            None => {}
        }
    }
}

fn current_thread() -> Thread {
    match current() {
        Engine::Loom => Thread::Loom(loom::thread::current()),
        Engine::Shuttle => Thread::Shuttle(shuttle::thread::current()),
    }
}

/// The number of the current thread: 0 is the body of the model, then in the order of spawning.
pub(crate) fn thread_id() -> usize {
    match current() {
        Engine::Loom => loom_id(&loom::thread::current()),
        Engine::Shuttle => shuttle::current::me().into(),
    }
}

/// loom shows the number of a thread in `Debug` only.
fn loom_id(thread: &loom::thread::Thread) -> usize {
    digits(&format!("{:?}", thread.id()))
}

fn digits(text: &str) -> usize {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("an engine's thread has a number")
}

/// The end of a thread of the engine, to wait for.
#[derive(Debug)]
pub(crate) enum Join {
    Loom(loom::thread::JoinHandle<()>),
    Shuttle(shuttle::thread::JoinHandle<()>),
}

/// The stack of a thread that a model spawns, in loom's unit. Its default, which the body of the
/// model has to live with, is 32 KiB.
const STACK_WORDS: usize = 512 * 1024 / size_of::<usize>();

/// Starts a thread of the engine.
pub(crate) fn spawn(body: impl FnOnce() + Send + 'static) -> Join {
    enter(|| match current() {
        Engine::Loom => {
            let thread = loom::thread::Builder::new().stack_size(STACK_WORDS);
            Join::Loom(thread.spawn(body).expect("loom can always start a thread"))
        }
        Engine::Shuttle => Join::Shuttle(shuttle::thread::spawn(body)),
    })
}

impl Join {
    /// The number of the thread.
    pub(crate) fn thread_id(&self) -> usize {
        match self {
            Self::Loom(handle) => loom_id(handle.thread()),
            Self::Shuttle(handle) => digits(&format!("{:?}", handle.thread().id())),
        }
    }

    /// Blocks until the thread has ended.
    pub(crate) fn wait(self) {
        // A panic never gets this far: it is the verdict, or a task's result.
        enter(|| match self {
            Self::Loom(handle) => drop(handle.join()),
            Self::Shuttle(handle) => drop(handle.join()),
        });
    }
}

/// Lets the other threads run first.
pub(crate) fn yield_now() {
    enter(|| match current() {
        Engine::Loom => loom::thread::yield_now(),
        Engine::Shuttle => shuttle::thread::yield_now(),
    });
}

/// An exclusive lock without data, and without a guard: whoever locks it also unlocks it.
///
/// Not the engines' own mutex: loom's holds one of std's, which is poisoned for good as soon as it
/// is unlocked while any coroutine of the OS thread unwinds.
#[derive(Debug)]
pub(crate) enum RawLock {
    Token(Token),
    Queue(Queue),
}

impl RawLock {
    pub(crate) fn new() -> Self {
        match current() {
            Engine::Loom if !record::mode().try_lock => Self::Token(Token::new()),
            _ => Self::Queue(Queue::new()),
        }
    }

    pub(crate) fn lock(&self) {
        match self {
            Self::Token(token) => token.take(),
            Self::Queue(queue) => queue.lock(),
        }
    }

    /// Locks if nobody has; never blocks.
    pub(crate) fn try_lock(&self) -> bool {
        match self {
            Self::Token(_) => record::need(record::Mode { try_lock: true, ..record::mode() }),
            Self::Queue(queue) => queue.try_lock(),
        }
    }

    /// Unlocks, and calls `told` before another thread can run.
    pub(crate) fn unlock(&self, told: impl FnOnce()) {
        match self {
            Self::Token(token) => {
                token.put();
                told();
            }
            Self::Queue(queue) => queue.unlock(told),
        }
    }
}

/// A lock of loom: a channel that holds one message while nobody holds the lock.
///
/// Two receives depend on each other and a send on neither, so that just the orders of locking are
/// explored; and a message carries what its sender has seen to its receiver.
#[derive(Debug)]
pub(crate) struct Token {
    sender: loom::sync::mpsc::Sender<()>,
    receiver: loom::sync::mpsc::Receiver<()>,
}

// SAFETY: all threads of a model are coroutines on one OS thread, so that no two of them are ever in
// the receiver's methods at the same time; a coroutine that blocks does so before it touches it.
unsafe impl Sync for Token {}

impl Token {
    fn new() -> Self {
        let (sender, receiver) = loom::sync::mpsc::channel();
        let token = Self { sender, receiver };
        token.put();
        token
    }

    fn take(&self) {
        enter(|| self.receiver.recv()).expect("the sender stands beside the receiver");
    }

    fn put(&self) {
        enter(|| self.sender.send(())).expect("the receiver stands beside the sender");
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // The receiver drains the channel when it is dropped: not in a dead engine.
        ensure_alive();
    }
}

/// A lock for both engines: a flag, and the threads that wait for it. Unlike the token it can be
/// tried, and seen while it is held: locking and unlocking are schedule points of their own.
#[derive(Debug)]
pub(crate) struct Queue {
    turn: Turn,
    state: Mutex<QueueState>,
}

#[derive(Debug, Default)]
struct QueueState {
    locked: bool,
    waiting: VecDeque<Arc<Slot>>,
}

impl Queue {
    fn new() -> Self {
        Self { turn: Turn::new(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) {
        loop {
            if self.try_lock() {
                return;
            }
            let slot = Arc::new(Slot::default());
            self.state().waiting.push_back(slot.clone());
            slot.wait();
        }
    }

    fn try_lock(&self) -> bool {
        self.turn.take();
        !std::mem::replace(&mut self.state().locked, true)
    }

    fn unlock(&self, told: impl FnOnce()) {
        self.turn.take();
        let next = {
            let mut state = self.state();
            state.locked = false;
            state.waiting.pop_front()
        };
        told();
        next.iter().for_each(|slot| slot.set());
    }
}

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
