//! A group of subscribers with one line: what happens to the line when a message comes, when one of
//! them looks, and when one leaves.
//!
//! Only who needs no care of its own shares a line; one that is to ack, say, is alone in its own.

use std::sync::Arc;
use std::task::Waker;

use loomscope::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loomscope::sync::{Mutex, MutexGuard};
use loomscope::time::{Duration, Instant};

use super::CancelToken;
use super::desk::Left;
use super::line::{Line, Seat};
use super::message::Entry;
use super::pattern::Pattern;
use super::unacked::Acks;
use super::{Delivery, Ended, Overflow, SubscriberId};

pub(super) struct Ring<P> {
    pub(super) id: u64,
    pub(super) key: Key,
    pub(super) rules: Rules,
    /// How many read here. Relaxed: it changes and is read under the desk's lock.
    members: AtomicUsize,
    line: Mutex<Line<P>>,
}

/// What those who share a ring have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// In order, and each once.
    pub(super) patterns: Vec<Pattern>,
    pub(super) capacity: usize,
}

/// What a subscriber wants beyond that.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    pub(super) overflow: Overflow,
    pub(super) acks: Option<Acks>,
    pub(super) alive_within: Option<Duration>,
    pub(super) token: Option<CancelToken>,
}

/// What there is for a subscriber.
pub(super) enum Found<P> {
    /// A message, and how often it has been given now.
    Message(Arc<Entry<P>>, u32),
    /// Nothing; at this time there will be something to give again.
    Nothing(Option<Instant>),
    /// Nothing any more.
    End(Ended),
    /// Nothing any more, for a reason that the desk has not been told yet.
    Leaves(Ended),
}

/// How a subscriber is.
pub(super) struct Report {
    pub(super) lag: usize,
    pub(super) dropped: u64,
    pub(super) unacked: usize,
    pub(super) redelivered: u64,
    pub(super) seen: Option<Instant>,
}

impl Rules {
    /// Whether nothing is asked for that needs a line of one's own.
    pub(super) fn can_share(&self) -> bool {
        let Self { overflow, acks, alive_within, token } = self;
        let nothing_else = acks.is_none() && alive_within.is_none() && token.is_none();
        *overflow == Overflow::DropOldest && nothing_else
    }

    /// Whether the time matters: to look at the clock costs as much as to take a message.
    pub(super) fn need_clock(&self) -> bool {
        self.acks.is_some() || self.alive_within.is_some()
    }

    fn is_cancelled(&self) -> bool {
        self.token.as_ref().is_some_and(CancelToken::is_cancelled)
    }
}

impl<P> Ring<P> {
    pub(super) fn new(id: u64, key: Key, rules: Rules) -> Self {
        let line = Line::new(key.capacity);
        Self { id, key, rules, members: AtomicUsize::new(0), line: Mutex::new(line) }
    }

