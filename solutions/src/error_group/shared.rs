//! What a group and its tasks have in common.

use std::any::Any;
use std::mem;
use std::num::NonZeroU32;
use std::task::{Context, Poll, Waker};

use loomscope::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loomscope::sync::{Mutex, MutexGuard};
use loomscope::task::AtomicWaker;
use solutions::cancel::CancelToken;

/// One group, as its tasks see it.
pub(super) struct Shared<E> {
    /// How many tasks have been started and have not ended.
    alive: AtomicUsize,
    /// How many of them there may be.
    pub(super) limit: usize,
    /// Set for ever by the first failure: `spawn` starts nothing more.
    failed: AtomicBool,
    /// Set for ever by the drop of the group, under the lock: every task ends at its next poll.
    given_up: AtomicBool,
    /// The task that owns the group, while it waits: for room, or for the end. There is only one,
    /// since the first borrows the group for itself and the second takes it.
    owner: AtomicWaker,
    pub(super) token: CancelToken,
    state: Mutex<State<E>>,
}

/// What the lock guards.
struct State<E> {
    /// The gravest failure so far, and of two alike the first.
    failure: Option<Failure<E>>,
    sleepers: Sleepers,
}

/// Why a group does not end well.
pub(super) enum Failure<E> {
    /// A task was dropped before it had ended, as when its runtime shuts down.
    Lost,
    Error(E),
    Panic(Box<dyn Any + Send>),
}

impl<E> Failure<E> {
    fn is_graver_than(&self, other: &Self) -> bool {
        self.gravity() > other.gravity()
    }

    fn gravity(&self) -> u8 {
        match self {
            Self::Lost => 0,
            Self::Error(_) => 1,
            Self::Panic(_) => 2,
        }
    }
}

impl<E> Shared<E> {
    pub(super) fn new(limit: usize, token: CancelToken) -> Self {
        Self {
            alive: AtomicUsize::new(0),
            limit,
            failed: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            owner: AtomicWaker::new(),
            token,
            state: Mutex::new(State { failure: None, sleepers: Sleepers::default() }),
        }
    }

    pub(super) fn alive(&self) -> usize {
        // Acquire: pairs with the Release of every task's end, and makes its work visible.
        self.alive.load(Ordering::Acquire)
    }

    /// Counts one more task.
    pub(super) fn enter(&self) {
        // Relaxed: the task is handed over by other means, and only its end publishes anything.
        self.alive.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one task less, and wakes the owner if that is what it waits for.
    // ANCHOR: leave
    pub(super) fn leave(&self) {
        // Release: pairs with the Acquire of the owner's look; the others' ends are in the same
        // chain of read-modify-writes, so that the owner sees what every task did.
        let alive = self.alive.fetch_sub(1, Ordering::Release);
        if alive == 1 || alive == self.limit {
            self.owner.wake();
        }
    }

    /// Waits until at most so many tasks are alive.
    pub(super) fn poll_at_most(&self, alive: usize, context: &Context<'_>) -> Poll<()> {
        if self.alive() > alive {
            self.owner.register(context.waker());
            // I4: a task that ended before the waker was there has not woken it.
            if self.alive() > alive {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
    // ANCHOR_END: leave

    pub(super) fn has_failed(&self) -> bool {
        // Relaxed: who sees it late starts a task that finds the token cancelled.
        self.failed.load(Ordering::Relaxed)
    }

    /// Keeps the failure if it is the gravest so far, and cancels the token.
    // ANCHOR: fail
    pub(super) fn fail(&self, failure: Failure<E>) {
        let mut state = self.state();
        let graver = state.failure.as_ref().is_none_or(|known| failure.is_graver_than(known));
        let other = if graver { state.failure.replace(failure) } else { Some(failure) };
        drop(state);
        self.failed.store(true, Ordering::Relaxed);
        self.token.cancel();
        drop(other);
    }
    // ANCHOR_END: fail

    pub(super) fn take_failure(&self) -> Option<Failure<E>> {
        self.state().failure.take()
    }

    pub(super) fn is_given_up(&self) -> bool {
        // Relaxed: a task that sleeps is woken after the store, and one that goes to sleep looks
        // under the lock.
        self.given_up.load(Ordering::Relaxed)
    }

    /// Tells every task to end: those that sleep are woken, the others will find out.
    // ANCHOR: give_up
    pub(super) fn give_up(&self) {
        let mut state = self.state();
        self.given_up.store(true, Ordering::Relaxed);
        let wakers = mem::take(&mut state.sleepers.wakers);
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Enters a task that goes to sleep for the first time, unless the group has been given up.
    pub(super) fn lie_down(&self, waker: Waker) -> Option<Bed> {
        // A local: the guard goes before `waker`, should that be dropped here.
        let mut state = self.state();
        (!self.is_given_up()).then(|| state.sleepers.insert(waker))
    }
    // ANCHOR_END: give_up

    /// Takes out a task that has ended; its waker is for the caller to drop, without the lock.
    pub(super) fn get_up(&self, bed: Bed) -> Option<Waker> {
        self.state().sleepers.remove(bed)
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().expect("nothing panics under this lock: no code of others runs there")
    }
}

/// A place in the table, counted from one: in four bytes, so that they do not make a task larger.
pub(super) type Bed = NonZeroU32;

/// The wakers of the tasks that have slept, each in a place that is used again.
#[derive(Default)]
struct Sleepers {
    wakers: Vec<Option<Waker>>,
    free: Vec<Bed>,
}

impl Sleepers {
    fn insert(&mut self, waker: Waker) -> Bed {
        if let Some(bed) = self.free.pop() {
            self.wakers[bed.get() as usize - 1] = Some(waker);
            return bed;
        }
        self.wakers.push(Some(waker));
        let bed = u32::try_from(self.wakers.len()).ok().and_then(Bed::new);
        bed.expect("four thousand million tasks do not fit into memory")
    }

    /// Finds nothing where the group has been given up, since its wakers are gone by then.
    fn remove(&mut self, bed: Bed) -> Option<Waker> {
        let waker = self.wakers.get_mut(bed.get() as usize - 1)?.take();
        self.free.push(bed);
        waker
    }
}
