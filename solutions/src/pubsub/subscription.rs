//! A subscriber's end: it takes messages out of its line, and waits where there are none.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures::Stream;
use loomscope::task::coop;
use loomscope::time::{Clock, Instant, SystemClock};
use solutions::cancel::CancelledOwned;

use super::SubscriberId;
use super::desk::{Joined, Shared};
use super::message::{Entry, Message};
use super::ring::{Found, Ring};

/// Gives the messages that its patterns match, in the order of their numbers.
///
/// Only those that are given again, since nobody acked them, come later than their number says: as
/// soon as their time is over, before what has not been given yet.
///
/// As a [`Stream`] it gives the same as [`recv`](Self::recv), and is fused. Dropped, it is
/// unsubscribed: what it still had is freed.
#[must_use = "a subscription that is dropped is over"]
pub struct Subscription<P, C: Clock = SystemClock> {
    shared: Arc<Shared<P, C>>,
    id: SubscriberId,
    ring: Arc<Ring<P>>,
    place: usize,
    forgotten: u64,
    /// How many lost messages it has told of.
    told: u64,
    cancelled: Option<CancelledOwned>,
    timer: Option<Timer>,
}

/// Wakes when a message is to be given again.
struct Timer {
    at: Instant,
    sleep: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<P, C: Clock> Subscription<P, C> {
    pub(super) fn new(shared: Arc<Shared<P, C>>, joined: Joined<P>) -> Self {
        let Joined { id, ring, place, forgotten } = joined;
        let cancelled = ring.rules.token.clone().map(|token| token.cancelled_owned());
        Self { shared, id, ring, place, forgotten, told: 0, cancelled, timer: None }
    }

    /// Takes what there is, and parks if there is nothing and a waker was brought.
    fn look(&self, waker: Option<Waker>) -> Found<P> {
        let now = self.ring.rules.need_clock().then(|| self.shared.clock.now());
        match self.ring.take(self.place, now, waker) {
            Found::Leaves(why) => {
                self.shared.remove(self.id, why);
                self.ring.take(self.place, now, None)
            }
            found => found,
        }
    }

    /// Whether there is a reason to look again: the token is cancelled, or the time has come.
    fn poll_reasons(&mut self, due: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(cancelled) = &mut self.cancelled
            && Pin::new(cancelled).poll(cx).is_ready()
        {
            return Poll::Ready(());
        }
        if self.timer.as_ref().map(|timer| timer.at) != due {
            self.timer = due.map(|at| self.timer(at));
        }
        match &mut self.timer {
            Some(timer) => {
                ready!(timer.sleep.as_mut().poll(cx));
                self.timer = None;
                Poll::Ready(())
            }
            None => Poll::Pending,
        }
    }

    fn message(&self, entry: Arc<Entry<P>>, attempt: u32) -> Message<P>
    where
        P: Clone,
    {
        let receipt = self.ring.rules.acks.is_some().then_some(&self.ring);
        Message::new(entry, attempt, receipt)
    }

    fn timer(&self, at: Instant) -> Timer {
        let clock = self.shared.clock.clone();
        Timer { at, sleep: Box::pin(async move { clock.sleep_until(at).await }) }
    }
}

impl<P: Clone, C: Clock> Subscription<P, C> {
    /// Its number, which no other subscription of this broker has or had.
    pub fn id(&self) -> SubscriberId {
        self.id
    }

    /// Waits for the next message; `None` if there will be none any more, and [`end`](Self::end) says
    /// why.
    ///
    /// # Panics
    ///
    /// If the payload's `clone` does. That message is lost to this subscription, and no other; where
    /// it has to be acked it comes again in its time. Also as [`Broker::unsubscribe`](super::Broker::unsubscribe), if it is found
    /// dead or cancelled here; and outside a tokio runtime with time enabled, if it has to wait by the
    /// system's clock: for messages that are to be acked, or for a token's deadline.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it has taken nothing.
    pub fn recv(&mut self) -> Recv<'_, P, C> {
        Recv { subscription: self }
    }

