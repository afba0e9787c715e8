//! What happens to errors, and why a run ends.

use std::error::Error;
use std::fmt;

use loomscope::sync::{Arc, Mutex, MutexGuard};
use solutions::cancel::{CancelToken, Reason};

use super::metrics::Counts;

/// How many errors a [`Report`](super::Report) keeps. All are counted, and all are told to
/// `on_error`.
pub const MAX_ERRORS: usize = 100;

/// What an error means for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnError {
    /// One entry less: the pipeline goes on.
    Continue,
    /// The sources are stopped, as by a cancelled token; what was accepted still goes all the way.
    Stop,
}

/// An error, and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Failure<E> {
    /// Where.
    pub stage: Stage,
    /// What.
    pub error: E,
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.error)
    }
}

impl<E: Error> Error for Failure<E> {}

/// Where an error comes from. Sources and sinks are numbered in the order in which they were added.
///
/// It is shown as `source 0`, `enrichment`, `sink 0` or `flush of sink 0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A source gave an error in place of an entry.
    Source(usize),
    /// The work made an error of an entry.
    Enrich,
    /// A sink did not take an entry: it failed to get ready for it, or to take it.
    Sink(usize),
    /// A sink failed to flush or to close: an error of no one entry.
    Flush(usize),
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(source) => write!(f, "source {source}"),
            Self::Enrich => f.write_str("enrichment"),
            Self::Sink(sink) => write!(f, "sink {sink}"),
            Self::Flush(sink) => write!(f, "flush of sink {sink}"),
        }
    }
}

/// Why a pipeline ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Every source came to its end, and no error said stop.
    Done,
    /// `on_error` said stop, before the token was cancelled.
    Stopped,
    /// The token was cancelled while a source was being read, and no error had said stop.
    Cancelled(Reason),
}

/// Decides whether to go on.
pub(super) type Decide<E> = Box<dyn Fn(&Failure<E>) -> OnError + Send + Sync>;

/// Where the stages bring their errors, and hear of a stop.
pub(super) struct Control<E> {
    counts: Arc<Counts>,
    decide: Decide<E>,
    /// The caller's token.
    token: CancelToken,
    /// Its child, which an error cancels as well: the sources look at this one.
    pub(super) stop: CancelToken,
    outcome: Mutex<Outcome<E>>,
}

struct Outcome<E> {
    errors: Vec<Failure<E>>,
    /// The first cause of a stop.
    end: Option<End>,
}

impl<E> Control<E> {
    pub(super) fn new(token: CancelToken, decide: Decide<E>, counts: Arc<Counts>) -> Self {
        let outcome = Mutex::new(Outcome { errors: Vec::new(), end: None });
        Self { counts, decide, stop: token.child(), token, outcome }
    }

    // ANCHOR: fail
    /// Counts an error, asks what it means, and keeps it if it is one of the first.
    pub(super) fn fail(&self, stage: Stage, error: E, reading: impl FnOnce() -> bool) {
        self.counts.fail(stage);
        let failure = Failure { stage, error };
        let decision = (self.decide)(&failure);
        self.keep(failure);
        if decision == OnError::Stop {
            let cancelled = if reading() { self.token.reason() } else { None };
            self.end(cancelled.map_or(End::Stopped, End::Cancelled));
            self.stop.cancel();
        }
    }

    fn keep(&self, failure: Failure<E>) {
        let mut outcome = self.outcome();
        if outcome.errors.len() < MAX_ERRORS {
            outcome.errors.push(failure);
        } else {
            // Before `failure`, whose drop is not ours.
            drop(outcome);
        }
    }
    // ANCHOR_END: fail

    /// Says that a source has come to its end while it was read, or that it was stopped.
    pub(super) fn source_ended(&self) {
        if let Some(reason) = self.token.reason() {
            self.end(End::Cancelled(reason));
        }
    }

    fn end(&self, cause: End) {
        self.outcome().end.get_or_insert(cause);
    }

    /// The errors that were kept, and why the run ends.
    pub(super) fn into_outcome(self) -> (Vec<Failure<E>>, End) {
        let outcome = self.outcome.into_inner().expect(UNPOISONED);
        (outcome.errors, outcome.end.unwrap_or(End::Done))
    }

    fn outcome(&self) -> MutexGuard<'_, Outcome<E>> {
        self.outcome.lock().expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "nothing panics under this lock: no code of others runs there";
