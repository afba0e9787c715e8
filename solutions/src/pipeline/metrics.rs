//! What is counted, and how a run went.

use std::fmt;

use loomscope::sync::Arc;
use loomscope::sync::atomic::{AtomicU64, Ordering::Relaxed};
use solutions::counter::Counter;

use super::failure::{End, Failure, Stage};

/// What a pipeline has counted up to now. Its clones show the same counts.
///
/// A stage has counted an entry before the next stage sees it, so that a sink which is given the
/// tenth entry finds ten or more enriched. When a run has come to its end without a panic:
///
/// - `generated == filtered + enriched + failed_in(Stage::Enrich)`,
/// - for each sink `i`, `enriched == written(i) + failed_in(Stage::Sink(i))`.
#[derive(Clone)]
pub struct Metrics {
    pub(super) counts: Arc<Counts>,
}

/// What the stages count. Each task writes to a cell of its own, so that a count is one store.
pub(super) struct Counts {
    pub(super) generated: Counter,
    pub(super) filtered: Counter,
    pub(super) enriched: Counter,
    /// For each sink.
    pub(super) written: Vec<Counter>,
    /// Errors are rare: one word a stage, for whoever comes by.
    sources: Vec<AtomicU64>,
    enrich: AtomicU64,
    sinks: Vec<AtomicU64>,
    flushes: Vec<AtomicU64>,
}

impl Counts {
    pub(super) fn new(sources: usize, sinks: usize) -> Self {
        let words = |stages: usize| (0..stages).map(|_| AtomicU64::new(0)).collect();
        Self {
            generated: Counter::new(),
            filtered: Counter::new(),
            enriched: Counter::new(),
            written: (0..sinks).map(|_| Counter::new()).collect(),
            sources: words(sources),
            enrich: AtomicU64::new(0),
            sinks: words(sinks),
            flushes: words(sinks),
        }
    }

    pub(super) fn fail(&self, stage: Stage) {
        // Relaxed: a count publishes nothing but itself.
        self.failures(stage).fetch_add(1, Relaxed);
    }

    fn failures(&self, stage: Stage) -> &AtomicU64 {
        match stage {
            Stage::Source(source) => &self.sources[source],
            Stage::Enrich => &self.enrich,
            Stage::Sink(sink) => &self.sinks[sink],
            Stage::Flush(sink) => &self.flushes[sink],
        }
    }
}

impl Metrics {
    /// Entries that the sources gave, errors not counted.
    pub fn generated(&self) -> u64 {
        self.counts.generated.sum()
    }

    /// Entries that a filter dropped.
    pub fn filtered(&self) -> u64 {
        self.counts.filtered.sum()
    }

    /// Entries that the work made something of.
    pub fn enriched(&self) -> u64 {
        self.counts.enriched.sum()
    }

    /// Errors, wherever they came from.
    pub fn failed(&self) -> u64 {
        let Counts { sources, enrich, sinks, flushes, .. } = &*self.counts;
        let all = sources.iter().chain([enrich]).chain(sinks).chain(flushes);
        all.map(|errors| errors.load(Relaxed)).sum()
    }

    /// Errors of one stage.
    ///
    /// # Panics
    ///
    /// If there is no source or sink of this number.
    pub fn failed_in(&self, stage: Stage) -> u64 {
        self.counts.failures(stage).load(Relaxed)
    }

    /// Entries that the sink of this number has taken.
    ///
    /// # Panics
    ///
    /// If there is no such sink.
    pub fn written(&self, sink: usize) -> u64 {
        self.counts.written[sink].sum()
    }

    /// How many sources there are.
    pub fn sources(&self) -> usize {
        self.counts.sources.len()
    }

    /// How many sinks there are.
    pub fn sinks(&self) -> usize {
        self.counts.sinks.len()
    }

    /// All counts, as plain numbers. While the pipeline runs, they are not of one and the same moment.
    pub fn totals(&self) -> Totals {
        Totals {
            generated: self.generated(),
            filtered: self.filtered(),
            enriched: self.enriched(),
            failed: self.failed(),
            written: self.counts.written.iter().map(Counter::sum).collect(),
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.totals().fmt(f)
    }
}

/// The counts of a pipeline, as plain numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Entries that the sources gave, errors not counted.
    pub generated: u64,
    /// Entries that a filter dropped.
    pub filtered: u64,
    /// Entries that the work made something of.
    pub enriched: u64,
    /// Errors, wherever they came from.
    pub failed: u64,
    /// For each sink, how many entries it has taken.
    pub written: Vec<u64>,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<E> {
    /// What was counted.
    pub totals: Totals,
    /// The first [`MAX_ERRORS`](super::MAX_ERRORS) errors, in the order in which they came.
    pub errors: Vec<Failure<E>>,
    /// Why it ended.
    pub end: End,
}
