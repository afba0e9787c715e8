//! From the recorded events to a timeline: who holds, who waits, who woke whom.

mod rows;
mod wakes;

use super::phrase::Phrases;
use super::source::{Sources, Spot};
use super::timeline::{Hold, Kind, On, Timeline};
use crate::event::{Event, Failure, Log, ObjectId, Op, ThreadId};
use rows::fatal_panic;
use std::collections::{HashMap, HashSet};

/// Follows the events of one execution.
pub(super) struct Tracer<'a> {
    log: &'a Log,
    threads: &'a [String],
    names: &'a [String],
    sources: &'a mut Sources,
    phrases: Phrases,
    timeline: Timeline,
    each: Vec<Thread>,
    holds: Vec<Hold>,
    /// The newest value of each atomic, and the step that wrote it.
    newest: HashMap<ObjectId, (i128, usize)>,
    /// The tasks that have come to their end.
    gone: HashSet<ObjectId>,
    /// The step that last gave a lock back.
    released: HashMap<ObjectId, usize>,
}

/// What is known of one thread.
#[derive(Debug, Clone, Default)]
struct Thread {
    wants: Option<Want>,
    /// An `unpark` that no `park` has used up.
    token: bool,
    ended: Option<usize>,
    /// It unwinds: what it does is done, but is no part of the story.
    silent: bool,
}

#[derive(Debug, Clone)]
struct Want {
    on: On,
    spot: Spot,
    function: String,
    /// The row that says so; `None` while the thread has not been seen to wait.
    step: Option<usize>,
    /// A wake-up has come for it.
    notified: Option<usize>,
}

impl<'a> Tracer<'a> {
    pub(super) fn new(
        log: &'a Log,
        threads: &'a [String],
        names: &'a [String],
        sources: &'a mut Sources,
    ) -> Self {
        Self {
            log,
            threads,
            names,
            sources,
            phrases: Phrases::default(),
            timeline: Timeline::default(),
            each: vec![Thread::default(); threads.len()],
            holds: Vec::new(),
            newest: HashMap::new(),
            gone: HashSet::new(),
            released: HashMap::new(),
        }
    }

    pub(super) fn run(mut self, failure: &Failure) -> Timeline {
        let fatal = fatal_panic(self.log, failure);
        for (index, event) in self.log.events.iter().enumerate() {
            self.step(index, event);
            match event.op {
                Op::Panicked(_) if Some(index) == fatal => self.each[event.thread].silent = true,
                Op::Panicked(_) => self.each[event.thread].silent = self.is_caught_by_task(index),
                _ => {}
            }
        }
        self.finish(*failure == Failure::Deadlock)
    }

