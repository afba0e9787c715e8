//! Random scripts, against a model that predicts every answer, every wake-up and every drop.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::Stream;
use patterns::or_done::{or, or_done};
use proptest::prelude::*;

use crate::script::script;
use crate::support::{Polled, Wakes, cases, within_deadline};

#[derive(Debug, Clone, Copy)]
enum Step {
    /// The stream has one more item.
    Item,
    /// The stream has ended, behind its items.
    End,
    /// The signal is ready.
    Done,
    Poll,
    /// The next poll comes from another task.
    Move,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Item),
        1 => Just(Step::End),
        1 => Just(Step::Done),
        10 => Just(Step::Poll),
        2 => Just(Step::Move),
    ]
}

/// What is true of a pair of a stream and a signal.
#[derive(Default)]
struct Model {
    items: VecDeque<u32>,
    ended: bool,
    done: bool,
    over: bool,
    /// Whether the stream, and whether the signal, has a waker to call.
    registered: (bool, bool),
}

impl Model {
    fn poll(&mut self) -> Poll<Option<u32>> {
        if self.over {
            return Poll::Ready(None);
        }
        self.over = self.done || (self.items.is_empty() && self.ended);
        if self.over {
            self.registered = (false, false);
            return Poll::Ready(None);
        }
        self.registered.1 = true;
        match self.items.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None => {
                self.registered.0 = true;
                Poll::Pending
            }
        }
    }
}

fn play(steps: &[Step]) {
    let ((source, stream), (signal, done)) = (script::<u32>(), script::<()>());
    let mut both = Box::pin(or_done(stream, done));
    let mut wakes: Arc<Wakes> = Arc::default();
    let (mut model, mut expected, mut next) = (Model::default(), 0, 0);
    // Who was registered by a task that is no longer the last to poll wakes nobody who counts.
    for step in steps {
        match step {
            Step::Item if !model.ended => {
                model.items.push_back(next);
                source.give(next);
                next += 1;
                expected += usize::from(std::mem::take(&mut model.registered.0));
            }
            Step::End if !model.ended => {
                model.ended = true;
                source.end();
                expected += usize::from(std::mem::take(&mut model.registered.0));
            }
            Step::Done if !model.done => {
                model.done = true;
                signal.give(());
                expected += usize::from(std::mem::take(&mut model.registered.1));
            }
            Step::Poll => {
                let waker = Waker::from(wakes.clone());
                let answer = both.as_mut().poll_next(&mut Context::from_waker(&waker));
                assert_eq!(answer, model.poll());
            }
            Step::Move => {
                wakes = Arc::default();
                (model.registered, expected) = ((false, false), 0);
            }
            _ => {}
        }
        assert_eq!(wakes.count(), expected, "wake-ups after {step:?}");
        let dropped = (source.is_dropped(), signal.is_dropped());
        assert_eq!(dropped, (model.over, model.over), "dropped after {step:?}");
    }
    let at_most = Pin::as_ref(&both).size_hint();
    assert_eq!(at_most.0, 0);
    assert_eq!(at_most.1 == Some(0), model.over);
}

#[test]
fn any_script_runs_as_the_model_says() {
    within_deadline(|| {
        let steps = proptest::collection::vec(step(), 1..60);
        proptest!(cases(256, 4), |(steps in steps)| play(&steps));
    });
}

#[test]
fn whichever_signals_come_the_first_in_order_wins() {
    within_deadline(|| {
        // For each signal the poll before which it comes, if any.
        let signals = proptest::collection::vec(proptest::option::of(0..6usize), 0..8);
        proptest!(cases(256, 4), |(signals in signals)| {
            let (controls, scripts): (Vec<_>, Vec<_>) = signals.iter().map(|_| script()).unzip();
            let mut any = Polled::new(or(scripts));
            for round in 0..6 {
                let now = |come: &Option<usize>| *come == Some(round);
                for (which, _) in signals.iter().enumerate().filter(|(_, come)| now(come)) {
                    controls[which].give(which);
                }
                let winner = signals.iter().position(now);
                prop_assert_eq!(any.poll(), winner.map_or(Poll::Pending, Poll::Ready));
                let dropped = controls.iter().filter(|control| control.is_dropped()).count();
                if winner.is_some() {
                    prop_assert_eq!(dropped, controls.len());
                    break;
                }
                prop_assert_eq!(dropped, 0);
            }
        });
    });
}
