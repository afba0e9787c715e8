//! The search: which executions are tried, until one fails or all have passed.

use std::mem::discriminant;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::engine::{self, Engine};
use crate::event::{Failure, Found, Log, Place};
use crate::record::{self, Finished, Mode, Settings};
use crate::report::{Report, Verdict};
use crate::thread;

/// A thread that takes no step for so long is stuck.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 300 } else { 4_000 });

/// Tries the interleavings of `body`, with the default bounds.
///
/// # Panics
///
/// With the verdict and the timeline, where an interleaving fails.
#[track_caller]
pub fn model(body: impl Fn() + Send + Sync + 'static) {
    let test = std::thread::current().name().unwrap_or("model").to_owned();
    Model::new(test).check(body);
}

/// The settings of an exploration.
#[derive(Debug, Clone)]
#[must_use = "a model does nothing until `check` runs it"]
pub struct Model {
    name: String,
    source: Option<&'static str>,
    preemptions: usize,
    interleavings: usize,
    steps: usize,
    budget: Duration,
    seed: Option<u64>,
}

/// One pass of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// At most so many preemptions in one execution; in a random search, the depth of the schedules.
    pub preemptions: usize,
    /// How many executions it went through.
    pub interleavings: u64,
    /// Whether it went through all there are within the bound. A random search never does.
    pub exhausted: bool,
}

/// What a search found.
#[derive(Debug)]
pub struct Outcome {
    /// The passes, in the order in which they were made; the last is the one that failed, if any.
    pub passes: Vec<Pass>,
    /// The failure, explained; `None` where every execution passed.
    pub report: Option<Report>,
}

impl Outcome {
    /// The verdict on the failure, if there was one.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.report.as_ref().map(Report::verdict)
    }
}

impl Model {
    /// A model with the default bounds: exhaustive for 0, then 1, 2 and 3 preemptions, so that the
    /// first counterexample is the simplest; at most 100 000 interleavings, 2 000 steps in each,
    /// and 20 seconds.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            source: None,
            preemptions: 3,
            interleavings: 100_000,
            steps: 2_000,
            budget: Duration::from_secs(20),
            seed: None,
        }
    }

    /// The source under test, as a part of its path: a search in which no traced operation comes
    /// from there had nothing to explore, and fails.
    pub fn source(mut self, part: &'static str) -> Self {
        self.source = Some(part);
        self
    }

    /// The highest number of preemptions to try.
    pub fn preemptions(mut self, most: usize) -> Self {
        self.preemptions = most;
        self
    }

    /// The number of interleavings after which a pass gives up; in a random search, its length.
    pub fn interleavings(mut self, most: usize) -> Self {
        self.interleavings = most;
        self
    }

    /// The number of schedule points after which one execution counts as a livelock.
    pub fn steps(mut self, most: usize) -> Self {
        self.steps = most;
        self
    }

    /// The time after which a search gives up.
    pub fn budget(mut self, limit: Duration) -> Self {
        self.budget = limit;
        self
    }

    /// Random schedules from `seed`, for programs of more than four spawned threads.
    pub fn random(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        if self.interleavings == 100_000 {
            self.interleavings = 1_000;
        }
        self
    }

    /// Searches; where an interleaving fails, writes its pictures and panics with its timeline.
    ///
    /// A search that a bound ended early says so on standard error, past the test's capture.
    ///
    /// # Panics
    ///
    /// With the verdict and the timeline, where an interleaving fails.
    #[track_caller]
    pub fn check(self, body: impl Fn() + Send + Sync + 'static) {
        let name = self.name.clone();
        let outcome = self.run(body);
        match &outcome.report {
            Some(report) => panic!("{}", crate::output::publish(report)),
            None => crate::output::note_bounds(&name, &outcome.passes),
        }
    }

    /// Searches, and gives what it found.
    #[track_caller]
    pub fn run(self, body: impl Fn() + Send + Sync + 'static) -> Outcome {
        let (body, place, started) = (Arc::new(body), Location::caller(), Instant::now());
        Search { model: self, body, place, started, mode: Mode::default() }.run()
    }
}

struct Search {
    model: Model,
    body: Arc<dyn Fn() + Send + Sync>,
    place: Place,
    mode: Mode,
    started: Instant,
}

impl Search {
    fn run(mut self) -> Outcome {
        let mut passes = Vec::new();
        let mut explored = false;
        for preemptions in 0..=self.model.preemptions {
            if preemptions > 0 && self.started.elapsed() >= self.model.budget {
                passes.push(Pass { preemptions, interleavings: 0, exhausted: false });
                break;
            }
            let finished = self.pass(preemptions);
            explored |= finished.explored;
            let is_random = self.model.seed.is_some();
            let exhausted = !is_random && !finished.capped && finished.failure.is_none();
            let interleavings = finished.executions;
            passes.push(Pass { preemptions, interleavings, exhausted });
            if finished.failure.is_some() {
                let report = Some(self.explain(preemptions, finished));
                return Outcome { passes, report };
            }
            if !(is_random || exhausted) {
                break;
            }
        }
        let report = (!explored).then(|| self.nothing_to_explore());
        Outcome { passes, report }
    }

