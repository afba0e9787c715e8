//! Random scripts over random trees, against a model that computes every reason anew.

use std::task::Poll;
use std::time::Duration;

use patterns::cancel::{CancelToken, CancelledOwned, Reason};
use proptest::prelude::*;
use tokio::time::{Instant, advance};

use crate::support::{Polled, cases, within_deadline};

#[derive(Debug, Clone)]
enum Step {
    Child(usize),
    WithTimeout(usize, u64),
    Cancel(usize),
    /// Lets the last copy of one of the tokens go; its waits have copies of their own.
    Drop(usize),
    Look(usize),
    /// Makes a wait for one of the tokens; it has not been polled.
    Wait(usize),
    Poll(usize),
    GiveUp(usize),
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..64usize;
    prop_oneof![
        8 => which.clone().prop_map(Step::Child),
        4 => (which.clone(), 0..40u64).prop_map(|(which, limit)| Step::WithTimeout(which, limit)),
        1 => which.clone().prop_map(Step::Cancel),
        3 => which.clone().prop_map(Step::Drop),
        4 => which.clone().prop_map(Step::Look),
        6 => which.clone().prop_map(Step::Wait),
        10 => which.clone().prop_map(Step::Poll),
        2 => which.prop_map(Step::GiveUp),
        2 => (1..15u64).prop_map(Step::Advance),
    ]
}

/// A token as the model sees it: times are milliseconds since the start.
struct Modelled {
    parent: Option<usize>,
    deadline: Option<u64>,
    reason: Option<Reason>,
}

#[derive(Default)]
struct Model {
    now: u64,
    tokens: Vec<Modelled>,
}

impl Model {
    fn add(&mut self, parent: Option<usize>, limit: Option<u64>) -> usize {
        let own = limit.map(|limit| self.now + limit);
        let above = parent.map(|parent| &self.tokens[parent]);
        let deadline = own.into_iter().chain(above.and_then(|above| above.deadline)).min();
        let reason = above.and_then(|above| above.reason);
        self.tokens.push(Modelled { parent, deadline, reason });
        self.tick(0);
        self.tokens.len() - 1
    }

    fn tick(&mut self, by: u64) {
        self.now += by;
        for token in &mut self.tokens {
            if token.reason.is_none() && token.deadline.is_some_and(|at| at <= self.now) {
                token.reason = Some(Reason::DeadlineExceeded);
            }
        }
    }

    fn cancel(&mut self, which: usize) {
        for token in 0..self.tokens.len() {
            let mut line = std::iter::successors(Some(token), |&at| self.tokens[at].parent);
            if line.any(|at| at == which) {
                self.tokens[token].reason.get_or_insert(Reason::Cancelled);
            }
        }
    }
}

struct Waiting {
    future: Polled<CancelledOwned>,
    /// Its token in the model.
    of: usize,
    asleep: bool,
}

async fn play(script: Vec<Step>) {
    let (start, mut model) = (Instant::now(), Model::default());
    let mut tokens = vec![(CancelToken::new(), model.add(None, None))];
    let mut waits: Vec<Waiting> = Vec::new();
    for step in script {
        match step {
            Step::Child(which) if !tokens.is_empty() => {
                let (parent, id) = &tokens[which % tokens.len()];
                let child = (parent.child(), model.add(Some(*id), None));
                tokens.push(child);
            }
            Step::WithTimeout(which, limit) if !tokens.is_empty() => {
                let (parent, id) = &tokens[which % tokens.len()];
                let child = parent.with_timeout(Duration::from_millis(limit));
                let child = (child, model.add(Some(*id), Some(limit)));
                tokens.push(child);
            }
            Step::Cancel(which) if !tokens.is_empty() => {
                let (token, id) = &tokens[which % tokens.len()];
                token.cancel();
                model.cancel(*id);
            }
            Step::Drop(which) if tokens.len() > 1 => drop(tokens.remove(which % tokens.len())),
            Step::Look(which) if !tokens.is_empty() => {
                let (token, id) = &tokens[which % tokens.len()];
                let known = &model.tokens[*id];
                assert_eq!(token.is_cancelled(), known.reason.is_some(), "{step:?}");
                assert_eq!(token.reason(), known.reason, "{step:?}");
                let deadline = token.deadline().map(|at| (at - start).as_millis() as u64);
                assert_eq!(deadline, known.deadline, "{step:?}");
            }
            Step::Wait(which) if !tokens.is_empty() => {
                let (token, of) = &tokens[which % tokens.len()];
                let future = Polled::new(token.clone().cancelled_owned());
                waits.push(Waiting { future, of: *of, asleep: false });
            }
            Step::Poll(which) if !waits.is_empty() => {
                let which = which % waits.len();
                let wait = &mut waits[which];
                let expected = model.tokens[wait.of].reason.map_or(Poll::Pending, Poll::Ready);
                assert_eq!(wait.future.poll(), expected, "{step:?} of {}", wait.of);
                wait.asleep = true;
                if expected.is_ready() {
                    drop(waits.remove(which));
                }
            }
            Step::GiveUp(which) if !waits.is_empty() => {
                drop(waits.remove(which % waits.len()));
            }
            Step::Advance(by) => {
                advance(Duration::from_millis(by)).await;
                model.tick(by);
            }
            _ => {}
        }
        for wait in waits.iter().filter(|wait| wait.asleep) {
            let due = usize::from(model.tokens[wait.of].reason.is_some());
            let wakes = wait.future.wakes();
            assert_eq!(wakes.min(1), due, "after {step:?}: wake-ups of a wait for {}", wait.of);
        }
    }
    for (token, id) in &tokens {
        assert_eq!(token.reason(), model.tokens[*id].reason, "at the end, of {id}");
    }
}

#[test]
fn any_script_runs_as_the_sequential_model_says() {
    within_deadline(|| {
        let config = cases(256, 2);
        let script = proptest::collection::vec(step(), 1..80);
        proptest!(config, |(script in script)| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
            runtime.block_on(play(script));
        });
    });
}
