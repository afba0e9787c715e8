//! What a subscription has been given and has not acked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loomscope::time::{Duration, Instant};

use super::message::Entry;

/// How messages are to be acked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acks {
    pub(super) within: Duration,
    pub(super) attempts: u32,
}

pub(super) struct Unacked<P> {
    /// By number: to ack one, and to lose the oldest.
    open: BTreeMap<u64, Open<P>>,
    /// When which of them is to be given again. A time that the clock cannot reach is not there.
    again: BTreeSet<(Instant, u64)>,
    /// Likewise, when the last attempt is over.
    over: BTreeSet<(Instant, u64)>,
}

struct Open<P> {
    entry: Arc<Entry<P>>,
    due: Option<Instant>,
    /// How often it has been given.
    attempt: u32,
}

impl<P> Unacked<P> {
    pub(super) const fn new() -> Self {
        Self { open: BTreeMap::new(), again: BTreeSet::new(), over: BTreeSet::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// A message is given for the first time.
    pub(super) fn add(&mut self, entry: Arc<Entry<P>>, now: Instant, acks: Acks) {
        let sequence = entry.sequence;
        let due = self.schedule(sequence, 1, now, acks);
        self.open.insert(sequence, Open { entry, due, attempt: 1 });
    }

    /// The message that is overdue for longest is given again, and its time begins anew.
    // ANCHOR: again
    pub(super) fn again(&mut self, now: Instant, acks: Acks) -> Option<(Arc<Entry<P>>, u32)> {
        let (_, sequence) = *self.again.first().filter(|(due, _)| *due <= now)?;
        self.again.pop_first();
        let mut open = self.open.remove(&sequence)?;
        open.attempt += 1;
        open.due = self.schedule(sequence, open.attempt, now, acks);
        let given = (open.entry.clone(), open.attempt);
        self.open.insert(sequence, open);
        Some(given)
    }
    // ANCHOR_END: again

    /// Notes when the attempt that begins now is over.
    fn schedule(
        &mut self,
        sequence: u64,
        attempt: u32,
        now: Instant,
        acks: Acks,
    ) -> Option<Instant> {
        let due = now.checked_add(acks.within)?;
        let then = if attempt < acks.attempts { &mut self.again } else { &mut self.over };
        then.insert((due, sequence));
        Some(due)
    }

    /// Whether the last attempt of some message is over.
    pub(super) fn is_exhausted(&self, now: Instant) -> bool {
        self.over.first().is_some_and(|(due, _)| *due <= now)
    }

    /// When the first attempt is over, if nothing is acked before.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.again.first().into_iter().chain(self.over.first()).map(|(due, _)| *due).min()
    }

    /// Settles a message, if it is open.
    pub(super) fn remove(&mut self, sequence: u64) -> Option<Arc<Entry<P>>> {
        let open = self.open.remove(&sequence)?;
        if let Some(due) = open.due {
            let _ = self.again.remove(&(due, sequence)) || self.over.remove(&(due, sequence));
        }
        Some(open.entry)
    }

    pub(super) fn remove_oldest(&mut self) -> Option<Arc<Entry<P>>> {
        let oldest = *self.open.first_key_value()?.0;
        self.remove(oldest)
    }

    /// Takes all that is open.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Arc<Entry<P>>> + use<P> {
        self.again.clear();
        self.over.clear();
        std::mem::take(&mut self.open).into_values().map(|open| open.entry)
    }
}
