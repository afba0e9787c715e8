//! Random scripts against a sequential model that predicts every answer, every count, and who must
//! not be left asleep.

use std::collections::VecDeque;
use std::task::Poll;

use patterns::tee::Lag;
use proptest::prelude::*;

use crate::feed::{Feed, Half, feed, halves};
use crate::support::{cases, within_deadline};

#[derive(Debug, Clone, Copy)]
enum Step {
    Push,
    Poll(usize),
    Drop(usize),
    End,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::Push),
        24 => (0..2usize).prop_map(Step::Poll),
        1 => (0..2usize).prop_map(Step::Drop),
        1 => Just(Step::End),
    ]
}

fn lag() -> impl Strategy<Value = Lag> {
    prop_oneof![(0..5usize).prop_map(Lag::Wait), (0..5usize).prop_map(Lag::DropOldest)]
}

/// The whole tee, one step at a time.
struct Model {
    lag: Lag,
    fed: VecDeque<u32>,
    ended: bool,
    kept: [VecDeque<u32>; 2],
    gone: [bool; 2],
    dropped: [u64; 2],
}

impl Model {
    fn new(lag: Lag) -> Self {
        let (fed, kept) = (VecDeque::new(), Default::default());
        Self { lag, fed, ended: false, kept, gone: [false; 2], dropped: [0; 2] }
    }

    fn limit(&self) -> usize {
        let (Lag::Wait(items) | Lag::DropOldest(items)) = self.lag;
        items.max(1)
    }

    fn would_wait(&self, half: usize) -> bool {
        let is_ahead =
            matches!(self.lag, Lag::Wait(_)) && self.kept[1 - half].len() == self.limit();
        let source_has_nothing = self.fed.is_empty() && !self.ended;
        // Who is ahead waits for the other, also where only the end is left to be seen.
        self.kept[half].is_empty() && (is_ahead || source_has_nothing)
    }

    fn poll(&mut self, half: usize) -> Poll<Option<u32>> {
        if self.would_wait(half) {
            return Poll::Pending;
        }
        if let Some(item) = self.kept[half].pop_front() {
            return Poll::Ready(Some(item));
        }
        let item = self.fed.pop_front();
        if let Some(item) = item
            && !self.gone[1 - half]
        {
            self.keep(1 - half, item);
        }
        Poll::Ready(item)
    }

    fn keep(&mut self, half: usize, item: u32) {
        self.kept[half].push_back(item);
        if self.kept[half].len() > self.limit() {
            self.kept[half].pop_front();
            self.dropped[half] += 1;
        }
    }
}

fn play(lag: Lag, script: &[Step]) {
    let (feeder, source) = feed();
    let (first, second) = halves(source, lag);
    let (mut halves, mut asleep) = ([Some(first), Some(second)], [false; 2]);
    let (mut model, mut next, mut seen_end) = (Model::new(lag), 0, false);
    for step in script {
        match *step {
            Step::Push if !model.ended => {
                model.fed.push_back(next);
                feeder.push(next);
                next += 1;
            }
            Step::Poll(half) => {
                let Some(polled) = &mut halves[half] else { continue };
                // Once somebody has seen the end, nobody waits for the source again.
                let expected = match seen_end && model.kept[half].is_empty() {
                    true => Poll::Ready(None),
                    false => model.poll(half),
                };
                polled.was_woken();
                assert_eq!(polled.poll(), expected, "{step:?}");
                asleep[half] = expected.is_pending();
                seen_end |= expected == Poll::Ready(None);
            }
            Step::Drop(half) => {
                halves[half] = None;
                model.gone[half] = true;
                model.kept[half].clear();
            }
            Step::End if !model.ended => {
                model.ended = true;
                feeder.end();
            }
            Step::Push | Step::End => {}
        }
        check(&model, &halves, asleep, seen_end, step);
    }
    let all_gone = halves.iter().all(Option::is_none);
    assert_eq!(feeder.is_dropped(), all_gone || seen_end, "the source at the end of the script");
}

/// Whether the counts are right, and nobody sleeps who has something to come for.
fn check(
    model: &Model,
    halves: &[Option<Half<Feed<u32>>>; 2],
    asleep: [bool; 2],
    seen_end: bool,
    step: &Step,
) {
    for (half, there) in halves.iter().enumerate() {
        let Some(there) = there else { continue };
        assert_eq!(there.tee.dropped(), model.dropped[half], "after {step:?}: lost by half {half}");
        let has_cause = seen_end || !model.would_wait(half);
        if asleep[half] && has_cause {
            assert!(there.wakes() > 0, "after {step:?}: half {half} sleeps on, and need not");
        }
    }
}

#[test]
fn any_script_runs_as_the_sequential_model_says() {
    within_deadline(|| {
        let config = cases(512, 5);
        let script = proptest::collection::vec(step(), 1..80);
        proptest!(config, |(lag in lag(), script in script)| play(lag, &script));
    });
}
