use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Engine, Slot, Turn, current, enter};
use crate::record::{self, ensure_alive};

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