    /// Takes the next message if there is one now.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if there is none yet, [`TryRecvError::Ended`] if there will be none.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv), but it needs no runtime.
    pub fn try_recv(&mut self) -> Result<Message<P>, TryRecvError> {
        match self.look(None) {
            Found::Message(entry, attempt) => Ok(self.message(entry, attempt)),
            Found::Nothing(_) => Err(TryRecvError::Empty),
            Found::End(why) | Found::Leaves(why) => Err(TryRecvError::Ended(why)),
        }
    }

    /// How many messages it has lost to overflow since this was last asked.
    pub fn lagged(&mut self) -> u64 {
        let dropped = self.ring.dropped(self.place);
        dropped - std::mem::replace(&mut self.told, dropped)
    }

    /// How many messages the history had forgotten of those that [`Replay::Since`](super::Replay::Since) asked for.
    ///
    /// Of any topic: nobody knows whether they would have matched. Zero says that nothing is missing.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Why it gives nothing more, if that is so: the first cause, for good.
    ///
    /// `None` while it has, or may get, another message.
    pub fn end(&self) -> Option<Ended> {
        self.ring.end(self.place)
    }
}

impl<P: Clone, C: Clock> Stream for Subscription<P, C> {
    type Item = Message<P>;

    // ANCHOR: poll_next
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message<P>>> {
        let coop = ready!(coop::poll_proceed(cx));
        loop {
            // The waker is cloned only if there is nothing, and not under the lock.
            let mut found = self.look(None);
            if let Found::Nothing(_) = found {
                found = self.look(Some(cx.waker().clone()));
            }
            let message = match found {
                Found::Message(entry, attempt) => {
                    if attempt > 1 {
                        // The time has brought it, and no publish that would have taken the waker.
                        drop(self.ring.unpark(self.place));
                    }
                    Some(self.message(entry, attempt))
                }
                Found::End(_) | Found::Leaves(_) => None,
                Found::Nothing(due) => {
                    ready!(self.poll_reasons(due, cx));
                    continue;
                }
            };
            coop.made_progress();
            return Poll::Ready(message);
        }
    }
    // ANCHOR_END: poll_next
}

impl<P, C: Clock> Unpin for Subscription<P, C> {}

impl<P, C: Clock> Drop for Subscription<P, C> {
    fn drop(&mut self) {
        // Nobody waits any more who would have to be woken.
        let _waker = self.ring.unpark(self.place);
        self.shared.forget(self.id, &self.ring, self.place);
    }
}

impl<P, C: Clock> fmt::Debug for Subscription<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// Waits for a message; made by [`Subscription::recv`].
#[must_use = "futures do nothing unless polled"]
pub struct Recv<'a, P, C: Clock = SystemClock> {
    subscription: &'a mut Subscription<P, C>,
}

impl<P: Clone, C: Clock> Future for Recv<'_, P, C> {
    type Output = Option<Message<P>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.subscription).poll_next(cx)
    }
}

impl<P, C: Clock> fmt::Debug for Recv<'_, P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").finish_non_exhaustive()
    }
}

/// Why a subscription gives nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// [`Broker::unsubscribe`](super::Broker::unsubscribe) was called. What it had is lost.
    Unsubscribed,
    /// Its token was cancelled. What it had is lost.
    Cancelled,
    /// The last handle of the broker has gone, and it has given all that it had; what has to be acked
    /// is acked.
    Closed,
    /// A message came when it was full ([`Overflow::Disconnect`](super::Overflow::Disconnect)), and it has given what it had; what
    /// has to be acked is acked.
    Overflowed,
    /// A message was not acked by the end of its last attempt, or it did not ask in time for what
    /// waited. What it had is lost.
    Dead,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsubscribed => "unsubscribed",
            Self::Cancelled => "cancelled",
            Self::Closed => "the broker is closed",
            Self::Overflowed => "too many messages came",
            Self::Dead => "dead: it did not ack or ask in time",
        })
    }
}

impl Error for Ended {}

/// Why there is no message now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is none yet.
    Empty,
    /// There will be none any more.
    Ended(Ended),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no message yet"),
            Self::Ended(why) => write!(f, "the subscription has ended: {why}"),
        }
    }
}

impl Error for TryRecvError {}
