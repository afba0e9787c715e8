//! Tasks of a model: each runs on a thread of its own, so that any two of them overlap.

mod atomic_waker;
pub mod coop;
mod join;

pub use atomic_waker::AtomicWaker;
pub use join::{AbortHandle, JoinError, JoinHandle, spawn};

use std::future::Future;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::engine::{Slot, Turn};
use crate::event::{Op, Place};
use crate::record::Traced;

/// The waker of a task: what it is woken with, and where its thread sleeps.
#[derive(Debug)]
struct Task {
    traced: Traced,
    place: Place,
    turn: Turn,
    woken: Slot,
}

impl Task {
    fn new(place: Place) -> Arc<Self> {
        let (turn, woken) = (Turn::new(), Slot::default());
        Arc::new(Self { traced: Traced::new("task", place), place, turn, woken })
    }

    /// Sleeps until it has been woken since the last time.
    fn sleep(&self) {
        self.turn.take();
        let blocks = !self.woken.is_set();
        if blocks {
            self.traced.emit(Op::Sleep, self.place);
        }
        if self.woken.wait() {
            // What those did who woke it after the first is seen as well, as on tokio.
            self.turn.take();
            self.traced.emit(Op::Awake, self.place);
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.turn.take();
        self.traced.emit(Op::Wake, self.place);
        self.woken.set();
    }
}

/// Polls `future` on the current thread until it is ready.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let task = Task::new(Location::caller());
    let waker = Waker::from(task.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        task.sleep();
    }
}

/// Lets the other tasks run first.
pub async fn yield_now() {
    YieldNow { yielded: false }.await;
}

struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        crate::engine::yield_now();
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
