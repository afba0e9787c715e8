use std::time::Duration;

/// Runs `body` once, on real threads. Under the explorer it runs once for every interleaving.
pub fn model(body: impl Fn() + Send + Sync + 'static) {
    body();
}

/// The settings of an exploration. On this face they change nothing: `check` runs the body once.
#[derive(Debug, Clone)]
#[must_use = "a model does nothing until `check` runs it"]
pub struct Model;

impl Model {
    /// A model with the explorer's default bounds.
    pub fn new(_name: impl Into<String>) -> Self {
        Self
    }

    /// The source under test, as a part of its path: an execution in which no traced operation
    /// comes from there had nothing to explore, and fails.
    pub fn source(self, _part: &'static str) -> Self {
        self
    }

    /// The highest number of preemptions to try.
    pub fn preemptions(self, _most: usize) -> Self {
        self
    }

    /// The number of interleavings after which a search gives up.
    pub fn interleavings(self, _most: usize) -> Self {
        self
    }

    /// The number of schedule points after which one execution counts as a livelock.
    pub fn steps(self, _most: usize) -> Self {
        self
    }

    /// The time after which a search gives up.
    pub fn budget(self, _limit: Duration) -> Self {
        self
    }

    /// Random schedules from `seed`, for programs of more than four spawned threads.
    pub fn random(self, _seed: u64) -> Self {
        self
    }

    /// Runs `body` once, on real threads.
    pub fn check(self, body: impl Fn() + Send + Sync + 'static) {
        body();
    }
}