    fn step(&mut self, index: usize, event: &Event) {
        match &event.op {
            Op::LockWant | Op::ReadWant => self.wants_lock(event),
            Op::Locked | Op::ReadLocked => self.locked(event),
            Op::Unlocked | Op::ReadUnlocked => self.unlocked(event),
            Op::TryLockFailed => {
                let holders = self.holders(event.object);
                let text = format!("try_lock {} fails{holders}", self.name(event.object));
                self.row(event, Kind::Refused, text);
            }
            Op::Wait { mutex } => self.waits(event, *mutex),
            Op::WaitOver { mutex, .. } => self.wait_over(event, *mutex),
            Op::NotifyOne | Op::NotifyAll => self.notifies(event),
            Op::Unpark(target) => self.unparks(event, *target),
            Op::Wake => self.wakes(event),
            Op::ParkWant if self.each[event.thread].token => {}
            Op::ParkWant => self.blocks(event, On::Park, "parks".to_owned()),
            Op::ParkOver { .. } => self.park_over(event),
            Op::PhaseWant if self.goes_on(index) => {}
            Op::PhaseWant => {
                let text = format!("waits at {}", self.name(event.object));
                self.blocks(event, On::Phase(event.object), text);
            }
            Op::JoinWant(child) if self.each[*child].ended.is_some() => {}
            Op::JoinWant(child) => {
                let text = format!("waits for {} to end", self.threads[*child]);
                self.blocks(event, On::End(*child), text);
            }
            Op::Joined(child) => {
                self.each[event.thread].wants = None;
                let step = self.plain_row(event);
                self.arrow(self.each[*child].ended, step);
            }
            Op::Sleep => {
                let on = event.object.map_or(On::Park, On::Task);
                let text = format!("{} is Pending, sleeps", self.name(event.object));
                self.blocks(event, on, text);
            }
            Op::Awake | Op::PhaseOver => self.awake(event),
            Op::Load(value) => self.loads(event, *value),
            Op::Store(to) | Op::Update { to, .. } | Op::CasOk { to, .. } => {
                let step = self.plain_row(event);
                self.newest.insert(event.object.unwrap_or(usize::MAX), (*to, step));
            }
            Op::End => {
                let step = self.plain_row(event);
                self.each[event.thread].ended = Some(step);
            }
            Op::TaskDone | Op::TaskAborted | Op::TaskPanicked(_) => {
                if matches!(event.op, Op::TaskPanicked(_)) {
                    self.each[event.thread].silent = false;
                }
                self.gone.extend(event.object);
                self.plain_row(event);
            }
            _ => {
                self.plain_row(event);
            }
        }
    }

    fn wants_lock(&mut self, event: &Event) {
        let Some(lock) = event.object else { return };
        let reads = event.op == Op::ReadWant;
        let taken = self.holds.iter().any(|hold| hold.lock == lock && !(reads && hold.shared));
        let on = On::Lock(lock);
        if taken {
            let text = self.wants_text(lock, event.thread);
            self.blocks(event, on, text);
        } else {
            self.each[event.thread].wants = Some(self.want(event, on, None));
        }
    }

    fn wants_text(&self, lock: ObjectId, thread: ThreadId) -> String {
        let mut holds = self.holds.iter().filter(|hold| hold.lock == lock).peekable();
        if holds.peek().is_some() && holds.all(|hold| hold.thread == thread) {
            return format!("wants {}, which it holds", self.names[lock]);
        }
        format!("wants {}{}", self.names[lock], self.holders(Some(lock)))
    }

    fn locked(&mut self, event: &Event) {
        let waited = self.each[event.thread].wants.take().is_some_and(|want| want.step.is_some());
        self.hold(event, event.object, event.op == Op::ReadLocked);
        let step = self.plain_row(event);
        if waited {
            self.arrow(event.object.and_then(|lock| self.released.get(&lock).copied()), step);
        }
    }

    fn unlocked(&mut self, event: &Event) {
        self.release(event.thread, event.object);
        let state = self.state();
        // The lock row directly before it, of the same thread and lock: one row tells both.
        let pair = self.timeline.rows.last_mut().filter(|row| {
            let taken = row.text.starts_with("locks ") || row.text.starts_with("read-locks ");
            row.thread == event.thread && row.object == event.object && taken
        });
        let step = match pair {
            Some(row) if !self.each[event.thread].silent => {
                row.text = row.text.replacen("locks ", "locks and unlocks ", 1);
                row.state = state;
                row.step
            }
            _ => self.plain_row(event),
        };
        if let Some(lock) = event.object {
            self.released.insert(lock, step);
        }
    }

    fn loads(&mut self, event: &Event, value: i128) {
        let newest = event.object.and_then(|object| self.newest.get(&object).copied());
        let Some((newest, since)) = newest.filter(|(newest, _)| *newest != value) else {
            self.plain_row(event);
            return;
        };
        let class = self.class(event.object);
        let (seen, newest) = (self.phrases.value(value, class), self.phrases.value(newest, class));
        let name = self.name(event.object);
        let text = format!("load {name} = {seen}  STALE: is {newest} since step {since}");
        self.row(event, Kind::Stale, text);
    }
}
