//! The signal that the loops of the bench listen to.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// A flag that can be waited for.
#[derive(Clone, Default)]
pub struct Stop(Arc<Shared>);

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    waiter: Mutex<Option<Waker>>,
}

impl Stop {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until it is set.
    pub fn stopped(self) -> Stopped {
        Stopped { stop: self, left: None }
    }
}

/// The future of [`Stop::stopped`].
pub struct Stopped {
    stop: Stop,
    /// What it has left with the flag: a loop that polls it for each item leaves it once.
    left: Option<Waker>,
}

impl Future for Stopped {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.left.as_ref().is_some_and(|left| left.will_wake(cx.waker())) {
            self.left = Some(cx.waker().clone());
            *self.stop.0.waiter.lock().expect("nothing panics under it") = self.left.clone();
        }
        if self.stop.0.stopped.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}
