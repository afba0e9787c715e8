//! The broker with a pencil: every line is a list, every rule is looked up, nothing is shared.

use patterns::pubsub::{Duration, Ended, Overflow, Replay, Subscribe, TryRecvError};

use crate::scene::{matches, n};

/// What a subscription is to be; times in milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) pattern: &'static str,
    pub(crate) capacity: usize,
    pub(crate) overflow: Overflow,
    pub(crate) replay: Replay,
    pub(crate) ack: Option<(u64, u32)>,
    pub(crate) alive: Option<u64>,
}

impl Wish {
    pub(crate) fn options(&self) -> Subscribe {
        let mut options = Subscribe::to(self.pattern)
            .capacity(n(self.capacity))
            .overflow(self.overflow)
            .replay(self.replay);
        if let Some((within, attempts)) = self.ack {
            let attempts = std::num::NonZeroU32::new(attempts).expect("one at least");
            options = options.ack_within(Duration::from_millis(within)).attempts(attempts);
        }
        if let Some(within) = self.alive {
            options = options.alive_within(Duration::from_millis(within));
        }
        options
    }
}

/// What was given and is not acked: its number, how often, until when, and which delivery it was.
#[derive(Clone)]
struct Given {
    sequence: u64,
    attempt: u32,
    due: u64,
    delivery: u64,
}

pub(crate) struct Line {
    wish: Wish,
    waiting: Vec<u64>,
    given: Vec<Given>,
    deliveries: u64,
    redelivered: u64,
    pub(crate) dropped: u64,
    pub(crate) forgotten: u64,
    /// When it last asked, and since when something waits that it has not been given.
    seen: u64,
    waits_since: u64,
    /// No more is put in line, for this reason; and it is over.
    closing: Option<Ended>,
    over: Option<Ended>,
}

pub(crate) struct Paper {
    pub(crate) now: u64,
    pub(crate) published: u64,
    limit: usize,
    history: Vec<(u64, String)>,
}

impl Paper {
    pub(crate) fn new(limit: usize) -> Self {
        Self { now: 0, published: 0, limit, history: Vec::new() }
    }

    pub(crate) fn subscribe(&self, wish: Wish) -> Line {
        let mut line = Line {
            wish,
            waiting: Vec::new(),
            given: Vec::new(),
            deliveries: 0,
            redelivered: 0,
            dropped: 0,
            forgotten: 0,
            seen: self.now,
            waits_since: self.now,
            closing: None,
            over: None,
        };
        let kept = self.history.iter();
        let fits = kept.filter(|(_, topic)| matches(line.wish.pattern, topic));
        let fits = Vec::from_iter(fits.map(|&(sequence, _)| sequence));
        let from = match line.wish.replay {
            Replay::None => fits.len(),
            Replay::Last(number) => fits.len().saturating_sub(number),
            Replay::Since(after) => {
                let oldest = self.history.first().map_or(self.published + 1, |first| first.0);
                line.forgotten = (oldest - 1).saturating_sub(after);
                fits.iter().filter(|&&sequence| sequence <= after).count()
            }
        };
        for &sequence in &fits[from..] {
            line.put(sequence, self.now);
        }
        line
    }

    /// Number, matched, dropped.
    pub(crate) fn publish<'a>(
        &mut self,
        topic: &str,
        lines: impl Iterator<Item = &'a mut Line>,
    ) -> (u64, usize, usize) {
        self.published += 1;
        let (mut matched, mut dropped) = (0, 0);
        for line in lines.filter(|line| matches(line.wish.pattern, topic)) {
            if line.closing.is_none() {
                line.find_dead(self.now);
            }
            if line.over.is_none() && line.closing.is_none() {
                matched += 1;
                dropped += usize::from(line.put(self.published, self.now));
            }
        }
        self.history.push((self.published, topic.to_owned()));
        if self.history.len() > self.limit {
            self.history.remove(0);
        }
        (self.published, matched, dropped)
    }
}