    fn lock(&self) -> MutexGuard<'_, Line<P>> {
        self.line.lock().expect("nothing panics under this lock: no code of the user runs there")
    }

    pub(super) fn members(&self) -> usize {
        self.members.load(Relaxed)
    }

    /// Adds a reader, of what comes from now on. With the desk's lock, as for all that says `desk`.
    pub(super) fn join(&self, id: SubscriberId, now: Instant) -> usize {
        self.members.fetch_add(1, Relaxed);
        let mut line = self.lock();
        line.seen = self.rules.need_clock().then_some(now);
        line.sit(id)
    }

    /// Puts a message in line. With the desk's lock.
    // ANCHOR: put
    pub(super) fn put(
        &self,
        entry: &Arc<Entry<P>>,
        now: Instant,
        delivery: &mut Delivery,
        left: &mut Left<P>,
    ) {
        let mut line = self.lock();
        if let Some(why) = self.verdict(&line, Some(now)).or_else(|| self.slept(&line, now)) {
            left.ended.push((line.sole().id, why));
            return;
        }
        let readers = self.members();
        delivery.matched += readers;
        if line.len() == 0 {
            line.waiting_since = Some(now);
        }
        let is_full = line.len() + line.unacked.len() >= self.key.capacity;
        if is_full && !self.make_room(&mut line, delivery, left) {
            return;
        }
        line.push(entry.clone(), readers);
        line.wake(left);
    }
    // ANCHOR_END: put

    /// A message comes to a full line. Whether there is room for it then, or it is lost.
    fn make_room(&self, line: &mut Line<P>, delivery: &mut Delivery, left: &mut Left<P>) -> bool {
        match self.rules.overflow {
            Overflow::DropOldest => {
                delivery.dropped += line.drop_oldest(left);
                return true;
            }
            Overflow::DropNewest => {}
            Overflow::Disconnect => {
                line.closing = Some(Ended::Overflowed);
                left.ended.push((line.sole().id, Ended::Overflowed));
            }
        }
        delivery.dropped += 1;
        line.sole().dropped += 1;
        false
    }

    /// Takes what there is for a reader. If there is nothing it is parked with its waker, if it has
    /// brought one.
    // ANCHOR: take
    pub(super) fn take(
        &self,
        place: usize,
        now: Option<Instant>,
        waker: Option<Waker>,
    ) -> Found<P> {
        let _old_waker; // It is dropped after the lock.
        let mut line = self.lock();
        line.conclude(place);
        if let Some(end) = line.seat(place).end {
            return Found::End(end);
        }
        if let Some(why) = self.verdict(&line, now) {
            return Found::Leaves(why);
        }
        line.seen = now.or(line.seen);
        let acks = now.zip(self.rules.acks);
        if let Some((now, acks)) = acks
            && let Some((entry, attempt)) = line.unacked.again(now, acks)
        {
            line.seat(place).redelivered += 1;
            return Found::Message(entry, attempt);
        }
        if let Some(entry) = line.read(place) {
            if let Some((now, acks)) = acks {
                line.unacked.add(entry.clone(), now, acks);
            }
            return Found::Message(entry, 1);
        }
        if let Some(waker) = waker {
            _old_waker = line.unpark(place);
            line.park(place, waker);
        }
        Found::Nothing(line.unacked.next_due())
    }
    // ANCHOR_END: take

    /// Why the reader of this line, if it is alone there, has to go: also by its own look.
    fn verdict(&self, line: &Line<P>, now: Option<Instant>) -> Option<Ended> {
        if self.rules.is_cancelled() {
            return Some(Ended::Cancelled);
        }
        now.filter(|now| line.unacked.is_exhausted(*now)).map(|_| Ended::Dead)
    }

    /// Whether it has let messages wait for too long: new ones, or what is to be given again.
    fn slept(&self, line: &Line<P>, now: Instant) -> Option<Ended> {
        let limit = self.rules.alive_within?;
        let new = line.waiting_since.filter(|_| line.len() > 0);
        let again = line.unacked.next_due().filter(|due| *due <= now);
        let since = new.into_iter().chain(again).min()?.max(line.seen?);
        (now.saturating_duration_since(since) >= limit).then_some(Ended::Dead)
    }

    /// Settles a message of this line's reader; whether it was open.
    // ANCHOR: ack
    pub(super) fn ack(&self, sequence: u64) -> bool {
        let mut left = Left::default();
        let mut line = self.lock();
        // With its token a subscription ends, before anybody has noticed.
        let is_over = self.rules.is_cancelled();
        let entry = if is_over { None } else { line.unacked.remove(sequence) };
        if line.closing.is_some() && line.unacked.len() == 0 {
            // The reader may have waited for this last one.
            line.wake(&mut left);
        }
        drop(line);
        left.wake();
        entry.is_some()
    }
    // ANCHOR_END: ack

    /// Ends what a reader gets, and frees what it has not read; whether it was the last reader. With
    /// the desk's lock, once a reader.
    // ANCHOR: leave
    pub(super) fn leave(&self, place: usize, why: Ended, left: &mut Left<P>) -> bool {
        let mut line = self.lock();
        line.conclude(place);
        let why = if self.rules.is_cancelled() { Ended::Cancelled } else { why };
        line.seat(place).end.get_or_insert(why);
        left.wakers.extend(line.unpark(place));
        line.skip_all(place, left);
        left.entries.extend(line.unacked.take());
        self.members.fetch_sub(1, Relaxed) == 1
    }
    // ANCHOR_END: leave

    /// From now on nothing comes any more: who has nothing is woken, and ends, unless it had ended
    /// before. With the desk's lock.
    pub(super) fn close(&self, why: Ended, left: &mut Left<P>) {
        let mut line = self.lock();
        if let Some(earlier) = self.verdict(&line, None) {
            left.ended.push((line.sole().id, earlier));
            return;
        }
        line.closing.get_or_insert(why);
        line.wake(left);
    }

    /// A subscription is dropped, and has left before: its place is free.
    pub(super) fn vacate(&self, place: usize) {
        self.lock().vacate(place);
    }

    /// Takes the waker that a reader has left here.
    pub(super) fn unpark(&self, place: usize) -> Option<Waker> {
        self.lock().unpark(place)
    }

    /// How a reader is, unless it has ended; or why it has to go. With the desk's lock.
    pub(super) fn report(&self, place: usize, now: Instant) -> Result<Option<Report>, Ended> {
        let mut line = self.lock();
        if let Some(why) = self.verdict(&line, Some(now)).or_else(|| self.slept(&line, now)) {
            return Err(why);
        }
        line.conclude(place);
        if line.seat(place).end.is_some() {
            return Ok(None);
        }
        let lag = line.lag(place);
        let (unacked, seen) = (line.unacked.len(), line.seen);
        let &mut Seat { dropped, redelivered, .. } = line.seat(place);
        Ok(Some(Report { lag, dropped, unacked, redelivered, seen }))
    }

    /// How many messages a reader has lost.
    pub(super) fn dropped(&self, place: usize) -> u64 {
        let mut line = self.lock();
        line.skip_lost(place);
        line.seat(place).dropped
    }

    /// Why a reader gets nothing any more.
    pub(super) fn end(&self, place: usize) -> Option<Ended> {
        let mut line = self.lock();
        line.conclude(place);
        let cancelled = self.rules.is_cancelled().then_some(Ended::Cancelled);
        line.seat(place).end.or(cancelled)
    }
}
