//! The answer to a job: who waits for it, and who gives it.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loomscope::sync::{Mutex, MutexGuard};
use loomscope::time::Duration;

/// The number of a job in its pool, from 1, in the order of acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}", self.0)
    }
}

/// The place of an answer. Its owner waits there; whoever has the [`Reply`] leaves it there.
#[derive(Debug)]
pub(super) struct Slot<T, E>(Mutex<State<T, E>>);

#[derive(Debug)]
enum State<T, E> {
    Open,
    Awaited(Waker),
    Answered(Outcome<T, E>),
    Taken,
}

impl<T, E> Slot<T, E> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::Open)))
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.0
            .lock()
            .expect("nothing panics under this lock: no waker and no value is touched there")
    }
}

/// The answer to a job, when there is one: the future that was given for it.
///
/// It has an answer whatever happens, also where the pool was dropped, or its runtime is gone. When it has, the
/// handler's future and the pool's share in the job are dropped, and the job is counted in [`Stats`](super::Stats).
/// Dropping it does not cancel the job. Polled again after it has completed, it panics.
pub struct Ticket<T, E> {
    id: JobId,
    slot: Arc<Slot<T, E>>,
}

impl<T, E> Ticket<T, E> {
    pub(super) fn new(id: JobId, slot: Arc<Slot<T, E>>) -> Self {
        Self { id, slot }
    }

    /// The number of the job.
    pub fn id(&self) -> JobId {
        self.id
    }
}

// ANCHOR: ticket
impl<T, E> Future for Ticket<T, E> {
    type Output = Outcome<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Cloned before the lock is taken, and the one before dropped after: wakers are foreign code.
        let awaited = State::Awaited(cx.waker().clone());
        let mut state = self.slot.state();
        let answered = matches!(*state, State::Answered(_) | State::Taken);
        let before = mem::replace(&mut *state, if answered { State::Taken } else { awaited });
        drop(state);
        match before {
            State::Answered(outcome) => Poll::Ready(outcome),
            State::Open | State::Awaited(_) => Poll::Pending,
            State::Taken => panic!("a ticket is not polled after it has completed"),
        }
    }
}
// ANCHOR_END: ticket

impl<T, E> fmt::Debug for Ticket<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// The duty to answer one ticket: dropped, it answers that the job was aborted.
#[derive(Debug)]
pub(super) struct Reply<T, E> {
    pub(super) id: JobId,
    /// None once it is answered.
    slot: Option<Arc<Slot<T, E>>>,
}

// ANCHOR: reply
impl<T, E> Reply<T, E> {
    pub(super) fn new(id: JobId, slot: Arc<Slot<T, E>>) -> Self {
        Self { id, slot: Some(slot) }
    }

    pub(super) fn answer(
        mut self,
        result: Result<T, JobError<E>>,
        attempts: u32,
        worker: Option<usize>,
    ) {
        self.leave(Outcome { id: self.id, result, attempts, worker });
    }

    fn leave(&mut self, outcome: Outcome<T, E>) {
        let Some(slot) = self.slot.take() else { return };
        // The last share, which nobody can have a clone of any more: the ticket is gone.
        if Arc::strong_count(&slot) == 1 {
            return quietly(move || drop(outcome));
        }
        let before = mem::replace(&mut *slot.state(), State::Answered(outcome));
        quietly(move || {
            if let State::Awaited(waker) = before {
                waker.wake();
            }
            // Where the ticket is gone, the result goes here.
            drop(slot);
        });
    }
}

impl<T, E> Drop for Reply<T, E> {
    fn drop(&mut self) {
        let (id, result) = (self.id, Err(JobError::Aborted));
        self.leave(Outcome { id, result, attempts: 0, worker: None });
    }
}
// ANCHOR_END: reply

/// Runs foreign code whose panic is nobody's: no caller could do anything about it.
pub(super) fn quietly(foreign: impl FnOnce()) {
    let _panic = catch_unwind(AssertUnwindSafe(foreign));
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T, E> {
    /// The number of the job.
    pub id: JobId,
    /// The handler's value, or why there is none.
    pub result: Result<T, JobError<E>>,
    /// How many attempts were begun.
    pub attempts: u32,
    /// The worker that had the job, if one had.
    pub worker: Option<usize>,
}

/// Why a job has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobError<E> {
    /// The last attempt failed: for good, or there was to be no other.
    Failed(E),
    /// The breaker of the job's key let no attempt through, the first or a further one. It is not tried again.
    Rejected {
        /// No attempt would be let through before so much time has passed; see
        /// [`Open::retry_in`](solutions::circuit_breaker::Open::retry_in).
        retry_in: Duration,
    },
    /// The handler panicked, with these words if they were words. It is not tried again.
    Panicked(String),
    /// The pool was aborted, or dropped, or its runtime has gone, before the job had ended.
    Aborted,
}

impl<E: fmt::Display> fmt::Display for JobError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Rejected { retry_in } => write!(f, "the circuit is open, retry in {retry_in:?}"),
            Self::Panicked(words) => write!(f, "the job panicked: {words}"),
            Self::Aborted => f.write_str("the job was aborted"),
        }
    }
}

impl<E: Error + 'static> Error for JobError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // It is shown as this error is, so what comes next is its own source.
            Self::Failed(error) => error.source(),
            Self::Rejected { .. } | Self::Panicked(_) | Self::Aborted => None,
        }
    }
}
