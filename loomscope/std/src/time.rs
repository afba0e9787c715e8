//! tokio's time, and clocks to inject.

use std::future::{Future, poll_fn};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

pub use std::time::Duration;
pub use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// Where a pattern reads the time: the real clock, or one that a test moves by hand.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Instant;

    /// Waits until this clock shows `at`. A clock that tells another time than the system's has to
    /// bring its own; one that only reads the same time more cheaply has not.
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send {
        sleep_until(at)
    }
}

/// The clock of the face: tokio's here (which a test may pause), virtual time in models.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[inline]
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Dial>>);

#[derive(Debug)]
struct Dial {
    now: Instant,
    /// Who is to look again when the clock has moved.
    sleepers: Vec<Waker>,
}

impl ManualClock {
    /// A clock that stands at the time of its making.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Dial { now: Instant::now(), sleepers: Vec::new() })))
    }

    /// Moves the clock forward and wakes those who sleep by it.
    pub fn advance(&self, by: Duration) {
        let sleepers = {
            let mut dial = self.dial();
            dial.now += by;
            mem::take(&mut dial.sleepers)
        };
        sleepers.into_iter().for_each(Waker::wake);
    }

    fn dial(&self) -> MutexGuard<'_, Dial> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.dial().now
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send {
        poll_fn(move |context| {
            let waker = context.waker().clone();
            let mut dial = self.dial();
            if dial.now >= at {
                return Poll::Ready(());
            }
            if !dial.sleepers.iter().any(|sleeper| sleeper.will_wake(&waker)) {
                dial.sleepers.push(waker);
            }
            Poll::Pending
        })
    }
}
