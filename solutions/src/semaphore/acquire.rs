//! The futures that wait, and the permits that they give.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use loomscope::sync::Arc;

use super::line::Ticket;
use super::{Closed, Semaphore};

/// One permit, or several, of a semaphore: they go back when this is dropped.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once limits nothing"]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
    count: usize,
}

impl<'a> Permit<'a> {
    #[inline]
    pub(super) fn new(semaphore: &'a Semaphore, count: usize) -> Self {
        Self { semaphore, count }
    }

    /// Keeps the permits taken: the semaphore has so many fewer from now on.
    pub fn forget(self) {
        let mut spent = self;
        spent.semaphore.retire(mem::take(&mut spent.count));
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.count > 0 {
            self.semaphore.release(self.count);
        }
    }
}

/// A [`Permit`] that shares in its semaphore, so that it can move into a task.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once limits nothing"]
pub struct OwnedPermit {
    semaphore: Arc<Semaphore>,
    count: usize,
}

impl OwnedPermit {
    /// Keeps the permits taken: the semaphore has so many fewer from now on.
    pub fn forget(self) {
        let mut spent = self;
        spent.semaphore.retire(mem::take(&mut spent.count));
    }
}

impl Drop for OwnedPermit {
    #[inline]
    fn drop(&mut self) {
        if self.count > 0 {
            self.semaphore.release(self.count);
        }
    }
}

/// The future of [`Semaphore::acquire`] and [`Semaphore::acquire_many`].
///
/// Polled again after it has completed, it panics.
#[must_use = "a future does nothing until it is polled"]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    need: usize,
    turn: Turn,
}

impl<'a> Acquire<'a> {
    #[inline]
    pub(super) fn new(semaphore: &'a Semaphore, need: usize) -> Self {
        Self { semaphore, need, turn: Turn::Unasked }
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<Permit<'a>, Closed>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (semaphore, need) = (self.semaphore, self.need);
        let outcome = self.turn.poll(semaphore, need, cx);
        outcome.map_ok(|()| Permit::new(semaphore, need))
    }
}

impl Drop for Acquire<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Turn::InLine(ticket) = self.turn {
            self.semaphore.give_up(ticket, self.need);
        }
    }
}

/// The future of [`Semaphore::acquire_owned`] and [`Semaphore::acquire_many_owned`].
///
/// Polled again after it has completed, it panics.
#[must_use = "a future does nothing until it is polled"]
pub struct AcquireOwned {
    /// Goes over to the permit: until then it is there.
    semaphore: Option<Arc<Semaphore>>,
    need: usize,
    turn: Turn,
}

impl AcquireOwned {
    #[inline]
    pub(super) fn new(semaphore: Arc<Semaphore>, need: usize) -> Self {
        Self { semaphore: Some(semaphore), need, turn: Turn::Unasked }
    }
}

impl Future for AcquireOwned {
    type Output = Result<OwnedPermit, Closed>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { semaphore, need, turn } = &mut *self;
        let outcome = turn.poll(semaphore.as_ref().expect(POLLED_AGAIN), *need, cx);
        outcome.map_ok(|()| OwnedPermit {
            semaphore: semaphore.take().expect("it was there a moment ago"),
            count: *need,
        })
    }
}

impl Drop for AcquireOwned {
    #[inline]
    fn drop(&mut self) {
        if let Turn::InLine(ticket) = self.turn {
            let semaphore = self.semaphore.as_ref().expect("in line, no permit has taken it");
            semaphore.give_up(ticket, self.need);
        }
    }
}

const POLLED_AGAIN: &str = "an acquire is not polled after it has completed";

/// How far a request has come.
enum Turn {
    Unasked,
    InLine(Ticket),
    Over,
}

impl Turn {
    #[inline]
    fn poll(
        &mut self,
        semaphore: &Semaphore,
        need: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        if let Turn::Unasked = self
            && semaphore.take(need).is_ok()
        {
            *self = Turn::Over;
            return Poll::Ready(Ok(()));
        }
        self.poll_in_line(semaphore, need, cx)
    }

    #[cold]
    fn poll_in_line(
        &mut self,
        semaphore: &Semaphore,
        need: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        let outcome = match *self {
            Turn::Unasked => match semaphore.join(need, cx.waker()) {
                Ok(Some(ticket)) => {
                    *self = Turn::InLine(ticket);
                    return Poll::Pending;
                }
                taken => taken.map(|_| ()),
            },
            Turn::InLine(ticket) => ready!(semaphore.collect(ticket, cx.waker())),
            Turn::Over => panic!("{POLLED_AGAIN}"),
        };
        *self = Turn::Over;
        Poll::Ready(outcome)
    }
}
