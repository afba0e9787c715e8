//! Random scripts over one group, against a sequential model that predicts who is started, who waits
//! and what the answer is.

use std::any::Any;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures::FutureExt;
use patterns::error_group::ErrorGroup;
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::support::settle;
use crate::support::{Polled, cases, within_deadline};

/// How a task is told to end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Well,
    Error,
    Panic,
}

#[derive(Debug, Clone)]
enum Step {
    TrySpawn,
    /// Spawns; where there is no room, one of the tasks is told to end.
    Spawn(usize, End),
    /// Spawns, and gives up where there is no room.
    SpawnOrGiveUp,
    End(usize, End),
    Cancel,
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![8 => Just(End::Well), 1 => Just(End::Error), 1 => Just(End::Panic)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::TrySpawn),
        4 => (any::<usize>(), end()).prop_map(|(which, end)| Step::Spawn(which, end)),
        2 => Just(Step::SpawnOrGiveUp),
        4 => (any::<usize>(), end()).prop_map(|(which, end)| Step::End(which, end)),
        1 => Just(Step::Cancel),
    ]
}

/// What must be true of the group.
struct Expected {
    limit: usize,
    /// The tasks that run, and what ends them.
    alive: Vec<(u64, oneshot::Sender<End>)>,
    started: usize,
    first_error: Option<u64>,
    first_panic: Option<u64>,
}

impl Expected {
    fn has_failed(&self) -> bool {
        self.first_error.is_some() || self.first_panic.is_some()
    }

    fn has_room(&self) -> bool {
        self.alive.len() < self.limit
    }

    /// Tells a task to end, and lets it.
    async fn end(&mut self, which: usize, end: End) {
        if self.alive.is_empty() {
            return;
        }
        let (number, gate) = self.alive.swap_remove(which % self.alive.len());
        let first = match end {
            End::Well => None,
            End::Error => Some(&mut self.first_error),
            End::Panic => Some(&mut self.first_panic),
        };
        if let Some(first) = first {
            first.get_or_insert(number);
        }
        gate.send(end).expect("the task waits for it");
        settle().await;
    }
}

/// A task that counts its start, and ends as it is told.
async fn task(
    number: u64,
    started: Arc<AtomicUsize>,
    told: oneshot::Receiver<End>,
) -> Result<(), u64> {
    started.fetch_add(1, Relaxed);
    match told.await.unwrap() {
        End::Well => Ok(()),
        End::Error => Err(number),
        End::Panic => panic_any(number),
    }
}

async fn play(limit: usize, script: &[Step]) {
    let mut group = ErrorGroup::with_limit(NonZeroUsize::new(limit).unwrap());
    let started = Arc::new(AtomicUsize::new(0));
    let (alive, first_error, first_panic) = (Vec::new(), None, None);
    let mut expected = Expected { limit, alive, started: 0, first_error, first_panic };
    for (number, step) in (1..).zip(script) {
        let (gate, told) = oneshot::channel();
        let task = task(number, started.clone(), told);
        let mut starts = expected.has_room() && !expected.has_failed();
        match *step {
            Step::TrySpawn => assert_eq!(group.try_spawn(task).is_ok(), starts, "step {number}"),
            Step::SpawnOrGiveUp => {
                let mut spawn = Polled::new(group.spawn(task));
                let waits = spawn.poll().is_pending();
                assert_eq!(waits, !expected.has_room(), "step {number}");
            }
            Step::Spawn(which, end) => {
                let mut spawn = Polled::new(group.spawn(task));
                if spawn.poll().is_pending() {
                    assert!(!expected.has_room(), "step {number}");
                    expected.end(which, end).await;
                    assert_eq!(spawn.wakes(), 1, "step {number}: there is room");
                    starts = !expected.has_failed();
                    spawn.ready();
                }
            }
            Step::End(which, end) => {
                expected.end(which, end).await;
                continue;
            }
            Step::Cancel => {
                group.token().cancel();
                continue;
            }
        }
        if starts {
            expected.started += 1;
            expected.alive.push((number, gate));
        }
        settle().await;
        assert_eq!(started.load(Relaxed), expected.started, "step {number}");
        assert!(group.token().is_cancelled() || !expected.has_failed(), "step {number}");
    }
    let mut wait = Polled::new(AssertUnwindSafe(group.wait()).catch_unwind());
    while !expected.alive.is_empty() {
        assert!(wait.poll().is_pending(), "{} are left", expected.alive.len());
        expected.end(0, End::Well).await;
    }
    judge(wait.ready(), &expected);
}

fn judge(answer: Result<Result<(), u64>, Box<dyn Any + Send>>, expected: &Expected) {
    match answer {
        Err(panic) => assert_eq!(panic.downcast_ref(), expected.first_panic.as_ref()),
        Ok(answer) => {
            assert_eq!(expected.first_panic, None, "a panic was swallowed");
            assert_eq!(answer.err(), expected.first_error);
        }
    }
}

#[test]
fn the_answer_is_the_gravest_failure_and_the_first_of_its_kind() {
    within_deadline(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let config = cases(128, 1);
        let script = proptest::collection::vec(step(), 0..40);
        proptest!(config, |(limit in 1..5usize, script in script)| {
            runtime.block_on(play(limit, &script));
        });
    });
}
