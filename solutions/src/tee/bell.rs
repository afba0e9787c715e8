//! Where the halves leave their wakers: the source's waker is this bell, and it wakes both.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Wake, Waker};

use loomscope::sync::atomic::{AtomicBool, Ordering};
use loomscope::task::AtomicWaker;
use loomscope::thread;

use super::shared::Side;

/// It knows neither source nor items: a waker may be kept longer than those live.
pub(super) struct Bell {
    /// Whether the source has called since it was last taken to be polled.
    rung: AtomicBool,
    /// By half. Only the half itself leaves a waker there.
    wakers: [AtomicWaker; 2],
}

impl Bell {
    pub(super) fn new() -> Self {
        Self { rung: AtomicBool::new(false), wakers: [AtomicWaker::new(), AtomicWaker::new()] }
    }

    pub(super) fn register(&self, side: Side, waker: &Waker) {
        self.wakers[side as usize].register(waker);
    }

    /// Takes the waker of a half that has no more use for it.
    pub(super) fn leave(&self, side: Side) -> Option<Waker> {
        self.wakers[side as usize].take()
    }

    pub(super) fn wake(&self, side: Side) {
        calmly(|| self.wakers[side as usize].wake());
    }

    /// Wakes both, whatever the first one's waker does.
    pub(super) fn wake_both(&self) {
        let first = catch_unwind(AssertUnwindSafe(|| self.wake(Side::First)));
        self.wake(Side::Second);
        calmly(|| first.unwrap_or_else(|panic| resume_unwind(panic)));
    }

    /// What the source calls before it is polled now, this poll will see.
    pub(super) fn hush(&self) {
        // Relaxed: a call that is not seen here is repeated in vain, no more. Acquire: pairs with the
        // Release in `ring`, so that the poll sees what the source was called for.
        if self.rung.load(Ordering::Relaxed) {
            self.rung.swap(false, Ordering::Acquire);
        }
    }

    /// Whether the source has called since `hush`. Asked under the lock: a half that was missed by
    /// such a call has left its waker after it, and has let go of the lock since.
    pub(super) fn has_rung(&self) -> bool {
        // Acquire: pairs with the Release in `ring`, through the waker that the call missed.
        self.rung.load(Ordering::Acquire)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    // ANCHOR: ring
    fn wake_by_ref(self: &Arc<Self>) {
        // Release, and before the wakers: who leaves one too late for this call finds it noted.
        self.rung.store(true, Ordering::Release);
        self.wake_both();
    }
    // ANCHOR_END: ring
}

/// Runs foreign code. Its panic goes on, but not in a thread that unwinds: that would abort.
pub(super) fn calmly(foreign: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(foreign))
        && !thread::panicking()
    {
        resume_unwind(panic);
    }
}
