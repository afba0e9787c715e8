//! Work that computes, done by another pool of threads and awaited here.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loomscope::sync::{Arc, Mutex, MutexGuard};

/// Has work done by another pool of threads, and waits for it without blocking one of the runtime's.
///
/// For work that computes for long. `spawn` is called at once, with a job that it hands to the pool:
/// so work may be under way before the future is polled. The work's panic resumes where the future
/// is polled, and not in the pool.
///
/// # Panics
///
/// Where `spawn` does.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::pipeline::{Abandoned, offload};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Abandoned> {
/// // With rayon: `offload(rayon::spawn, || …)`.
/// let sum = offload(|job| drop(std::thread::spawn(job)), || (1..=10).sum::<u64>()).await?;
/// assert_eq!(sum, 55);
/// # Ok(())
/// # }
/// ```
// ANCHOR: offload
pub fn offload<T, S, W>(spawn: S, work: W) -> Offload<T>
where
    S: FnOnce(Box<dyn FnOnce() + Send>),
    W: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let desk = Arc::new(Desk(Mutex::new(State::Waiting(None))));
    let job = Job { work, end: PoolEnd { desk: desk.clone() } };
    let offload = Offload { desk };
    spawn(Box::new(move || job.run()));
    offload
}
// ANCHOR_END: offload

/// The future of [`offload`].
///
/// # Errors
///
/// [`Abandoned`], if the pool dropped the job and did not run it.
///
/// # Panics
///
/// With the work's panic; and if it is polled after it has completed.
///
/// # Cancel safety
///
/// Dropped before the pool has begun the work, the work is not run: the job drops it when its turn
/// comes. Work that has begun runs to its end, and its outcome is dropped.
#[must_use = "the outcome of the work comes out of this future"]
pub struct Offload<T> {
    desk: Arc<Desk<T>>,
}

impl<T> Future for Offload<T> {
    type Output = Result<T, Abandoned>;

    // ANCHOR: poll
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waiting = State::Waiting(Some(context.waker().clone()));
        if self.desk.replace_waiting(waiting).is_ok() {
            return Poll::Pending;
        }
        match self.desk.replace(State::Gone) {
            State::Done(Ok(value)) => Poll::Ready(Ok(value)),
            State::Done(Err(panic)) => resume_unwind(panic),
            State::Abandoned => Poll::Ready(Err(Abandoned)),
            State::Waiting(_) | State::Gone => panic!("polled after it has completed"),
        }
    }
    // ANCHOR_END: poll
}

impl<T> Drop for Offload<T> {
    fn drop(&mut self) {
        drop(self.desk.replace(State::Gone));
    }
}

impl<T> fmt::Debug for Offload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offload").finish_non_exhaustive()
    }
}

/// The pool dropped the job, and did not run it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abandoned;

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool dropped the job and did not run it")
    }
}

impl Error for Abandoned {}

/// Where the job leaves the outcome, and the future its waker.
struct Desk<T>(Mutex<State<T>>);

enum State<T> {
    /// The job has not ended; here is who waits for it.
    Waiting(Option<Waker>),
    Done(Result<T, Box<dyn Any + Send>>),
    Abandoned,
    /// Nobody waits any more.
    Gone,
}

/// What is replaced, and what is not wanted, is returned: it is dropped without the lock.
impl<T> Desk<T> {
    fn replace(&self, next: State<T>) -> State<T> {
        mem::replace(&mut *self.state(), next)
    }

    /// Only while the job has not ended and somebody waits for it; otherwise gives `next` back.
    fn replace_waiting(&self, next: State<T>) -> Result<State<T>, State<T>> {
        let mut state = self.state();
        match *state {
            State::Waiting(_) => Ok(mem::replace(&mut *state, next)),
            _ => Err(next),
        }
    }

    fn is_awaited(&self) -> bool {
        matches!(*self.state(), State::Waiting(_))
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().expect("nothing panics under this lock: no code of others runs there")
    }
}

/// What the pool is given. Its work is dropped before its end is: who hears that it was abandoned
/// finds what it held gone.
struct Job<T, W> {
    work: W,
    end: PoolEnd<T>,
}

// ANCHOR: job
impl<T, W: FnOnce() -> T> Job<T, W> {
    fn run(self) {
        let Self { end, work } = self;
        if end.desk.is_awaited() {
            end.leave(State::Done(catch_unwind(AssertUnwindSafe(work))));
        }
    }
}

/// The end of the desk that is the pool's: dropped with no outcome left, it says so.
struct PoolEnd<T> {
    desk: Arc<Desk<T>>,
}

impl<T> PoolEnd<T> {
    fn leave(&self, outcome: State<T>) {
        if let Ok(State::Waiting(Some(waker))) = self.desk.replace_waiting(outcome) {
            waker.wake();
        }
    }
}

impl<T> Drop for PoolEnd<T> {
    fn drop(&mut self) {
        self.leave(State::Abandoned);
    }
}
// ANCHOR_END: job
