//! The sending futures, and the slot that a reservation gives.

use super::line::{Caller, Place, Sleeper};
use super::state::{Guard, Shared, State};
use super::{Closed, SendError, Sender};
use loomscope::task::coop;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

const ENDED: &str = "a send is not polled again after it has ended";

/// The future of [`Sender::send`]. Dropped before it ended, it drops the value unsent.
#[must_use = "a send does nothing until it is polled"]
pub struct Send<'a, T> {
    shared: &'a Shared<T>,
    /// The value, while it is neither in the ring nor in the line.
    value: Option<T>,
    place: Option<Place>,
}

// The value is only ever moved, never pinned.
impl<T> Unpin for Send<'_, T> {}

impl<'a, T> Send<'a, T> {
    pub(super) fn new(sender: &'a Sender<T>, value: T) -> Self {
        Self { shared: &sender.shared, value: Some(value), place: None }
    }

    /// One step, the same for tasks and threads: sends, or joins the line, or stays in it.
    #[inline]
    pub(super) fn advance(&mut self, caller: Caller<'_>) -> Poll<Result<(), SendError<T>>> {
        if self.shared.is_rendezvous() { self.offer(caller) } else { self.fill(caller) }
    }

    /// With a buffer: moves the value into a free slot, if nobody waits for one.
    // ANCHOR: fill
    #[inline]
    fn fill(&mut self, caller: Caller<'_>) -> Poll<Result<(), SendError<T>>> {
        if self.place.is_none() {
            let state = self.shared.lock();
            if state.admits_sender() {
                return Poll::Ready(self.put(state));
            }
        }
        self.wait_and_fill(caller)
    }

    #[inline(never)]
    fn wait_and_fill(&mut self, caller: Caller<'_>) -> Poll<Result<(), SendError<T>>> {
        let mut spare = None;
        let state = ready!(wait_for_slot(self.shared, &mut self.place, caller, &mut spare));
        Poll::Ready(self.put(state))
    }

    #[inline]
    fn put(&mut self, mut state: Guard<'_, T>) -> Result<(), SendError<T>> {
        let value = self.value.take().expect(ENDED);
        if state.closed {
            return Err(SendError(value));
        }
        state.push(value);
        self.shared.settle(state, None);
        Ok(())
    }
    // ANCHOR_END: fill

    /// Without a buffer: brings the value into the line, and waits until someone has taken it.
    fn offer(&mut self, caller: Caller<'_>) -> Poll<Result<(), SendError<T>>> {
        let Some(place) = self.place else { return self.bring(caller.sleeper()) };
        // Made before the guard, so dropped after it.
        let (mut spare, mut _old) = (None, None);
        loop {
            let mut state = self.shared.lock();
            if state.senders.is_out(place) {
                self.place = None;
                let (_, value) = state.senders.leave(place);
                return Poll::Ready(value.map_or(Ok(()), |value| Err(SendError(value))));
            }
            if state.senders.will_wake(place, caller) {
                return Poll::Pending;
            }
            if let Some(sleeper) = spare.take() {
                _old = state.senders.set_sleeper(place, sleeper);
                return Poll::Pending;
            }
            drop(state);
            spare = Some(caller.sleeper());
        }
    }

    fn bring(&mut self, sleeper: Sleeper) -> Poll<Result<(), SendError<T>>> {
        let value = self.value.take().expect(ENDED);
        let mut state = self.shared.lock();
        if state.closed {
            return Poll::Ready(Err(SendError(value)));
        }
        self.place = Some(state.senders.join(sleeper, Some(value)));
        self.shared.settle(state, None);
        Poll::Pending
    }

    /// Takes the value back, unless it has been sent.
    pub(super) fn withdraw(mut self) -> Option<T> {
        let offered = self.leave();
        offered.or_else(|| self.value.take())
    }

    /// Leaves the line; gives the value that was offered there.
    #[inline(never)]
    fn leave(&mut self) -> Option<T> {
        let place = self.place.take()?;
        let mut state = self.shared.lock();
        let (_sleeper, value) = state.senders.leave(place);
        self.shared.settle(state, None);
        value
    }
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(coop::poll_proceed(cx));
        let sent = ready!(self.advance(Caller::Task(cx.waker())));
        coop.made_progress();
        Poll::Ready(sent)
    }
}

impl<T> Drop for Send<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.place.is_some() {
            drop(self.leave());
        }
    }
}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send").field("in_line", &self.place.is_some()).finish_non_exhaustive()
    }
}

/// The future of [`Sender::reserve`]. Dropped before it ended, it has taken nothing.
#[must_use = "a reservation does nothing until it is polled"]
pub struct Reserve<'a, T> {
    shared: &'a Shared<T>,
    place: Option<Place>,
}

impl<'a, T> Reserve<'a, T> {
    pub(super) fn new(sender: &'a Sender<T>) -> Self {
        Self { shared: &sender.shared, place: None }
    }
}

impl<'a, T> Future for Reserve<'a, T> {
    type Output = Result<Slot<'a, T>, Closed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(coop::poll_proceed(cx));
        let (shared, caller) = (self.shared, Caller::Task(cx.waker()));
        let mut spare = None;
        let mut state = ready!(wait_for_slot(shared, &mut self.place, caller, &mut spare));
        coop.made_progress();
        if state.closed {
            return Poll::Ready(Err(Closed));
        }
        state.hold_slot();
        Poll::Ready(Ok(Slot { shared }))
    }
}

impl<T> Drop for Reserve<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut state = self.shared.lock();
            let _sleeper = state.senders.leave(place);
            self.shared.settle(state, None);
        }
    }
}

impl<T> fmt::Debug for Reserve<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").field("in_line", &self.place.is_some()).finish_non_exhaustive()
    }
}

#[inline]
fn wait_for_slot<'a, T>(
    shared: &'a Shared<T>,
    place: &mut Option<Place>,
    caller: Caller<'_>,
    spare: &mut Option<Sleeper>,
) -> Poll<Guard<'a, T>> {
    shared.queue_up(place, caller, spare, State::admits_sender, |state| &mut state.senders)
}

/// A place in the channel that is kept for its holder, who can fill it without waiting.
///
/// Dropped, it is free again for the next in line. The receivers of a closed channel see the end
/// once every slot has been filled or dropped. At capacity 0 a slot is the promise of a receiver in
/// line; should that one leave, the value waits for the next.
#[must_use = "a slot that is dropped at once was reserved for nothing"]
pub struct Slot<'a, T> {
    shared: &'a Shared<T>,
}

impl<T> Slot<'_, T> {
    /// Fills the slot with `value`, even where the channel has been closed meanwhile.
    ///
    /// # Errors
    ///
    /// Gives the value back where the last receiver has left.
    pub fn send(self, value: T) -> Result<(), SendError<T>> {
        let shared = self.shared;
        mem::forget(self);
        let mut state = shared.lock();
        state.slots -= 1;
        if state.receiver_ends == 0 {
            return Err(SendError(value));
        }
        state.push(value);
        shared.settle(state, None);
        Ok(())
    }
}

impl<T> Drop for Slot<'_, T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.slots -= 1;
        self.shared.settle(state, None);
    }
}

impl<T> fmt::Debug for Slot<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}
