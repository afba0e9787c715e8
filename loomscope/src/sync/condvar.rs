use std::collections::VecDeque;
use std::panic::Location;
use std::sync::{Arc, Mutex as Plain};
use std::time::Duration;

use super::{LockResult, MutexGuard, PoisonError};
use crate::engine::{Slot, Turn};
use crate::event::{Op, Place};
use crate::record::Traced;
use crate::time;

/// A traced condition variable. It wakes in the order of waiting, and never spuriously.
///
/// Its own, on parking, since loom's registers a waiter some schedule points after `wait` began,
/// and takes the token of `thread::park` for its own.
#[derive(Debug)]
pub struct Condvar {
    traced: Traced,
    queue: Arc<Queue>,
}

#[derive(Debug)]
struct Queue {
    turn: Turn,
    waiting: Plain<VecDeque<Arc<Waiter>>>,
}

#[derive(Debug, Default)]
struct Waiter {
    slot: Slot,
    timed_out: Plain<bool>,
}

/// Whether a wait ended because its time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was over before a notification came.
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Queue {
    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Waiter>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a wait whose deadline fired, unless a notification was there first.
    fn time_out(&self, waiter: &Arc<Waiter>) {
        self.turn.take();
        let mut waiting = self.waiting();
        if let Some(index) = waiting.iter().position(|other| Arc::ptr_eq(other, waiter)) {
            waiting.remove(index);
            drop(waiting);
            *waiter.timed_out.lock().unwrap_or_else(PoisonError::into_inner) = true;
            waiter.slot.set();
        }
    }
}

impl Condvar {
    /// A condition variable that nobody waits on.
    #[track_caller]
    pub fn new() -> Self {
        let queue = Queue { turn: Turn::new(), waiting: Plain::default() };
        Self { traced: Traced::new("Condvar", Location::caller()), queue: Arc::new(queue) }
    }

    /// Unlocks, waits for a notification, and locks again.
    ///
    /// # Errors
    ///
    /// The guard all the same, where a thread panicked while it held the lock.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.wait_until(guard, None, Location::caller()).0.checked()
    }

    /// Waits as long as `condition` holds.
    ///
    /// # Errors
    ///
    /// The guard all the same, where a thread panicked while it held the lock.
    #[track_caller]
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        let place = Location::caller();
        while condition(&mut guard) {
            guard = self.wait_until(guard, None, place).0.checked()?;
        }
        Ok(guard)
    }

    /// Waits for a notification or until the deadline fires, whichever the schedule has first.
    ///
    /// # Errors
    ///
    /// The guard all the same, where a thread panicked while it held the lock.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let until = time::Instant::now().after(limit);
        let (guard, timed_out) = self.wait_until(guard, Some(until), Location::caller());
        with_result(guard.checked(), timed_out)
    }

    /// Waits as long as `condition` holds and the deadline has not fired.
    ///
    /// # Errors
    ///
    /// The guard all the same, where a thread panicked while it held the lock.
    #[track_caller]
    pub fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        limit: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let (until, place) = (time::Instant::now().after(limit), Location::caller());
        let mut timed_out = false;
        while condition(&mut guard) {
            if timed_out || guard.is_poisoned() {
                return with_result(guard.checked(), timed_out);
            }
            (guard, timed_out) = self.wait_until(guard, Some(until), place);
        }
        with_result(guard.checked(), false)
    }

    fn wait_until<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        until: Option<time::Instant>,
        place: Place,
    ) -> (MutexGuard<'a, T>, bool) {
        let waiter = Arc::new(Waiter::default());
        let mutex = guard.id();
        let mut deadline = None;
        let register = || {
            self.queue.turn.take();
            self.queue.waiting().push_back(waiter.clone());
            self.traced.emit(Op::Wait { mutex }, place);
            // Only now: a deadline that fires must find the waiter in the queue.
            deadline = until.map(|until| {
                let (queue, waiter) = (self.queue.clone(), waiter.clone());
                time::set_deadline(until, place, move || queue.time_out(&waiter))
            });
        };
        guard.unlocked(register, || _ = waiter.slot.wait());
        let timed_out = *waiter.timed_out.lock().unwrap_or_else(PoisonError::into_inner);
        self.traced.emit(Op::WaitOver { mutex, timed_out }, place);
        drop(deadline);
        (guard, timed_out)
    }

    /// Wakes the thread that has waited longest.
    #[track_caller]
    pub fn notify_one(&self) {
        self.notify(Op::NotifyOne, 1, Location::caller());
    }

    /// Wakes all that wait.
    #[track_caller]
    pub fn notify_all(&self) {
        self.notify(Op::NotifyAll, usize::MAX, Location::caller());
    }

    fn notify(&self, op: Op, most: usize, place: Place) {
        self.queue.turn.take();
        self.traced.emit(op, place);
        let woken: Vec<_> = {
            let mut waiting = self.queue.waiting();
            let count = waiting.len().min(most);
            waiting.drain(..count).collect()
        };
        for waiter in woken {
            waiter.slot.set();
        }
    }
}

fn with_result<G>(guard: LockResult<G>, timed_out: bool) -> LockResult<(G, WaitTimeoutResult)> {
    let result = WaitTimeoutResult(timed_out);
    match guard {
        Ok(guard) => Ok((guard, result)),
        Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}
