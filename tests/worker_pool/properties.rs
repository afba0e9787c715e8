//! Random scripts over a pool of one worker, against a sequential model that predicts who is let in, in
//! which order jobs run, and what is counted.

use std::collections::VecDeque;
use std::sync::Arc;

use patterns::worker_pool::{JobError, JobId, Priority, Retry, TrySubmitError};
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::sync::{Mutex, mpsc};
use tokio::task::yield_now;

use crate::jobs::{Asked, Job, Log, Pool, one_worker, start};
use crate::many;
use crate::support::{Polled, cases, within_deadline};

/// How a job is told to end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Well,
    Error,
    Panic,
}

#[derive(Debug, Clone)]
enum Step {
    TrySubmit(Priority),
    Submit(Priority),
    /// One of those in line for room gives up.
    GiveUp(usize),
    /// The job that runs is told to end.
    End(End),
}

fn priority() -> impl Strategy<Value = Priority> {
    prop_oneof![Just(Priority::High), Just(Priority::Normal), Just(Priority::Low)]
}

fn step() -> impl Strategy<Value = Step> {
    let end = prop_oneof![6 => Just(End::Well), 2 => Just(End::Error), 1 => Just(End::Panic)];
    prop_oneof![
        4 => priority().prop_map(Step::TrySubmit),
        4 => priority().prop_map(Step::Submit),
        1 => any::<usize>().prop_map(Step::GiveUp),
        5 => end.prop_map(Step::End),
    ]
}

/// An accepted job that waits.
struct Waiting {
    id: u64,
    due: u64,
    level: u64,
}

/// What must be true of the pool.
struct Expected {
    capacity: usize,
    patience: u64,
    accepted: u64,
    queue: Vec<Waiting>,
    running: Option<u64>,
    begun: Vec<u64>,
    ended: [u64; 2],
}

impl Expected {
    fn accept(&mut self, priority: Priority) -> JobId {
        self.accepted += 1;
        let (id, level) = (self.accepted, priority as u64);
        self.queue.push(Waiting { id, due: id + level * self.patience, level });
        JobId(id)
    }

    /// The worker takes the next job, if it has none.
    fn begin(&mut self) {
        if self.running.is_none() && !self.queue.is_empty() {
            let next = |waiting: &&Waiting| (waiting.due, waiting.level);
            let id = self.queue.iter().min_by_key(next).expect("it is not empty").id;
            self.queue.retain(|waiting| waiting.id != id);
            self.running = Some(id);
            self.begun.push(id);
        }
    }

    fn has_room(&self) -> bool {
        self.queue.len() < self.capacity
    }
}

struct Played<'a> {
    pool: &'a Pool,
    ends: mpsc::UnboundedSender<End>,
    told: Arc<Mutex<mpsc::UnboundedReceiver<End>>>,
    begun: Log,
    tickets: Vec<(Asked, Option<End>)>,
}

impl Played<'_> {
    /// A job that ends as the script says while it runs.
    fn job(&self) -> Job {
        let (told, begun) = (self.told.clone(), self.begun.clone());
        Job::new(move |attempt| {
            let told = told.clone();
            begun.write(attempt.job.0);
            async move {
                match told.lock().await.recv().await.expect("the script goes on") {
                    End::Well => Ok(1),
                    End::Error => Err(Retry::Transient("told to")),
                    End::Panic => panic!("told to"),
                }
            }
        })
    }
}

/// Lets the worker come to its next wait.
async fn turn() {
    for _ in 0..6 {
        yield_now().await;
    }
}

async fn play(capacity: usize, patience: u32, script: &[Step]) {
    let pool = start(one_worker().queue(many(capacity)).patience(patience));
    let (ends, told) = mpsc::unbounded_channel();
    let (told, begun) = (Arc::new(Mutex::new(told)), Log::default());
    let mut played = Played { pool: &pool, ends, told, begun, tickets: vec![] };
    let (patience, begun) = (patience.into(), vec![]);
    let mut expected = Expected {
        capacity,
        patience,
        accepted: 0,
        queue: vec![],
        running: None,
        begun,
        ended: [0; 2],
    };
    let mut line = VecDeque::new();
    // At last everything is told to end: as many steps as jobs may be left.
    let rest = script.len();
    for step in script.iter().cloned().chain((0..rest).map(|_| Step::End(End::Well))) {
        match step {
            Step::TrySubmit(priority) => match pool.try_submit(played.job(), priority) {
                Ok(ticket) => {
                    assert!(expected.has_room() && line.is_empty(), "there was no room for it");
                    assert_eq!(ticket.id(), expected.accept(priority));
                    played.tickets.push((ticket, None));
                }
                Err(TrySubmitError::Full(_)) => {
                    assert!(!expected.has_room() || !line.is_empty(), "there was room for it");
                }
                Err(TrySubmitError::Closed(_)) => panic!("nobody has closed it"),
            },
            Step::Submit(priority) => {
                let mut submit = Polled::new(played.pool.submit(played.job(), priority));
                if let std::task::Poll::Ready(ticket) = submit.poll() {
                    assert!(expected.has_room() && line.is_empty(), "there was no room for it");
                    assert_eq!(ticket.as_ref().unwrap().id(), expected.accept(priority));
                    played.tickets.push((ticket.unwrap(), None));
                } else {
                    assert!(!expected.has_room() || !line.is_empty(), "there was room for it");
                    line.push_back((submit, priority));
                }
            }
            Step::GiveUp(which) if !line.is_empty() => drop(line.remove(which % line.len())),
            Step::End(end) => {
                if let Some(id) = expected.running.take() {
                    played.ends.send(end).unwrap();
                    played.tickets[id as usize - 1].1 = Some(end);
                    expected.ended[usize::from(end != End::Well)] += 1;
                }
            }
            Step::GiveUp(_) => {}
        }
        turn().await;
        expected.begin();
        while expected.has_room() && !line.is_empty() {
            let (submit, priority) = line.pop_front().expect("it is not empty");
            assert!(submit.wakes() > 0, "there is room for the first in line, and nobody tells it");
            let ticket = submit.ready().unwrap();
            assert_eq!(ticket.id(), expected.accept(priority));
            played.tickets.push((ticket, None));
            turn().await;
            expected.begin();
        }
        assert_eq!(played.begun.read(), expected.begun, "{step:?}");
        let stats = pool.stats();
        let counted = (stats.submitted, stats.queued, stats.in_progress);
        let (queued, running) = (expected.queue.len() as u64, expected.running.is_some());
        assert_eq!(counted, (expected.accepted, queued, running.into()), "{step:?}");
        assert_eq!([stats.processed, stats.failed], expected.ended, "{step:?}");
    }
    assert!(line.is_empty(), "somebody still waits for room");
    drop(line);
    let Played { tickets, .. } = played;
    assert_eq!(pool.drain().await.submitted, tickets.len() as u64);
    for (ticket, end) in tickets {
        let result = match end.expect("all have ended") {
            End::Well => Ok(1),
            End::Error => Err(JobError::Failed("told to")),
            End::Panic => Err(JobError::Panicked("told to".to_owned())),
        };
        assert_eq!(ticket.await.result, result);
    }
}

#[test]
fn jobs_are_let_in_run_and_counted_as_a_sequential_pool_would() {
    within_deadline(|| {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let script = proptest::collection::vec(step(), 1..32);
        proptest!(cases(64, 1), |(capacity in 1..5usize, patience in 0..4u32, script in script)| {
            runtime.block_on(play(capacity, patience, &script));
        });
    });
}
