//! A clock that does not wait: whoever sleeps by it is woken at once, and it shows the time that they
//! asked for. Days pass in no time, and no runtime is needed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use patterns::retry::Clock;
use tokio::time::Instant;

#[derive(Clone)]
pub(crate) struct Jumping(Arc<Mutex<State>>);

struct State {
    start: Instant,
    now: Instant,
    /// By how much the next sleepers are woken too late.
    late: VecDeque<Duration>,
}

impl Jumping {
    pub(crate) fn new() -> Self {
        Self::late_by([])
    }

    /// Wakes one sleeper after the other too late, by so much.
    pub(crate) fn late_by(late: impl IntoIterator<Item = Duration>) -> Self {
        let start = Instant::now();
        let late = late.into_iter().collect();
        Self(Arc::new(Mutex::new(State { start, now: start, late })))
    }

    /// The time since the clock was made.
    pub(crate) fn elapsed(&self) -> Duration {
        let state = self.0.lock().unwrap();
        state.now - state.start
    }

    /// Something takes its time.
    pub(crate) fn pass(&self, time: Duration) {
        self.0.lock().unwrap().now += time;
    }
}

impl Clock for Jumping {
    fn now(&self) -> Instant {
        self.0.lock().unwrap().now
    }

    async fn sleep_until(&self, at: Instant) {
        let mut state = self.0.lock().unwrap();
        let late = state.late.pop_front().unwrap_or_default();
        state.now = state.now.max(at) + late;
    }
}
