//! A bench, and the groups that measure its workloads.

use crate::mode::{Mode, Plan};
use crate::regime::{Probe, Regime};
use crate::rounds::{Contestant, Contestants};
use crate::table::Table;
use std::time::Duration;

/// Runs a bench: reads the command line, says the question, and measures.
pub fn run(question: &str, workloads: impl FnOnce(&mut Bench)) {
    let mut bench = Bench { mode: Mode::from_args(), probe: Probe::new() };
    match &bench.mode {
        Mode::Table(_) => println!("{question}\n{}", bench.probe),
        // What criterion prints is criterion's own.
        Mode::Criterion(_) => eprintln!("{question}\n{}", bench.probe),
    }
    workloads(&mut bench);
    if let Mode::Criterion(criterion) = bench.mode {
        criterion.final_summary();
    }
}

/// A bench that runs; it makes the group for each workload.
pub struct Bench {
    mode: Mode,
    probe: Probe,
}

impl Bench {
    /// A workload of one thread.
    pub fn one_thread<'b>(&mut self, workload: &str) -> Group<'_, 'b> {
        self.group(workload, Threads::One)
    }

    /// A workload of two threads or more: its rounds count only where two have a core each.
    pub fn two_threads<'b>(&mut self, workload: &str) -> Group<'_, 'b> {
        self.group(workload, Threads::Two)
    }

    fn group<'b>(&mut self, workload: &str, threads: Threads) -> Group<'_, 'b> {
        let contestants = Contestants { all: Vec::new(), batch: 1 };
        Group { bench: self, workload: workload.to_owned(), threads, contestants, remark: "" }
    }
}

/// How many threads a workload keeps busy at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    One,
    Two,
}

/// A workload and its contestants. The others are held against the first one.
#[must_use = "nothing is measured until `run`"]
pub struct Group<'a, 'b> {
    bench: &'a mut Bench,
    workload: String,
    threads: Threads,
    contestants: Contestants<'b>,
    remark: &'static str,
}

impl<'b> Group<'_, 'b> {
    /// Operations come in multiples of `operations`: what 64 tasks share is a multiple of 64.
    pub fn batch(mut self, operations: u64) -> Self {
        self.contestants.batch = operations;
        self
    }

    /// One more contestant: it does so many operations, and says how long they took.
    pub fn contestant(
        mut self,
        name: &'static str,
        measure: impl FnMut(u64) -> Duration + 'b,
    ) -> Self {
        self.contestants.all.push(Contestant { name, measure: Box::new(measure) });
        self
    }

    /// What a reader of the ratios has to know, such as a promise that the slower one keeps.
    pub fn remark(mut self, remark: &'static str) -> Self {
        self.remark = remark;
        self
    }

    /// Measures, unless the command line leaves this workload out.
    pub fn run(mut self) {
        match &mut self.bench.mode {
            Mode::Criterion(criterion) => {
                let mut group = criterion.benchmark_group(&self.workload);
                let batch = self.contestants.batch;
                for contestant in &mut self.contestants.all {
                    group.bench_function(contestant.name, |bencher| {
                        bencher.iter_custom(|operations| contestant.scaled(operations, batch));
                    });
                }
                group.finish();
            }
            Mode::Table(plan) if self.workload.contains(&plan.filter) => {
                let plan = plan.clone();
                self.print_table(&plan);
            }
            Mode::Table(_) => {}
        }
    }

    fn print_table(mut self, plan: &Plan) {
        let probe = &mut self.bench.probe;
        let rounds = match self.threads {
            Threads::One => self.contestants.rounds(plan, || Regime::TwoCores),
            // No round is worth repeating where there is only one regime.
            Threads::Two if probe.has_one_processor() => {
                self.contestants.rounds(&Plan { repeats: 0, ..plan.clone() }, || Regime::OneCore)
            }
            Threads::Two => self.contestants.rounds(plan, || probe.regime_now()),
        };
        let allocations = self.contestants.allocations();
        let names = self.contestants.all.iter().map(|contestant| contestant.name);
        let Self { workload, threads, remark, .. } = &self;
        let rows = names.zip(allocations).collect();
        print!("\n{}", Table { workload, threads: *threads, rounds, rows, remark });
    }
}
