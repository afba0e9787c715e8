//! What the lock guards, and the one rule by which those in line are called.

use super::line::{Caller, Line, Place, Sleeper};
use super::lock::{self, Lock};
use std::collections::VecDeque;
use std::fmt;
use std::task::Poll;

/// The most slots that `bounded` sets aside at once; a larger ring grows to its size in use.
const RESERVED_AT_MOST: usize = 1024;

/// What both ends share. Two threads that send and receive while nobody waits meet in its first
/// cache line, and in no other.
#[repr(C, align(64))]
pub(super) struct Shared<T> {
    /// `usize::MAX`: unbounded.
    capacity: usize,
    state: Lock<State<T>>,
}

pub(super) type Guard<'a, T> = lock::Guard<'a, State<T>>;

/// Everything that changes.
#[repr(C)]
pub(super) struct State<T> {
    /// Nobody waits, nothing is promised or held, and the channel is open and has a buffer: then
    /// there are only the ring and its capacity to look at. Never true where it should be false.
    pub(super) idle: bool,
    pub(super) closed: bool,
    capacity: usize,
    /// The values sent and not yet taken, oldest first.
    pub(super) ring: VecDeque<T>,
    /// The slots that are held: they may be filled even after a close.
    pub(super) slots: usize,
    /// Those who wait to send. At capacity 0, who sends brings the value along.
    pub(super) senders: Line<T>,
    /// Those who wait to receive.
    pub(super) receivers: Line<()>,
    /// The streams that found nothing. Being called, they are woken, and promised nothing.
    pub(super) streams: Line<()>,
    /// How many of the streams are still to be told of what has arrived.
    streams_to_tell: usize,
    /// How many ends there are of each kind.
    pub(super) sender_ends: usize,
    pub(super) receiver_ends: usize,
}

impl<T> Shared<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let reserved = if capacity == usize::MAX { 0 } else { capacity.min(RESERVED_AT_MOST) };
        let state = State {
            idle: capacity > 0,
            closed: false,
            capacity,
            ring: VecDeque::with_capacity(reserved),
            slots: 0,
            senders: Line::new(),
            receivers: Line::new(),
            streams: Line::new(),
            streams_to_tell: 0,
            sender_ends: 1,
            receiver_ends: 1,
        };
        Self { capacity, state: Lock::new(state) }
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        (self.capacity < usize::MAX).then_some(self.capacity)
    }

    #[inline]
    pub(super) fn is_rendezvous(&self) -> bool {
        self.capacity == 0
    }

    #[inline]
    pub(super) fn lock(&self) -> Guard<'_, T> {
        self.state.lock()
    }

    pub(super) fn describe(&self, end: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, is_closed) = {
            let state = self.lock();
            (state.ring.len(), state.closed)
        };
        let mut end = f.debug_struct(end);
        end.field("len", &len).field("capacity", &self.capacity());
        end.field("is_closed", &is_closed).finish()
    }

    /// Waits for a turn: at once where `admits` says so, else in the line. The sleeper is made
    /// outside the lock, after which it all has to be looked at again; `spare` keeps one that was
    /// not needed until the caller has let go of the lock.
    pub(super) fn queue_up<V>(
        &self,
        place: &mut Option<Place>,
        caller: Caller<'_>,
        spare: &mut Option<Sleeper>,
        admits: impl Fn(&State<T>) -> bool,
        line: impl Fn(&mut State<T>) -> &mut Line<V>,
    ) -> Poll<Guard<'_, T>> {
        loop {
            let mut state = self.lock();
            match *place {
                None if admits(&state) => return Poll::Ready(state),
                Some(mine) if line(&mut state).has_turn(mine) => {
                    // Its sleeper went with the call: nothing foreign is dropped here.
                    line(&mut state).leave(mine);
                    *place = None;
                    state.idle = state.is_idle();
                    return Poll::Ready(state);
                }
                Some(mine) if line(&mut state).will_wake(mine, caller) => return Poll::Pending,
                None if matches!(caller, Caller::Passing) => return Poll::Pending,
                _ => {}
            }
            let Some(sleeper) = spare.take() else {
                drop(state);
                *spare = Some(caller.sleeper());
                continue;
            };
            state.idle = false;
            match *place {
                None => *place = Some(line(&mut state).join(sleeper, None)),
                Some(mine) => *spare = line(&mut state).set_sleeper(mine, sleeper),
            }
            self.settle(state, None);
            return Poll::Pending;
        }
    }

    /// Ends a change: wakes `first`, then whoever it has made it the turn of, one by one and never
    /// under the lock.
    #[inline]
    pub(super) fn settle(&self, state: Guard<'_, T>, first: Option<Sleeper>) {
        if first.is_some() || state.concerns_anyone() {
            self.wake(state, first);
        }
    }

    #[inline(never)]
    fn wake<'a>(&'a self, mut state: Guard<'a, T>, first: Option<Sleeper>) {
        state.call_back();
        let mut next = first.or_else(|| state.call());
        while let Some(sleeper) = next {
            let done = state.is_settled();
            state.idle = state.is_idle();
            drop(state);
            let rest = SettleTheRest(self);
            sleeper.wake();
            std::mem::forget(rest);
            if done {
                return;
            }
            state = self.lock();
            next = state.call();
        }
        state.idle = state.is_idle();
    }
}

/// Wakes the others where a waker has panicked.
struct SettleTheRest<'a, T>(&'a Shared<T>);

impl<T> Drop for SettleTheRest<'_, T> {
    fn drop(&mut self) {
        self.0.settle(self.0.lock(), None);
    }
}

impl<T> State<T> {
    /// Whether the receivers' end has come: nothing is queued, and nothing can be any more.
    pub(super) fn is_finished(&self) -> bool {
        self.closed && self.slots == 0 && self.ring.is_empty()
    }

