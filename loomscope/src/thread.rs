//! Threads of a model.

use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::engine::{self, Engine, Join, Slot, Turn};
use crate::event::{Op, Place};
use crate::record;
use crate::time;

/// What loom's clocks have room for, the body of the model included.
const MOST_LOOM_THREADS: usize = 5;

/// What the handles of a thread share.
#[derive(Debug)]
struct Shared {
    name: Option<String>,
    id: Mutex<Option<usize>>,
    turn: Turn,
    park: Slot,
    join: Mutex<Option<Join>>,
    /// Set where the thread was waited for without its handle.
    ended: Slot,
}

impl Shared {
    fn new(name: Option<String>) -> Arc<Self> {
        let (turn, park, ended) = (Turn::new(), Slot::default(), Slot::default());
        Arc::new(Self { name, id: Mutex::default(), turn, park, join: Mutex::default(), ended })
    }

    /// Waits for the end of the thread, for its handle.
    fn wait(&self) {
        let join = lock(&self.join).take();
        match join {
            Some(join) => join.wait(),
            None => {
                self.turn.take();
                self.ended.wait();
            }
        }
    }

    /// Says that the end was waited for, to whoever still has the handle.
    fn say_ended(&self) {
        self.turn.take();
        self.ended.set();
    }

    fn id(&self) -> usize {
        lock(&self.id).expect("a thread is numbered before anyone has its handle")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// The threads of the running execution, by number.
    static THREADS: RefCell<BTreeMap<usize, Arc<Shared>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Runs `body` as the first thread of an execution, and waits for all the others.
pub(crate) fn run_execution(body: impl FnOnce(), place: Place) {
    record::begin_execution();
    THREADS.with_borrow_mut(BTreeMap::clear);
    register(0, Shared::new(Some("main".to_owned())));
    time::begin();
    record::guard(0, body);
    record::emit(Op::End, None, place);
    while let Some((thread, join)) = any_unjoined() {
        join.wait();
        thread.say_ended();
    }
    time::stop();
    THREADS.with_borrow_mut(BTreeMap::clear);
    record::end_execution();
}

fn any_unjoined() -> Option<(Arc<Shared>, Join)> {
    let with_join = |thread: &Arc<Shared>| Some((thread.clone(), lock(&thread.join).take()?));
    THREADS.with_borrow(|threads| threads.values().find_map(with_join))
}

fn register(id: usize, thread: Arc<Shared>) {
    *lock(&thread.id) = Some(id);
    THREADS.with_borrow_mut(|threads| threads.insert(id, thread));
}

/// Refuses a thread that loom has no room for, before loom's own assertion does.
pub(crate) fn ensure_room() {
    let threads = THREADS.with_borrow(BTreeMap::len) + usize::from(time::has_started());
    assert!(
        engine::current() != Engine::Loom || threads < MOST_LOOM_THREADS,
        "an exhaustive model has room for {MOST_LOOM_THREADS} threads, the body of the model and \
         the timer included: use fewer, or `Model::random`"
    );
}

/// Starts a thread of the model. A panic that leaves `body` fails the model.
#[track_caller]
pub fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    start(None, Box::new(body), Location::caller())
}

/// Starts a thread with a name, which is its column's title in a timeline.
#[track_caller]
pub fn spawn_named<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    start(Some(name.to_owned()), Box::new(body), Location::caller())
}

pub(crate) fn start<T: Send + 'static>(
    name: Option<String>,
    body: Box<dyn FnOnce() -> T + Send>,
    place: Place,
) -> JoinHandle<T> {
    ensure_room();
    let thread = Shared::new(name);
    let result = Arc::new(Mutex::new(None));
    let (theirs, their_result) = (thread.clone(), result.clone());
    let join = engine::spawn(move || {
        let id = engine::thread_id();
        register(id, theirs);
        record::guard(id, || {
            record::emit(Op::Start, None, place);
            let value = body();
            record::emit(Op::End, None, place);
            *lock(&their_result) = Some(value);
            // Where the handle is gone, this drops the value before the leak check.
            drop(their_result);
        });
    });
    let id = join.thread_id();
    register(id, thread.clone());
    if let Some(name) = &thread.name {
        record::name_thread(id, name.clone());
    }
    *lock(&thread.join) = Some(join);
    record::emit(Op::Spawn(id), None, place);
    JoinHandle { thread: Thread(thread), result }
}

/// A thread of the model, to wait for.
#[derive(Debug)]
pub struct JoinHandle<T> {
    thread: Thread,
    result: Arc<Mutex<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended, and gives what its body returned.
    ///
    /// # Errors
    ///
    /// Never in a model: a thread's panic fails the model before anyone joins it.
    #[track_caller]
    pub fn join(self) -> std::thread::Result<T> {
        let place = Location::caller();
        let thread = &self.thread.0;
        record::emit(Op::JoinWant(thread.id()), None, place);
        thread.wait();
        record::emit(Op::Joined(thread.id()), None, place);
        let value = lock(&self.result).take();
        value.ok_or_else(|| Box::new("the thread has no value") as Box<dyn Any + Send>)
    }

    /// The thread itself.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }
}