    /// Searches within one bound, with recording off. A mode that turns out to be needed begins it
    /// anew, since it changes where the schedule points are.
    fn pass(&mut self, preemptions: usize) -> Finished {
        loop {
            let budget = self.model.budget.saturating_sub(self.started.elapsed());
            let mut finished = self.drive(preemptions, 0, budget);
            // Says PCT where there is one schedule only; the rest is for `source` to judge.
            finished.failure.take_if(|failure| matches!(failure, Failure::NothingToExplore));
            match finished.needs {
                Some(mode) => self.mode = mode,
                None => return finished,
            }
        }
    }

    /// Goes through the same executions again, and records the one that failed.
    fn explain(&self, preemptions: usize, finished: Finished) -> Report {
        let executions = finished.executions;
        let mut failure = finished.failure.clone().expect("only a failure is explained");
        let mut log = finished.log();
        let mut replayed = false;
        if !matches!(failure, Failure::Stuck(_)) {
            let again = self.drive(preemptions, executions, self.model.budget);
            replayed = again.executions == executions
                && again.failure.as_ref().map(discriminant) == Some(discriminant(&failure));
            if replayed {
                failure = again.failure.clone().unwrap_or(failure);
                log = again.log();
            }
        }
        let found = Found {
            engine: if self.model.seed.is_some() { "shuttle" } else { "loom" },
            execution: executions,
            preemptions: self.model.seed.is_none().then_some(preemptions),
            seed: self.model.seed,
            replayed,
        };
        Report::new(&self.model.name, failure, found, log)
    }

    fn nothing_to_explore(&self) -> Report {
        let (engine, preemptions, seed) = ("loom", None, self.model.seed);
        let found = Found { engine, execution: 1, preemptions, seed, replayed: true };
        Report::new(&self.model.name, Failure::NothingToExplore, found, Log::default())
    }

    /// Runs an engine on a thread of its own, which stops for ever where an execution fails.
    fn drive(&self, preemptions: usize, record: u64, budget: Duration) -> Finished {
        let (sink, result) = mpsc::channel();
        let Model { source, steps, interleavings, seed, .. } = self.model;
        // loom looks at caps of its own only once in a while.
        let cap = seed.is_none().then(|| (interleavings as u64, Instant::now() + budget));
        let settings = Settings { record, source, mode: self.mode, steps, cap };
        let (body, place) = (self.body.clone(), self.place);
        let executions = move || thread::run_execution(|| body(), place);
        let steps_taken = Arc::new(AtomicU64::new(0));
        let counted = steps_taken.clone();
        std::thread::Builder::new()
            .name("loomscope".to_owned())
            .spawn(move || {
                record::drive(settings, sink, counted, move || match seed {
                    None => loom_pass(preemptions, steps, executions),
                    Some(seed) => {
                        shuttle_pass(preemptions, steps, interleavings, budget, seed, executions)
                    }
                });
            })
            .expect("the system can start another thread");
        let mut before = u64::MAX;
        loop {
            if let Ok(finished) = result.recv_timeout(PATIENCE) {
                return finished;
            }
            // Relaxed: a count that publishes nothing.
            let now = steps_taken.load(Relaxed);
            if now == before {
                return Finished::stuck(PATIENCE);
            }
            before = now;
        }
    }
}

fn loom_pass(preemptions: usize, steps: usize, executions: impl Fn() + Send + Sync + 'static) {
    engine::select(Engine::Loom);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = steps;
    builder.check(executions);
}

fn shuttle_pass(
    depth: usize,
    steps: usize,
    interleavings: usize,
    budget: Duration,
    seed: u64,
    executions: impl Fn() + Send + Sync + 'static,
) {
    use shuttle::scheduler::{PctScheduler, RandomScheduler};
    engine::select(Engine::Shuttle);
    let mut config = shuttle::Config::new();
    config.stack_size = 256 * 1024;
    config.failure_persistence = shuttle::FailurePersistence::None;
    config.max_steps = shuttle::MaxSteps::FailAfter(steps);
    config.max_time = Some(budget);
    config.silence_warnings = true;
    if depth == 0 {
        let scheduler = RandomScheduler::new_from_seed(seed, interleavings);
        shuttle::Runner::new(scheduler, config).run(executions);
    } else {
        let scheduler = PctScheduler::new_from_seed(seed, depth, interleavings);
        shuttle::Runner::new(scheduler, config).run(executions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_without_schedule_points_is_stuck() {
        let model = Model::new("stuck").budget(Duration::ZERO);
        let outcome = model.run(|| {
            loop {
                std::hint::spin_loop();
            }
        });
        assert!(matches!(outcome.verdict(), Some(Verdict::Stuck { .. })), "{:?}", outcome.report);
    }
}