    /// Whether who asks for a slot now overtakes no one and finds one, or the close.
    #[inline]
    pub(super) fn admits_sender(&self) -> bool {
        if self.idle {
            return self.ring.len() < self.capacity;
        }
        self.closed || (!self.senders.is_waiting() && self.has_room())
    }

    /// Whether who receives now, and would wait, overtakes no one and finds a value, or the end.
    #[inline]
    pub(super) fn admits_receiver(&self) -> bool {
        if self.idle {
            return !self.ring.is_empty();
        }
        let offers = usize::from(self.senders.next_offers() && !self.closed);
        !self.receivers.is_waiting() && self.on_offer() + offers > self.receivers.called()
            || self.is_finished()
    }

    /// Whether who would not wait finds a value now, or the end, beyond what those in line are
    /// promised. It may take the value of a sender behind a reservation: that one waits for a
    /// receiver who waits.
    #[inline]
    pub(super) fn admits_visitor(&self) -> bool {
        let offers = if self.closed { 0 } else { self.senders.offers() };
        let there = self.ring.len() + offers;
        let to_come = match self.capacity {
            0 => self.slots + self.senders.called() - self.senders.called_offers(),
            _ => 0,
        };
        there > self.receivers.called() && there + to_come > self.receivers.len()
            || self.is_finished()
    }

    /// Queues a value.
    #[inline]
    pub(super) fn push(&mut self, value: T) {
        self.ring.push_back(value);
        if !self.idle {
            self.tell_streams();
        }
    }

    /// Ends the sending. What is queued stays.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.idle = false;
    }

    /// Keeps a slot for its holder.
    pub(super) fn hold_slot(&mut self) {
        self.slots += 1;
        self.idle = false;
    }

    /// Whether every slot is filled, held or promised.
    pub(super) fn is_full(&self) -> bool {
        self.used() >= self.capacity
    }

    /// Has every stream woken, for whoever comes first.
    #[inline]
    pub(super) fn tell_streams(&mut self) {
        self.streams_to_tell = self.streams.waiting();
    }

    /// The oldest value, with the sender to wake who brought it; nothing where the end has come.
    #[inline]
    pub(super) fn take(&mut self) -> Option<(T, Option<Sleeper>)> {
        match self.ring.pop_front() {
            Some(value) => Some((value, None)),
            None if self.closed => None,
            None => self.senders.serve(),
        }
    }

    /// Whether a change can make it anyone's turn. Those called already are on their way.
    #[inline]
    fn concerns_anyone(&self) -> bool {
        let waits = || self.senders.is_waiting() || self.receivers.is_waiting();
        !self.idle && (waits() || self.streams.is_waiting() || self.closed || self.capacity == 0)
    }

    fn is_idle(&self) -> bool {
        let nobody_waits = self.senders.len() + self.receivers.len() + self.streams.waiting() == 0;
        nobody_waits && self.slots == 0 && !self.closed && self.capacity > 0
    }

    /// Calls the next whose turn has come; gives whom to wake. To be repeated until it gives none.
    #[inline]
    fn call(&mut self) -> Option<Sleeper> {
        while self.calls_sender() {
            let called = if self.closed { self.senders.dismiss() } else { self.senders.call() };
            if called.is_some() {
                return called;
            }
        }
        while self.calls_receiver() {
            let called = self.receivers.call();
            if called.is_some() {
                return called;
            }
        }
        if self.streams_sleep_on() {
            self.tell_streams();
            self.call_back();
        }
        while self.streams_to_tell > 0 {
            self.streams_to_tell -= 1;
            let called = self.streams.call();
            if called.is_some() {
                return called;
            }
        }
        None
    }

    fn is_settled(&self) -> bool {
        let streams_told = self.streams_to_tell == 0 && !self.streams_sleep_on();
        streams_told && !self.calls_sender() && !self.calls_receiver()
    }

    /// Whether streams wait for what is there.
    #[inline]
    fn streams_sleep_on(&self) -> bool {
        self.streams.is_waiting() && self.admits_visitor()
    }

    #[inline]
    fn calls_sender(&self) -> bool {
        match self.closed {
            false => self.senders.is_waiting() && self.has_room(),
            true => self.senders.len() > 0,
        }
    }

    #[inline]
    fn calls_receiver(&self) -> bool {
        self.receivers.is_waiting()
            && (self.on_offer() > self.receivers.called() || self.is_finished())
    }

    /// At capacity 0 a promise can be void before it was kept, since the partner has left the
    /// line: the latest called go back to waiting.
    #[inline]
    fn call_back(&mut self) {
        if self.capacity > 0 {
            return;
        }
        while !self.closed && self.used() > self.limit() && self.senders.called() > 0 {
            self.senders.call_back();
        }
        while self.on_offer() < self.receivers.called() && !self.is_finished() {
            self.receivers.call_back();
        }
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.used() < self.limit()
    }

    /// The slots that are filled, held, or promised to senders called.
    #[inline]
    fn used(&self) -> usize {
        self.ring.len() + self.slots + self.senders.called()
    }

    /// How many slots there are: at capacity 0, one for each who waits to receive. A stream that
    /// is about to be woken waits no more.
    #[inline]
    fn limit(&self) -> usize {
        match self.capacity {
            0 => self.receivers.len() + self.streams.waiting().saturating_sub(self.streams_to_tell),
            capacity => capacity,
        }
    }

    /// What the receivers in line can be promised: the values queued, and at capacity 0 those of
    /// the senders called.
    #[inline]
    fn on_offer(&self) -> usize {
        self.ring.len() + if self.closed { 0 } else { self.senders.called_offers() }
    }
}