impl Line {
    /// Puts it in line; whether one is lost by that.
    fn put(&mut self, sequence: u64, now: u64) -> bool {
        if self.closing.is_some() {
            return false;
        }
        let (waited, room) = (!self.waiting.is_empty(), self.room());
        self.dropped += u64::from(room == 0);
        match self.wish.overflow {
            Overflow::Disconnect if room == 0 => self.closing = Some(Ended::Overflowed),
            Overflow::DropNewest if room == 0 => {}
            _ => {
                if room == 0 {
                    self.lose_the_oldest();
                }
                if !waited {
                    self.waits_since = now;
                }
                self.waiting.push(sequence);
            }
        }
        room == 0
    }

    fn room(&self) -> usize {
        self.wish.capacity - self.waiting.len() - self.given.len()
    }

    fn lose_the_oldest(&mut self) {
        let given = self.given.iter().map(|given| given.sequence);
        let oldest = given.chain(self.waiting.first().copied()).min();
        self.given.retain(|given| Some(given.sequence) != oldest);
        self.waiting.retain(|&sequence| Some(sequence) != oldest);
    }

    /// The next message and which delivery of it, as `try_recv` says it.
    pub(crate) fn receive(&mut self, now: u64) -> Result<(u64, u32), TryRecvError> {
        if let Some(why) = self.end() {
            return Err(TryRecvError::Ended(why));
        }
        self.seen = now;
        if self.has_failed(now) {
            self.finish(Ended::Dead);
            return Err(TryRecvError::Ended(Ended::Dead));
        }
        let overdue = self.given.iter().filter(|given| given.due <= now);
        let next = overdue.min_by_key(|given| (given.due, given.delivery)).cloned();
        self.deliveries += 1;
        if let Some(again) = next {
            self.given.retain(|given| given.sequence != again.sequence);
            self.redelivered += 1;
            return Ok(self.give(again.sequence, again.attempt + 1, now));
        }
        if self.waiting.is_empty() {
            return Err(TryRecvError::Empty);
        }
        let sequence = self.waiting.remove(0);
        Ok(self.give(sequence, 1, now))
    }

    fn give(&mut self, sequence: u64, attempt: u32, now: u64) -> (u64, u32) {
        if let Some((within, _)) = self.wish.ack {
            let (due, delivery) = (now + within, self.deliveries);
            self.given.push(Given { sequence, attempt, due, delivery });
        }
        (sequence, attempt)
    }

    pub(crate) fn ack(&mut self, sequence: u64) -> bool {
        let before = self.given.len();
        self.given.retain(|given| given.sequence != sequence);
        self.given.len() < before
    }

    /// Whether the last attempt of a message is over.
    fn has_failed(&self, now: u64) -> bool {
        let attempts = self.wish.ack.map_or(0, |(_, attempts)| attempts);
        self.given.iter().any(|given| given.attempt == attempts && given.due <= now)
    }

    pub(crate) fn find_dead(&mut self, now: u64) {
        let waiting = self.waiting.first().map(|_| self.waits_since);
        let overdue = self.given.iter().map(|given| given.due).filter(|&due| due <= now);
        let since = overdue.chain(waiting).min().map(|since| since.max(self.seen));
        let is_deaf = self.wish.alive.zip(since).is_some_and(|(limit, since)| now >= since + limit);
        if self.has_failed(now) || is_deaf {
            self.finish(Ended::Dead);
        }
    }

    pub(crate) fn close(&mut self) {
        self.closing.get_or_insert(Ended::Closed);
    }

    /// Ends it; whether it had not ended before.
    pub(crate) fn finish(&mut self, why: Ended) -> bool {
        let had_ended = self.end().is_some();
        if !had_ended {
            self.over = Some(why);
            self.waiting.clear();
            self.given.clear();
        }
        !had_ended
    }

    pub(crate) fn end(&self) -> Option<Ended> {
        let is_drained = self.waiting.is_empty() && self.given.is_empty();
        self.over.or(self.closing.filter(|_| is_drained))
    }

    /// Lag, unacked, dropped, redelivered.
    pub(crate) fn account(&self) -> (usize, usize, u64, u64) {
        (self.waiting.len(), self.given.len(), self.dropped, self.redelivered)
    }
}