/// A handle to a thread, with which it is unparked.
#[derive(Debug, Clone)]
pub struct Thread(Arc<Shared>);

/// The identity of a thread within its execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadId(usize);

impl Thread {
    /// The identity of this thread.
    pub fn id(&self) -> ThreadId {
        ThreadId(self.0.id())
    }

    /// The name it was given, if any.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Leaves the token for which `park` waits.
    #[track_caller]
    pub fn unpark(&self) {
        self.0.turn.take();
        record::emit(Op::Unpark(self.0.id()), None, Location::caller());
        self.0.park.set();
    }
}

/// The thread that asks.
#[expect(clippy::missing_panics_doc, reason = "every thread of a model is registered")]
pub fn current() -> Thread {
    let id = engine::thread_id();
    let thread = THREADS.with_borrow(|threads| threads.get(&id).cloned());
    Thread(thread.expect("every thread of a model is registered when it starts"))
}

/// Blocks until the thread's token is there, and takes it.
#[track_caller]
pub fn park() {
    let thread = current().0;
    thread.turn.take();
    record::emit(Op::ParkWant, None, Location::caller());
    if thread.park.wait() {
        thread.turn.take();
    }
    record::emit(Op::ParkOver { timed_out: false }, None, Location::caller());
}

/// Blocks until the thread's token is there or the deadline fires, whichever the schedule has first.
#[track_caller]
pub fn park_timeout(limit: Duration) {
    let (place, thread) = (Location::caller(), current().0);
    // `None` once the wait is over: a deadline that fires late must leave no token behind.
    let fired = Arc::new(Mutex::new(Some(false)));
    let deadline = {
        let (thread, fired) = (thread.clone(), fired.clone());
        time::set_deadline(time::Instant::now().after(limit), place, move || {
            thread.turn.take();
            let waits = lock(&fired).is_some() && !thread.park.is_set();
            if waits {
                *lock(&fired) = Some(true);
                thread.park.set();
            }
        })
    };
    thread.turn.take();
    record::emit(Op::ParkWant, None, place);
    if thread.park.wait() {
        thread.turn.take();
    }
    let timed_out = lock(&fired).take() == Some(true);
    record::emit(Op::ParkOver { timed_out }, None, place);
    drop(deadline);
}

/// Whether the thread that asks is unwinding from a panic.
pub fn panicking() -> bool {
    record::is_unwinding()
}

/// Lets the other threads run first.
#[track_caller]
pub fn yield_now() {
    record::emit(Op::Yield, None, Location::caller());
    engine::yield_now();
}

/// Threads that may borrow from the one that starts them.
#[derive(Debug)]
pub struct Scope<'scope, 'env: 'scope> {
    threads: Mutex<VecDeque<Arc<Shared>>>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A thread of a scope, to wait for.
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T> {
    handle: JoinHandle<T>,
    scope: PhantomData<&'scope ()>,
}

/// Runs `body`, and waits for every thread that it started before it returns.
#[track_caller]
pub fn scope<'env, R>(body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R) -> R {
    let scope = Scope { threads: Mutex::default(), scope: PhantomData, env: PhantomData };
    let outcome = catch_unwind(AssertUnwindSafe(|| body(&scope)));
    // One by one: while a thread of the scope runs, it may start another.
    let next = || lock(&scope.threads).pop_front();
    while let Some(thread) = next() {
        // Where the handle is at it already, whoever has it is a thread of the scope as well.
        let join = lock(&thread.join).take();
        if let Some(join) = join {
            record::emit(Op::JoinWant(thread.id()), None, Location::caller());
            join.wait();
            record::emit(Op::Joined(thread.id()), None, Location::caller());
            thread.say_ended();
        }
    }
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread that ends before the scope does.
    #[track_caller]
    pub fn spawn<T: Send + 'scope>(
        &'scope self,
        body: impl FnOnce() -> T + Send + 'scope,
    ) -> ScopedJoinHandle<'scope, T> {
        let place = Location::caller();
        let result = Arc::new(Mutex::new(None));
        let their_result = result.clone();
        let body: Box<dyn FnOnce() + Send + 'scope> = Box::new(move || {
            *lock(&their_result) = Some(body());
        });
        // SAFETY: `scope` joins the thread before it returns or unwinds, so the body ends within
        // `'scope`; where the execution fails before that, the OS thread stops for ever with every
        // frame it has, and nothing that the body borrows is ever freed.
        let body = unsafe {
            std::mem::transmute::<
                Box<dyn FnOnce() + Send + 'scope>,
                Box<dyn FnOnce() + Send + 'static>,
            >(body)
        };
        let thread = start(None, body, place).thread;
        lock(&self.threads).push_back(thread.0.clone());
        ScopedJoinHandle { handle: JoinHandle { thread, result }, scope: PhantomData }
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits until the thread has ended, and gives what its body returned.
    ///
    /// # Errors
    ///
    /// Never in a model: a thread's panic fails the model before anyone joins it.
    #[track_caller]
    pub fn join(self) -> std::thread::Result<T> {
        self.handle.join()
    }

    /// The thread itself.
    pub fn thread(&self) -> &Thread {
        self.handle.thread()
    }
}
