//! Whether two threads have a core each.
//!
//! A virtual machine of two processors runs them on two cores, or for minutes on the two halves of
//! one. Threads that share a core hand a cache line over at once: a comparison made there says
//! little about one made on two. A counter that two threads increment gives it away: between two
//! cores the line has to travel (18 to 23 ns an increment on the machine of the goals), within one
//! it does not (5 to 6 ns), and costs no more than a counter that one thread has for itself (7 ns).

use crate::fixtures::race_threads;
use std::fmt;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::available_parallelism;

/// Enough for a few milliseconds, so that the scheduler has had time to spread the two threads.
const INCREMENTS: u64 = 200_000;

/// Two threads on two cores pay at least this much more for an increment than one thread alone.
const TRAVEL: f64 = 1.5;

/// Where two threads run that want to run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regime {
    /// On a core each.
    TwoCores,
    /// On the two halves of one core, or in turn.
    OneCore,
}

/// The probe, which remembers what an increment costs where no other thread wants the line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    processors: usize,
    alone: f64,
    contended: f64,
}

impl Probe {
    /// Probes for the first time.
    pub(crate) fn new() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        // The fastest of some: what is slower was disturbed.
        let alone = (0..5).map(|_| nanos_per_increment(1)).fold(f64::INFINITY, f64::min);
        Self { processors, alone, contended: nanos_per_increment(2) }
    }

    /// Probes again.
    pub(crate) fn regime_now(&mut self) -> Regime {
        self.contended = nanos_per_increment(2);
        self.regime()
    }

    /// Whether the regime can never be another.
    pub(crate) fn has_one_processor(&self) -> bool {
        self.processors == 1
    }

    fn regime(&self) -> Regime {
        classify(self.processors, self.alone, self.contended)
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let regime = match self.regime() {
            Regime::TwoCores => "two threads have a core each",
            Regime::OneCore => "two threads share a core",
        };
        let Self { processors, alone, contended } = self;
        write!(f, "{processors} processors, {regime} ")?;
        write!(f, "(an increment: {alone:.1} ns alone, {contended:.1} ns between two threads)")
    }
}

fn classify(processors: usize, alone: f64, contended: f64) -> Regime {
    if processors > 1 && contended >= TRAVEL * alone { Regime::TwoCores } else { Regime::OneCore }
}

fn nanos_per_increment(threads: u64) -> f64 {
    let counter = AtomicU64::new(0);
    let increment = || {
        for _ in 0..INCREMENTS {
            // Relaxed: nothing but the counter is shared.
            counter.fetch_add(1, Relaxed);
        }
    };
    let time = race_threads((0..threads).map(|_| increment).collect());
    time.as_nanos() as f64 / (threads * INCREMENTS) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_travels_means_two_cores() {
        assert_eq!(classify(2, 7.1, 20.3), Regime::TwoCores);
        assert_eq!(classify(2, 8.5, 16.0), Regime::TwoCores);
    }

    #[test]
    fn a_line_that_stays_means_one_core() {
        assert_eq!(classify(2, 7.1, 5.6), Regime::OneCore);
        assert_eq!(classify(2, 7.1, 7.3), Regime::OneCore);
    }

    #[test]
    fn one_processor_is_one_core_whatever_was_measured() {
        assert_eq!(classify(1, 7.1, 20.3), Regime::OneCore);
    }

    #[test]
    fn the_probe_says_what_it_saw() {
        let probe = Probe { processors: 2, alone: 7.06, contended: 20.31 };
        assert_eq!(
            probe.to_string(),
            "2 processors, two threads have a core each \
             (an increment: 7.1 ns alone, 20.3 ns between two threads)"
        );
    }
}
