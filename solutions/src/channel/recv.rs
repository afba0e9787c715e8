//! The receiving future, and the receiver as a stream.

use super::line::{Caller, Place};
use super::state::{Guard, Shared, State};
use super::{Receiver, RecvError};
use futures::Stream;
use loomscope::task::coop;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The future of [`Receiver::recv`]. Dropped before it ended, it has taken nothing: a value that
/// was promised to it is promised to the next in line.
#[must_use = "a receive does nothing until it is polled"]
pub struct Recv<'a, T> {
    shared: &'a Shared<T>,
    place: Option<Place>,
}

impl<'a, T> Recv<'a, T> {
    pub(super) fn new(receiver: &'a Receiver<T>) -> Self {
        Self { shared: &receiver.shared, place: None }
    }

    /// One step, the same for tasks and threads: receives, or joins the line, or stays in it.
    // ANCHOR: take
    #[inline]
    pub(super) fn advance(&mut self, caller: Caller<'_>) -> Poll<Result<T, RecvError>> {
        if self.place.is_none() {
            let state = self.shared.lock();
            if state.admits_receiver() {
                return Poll::Ready(self.take(state));
            }
        }
        self.wait_and_take(caller)
    }

    #[inline(never)]
    fn wait_and_take(&mut self, caller: Caller<'_>) -> Poll<Result<T, RecvError>> {
        let (shared, mut spare) = (self.shared, None);
        let state = ready!(shared.queue_up(
            &mut self.place,
            caller,
            &mut spare,
            State::admits_receiver,
            |state| &mut state.receivers
        ));
        Poll::Ready(self.take(state))
    }

    #[inline]
    fn take(&self, mut state: Guard<'_, T>) -> Result<T, RecvError> {
        let (value, sender) = state.take().ok_or(RecvError)?;
        self.shared.settle(state, sender);
        Ok(value)
    }
    // ANCHOR_END: take
}

impl<T> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(coop::poll_proceed(cx));
        let received = ready!(self.advance(Caller::Task(cx.waker())));
        coop.made_progress();
        Poll::Ready(received)
    }
}

// ANCHOR: cancel
impl<T> Drop for Recv<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut state = self.shared.lock();
            let _sleeper = state.receivers.leave(place);
            self.shared.settle(state, None);
        }
    }
}
// ANCHOR_END: cancel

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").field("in_line", &self.place.is_some()).finish_non_exhaustive()
    }
}

/// The values until the end. A stream never stands in the receivers' line: whoever drops `next()`
/// would keep a promise that no one redeems. It is woken by every value, in addition to the first
/// in that line, and takes what is not promised.
impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let coop = ready!(coop::poll_proceed(cx));
        let Self { shared, stream } = &mut *self;
        let caller = Caller::Task(cx.waker());
        // Made before the guard, so dropped after it.
        let (mut spare, mut _left) = (None, None);
        loop {
            let mut state = shared.lock();
            if state.admits_visitor() {
                _left = stream.take().map(|place| state.streams.leave(place));
                coop.made_progress();
                let Some((value, sender)) = state.take() else { return Poll::Ready(None) };
                shared.settle(state, sender);
                return Poll::Ready(Some(value));
            }
            if stream.is_some_and(|place| state.streams.will_wake(place, caller)) {
                return Poll::Pending;
            }
            if let Some(sleeper) = spare.take() {
                _left = stream.take().map(|place| state.streams.leave(place));
                state.idle = false;
                *stream = Some(state.streams.join(sleeper, None));
                shared.settle(state, None);
                return Poll::Pending;
            }
            drop(state);
            spare = Some(caller.sleeper());
        }
    }
}
