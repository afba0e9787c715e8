//! What all handles and subscriptions share: who is subscribed, what was published, where it goes.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::Waker;

use loomscope::collections::HashMap;
use loomscope::sync::{Mutex, MutexGuard};
use loomscope::time::{Clock, Instant};
use solutions::wake::wake_all;

use super::message::Entry;
use super::pattern::{PatternError, TopicError};
use super::ring::{Key, Ring, Rules};
use super::routes::Routes;
use super::subscribe::{Order, Replay, Subscribe};
use super::{BrokerStats, Delivery, Ended, SubscriberId, SubscriberStats};

pub(super) struct Shared<P, C> {
    desk: Mutex<Desk<P>>,
    pub(super) clock: Arc<C>,
}

/// Everything but the lines. A lock of a line is taken under the desk's, never the other way round.
// ANCHOR: desk
struct Desk<P> {
    /// The number of the last message.
    sequence: u64,
    routes: Routes<P>,
    history: History<P>,
    subscribers: BTreeMap<SubscriberId, Subscriber<P>>,
    /// The rings that another subscriber with the same wishes can join.
    groups: HashMap<Key, Arc<Ring<P>>>,
    /// The last number that a subscriber or a ring was given.
    last_id: u64,
    /// Empty, but for its room, whenever the lock is free.
    left: Left<P>,
}
// ANCHOR_END: desk

struct Subscriber<P> {
    name: Option<Arc<str>>,
    ring: Arc<Ring<P>>,
    place: usize,
}

/// The last messages, for those who come later.
struct History<P> {
    messages: VecDeque<Arc<Entry<P>>>,
    limit: usize,
}

/// What is left to do when the lock is free: it runs foreign code.
pub(super) struct Left<P> {
    pub(super) wakers: Vec<Waker>,
    /// To be dropped.
    pub(super) entries: Vec<Arc<Entry<P>>>,
    /// Whose end was found on the way. That is seen to before the lock is free.
    pub(super) ended: Vec<(SubscriberId, Ended)>,
}

/// What a new subscription has to know.
pub(super) struct Joined<P> {
    pub(super) id: SubscriberId,
    pub(super) ring: Arc<Ring<P>>,
    pub(super) place: usize,
    pub(super) forgotten: u64,
}

impl<P, C: Clock> Shared<P, C> {
    pub(super) fn new(clock: C, history: usize, topics: NonZeroUsize) -> Self {
        let desk = Desk {
            sequence: 0,
            routes: Routes::new(topics),
            history: History { messages: VecDeque::new(), limit: history },
            subscribers: BTreeMap::new(),
            groups: HashMap::default(),
            last_id: 0,
            left: Left::default(),
        };
        Self { desk: Mutex::new(desk), clock: Arc::new(clock) }
    }

    fn lock(&self) -> MutexGuard<'_, Desk<P>> {
        self.desk.lock().expect("nothing panics under this lock: no code of the user runs there")
    }

    // ANCHOR: publish
    pub(super) fn publish(&self, topic: &str, payload: P) -> Result<Delivery, TopicError> {
        let now = self.clock.now();
        // Whatever is not needed, of these two, is dropped after the lock.
        let (mut payload, mut entry) = (Some(payload), None);
        let mut desk = self.lock();
        let Desk { sequence, routes, history, left, .. } = &mut *desk;
        let delivery = routes.with(topic, |route| {
            *sequence += 1;
            let mut delivery = Delivery { sequence: *sequence, matched: 0, dropped: 0 };
            if route.rings.is_empty() && history.limit == 0 {
                return delivery;
            }
            let payload = payload.take().expect("this runs once");
            let topic = route.topic.clone();
            let made = Arc::new(Entry { topic, payload, published_at: now, sequence: *sequence });
            let entry = entry.insert(made);
            for ring in &route.rings {
                ring.put(entry, now, &mut delivery, left);
            }
            history.add(entry, left);
            delivery
        });
        self.settle(desk);
        delivery
    }
    // ANCHOR_END: publish

    /// How many read what the topic leads to.
    pub(super) fn interest(&self, topic: &str) -> Result<usize, TopicError> {
        self.lock().routes.with(topic, |route| route.rings.iter().map(|ring| ring.members()).sum())
    }

    // ANCHOR: subscribe
    pub(super) fn subscribe(&self, options: Subscribe) -> Result<Joined<P>, PatternError> {
        let Order { name, key, rules, replay } = options.parse()?;
        let now = self.clock.now();
        let mut desk = self.lock();
        let id = SubscriberId(desk.next_id());
        let ring = desk.ring(key, rules, replay);
        let place = ring.join(id, now);
        desk.subscribers.insert(id, Subscriber { name, ring: ring.clone(), place });
        let forgotten = desk.replay(&ring, replay, now);
        self.settle(desk);
        Ok(Joined { id, ring, place, forgotten })
    }
    // ANCHOR_END: subscribe

    /// Ends a subscription, unless it has ended.
    pub(super) fn remove(&self, id: SubscriberId, why: Ended) -> bool {
        let mut desk = self.lock();
        let subscriber = desk.subscribers.get(&id);
        let was_there = subscriber.is_some_and(|known| known.ring.end(known.place).is_none());
        desk.left.ended.push((id, why));
        self.settle(desk);
        was_there
    }

    /// A subscription is dropped, ended or not.
    pub(super) fn forget(&self, id: SubscriberId, ring: &Ring<P>, place: usize) {
        let mut desk = self.lock();
        desk.left.ended.push((id, Ended::Unsubscribed));
        desk.remove_ended();
        ring.vacate(place);
        self.settle(desk);
    }

    pub(super) fn stats(&self) -> BrokerStats {
        let now = self.clock.now();
        let mut desk = self.lock();
        let Desk { subscribers, left, .. } = &mut *desk;
        let mut reports = Vec::with_capacity(subscribers.len());
        for (&id, subscriber) in subscribers {
            match subscriber.ring.report(subscriber.place, now) {
                Ok(report) => reports.extend(report.map(|report| SubscriberStats {
                    id,
                    name: subscriber.name.clone(),
                    lag: report.lag,
                    dropped: report.dropped,
                    unacked: report.unacked,
                    redelivered: report.redelivered,
                    last_seen: report.seen,
                })),
                Err(why) => left.ended.push((id, why)),
            }
        }
        let (published, topics) = (desk.sequence, desk.routes.cached());
        self.settle(desk);
        BrokerStats { published, topics, subscribers: reports }
    }

    /// The last handle has gone: nothing will be published any more.
    pub(super) fn close(&self) {
        let mut desk = self.lock();
        let Desk { subscribers, history, left, .. } = &mut *desk;
        for subscriber in subscribers.values() {
            subscriber.ring.close(Ended::Closed, left);
        }
        left.entries.extend(history.messages.drain(..));
        self.settle(desk);
    }

    /// Lets go of the lock, and does what is left to do. The room for it is used again.
    // ANCHOR: settle
    fn settle(&self, mut desk: MutexGuard<'_, Desk<P>>) {
        desk.remove_ended();
        if desk.left.is_empty() {
            return;
        }
        let mut left = std::mem::take(&mut desk.left);
        drop(desk);
        left.wake();
        left.entries.clear();
        // The rooms of two who come back at once are not worth a comparison.
        self.lock().left.take_room(left);
    }
    // ANCHOR_END: settle
}

