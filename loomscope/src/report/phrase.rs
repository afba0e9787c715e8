//! A step in words, as they stand in a cell.

use super::plain;
use super::timeline::Kind;
use crate::event::{Op, ThreadId};
use std::collections::HashMap;

/// Turns steps into words; knows the names, and numbers the addresses it meets.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    addresses: HashMap<i128, usize>,
}

impl Phrases {
    /// The words for a step that concerns the object `name` of `class`; `None` for one that the
    /// reader has no use for, or that the caller has better words for.
    pub(super) fn of(
        &mut self,
        op: &Op,
        class: &str,
        name: &str,
        threads: &[String],
    ) -> Option<(Kind, String)> {
        let thread = |number: &ThreadId| threads[*number].as_str();
        Some(match op {
            Op::Locked => (Kind::Take, format!("locks {name}")),
            Op::ReadLocked => (Kind::Take, format!("read-locks {name}")),
            Op::Unlocked => (Kind::Release, format!("unlocks {name}")),
            Op::ReadUnlocked => (Kind::Release, format!("read-unlocks {name}")),
            Op::WaitOver { timed_out: true, .. } => {
                (Kind::Take, format!("wait on {name} timed out"))
            }
            Op::WaitOver { timed_out: false, .. } => (Kind::Take, format!("woken from {name}")),
            Op::ParkOver { timed_out: true } => (Kind::Take, "park timed out".to_owned()),
            Op::ParkOver { timed_out: false } => (Kind::Take, "unparked, goes on".to_owned()),
            Op::PhaseOver => (Kind::Take, format!("passes {name}")),
            Op::Load(value) => (Kind::Read, format!("load {name} = {}", self.value(*value, class))),
            Op::Store(value) => {
                (Kind::Write, format!("store {name} = {}", self.value(*value, class)))
            }
            Op::Update { from, to } => {
                (Kind::Write, format!("{name}: {}", self.change(*from, *to, class)))
            }
            Op::CasOk { from, to } => {
                (Kind::Write, format!("cas {name}: {}", self.change(*from, *to, class)))
            }
            Op::CasFailed { expected, found } => {
                let (expected, found) = (self.value(*expected, class), self.value(*found, class));
                (Kind::Refused, format!("cas {name} fails: is {found}, not {expected}"))
            }
            Op::Fence => (Kind::Life, "fence".to_owned()),
            Op::CellRead => (Kind::Read, format!("reads {name}")),
            Op::CellWrite => (Kind::Write, format!("writes {name}")),
            Op::Spawn(child) => (Kind::Life, format!("spawns {}", thread(child))),
            Op::Joined(child) => (Kind::Life, format!("joins {}", thread(child))),
            Op::Yield => (Kind::Life, "yields".to_owned()),
            Op::Sleep => (Kind::Block, format!("{name} is Pending, sleeps")),
            Op::Awake => (Kind::Take, format!("{name} is polled again")),
            Op::TaskDone => (Kind::Life, format!("{name} is done")),
            Op::TaskAborted => (Kind::Life, format!("{name} is aborted")),
            Op::TaskPanicked(_) => (Kind::Panic, format!("{name} ends in a panic")),
            Op::DeadlineSet(at) => (Kind::Life, format!("sets a deadline at {}", time(*at))),
            Op::DeadlineFired(at) => (Kind::Wake, format!("the deadline at {} fires", time(*at))),
            Op::DeadlineCalledOff(at) => {
                (Kind::Life, format!("calls off the deadline at {}", time(*at)))
            }
            Op::Note(text) => (Kind::Note, format!("» {}", plain(text))),
            Op::Panicked(message) => (Kind::Panic, format!("PANIC: {}", first_line(message))),
            Op::End => (Kind::Life, "ends".to_owned()),
            Op::Start
            | Op::LockWant
            | Op::ReadWant
            | Op::TryLockFailed
            | Op::Wait { .. }
            | Op::NotifyOne
            | Op::NotifyAll
            | Op::JoinWant(_)
            | Op::ParkWant
            | Op::Unpark(_)
            | Op::PhaseWant
            | Op::Wake => return None,
        })
    }

    /// A value as its type shows it. Addresses differ from run to run, so they get numbers.
    pub(super) fn value(&mut self, value: i128, class: &str) -> String {
        match class {
            "AtomicBool" if value == 0 => "false".to_owned(),
            "AtomicBool" => "true".to_owned(),
            "AtomicPtr" if value == 0 => "null".to_owned(),
            "AtomicPtr" => {
                let next = self.addresses.len() + 1;
                format!("ptr#{}", self.addresses.entry(value).or_insert(next))
            }
            _ => value.to_string(),
        }
    }

    fn change(&mut self, from: i128, to: i128, class: &str) -> String {
        format!("{} → {}", self.value(from, class), self.value(to, class))
    }
}

/// The first line that says something.
pub(super) fn first_line(message: &str) -> String {
    plain(message.lines().find(|line| !line.trim().is_empty()).unwrap_or("(no message)").trim())
}

/// Virtual time, in the largest unit that leaves no fraction.
fn time(nanos: u128) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns")];
    let (size, unit) =
        units.into_iter().find(|(size, _)| nanos.is_multiple_of(*size)).unwrap_or((1, "ns"));
    format!("{} {unit}", nanos / size)
}
