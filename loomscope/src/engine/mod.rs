//! The two engines under the facade: loom (exhaustive, weak memory) and shuttle (random, many threads).
//!
//! Everything that the facade needs of them is here: a schedule point, blocking, a lock, a data
//! race detector and a thread. The rest is built on these, once, for both.

mod cell;
mod lock;
mod readers;

pub(crate) use cell::RaceDetector;
pub(crate) use lock::RawLock;
pub(crate) use readers::Readers;

use std::cell::Cell;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::record::{self, ensure_alive};

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
    record::count_step();
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
/// blocked on something else. So a thread that was blocked has seen what the first to set the token
/// did before, and takes the `Turn` again to see as much of the others.
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

    /// Blocks until the token is there, and takes it; returns whether it had to block.
    pub(crate) fn wait(&self) -> bool {
        let blocks = !self.is_set();
        while !std::mem::take(&mut self.state().token) {
            self.state().parked = Some(current_thread());
            enter(|| match current() {
                Engine::Loom => loom::thread::park(),
                Engine::Shuttle => shuttle::thread::park(),
            });
        }
        blocks
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
