//! The futures that wait for a token.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loomscope::time::{Sleep, sleep_until};

use super::node::Node;
use super::{CancelToken, Reason};

/// The future of [`CancelToken::cancelled`].
///
/// Polled again after it has completed, it gives the same reason again.
#[must_use = "a future does nothing until it is polled"]
pub struct Cancelled<'a> {
    token: &'a CancelToken,
    wait: Wait,
}

impl<'a> Cancelled<'a> {
    #[inline]
    pub(super) fn new(token: &'a CancelToken) -> Self {
        Self { token, wait: Wait::new() }
    }
}

impl Future for Cancelled<'_> {
    type Output = Reason;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Reason> {
        let Self { token, wait } = &mut *self;
        wait.poll(&token.node, context)
    }
}

impl Drop for Cancelled<'_> {
    #[inline]
    fn drop(&mut self) {
        self.wait.leave(&self.token.node);
    }
}

impl fmt::Debug for Cancelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").field("token", self.token).finish_non_exhaustive()
    }
}

/// The future of [`CancelToken::cancelled_owned`].
///
/// Polled again after it has completed, it gives the same reason again.
#[must_use = "a future does nothing until it is polled"]
pub struct CancelledOwned {
    token: CancelToken,
    wait: Wait,
}

impl CancelledOwned {
    #[inline]
    pub(super) fn new(token: CancelToken) -> Self {
        Self { token, wait: Wait::new() }
    }
}

impl Future for CancelledOwned {
    type Output = Reason;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Reason> {
        let Self { token, wait } = &mut *self;
        wait.poll(&token.node, context)
    }
}

impl Drop for CancelledOwned {
    #[inline]
    fn drop(&mut self) {
        self.wait.leave(&self.token.node);
    }
}

impl fmt::Debug for CancelledOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelledOwned").field("token", &self.token).finish_non_exhaustive()
    }
}

/// What a waiter has left with its token.
struct Wait {
    /// Its place among the waiters, and a copy of the waker there: to compare it takes no lock.
    place: Option<(usize, Waker)>,
    /// Only where there is a deadline. Boxed, so that the future may move.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Wait {
    const fn new() -> Self {
        Self { place: None, sleep: None }
    }

    #[inline]
    fn poll(&mut self, node: &Node, context: &mut Context<'_>) -> Poll<Reason> {
        if let Some(reason) = node.reason() {
            self.leave(node);
            return Poll::Ready(reason);
        }
        match &self.place {
            Some((_, known)) if known.will_wake(context.waker()) && self.sleep.is_none() => {
                Poll::Pending
            }
            _ => self.poll_slowly(node, context),
        }
    }

    /// Leaves the waker with the token, and with the timer where there is one.
    #[cold]
    fn poll_slowly(&mut self, node: &Node, context: &mut Context<'_>) -> Poll<Reason> {
        if let Some(deadline) = node.deadline() {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            // At every poll: a timer that is out of budget has not kept the waker.
            if sleep.as_mut().poll(context).is_ready() {
                self.leave(node);
                return Poll::Ready(node.exceed());
            }
        }
        if let Some((_, known)) = &self.place
            && known.will_wake(context.waker())
        {
            return Poll::Pending;
        }
        // Cloned, like dropped, where no lock is held.
        let (ours, theirs) = (context.waker().clone(), context.waker().clone());
        let before = self.place.take();
        match node.wait(before.as_ref().map(|(place, _)| *place), theirs) {
            Ok(place) => {
                self.place = Some((place, ours));
                Poll::Pending
            }
            Err(reason) => {
                self.place = before;
                self.leave(node);
                Poll::Ready(reason)
            }
        }
    }

    /// Leaves nothing behind.
    #[inline]
    fn leave(&mut self, node: &Node) {
        self.sleep = None;
        if let Some((place, _)) = self.place.take() {
            drop(node.leave(place));
        }
    }
}
