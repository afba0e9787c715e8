//! From the timeline to the verdict.

use super::phrase::first_line;
use super::source::Sources;
use super::timeline::{Blocked, Hold, Kind, On, Row, Target, Timeline, WakeUp};
use super::verdict::{Leaked, Link, Missed, Verdict};
use crate::event::{Failure, HIDDEN_WAY, Log, ObjectId, ThreadId};

/// What the analysis reads.
pub(super) struct Case<'a> {
    pub(super) log: &'a Log,
    pub(super) threads: &'a [String],
    pub(super) names: &'a [String],
    pub(super) timeline: &'a Timeline,
    pub(super) sources: &'a Sources,
}

impl Case<'_> {
    pub(super) fn verdict(&self, failure: &Failure) -> Verdict {
        match failure {
            Failure::Panic { thread, message } => self.panic(*thread, message, false),
            Failure::TaskPanic { thread, message } => self.panic(*thread, message, true),
            Failure::Deadlock => self.deadlock(),
            Failure::Steps(steps) => Verdict::Livelock { steps: *steps, threads: self.restless() },
            Failure::Stuck(limit) => Verdict::Stuck(*limit),
            Failure::Leak(objects) => Verdict::Leak {
                objects: objects.iter().filter_map(|object| self.leaked(*object)).collect(),
            },
            Failure::Race(message) => self.race(message),
            Failure::NothingToExplore => Verdict::NothingToExplore,
        }
    }

    /// Who waits for ever, for what, and since when, where nobody can take a step.
    pub(super) fn blocked(&self, failure: &Failure) -> Vec<(String, String)> {
        let blocked = self.timeline.blocked.iter().filter(|_| *failure == Failure::Deadlock);
        let held = |blocked: &Blocked| match self.hold(blocked) {
            Some(hold) if hold.thread == blocked.thread => {
                format!("; it holds it itself since step {} ({})", hold.step, hold.spot)
            }
            Some(hold) => {
                let holder = self.thread(hold.thread);
                format!("; {holder} holds it since step {} ({})", hold.step, hold.spot)
            }
            None => String::new(),
        };
        let words = |blocked: &Blocked| {
            let (what, held) = (self.wake_up(blocked.on), held(blocked));
            format!(
                "waits for ever for {what}, since step {} ({}){held}",
                blocked.step, blocked.spot
            )
        };
        blocked.map(|blocked| (self.thread(blocked.thread), words(blocked))).collect()
    }

    /// The hold that keeps `blocked` waiting, if it is for a lock; another's, if there is one.
    fn hold(&self, blocked: &Blocked) -> Option<&Hold> {
        let On::Lock(lock) = blocked.on else { return None };
        let holds = self.timeline.held.iter().filter(|hold| hold.lock == lock);
        holds.min_by_key(|hold| hold.thread == blocked.thread)
    }

    fn panic(&self, thread: ThreadId, message: &str, task: bool) -> Verdict {
        let rows = &self.timeline.rows;
        // A task's last row says that it ended in the panic, not where that began.
        let began = |row: &&Row| row.thread == thread && row.text.starts_with("PANIC");
        let row = rows.iter().rfind(began);
        let place = row.map(|row| row.spot.to_string());
        Verdict::Panic { thread: self.thread(thread), message: first_line(message), place, task }
    }

    fn deadlock(&self) -> Verdict {
        if let Some(links) = self.cycle() {
            return Verdict::Deadlock { links };
        }
        let is_asleep = |blocked: &&Blocked| !matches!(blocked.on, On::Lock(_) | On::End(_));
        match self.timeline.blocked.iter().find(is_asleep) {
            Some(sleeper) => self.lost_wakeup(sleeper),
            None => Verdict::Deadlock { links: self.dead_end() },
        }
    }

    /// Threads that wait for each other in a ring.
    fn cycle(&self) -> Option<Vec<Link>> {
        self.timeline.blocked.iter().find_map(|first| {
            let chain = self.chain(first);
            let closes = chain.last()?.holder == self.threads[first.thread];
            closes.then_some(chain)
        })
    }

    /// The chain to a thread that has ended, and took the lock with it.
    fn dead_end(&self) -> Vec<Link> {
        let chains = self.timeline.blocked.iter().map(|first| self.chain(first));
        chains
            .min_by_key(|chain| if chain.is_empty() { usize::MAX } else { chain.len() })
            .unwrap_or_default()
    }

    /// Who waits for whom, from `first` on, until nobody is left or the ring closes.
    fn chain(&self, first: &Blocked) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        let mut seen = Vec::new();
        let mut next = Some(first);
        while let Some(blocked) = next.filter(|blocked| !seen.contains(&blocked.thread)) {
            seen.push(blocked.thread);
            let Some((holder, link)) = self.link(blocked) else { break };
            links.push(link);
            next = self.timeline.blocked.iter().find(|blocked| blocked.thread == holder);
        }
        links
    }

    fn link(&self, blocked: &Blocked) -> Option<(ThreadId, Link)> {
        let hold = self.hold(blocked);
        let (holder, wants) = match (blocked.on, hold) {
            (On::Lock(lock), Some(hold)) => (hold.thread, self.names[lock].clone()),
            (On::End(child), _) => (child, format!("the end of {}", self.threads[child])),
            // It sleeps with a lock in its hands, and only who wants that lock could wake it.
            (on, _) => (self.locked_out_by(blocked)?, self.wake_up(on)),
        };
        let link = Link {
            thread: self.thread(blocked.thread),
            wants,
            step: blocked.step,
            place: blocked.spot.to_string(),
            holder: self.thread(holder),
            held_since: hold.map(|hold| hold.step),
            held_at: hold.map(|hold| hold.spot.to_string()),
        };
        Some((holder, link))
    }

    /// A thread that waits for a lock which the sleeper `blocked` holds.
    fn locked_out_by(&self, blocked: &Blocked) -> Option<ThreadId> {
        if self.missed(blocked).is_some() {
            return None;
        }
        let holds = |lock: ObjectId| {
            self.timeline.held.iter().any(|hold| hold.lock == lock && hold.thread == blocked.thread)
        };
        let waits = |other: &&Blocked| matches!(other.on, On::Lock(lock) if holds(lock));
        self.timeline.blocked.iter().find(waits).map(|other| other.thread)
    }

    /// What a sleeper needs, in words.
    fn wake_up(&self, on: On) -> String {
        match on {
            On::Condvar { condvar, .. } => format!("a notify of `{}`", self.names[condvar]),
            On::Task(task) => format!("a wake of `{}`", self.names[task]),
            On::Phase(Some(object)) => format!("the others at `{}`", self.names[object]),
            On::Phase(None) => "the others".to_owned(),
            On::Park => "an unpark".to_owned(),
            On::Lock(lock) => format!("`{}`", self.names[lock]),
            On::End(child) => format!("the end of {}", self.threads[child]),
        }
    }

    fn lost_wakeup(&self, sleeper: &Blocked) -> Verdict {
        Verdict::LostWakeup {
            thread: self.thread(sleeper.thread),
            waits_for: self.wake_up(sleeper.on),
            step: sleeper.step,
            place: sleeper.spot.to_string(),
            missed: self.missed(sleeper),
        }
    }

    /// The last wake-up for what `sleeper` waits for that it did not get.
    fn missed(&self, sleeper: &Blocked) -> Option<Missed> {
        let (call, target) = match sleeper.on {
            On::Condvar { condvar, .. } => ("notify", Target::Object(condvar)),
            On::Task(task) => ("wake", Target::Object(task)),
            On::Park => ("unpark", Target::Thread(sleeper.thread)),
            On::Lock(_) | On::Phase(_) | On::End(_) => return None,
        };
        let is_it = |wake: &&WakeUp| wake.target == target;
        let mut all: Vec<&WakeUp> = self.timeline.wakes.iter().filter(is_it).collect();
        if all.is_empty() && matches!(sleeper.on, On::Task(_)) {
            // Nobody woke the task, but somebody did wake one that had ended: perhaps in its stead.
            all = self.timeline.wakes.iter().filter(|wake| wake.too_late).collect();
        }
        let unheard = all.iter().rfind(|wake| wake.heard_by.is_empty());
        let wake = unheard.or(all.last())?;
        let went_to = match (wake.too_late, wake.target) {
            (true, Target::Object(task)) => Some(format!("{}, which had ended", self.names[task])),
            _ => {
                wake.got_by.filter(|other| *other != sleeper.thread).map(|other| self.thread(other))
            }
        };
        Some(Missed {
            call,
            step: wake.step,
            by: self.thread(wake.thread),
            place: self.place(wake.step),
            which: match all.len() {
                1 => "the only",
                _ if all.last().is_some_and(|last| last.step == wake.step) => "the last",
                _ => "a",
            },
            went_to,
        })
    }

    /// The threads with a step among the last ones.
    fn restless(&self) -> Vec<String> {
        const TAIL: usize = 32;
        let rows = &self.timeline.rows;
        let tail = &rows[rows.len().saturating_sub(TAIL)..];
        let moves = |thread: &ThreadId| tail.iter().any(|row| row.thread == *thread);
        (0..self.threads.len()).filter(moves).map(|thread| self.thread(thread)).collect()
    }

    fn leaked(&self, object: ObjectId) -> Option<Leaked> {
        let made = self.log.objects.get(object)?;
        let place = self.sources.spot(made.place.file(), made.place.line()).to_string();
        Some(Leaked { name: self.names[object].clone(), class: made.class, place })
    }

    fn race(&self, message: &str) -> Verdict {
        if message == HIDDEN_WAY {
            let message = message.to_owned();
            return Verdict::Race { cell: None, accesses: Vec::new(), message };
        }
        let rows = &self.timeline.rows;
        let is_access = |text: &str| text.starts_with("reads ") || text.starts_with("writes ");
        let mut accesses = rows.iter().rev().filter(|row| is_access(&row.text));
        let last = accesses.next();
        let other = last.and_then(|last| {
            accesses.find(|row| {
                let writes = row.kind == Kind::Write || last.kind == Kind::Write;
                row.object == last.object && row.thread != last.thread && writes
            })
        });
        let words = |row: &Row| {
            let verb = if row.kind == Kind::Write { "writes" } else { "reads" };
            format!("{} {verb} at step {}", self.threads[row.thread], row.step)
        };
        Verdict::Race {
            cell: last.and_then(|row| row.object).map(|cell| self.names[cell].clone()),
            accesses: other.into_iter().chain(last).map(words).collect(),
            message: first_line(message),
        }
    }

    fn thread(&self, number: ThreadId) -> String {
        self.threads.get(number).cloned().unwrap_or_else(|| format!("T{number}"))
    }

    fn place(&self, step: usize) -> String {
        let row = step.checked_sub(1).and_then(|index| self.timeline.rows.get(index));
        row.map_or_else(String::new, |row| row.spot.to_string())
    }
}
