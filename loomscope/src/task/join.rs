use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Task;
use crate::engine::{self, Turn};
use crate::event::Op;
use crate::record;
use crate::thread;

/// What a task and its handles share.
struct Shared<T> {
    turn: Turn,
    state: Mutex<State<T>>,
    task: Arc<Task>,
}

struct State<T> {
    aborted: bool,
    finished: bool,
    result: Option<Result<T, JoinError>>,
    waiting: Option<Waker>,
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_aborted(&self) -> bool {
        self.turn.take();
        self.state().aborted
    }

    fn finish(&self, result: Result<T, JoinError>) {
        self.turn.take();
        let waiting = {
            let mut state = self.state();
            state.finished = true;
            state.result = Some(result);
            state.waiting.take()
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Starts a task, on a thread of its own. Its panic goes to its handle.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let place = Location::caller();
    let state = State { aborted: false, finished: false, result: None, waiting: None };
    let state = Mutex::new(state);
    let shared = Arc::new(Shared { turn: Turn::new(), state, task: Task::new(place) });
    let theirs = shared.clone();
    let name = format!("task at line {}", place.line());
    thread::start(Some(name), Box::new(move || drive(Box::pin(future), &theirs)), place);
    JoinHandle { shared }
}

/// Polls the task's future until it is ready, panics or is aborted.
fn drive<F: Future>(future: Pin<Box<F>>, shared: &Shared<F::Output>) {
    let task = &shared.task;
    let waker = Waker::from(task.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = Some(future);
    let result = loop {
        if shared.is_aborted() {
            task.traced.emit(Op::TaskAborted, task.place);
            break Err(JoinError(Cause::Cancelled));
        }
        let running = future.as_mut().expect("it is dropped after the loop");
        match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(&mut context))) {
            Ok(Poll::Pending) => task.sleep(),
            Ok(Poll::Ready(value)) => {
                task.traced.emit(Op::TaskDone, task.place);
                break Ok(value);
            }
            Err(payload) => break Err(panicked(task, payload)),
        }
    };
    // Like tokio: whatever the future held is gone before anyone can join it, and a panic on the way
    // is the task's own.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(future.take())));
    shared.finish(dropped.map_or_else(|payload| Err(panicked(task, payload)), |()| result));
}

fn panicked(task: &Task, payload: Box<dyn Any + Send>) -> JoinError {
    record::ensure_alive();
    let thread = engine::thread_id();
    let message = record::panic_message(thread, payload.as_ref());
    task.traced.emit(Op::TaskPanicked(message.clone()), task.place);
    record::keep_task_panic(task.traced.id(), thread, message.clone());
    JoinError(Cause::Panic(message, Mutex::new(payload)))
}

/// The task's result, to await; dropped, the task runs on.
pub struct JoinHandle<T> {
    shared: Arc<Shared<T>>,
}

impl<T: Send + 'static> JoinHandle<T> {
    /// Drops the task's future at its next await point.
    #[track_caller]
    pub fn abort(&self) {
        abort(&*self.shared);
    }

    /// A handle that can abort the task, and nothing else.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(self.shared.clone())
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.shared.is_finished()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = context.waker().clone();
        self.shared.turn.take();
        let mut state = self.shared.state();
        let Some(result) = state.result.take() else {
            assert!(!state.finished, "a JoinHandle is polled after it was ready");
            let before = state.waiting.replace(waker);
            drop(state);
            drop(before);
            return Poll::Pending;
        };
        drop(state);
        if result.is_err() {
            record::saw_task_panic(self.shared.task.traced.id());
        }
        Poll::Ready(result)
    }
}

/// The part of a task that an abort needs, whatever its result is.
trait Abort: Send + Sync {
    fn request(&self);
    fn is_finished(&self) -> bool;
    fn task(&self) -> &Arc<Task>;
}

impl<T: Send> Abort for Shared<T> {
    fn request(&self) {
        self.turn.take();
        self.state().aborted = true;
    }

    fn is_finished(&self) -> bool {
        self.turn.take();
        self.state().finished
    }

    fn task(&self) -> &Arc<Task> {
        &self.task
    }
}

fn abort(shared: &(impl Abort + ?Sized)) {
    shared.request();
    Waker::from(shared.task().clone()).wake();
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

/// Aborts a task.
#[derive(Clone)]
pub struct AbortHandle(Arc<dyn Abort>);

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").finish_non_exhaustive()
    }
}

impl AbortHandle {
    /// Drops the task's future at its next await point.
    pub fn abort(&self) {
        abort(&*self.0);
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

/// Why a task has no result.
pub struct JoinError(Cause);

enum Cause {
    Cancelled,
    Panic(String, Mutex<Box<dyn Any + Send>>),
}

impl JoinError {
    /// Whether the task was aborted.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0, Cause::Cancelled)
    }

    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.0, Cause::Panic(..))
    }

    /// What it panicked with.
    ///
    /// # Panics
    ///
    /// Where it was aborted instead.
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        match self.0 {
            Cause::Panic(_, payload) => {
                payload.into_inner().unwrap_or_else(PoisonError::into_inner)
            }
            Cause::Cancelled => panic!("the task was aborted, it did not panic"),
        }
    }

    /// What it panicked with.
    ///
    /// # Errors
    ///
    /// The error itself, where the task was aborted instead.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send>, Self> {
        if self.is_panic() { Ok(self.into_panic()) } else { Err(self) }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Cancelled => write!(f, "the task was cancelled"),
            Cause::Panic(message, _) => write!(f, "the task panicked: {message}"),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl std::error::Error for JoinError {}
