//! Contestants that take turns, so that a slow moment of the machine hits them alike.

use crate::allocations::{Counted, count_allocations};
use crate::mode::Plan;
use crate::regime::Regime;
use std::thread::sleep;
use std::time::Duration;

/// The shorter of the two passes that count allocations does at least so many operations.
const COUNTED_OPERATIONS: u64 = 1_000;

/// One way of doing the workload's operation.
pub(crate) struct Contestant<'b> {
    pub(crate) name: &'static str,
    /// Does so many operations, and says how long they took.
    pub(crate) measure: Box<dyn FnMut(u64) -> Duration + 'b>,
}

/// All the ways, and the smallest number of operations that each of them can do.
pub(crate) struct Contestants<'b> {
    pub(crate) all: Vec<Contestant<'b>>,
    pub(crate) batch: u64,
}

/// What the rounds of a workload have measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rounds {
    /// For each contestant its nanoseconds an operation, round by round.
    pub(crate) nanos: Vec<Vec<f64>>,
    /// How many of the rounds were kept although two threads shared a core.
    pub(crate) on_one_core: usize,
}

/// What a contestant asks of the allocator for one operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PerOperation {
    pub(crate) allocations: f64,
    pub(crate) bytes: f64,
}

impl Contestants<'_> {
    /// Measures `plan.rounds` rounds. A round before or after which two threads share a core is
    /// repeated, `plan.repeats` times in all; after that, rounds are kept as they come.
    pub(crate) fn rounds(&mut self, plan: &Plan, mut regime: impl FnMut() -> Regime) -> Rounds {
        let operations: Vec<_> =
            self.all.iter_mut().map(|one| one.operations_in(plan.turn, self.batch)).collect();
        let mut rounds = Rounds { nanos: vec![Vec::new(); self.all.len()], on_one_core: 0 };
        let mut repeats = plan.repeats;
        while rounds.count() < plan.rounds {
            if regime() == Regime::OneCore && repeats > 0 {
                repeats -= 1;
                sleep(plan.pause);
                continue;
            }
            let round = self.round(rounds.count(), &operations);
            if regime() == Regime::OneCore {
                if repeats > 0 {
                    repeats -= 1;
                    continue;
                }
                rounds.on_one_core += 1;
            }
            rounds.keep(round);
        }
        rounds
    }

    /// One turn for each. Every round starts with another contestant, so that none of them always
    /// finds the machine as the same other one left it.
    fn round(&mut self, number: usize, operations: &[u64]) -> Vec<f64> {
        let count = self.all.len();
        let mut nanos = vec![0.0; count];
        for turn in 0..count {
            let whose = (number + turn) % count;
            let time = (self.all[whose].measure)(operations[whose]);
            nanos[whose] = time.as_nanos() as f64 / operations[whose] as f64;
        }
        nanos
    }

    /// What each asks of the allocator.
    pub(crate) fn allocations(&mut self) -> Vec<PerOperation> {
        let few = COUNTED_OPERATIONS.next_multiple_of(self.batch);
        self.all.iter_mut().map(|one| one.allocations(few, 3 * few)).collect()
    }
}

impl Contestant<'_> {
    /// Measures so many operations although only multiples of `batch` can be done.
    pub(crate) fn scaled(&mut self, operations: u64, batch: u64) -> Duration {
        let whole = operations.next_multiple_of(batch);
        (self.measure)(whole).mul_f64(operations as f64 / whole as f64)
    }

    /// How many operations take about `turn`.
    fn operations_in(&mut self, turn: Duration, batch: u64) -> u64 {
        let mut operations = batch;
        loop {
            let time = (self.measure)(operations);
            let missing = turn.as_secs_f64() / time.as_secs_f64().max(1e-9);
            if missing <= 2.0 {
                let exact = operations as f64 * missing;
                return (exact as u64).max(1).next_multiple_of(batch);
            }
            operations *= missing.min(16.0) as u64;
        }
    }

    /// Counts a short and a long pass: what the long one asked for more is the operations' part,
    /// and the rest is the workload's, for its threads and its channels.
    fn allocations(&mut self, few: u64, many: u64) -> PerOperation {
        let mut pass = |operations| _ = (self.measure)(operations);
        // What is made once and kept is made here.
        pass(few);
        let short = count_allocations(|| pass(few));
        let long = count_allocations(|| pass(many));
        PerOperation::between(short, long, many - few)
    }
}

