//! What went wrong, in one line.

use std::fmt;
use std::time::Duration;

/// What went wrong in the failing execution. Places are `file:line`, relative to the workspace;
/// steps are the numbers of the table's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// A panic left a thread's body, or a task's whose `JoinHandle` nobody looked at.
    Panic {
        /// Who panicked.
        thread: String,
        /// The first line of its message.
        message: String,
        /// Where, if the panic was recorded.
        place: Option<String>,
        /// Whether it was a task's.
        task: bool,
    },
    /// Nobody can take a step, and there is somebody to wait for: the threads wait for each other,
    /// or for what a thread took with it when it ended.
    Deadlock {
        /// Who waits for whom. Each waits for the next, and in a cycle the last for the first.
        links: Vec<Link>,
    },
    /// Somebody waits for ever: the wake-up came too early, went to another, or never comes.
    LostWakeup {
        /// Who waits.
        thread: String,
        /// What it waits for: `cv`, `an unpark`, a task's name.
        waits_for: String,
        /// Since which step.
        step: usize,
        /// And where.
        place: String,
        /// The wake-up that it missed.
        missed: Option<Missed>,
    },
    /// The execution does not end.
    Livelock {
        /// After how many schedule points the explorer gave up.
        steps: usize,
        /// The threads that go round.
        threads: Vec<String>,
    },
    /// Every thread has ended, and these objects are still there.
    Leak {
        /// The objects, in the order in which they were made.
        objects: Vec<Leaked>,
    },
    /// Two accesses to one `UnsafeCell` at the same time.
    Race {
        /// The cell's name, if an access to it was recorded.
        cell: Option<String>,
        /// The two last accesses that conflict: `a writes at step 4`.
        accesses: Vec<String>,
        /// The engine's own words.
        message: String,
    },
    /// No traced operation came from the code under test.
    NothingToExplore,
    /// A thread ran this long without a single schedule point.
    Stuck(Duration),
}

/// A thread that waits for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Who waits.
    pub thread: String,
    /// For what: a lock, `the end of T1`, or a notify.
    pub wants: String,
    /// Since which step.
    pub step: usize,
    /// And where.
    pub place: String,
    /// Who has it.
    pub holder: String,
    /// Since which step, where it is a lock.
    pub held_since: Option<usize>,
    /// And where it took it.
    pub held_at: Option<String>,
}

/// A wake-up that did not reach the one who needed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// `notify`, `unpark` or `wake`.
    pub call: &'static str,
    /// When it came.
    pub step: usize,
    /// From whom.
    pub by: String,
    /// Where it was given.
    pub place: String,
    /// `the only`, `the last` or `a`.
    pub which: &'static str,
    /// Who got it instead.
    pub went_to: Option<String>,
}

/// An object that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaked {
    /// Its name.
    pub name: String,
    /// `Mutex`, `AtomicUsize`, …
    pub class: &'static str,
    /// The line that made it.
    pub place: String,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Panic { thread, message, task: false, .. } => {
                write!(f, "panic: {thread}: {message}")
            }
            Verdict::Panic { thread, message, task: true, .. } => {
                write!(f, "panic: {thread}, a task that nobody joined: {message}")
            }
            Verdict::Deadlock { links } => deadlock(f, links),
            Verdict::LostWakeup { thread, step, missed, .. } => {
                write!(f, "lost wake-up: {thread} waits for ever at step {step}; ")?;
                match missed {
                    Some(missed) => write!(f, "{missed}"),
                    None => write!(f, "nothing is left to wake it"),
                }
            }
            Verdict::Livelock { steps, threads } if threads.is_empty() => {
                write!(f, "livelock: no end after {steps} steps")
            }
            Verdict::Livelock { steps, threads } => {
                let verb = if threads.len() == 1 { "goes" } else { "go" };
                write!(
                    f,
                    "livelock: {} {verb} round and round: no end after {steps} steps",
                    list(threads)
                )
            }
            Verdict::Leak { objects } => leak(f, objects),
            Verdict::Race { cell, accesses, message } => match cell {
                Some(cell) => write!(f, "data race on {cell}: {}", list(accesses)),
                None => write!(f, "data race: {message}"),
            },
            Verdict::NothingToExplore => {
                write!(f, "nothing to explore: no traced operation came from the code under test")
            }
            Verdict::Stuck(limit) => {
                write!(f, "stuck: a thread ran for {limit:?} without a single schedule point")
            }
        }
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} came at step {}", self.which, self.call, self.step)?;
        match &self.went_to {
            Some(other) => write!(f, " and went to {other}"),
            None => Ok(()),
        }
    }
}

fn deadlock(f: &mut fmt::Formatter<'_>, links: &[Link]) -> fmt::Result {
    let (Some(first), Some(last)) = (links.first(), links.last()) else {
        return write!(f, "deadlock: no thread can take a step");
    };
    write!(f, "deadlock: ")?;
    for link in links {
        write!(f, "{} -> ", link.thread)?;
    }
    match last.holder == first.thread {
        true => write!(f, "{}", last.holder),
        false => write!(f, "{}, which has ended with {}", last.holder, last.wants),
    }
}

fn leak(f: &mut fmt::Formatter<'_>, objects: &[Leaked]) -> fmt::Result {
    const NAMED: usize = 3;
    match objects {
        [one] => {
            write!(f, "leak: {} ({}, made at {}) is never dropped", one.name, one.class, one.place)
        }
        many => {
            let mut names: Vec<_> =
                many.iter().take(NAMED).map(|object| object.name.clone()).collect();
            names.extend(
                many.len().checked_sub(NAMED).filter(|more| *more > 0).map(|n| format!("{n} more")),
            );
            write!(f, "leak: {} are never dropped", list(&names))
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
