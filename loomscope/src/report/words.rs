//! The failure told in a short paragraph.

use super::Report;
use super::timeline::{Kind, Row};
use super::verdict::{Leaked, Link, Missed, Verdict, list};
use crate::event::HIDDEN_WAY;

pub(super) fn tell(report: &Report) -> String {
    match &report.verdict {
        Verdict::Panic { thread, message, place, task } => {
            let place = place.as_ref().map_or(String::new(), |place| format!(" at {place}"));
            let told = format!("{thread} panics{place}: {}", sentence(message));
            let before = before_the_panic(report, thread);
            let unjoined = if *task { " It is a task, and nobody looked at its `JoinHandle`." } else { "" };
            format!("{told}{unjoined}{before}")
        }
        Verdict::Deadlock { links } => deadlock(links),
        Verdict::LostWakeup { thread, waits_for, step, place, missed } => {
            let missed = missed.as_ref().map(|missed| came_too_early(missed, *step));
            let reason = missed.unwrap_or_else(|| "nothing is left that could wake it.".to_owned());
            format!("{thread} waits for ever for {waits_for} (step {step}, {place}): {reason}")
        }
        Verdict::Livelock { steps, threads } => livelock(report, *steps, threads),
        Verdict::Leak { objects } => leak(objects),
        Verdict::Race { cell, accesses, message } => match (cell, accesses.len()) {
            (Some(cell), 2) => format!(
                "{}, and nothing orders the two: no lock, and no release that the other acquires. `{cell}` may be torn.",
                accesses.join(", ")
            ),
            _ if message == HIDDEN_WAY => "One thread has made an object and another uses it, and \
                nothing that the explorer sees orders the two: it went through a lock or a channel \
                that is not loomscope's, such as `std::sync::Mutex`, or through none at all."
                .to_owned(),
            _ => format!("Two threads access one cell at the same time: {}", sentence(message)),
        },
        Verdict::NothingToExplore => "Not one lock, atomic, channel or task of the code under test is \
            the explorer's own, so there is only one interleaving to see. Take them from `loomscope`."
            .to_owned(),
        Verdict::Stuck(limit) => format!(
            "A thread ran for {limit:?} and did not come to a schedule point: an endless loop without \
             a traced operation, or a call that blocks the real thread, such as `block_on` of futures \
             or tokio, or a lock of std. Take them from `loomscope`. There is no log of it."
        ),
    }
}

/// What the panicking thread was misled by: its last stale load, else the step of another thread
/// that came in between, a write or a turn with the same lock.
fn before_the_panic(report: &Report, thread: &str) -> String {
    let rows = &report.timeline.rows;
    let own = |row: &&Row| report.threads[row.thread] == thread;
    let stale = rows.iter().rev().filter(own).find(|row| row.kind == Kind::Stale);
    if let Some(row) = stale {
        let (load, newest) = row.text.split_once("  STALE: is ").unwrap_or((&row.text, "newer"));
        let at = format!("step {} ({})", row.step, row.spot);
        return format!(" It saw an old value at {at}: `{load}`, though it is {newest}.");
    }
    let own_steps: Vec<usize> = rows.iter().filter(own).map(|row| row.step).collect();
    let others = || {
        let last = own_steps.last().copied().unwrap_or(0);
        rows.iter().rev().filter(move |row| !own(row) && row.step < last)
    };
    // It had the lock before and takes it next, and the other has had it meanwhile.
    let is_between_locks = |row: &&Row| {
        let same = |own: &&Row| own.kind == Kind::Take && own.object == row.object;
        let mut before = rows.iter().filter(own).take_while(|own| own.step < row.step);
        let next = rows.iter().filter(own).find(|own| own.step > row.step);
        row.kind == Kind::Take && before.any(|own| same(&own)) && next.is_some_and(|own| same(&own))
    };
    let other =
        others().find(|row| row.kind == Kind::Write).or_else(|| others().find(is_between_locks));
    let Some(other) = other.filter(|row| own_steps.iter().any(|step| *step < row.step)) else {
        return String::new();
    };
    let before =
        own_steps.iter().rev().find(|step| **step < other.step).expect("the filter saw one");
    format!(
        " In between its steps {before} and {} came {} at step {} ({}): `{}`.",
        own_steps.iter().find(|step| **step > other.step).expect("the panic comes later"),
        report.threads[other.thread],
        other.step,
        other.spot,
        other.text
    )
}

fn livelock(report: &Report, steps: usize, threads: &[String]) -> String {
    let who = if threads.is_empty() { "It".to_owned() } else { list(threads) };
    let verb = if threads.len() > 1 { "go" } else { "goes" };
    let yields = report.timeline.rows.iter().rev().take(32).any(|row| row.text == "yields");
    let advice = match yields {
        true => "The loop gives the others a turn, but what it waits for never comes.",
        false => {
            "A loop that waits for another thread has to give it a turn: yield in it, or block."
        }
    };
    format!(
        "After {steps} steps there is no end in sight: {who} {verb} on without getting anywhere. {advice}"
    )
}

fn deadlock(links: &[Link]) -> String {
    let Some((first, last)) = links.first().zip(links.last()) else {
        return "No thread can take a step, and not all have ended.".to_owned();
    };
    let link = |link: &Link| {
        let Link { thread, wants, step, place, holder, .. } = link;
        match (link.held_since, &link.held_at) {
            (Some(since), Some(at)) if thread == holder => {
                format!(
                    "{thread} wants `{wants}` at step {step} ({place}), and holds it itself since step {since} ({at})"
                )
            }
            (Some(since), Some(at)) => {
                format!(
                    "{thread} wants `{wants}` at step {step} ({place}), which {holder} holds since step {since} ({at})"
                )
            }
            _ => format!("{thread} waits for {wants} since step {step} ({place})"),
        }
    };
    let told = links.iter().map(link).collect::<Vec<_>>().join("; ");
    match (first.thread == last.holder, links.len()) {
        (true, 1) => format!("{told}. Nobody else can give it back."),
        (true, _) => format!("{told}. Each waits for the next, and none can give way."),
        (false, _) => format!("{told}. But {} has ended, and can't give it back.", last.holder),
    }
}

fn came_too_early(missed: &Missed, waits: usize) -> String {
    let Missed { call, step, by, place, which, went_to } = missed;
    let fate = match went_to {
        Some(other) => format!("and went to {other}"),
        None if *step < waits => "before it waited".to_owned(),
        None => "and did not reach it".to_owned(),
    };
    format!("{which} {call} came from {by} at step {step} ({place}), {fate}.")
}

fn leak(objects: &[Leaked]) -> String {
    let name =
        |object: &Leaked| format!("`{}` ({}, made at {})", object.name, object.class, object.place);
    let names: Vec<String> = objects.iter().map(name).collect();
    let (verb, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    format!(
        "Every thread has ended, but {} {verb} still alive: a cycle of `Arc`s holds on to {them}, or somebody forgot {them}.",
        list(&names)
    )
}

/// The message with a full stop.
fn sentence(message: &str) -> String {
    if message.ends_with(['.', '!', '?']) { message.to_owned() } else { format!("{message}.") }
}