impl PerOperation {
    fn between(short: Counted, long: Counted, operations: u64) -> Self {
        let each = |short: u64, long: u64| long.saturating_sub(short) as f64 / operations as f64;
        Self {
            allocations: each(short.allocations, long.allocations),
            bytes: each(short.bytes, long.bytes),
        }
    }
}

impl Rounds {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.nanos.first().map_or(0, Vec::len)
    }

    fn keep(&mut self, round: Vec<f64>) {
        for (nanos, nano) in self.nanos.iter_mut().zip(round) {
            nanos.push(nano);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    const PLAN: Plan = Plan {
        turn: Duration::from_millis(1),
        rounds: 3,
        repeats: 2,
        pause: Duration::ZERO,
        filter: String::new(),
    };

    /// Contestants that say how long they took, and take no time.
    fn of_nanos<'b>(each: &[(&'static str, u64)]) -> Contestants<'b> {
        let contestant = |&(name, nanos)| {
            let measure = move |operations| Duration::from_nanos(nanos * operations);
            Contestant { name, measure: Box::new(measure) }
        };
        Contestants { all: each.iter().map(contestant).collect(), batch: 1 }
    }

    #[test]
    fn every_contestant_has_a_turn_in_every_round() {
        let rounds = of_nanos(&[("ours", 10), ("theirs", 25)]).rounds(&PLAN, || Regime::TwoCores);
        assert_eq!(rounds.nanos, [vec![10.0; 3], vec![25.0; 3]]);
        assert_eq!(rounds.on_one_core, 0);
    }

    #[test]
    fn the_turns_begin_with_another_contestant_every_round() {
        let log = &RefCell::new(Vec::new());
        let noted = |name| Contestant {
            name,
            measure: Box::new(move |_| {
                log.borrow_mut().push(name);
                Duration::from_millis(1)
            }),
        };
        let mut contestants = Contestants { all: vec![noted("a"), noted("b")], batch: 1 };
        contestants.rounds(&PLAN, || Regime::TwoCores);
        assert_eq!(log.borrow()[2..], ["a", "b", "b", "a", "a", "b"]);
    }

    #[test]
    fn a_turn_lasts_about_as_long_as_planned_in_whole_batches() {
        let mut contestants = of_nanos(&[("ours", 10)]);
        let ours = &mut contestants.all[0];
        assert_eq!(ours.operations_in(Duration::from_millis(1), 1), 100_000);
        assert_eq!(ours.operations_in(Duration::from_millis(1), 64), 100_032);
        assert_eq!(ours.operations_in(Duration::ZERO, 64), 64);
    }

    #[test]
    fn a_round_in_the_wrong_regime_is_repeated() {
        // Asked before and after each round: wrong before the first, then wrong after it.
        let mut answers = [Regime::OneCore, Regime::TwoCores, Regime::OneCore].into_iter();
        let asked = Cell::new(0);
        let rounds = of_nanos(&[("ours", 10)]).rounds(&PLAN, || {
            asked.set(asked.get() + 1);
            answers.next().unwrap_or(Regime::TwoCores)
        });
        assert_eq!((rounds.count(), rounds.on_one_core), (3, 0));
        assert_eq!(asked.get(), 3 + 2 * 3);
    }

    #[test]
    fn after_the_last_repeat_the_rounds_are_kept_and_counted() {
        let rounds = of_nanos(&[("ours", 10)]).rounds(&PLAN, || Regime::OneCore);
        assert_eq!((rounds.count(), rounds.on_one_core), (3, 3));
    }

    #[test]
    fn operations_that_are_no_whole_batch_are_scaled() {
        let mut contestants = of_nanos(&[("ours", 10)]);
        assert_eq!(contestants.all[0].scaled(1, 64), Duration::from_nanos(10));
    }

    #[test]
    fn what_both_passes_allocate_is_not_the_operations_part() {
        let short = Counted { allocations: 100 + 2 * 10, bytes: 4_000 + 64 * 10 };
        let long = Counted { allocations: 100 + 2 * 30, bytes: 4_000 + 64 * 30 };
        let each = PerOperation::between(short, long, 20);
        assert_eq!(each, PerOperation { allocations: 2.0, bytes: 64.0 });
    }
}
