//! What the current era has seen: failures while it is closed, probes while it is half-open.

use std::collections::VecDeque;

use super::builder::Limits;

#[derive(Default)]
pub(super) struct Ledger {
    /// When the failures were that still count, the oldest first; fewer than the threshold.
    failures: VecDeque<u64>,
    /// How many more probes may start.
    places: u32,
    /// How many more probes have to succeed.
    wanted: u32,
}

impl Ledger {
    /// Counts a failure of a closed era; says whether it is the one that opens, and then forgets all.
    // ANCHOR: window
    pub(super) fn is_one_too_many(&mut self, now: u64, limits: &Limits) -> bool {
        // Two threads may come here in another order than they read the clock.
        let now = self.failures.back().map_or(now, |last| now.max(*last));
        while self.failures.front().is_some_and(|first| now - first > limits.window) {
            self.failures.pop_front();
        }
        self.failures.push_back(now);
        let too_many = self.failures.len() >= limits.failure_threshold;
        if too_many {
            self.failures.clear();
        }
        too_many
    }
    // ANCHOR_END: window

    /// Begins a half-open era: all places are free, and every one has to bring a success.
    pub(super) fn begin_probing(&mut self, limits: &Limits) {
        (self.places, self.wanted) = (limits.probes, limits.probes);
    }

    /// Takes a probe's place, if one is free.
    pub(super) fn take_place(&mut self) -> bool {
        let is_free = self.places > 0;
        self.places -= u32::from(is_free);
        is_free
    }

    /// A probe has ended without a result.
    pub(super) fn give_place_back(&mut self) {
        self.places += 1;
    }

    /// Counts a probe's success; says whether no more are wanted.
    pub(super) fn is_last_success(&mut self) -> bool {
        self.wanted -= 1;
        self.wanted == 0
    }
}
