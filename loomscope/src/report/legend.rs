//! What the strokes of a picture mean: only those that it has.

use super::Report;
use super::fold::View;
use super::layout::Layout;
use super::verdict::Verdict;
use crate::event::ObjectId;

/// A stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A hold bar, by its colour.
    Lock(usize),
    Waits,
    /// An arrow from the step that let another go on.
    Hands,
    /// An arrow from who wants to who has.
    Wants,
}

pub(super) fn legend(report: &Report, view: &View, layout: &Layout) -> Vec<(Mark, String)> {
    let locks = locks(layout);
    let held = |lock: &usize| {
        (Mark::Lock(lock_colour(&locks, *lock)), format!("holds {}", report.names[*lock]))
    };
    let mut legend: Vec<_> = locks.iter().map(held).collect();
    if layout.runs.iter().any(|run| run.lock.is_none()) {
        legend.push((Mark::Waits, "waits".to_owned()));
    }
    if !view.arrows(&report.timeline.arrows).is_empty() {
        legend.push((Mark::Hands, "lets go on".to_owned()));
    }
    match &report.verdict {
        Verdict::Deadlock { links } if links.iter().any(|link| link.held_since.is_some()) => {
            legend.push((Mark::Wants, "wants what the other holds".to_owned()));
        }
        _ => {}
    }
    legend
}

/// A lock's colour: one of six.
pub(super) fn lock_colour(locks: &[ObjectId], lock: ObjectId) -> usize {
    locks.iter().position(|other| *other == lock).unwrap_or(0) % 6
}

/// The locks that are held anywhere in the picture, in the order of their making.
pub(super) fn locks(layout: &Layout) -> Vec<ObjectId> {
    let mut locks: Vec<ObjectId> = layout.runs.iter().filter_map(|run| run.lock).collect();
    locks.sort_unstable();
    locks.dedup();
    locks
}