impl<P> Desk<P> {
    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The ring of those who want the same, or a new one.
    fn ring(&mut self, key: Key, rules: Rules, replay: Replay) -> Arc<Ring<P>> {
        let shares = rules.can_share() && replay == Replay::None;
        if let Some(ring) = self.groups.get(&key).filter(|_| shares) {
            return ring.clone();
        }
        let ring = Arc::new(Ring::new(self.next_id(), key, rules));
        if shares {
            self.groups.insert(ring.key.clone(), ring.clone());
        }
        self.routes.add(&ring);
        ring
    }

    /// Puts what the history has of it into a line that is new. How much of it is forgotten already?
    fn replay(&mut self, ring: &Arc<Ring<P>>, replay: Replay, now: Instant) -> u64 {
        let Self { history, left, sequence, .. } = self;
        let matches =
            |entry: &&Arc<Entry<P>>| ring.key.patterns.iter().any(|p| p.matches(&entry.topic));
        let (skipped, since) = match replay {
            Replay::None => return 0,
            Replay::Last(n) => {
                (history.messages.iter().filter(matches).count().saturating_sub(n), 0)
            }
            Replay::Since(since) => (0, since),
        };
        let mut delivery = Delivery { sequence: 0, matched: 0, dropped: 0 };
        let later = history.messages.iter().filter(|entry| entry.sequence > since);
        for entry in later.filter(matches).skip(skipped) {
            ring.put(entry, now, &mut delivery, left);
            if !left.ended.is_empty() {
                break;
            }
        }
        let Replay::Since(since) = replay else { return 0 };
        let oldest = history.messages.front().map_or(*sequence + 1, |entry| entry.sequence);
        (oldest - 1).saturating_sub(since)
    }

    // ANCHOR: remove
    fn remove_ended(&mut self) {
        while let Some((id, why)) = self.left.ended.pop() {
            if why == Ended::Overflowed {
                // It gets no more, but may read what it has.
                if let Some(subscriber) = self.subscribers.get(&id) {
                    self.routes.remove(&subscriber.ring);
                }
                continue;
            }
            let Some(subscriber) = self.subscribers.remove(&id) else { continue };
            let Subscriber { ring, place, .. } = subscriber;
            if ring.leave(place, why, &mut self.left) {
                self.routes.remove(&ring);
                // A line of its own may have the key of a group.
                if self.groups.get(&ring.key).is_some_and(|other| Arc::ptr_eq(other, &ring)) {
                    self.groups.remove(&ring.key);
                }
            }
        }
    }
    // ANCHOR_END: remove
}

impl<P> History<P> {
    fn add(&mut self, entry: &Arc<Entry<P>>, left: &mut Left<P>) {
        if self.limit == 0 {
            return;
        }
        if self.messages.len() == self.limit {
            left.entries.extend(self.messages.pop_front());
        }
        self.messages.push_back(entry.clone());
    }
}

impl<P> Left<P> {
    fn is_empty(&self) -> bool {
        self.wakers.is_empty() && self.entries.is_empty()
    }

    /// Wakes all, with no lock held.
    pub(super) fn wake(&mut self) {
        wake_all(self.wakers.drain(..));
    }

    fn take_room(&mut self, other: Self) {
        if self.wakers.capacity() == 0 && self.entries.capacity() == 0 {
            *self = other;
        }
    }
}

impl<P> Default for Left<P> {
    fn default() -> Self {
        Self { wakers: Vec::new(), entries: Vec::new(), ended: Vec::new() }
    }
}
