//! Every item to both: one stream becomes two, and neither waits for the other longer than agreed.
//!
//! # Problem
//!
//! Two consumers want the same items: one stores them, one counts them. To read the stream twice is
//! not possible, and to call both consumers from one loop ties each to the other's pace and to the
//! other's failure. Who splits a stream has to answer three questions that a loop leaves open: how
//! far one may run ahead of the other, what happens then, and what becomes of one when the other
//! goes away.
//!
//! # From Go
//!
//! ```go
//! for v := range in {
//!     a, b := outA, outB                  // both are to be served, in whichever order
//!     for a != nil || b != nil {
//!         select {
//!         case a <- v: a = nil            // a nil channel is never ready: this one has it
//!         case b <- v: b = nil
//!         }
//!     }
//! }
//! close(outA); close(outB)
//! ```
//!
//! A goroutine in the middle, and three hand-overs an item. Either consumer that stops receiving
//! blocks it, and with it the other, for ever. (`io.TeeReader` has the name, and is something else:
//! who reads from it writes the same bytes to a second place, in one call and in one goroutine.)
//!
//! # In Rust
//!
//! There is nobody in the middle. Each half is a [`Stream`], and whoever is polled and finds nothing
//! kept for it polls the source itself, and keeps the item for the other. Dropping a half says what
//! Go has no word for: that nobody will receive there any more. `Clone` says that an item can be
//! given twice; who takes it last gets the original.
//!
//! # Invariants
//!
//! - I1: both halves are given the items of the source, in its order, each at most once. Under
//!   [`Lag::Wait`] each half is given all of them; under [`Lag::DropOldest`] all but those counted
//!   by [`Tee::dropped`].
//! - I2: what is kept is kept for one of the halves: the one behind. Who drives the source has
//!   nothing kept for it.
//! - I3: at most one half drives, and for that time the source is out of the lock. Only who drives
//!   keeps an item, or ends the tee.
//! - I4: no more than the lag is kept.
//! - I5: a half that sleeps left its waker before it looked for the last time. The source's wake
//!   goes to both halves, so that it cannot be lost with one of them; one that comes while someone
//!   drives is repeated by who drove, after it has put the source back.
//! - I6: for a half that went away nothing is kept and nothing cloned, and nobody waits.
//!
//! # Cancellation and panics
//!
//! A dropped `next()` has taken nothing. A half that is dropped frees what was kept for it, and wakes
//! the other where that waited for it; dropped after the source's wake and before its poll, it leaves
//! nothing undone, as the other was woken, too. The second drop drops the source.
//!
//! A panic of the source reaches the half that drove, and ends the tee: the source is dropped, the
//! other half gets what is kept for it, then the end. A panic of an item's `clone` costs the half
//! that was polled this item (which `dropped` does not count); the other gets it, and both go on.
//! Likewise where a poll wakes the other half, or drops the oldest item, and that panics. A waker
//! that the source or a leaving half calls panics there, after all is in order again. What panics
//! beside the source's panic ends there. No code of the user runs under the lock, neither source
//! nor clone, destructor nor waker: each may use the halves.
//!
//! # Cost
//!
//! Three allocations a tee, none an item once the buffer has grown to its use. An item costs the half
//! that drives two short locks, the other one; one clone, none where a half is alone. Nobody waits:
//! no waker is touched. Both wait: the source's wake wakes both, the first to come drives. An item
//! costs a unit of the task's cooperative budget, so that a half whose source is always ready lets
//! its neighbours run, among them the other half.
//!
//! # See also
//!
//! 1. `async-broadcast`, where there are more than two, or who comes later wants to join. A sender in
//!    a task of its own fills it.
//! 2. `tokio::sync::broadcast`, likewise, if the slow may lose items.
//! 3. A task with two `tokio::sync::mpsc`, where the source must be read on though nobody asks.
//! 4. `futures::SinkExt::fanout`, which is the other side: who sends, sends to two sinks.
#![forbid(unsafe_code)]

mod bell;
mod shared;
mod turn;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Stream;
use loomscope::task::coop;

use shared::{Found, Shared, Side, Waiting};
use turn::Turn;

/// Splits a stream into two halves that are both given every item, as far as `lag` allows.
///
/// Nothing runs in the background: the source is polled by a half that is polled and has nothing kept
/// for it.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use futures::{StreamExt, join, stream};
/// use patterns::tee::{Lag, tee};
///
/// let (sum, list) = tee(stream::iter(1..=4), Lag::Wait(2));
/// let sum = sum.fold(0, |sum, n| async move { sum + n });
/// let list = list.collect::<Vec<_>>();
/// assert_eq!(join!(sum, list), (10, vec![1, 2, 3, 4]));
/// # }
/// ```
pub fn tee<S>(stream: S, lag: Lag) -> (Tee<S>, Tee<S>)
where
    S: Stream,
    S::Item: Clone,
{
    let shared = Arc::new(Shared::new(stream, lag));
    let half = |side| Tee { shared: shared.clone(), side, left_a_waker: false };
    (half(Side::First), half(Side::Second))
}

/// How far the faster half may run ahead of the other, in items, and what happens then.
///
/// Someone has to be given an item first, so a lag of 0 counts as 1: an item is asked of the source
/// when the slower half has been given all before it, or, dropping, the latest alone is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lag {
    /// The faster half waits until the other has been given more, or is dropped.
    ///
    /// **A half that is alive and never polled holds the other up for good.** Drop what you do not
    /// read. And who reads one half to its end before the other, in one task, waits for itself.
    Wait(usize),
    /// The faster half never waits: the oldest item that is kept for the other is dropped, and
    /// counted by the other's [`Tee::dropped`].
    DropOldest(usize),
}

/// One of the two halves that [`tee`] makes: a stream of the source's items.
///
/// After the end it stays ended. Its `next()` can be dropped at any time: it has taken nothing.
pub struct Tee<S: Stream> {
    shared: Arc<Shared<S>>,
    side: Side,
    /// Whether a waker of ours may still be with the bell.
    left_a_waker: bool,
}

impl<S: Stream> Tee<S> {
    /// How many items this half has lost by being too far behind, since the beginning.
    ///
    /// Always zero under [`Lag::Wait`]. Right after an item, on one thread, it is the number of
    /// items that are missing before it; what the other half does later can raise it any time.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped(self.side)
    }
}

impl<S> Stream for Tee<S>
where
    S: Stream,
    S::Item: Clone,
{
    type Item = S::Item;

    /// # Panics
    ///
    /// With what the source's `poll_next` or destructor, an item's `clone` or destructor, or the
    /// other half's waker panics with.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let coop = ready!(coop::poll_proceed(cx));
        let item = ready!(self.advance(cx));
        coop.made_progress();
        if self.left_a_waker {
            self.left_a_waker = false;
            self.shared.bell.leave(self.side);
        }
        Poll::Ready(item)
    }
}

impl<S> Tee<S>
where
    S: Stream,
    S::Item: Clone,
{
    // ANCHOR: advance
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut found = self.shared.look(self.side, Waiting::No);
        if let Found::Nothing = found {
            // Before the last look: who makes a change after that look finds the waker.
            self.left_a_waker = true;
            self.shared.bell.register(self.side, cx.waker());
            found = self.shared.look(self.side, Waiting::Yes);
        }
        match found {
            Found::Item(item) => Poll::Ready(Some(item)),
            Found::Nothing => Poll::Pending,
            Found::End => Poll::Ready(None),
            Found::Source(source) => self.drive(source, cx),
        }
    }
    // ANCHOR_END: advance

    /// Polls the source, and puts it back, with what came of it, when the turn is dropped.
    // ANCHOR: drive
    fn drive(&mut self, source: Pin<Box<S>>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut turn = Turn::new(&self.shared, self.side, source);
        let item = match turn.poll() {
            Poll::Pending => {
                self.left_a_waker = true;
                self.shared.bell.register(self.side, cx.waker());
                turn.found_nothing();
                return Poll::Pending;
            }
            Poll::Ready(None) => None,
            // The other half has left, so nobody can make a second share.
            Poll::Ready(Some(item)) if Arc::strong_count(&self.shared) == 1 => {
                turn.found_ours();
                Some(item)
            }
            Poll::Ready(Some(item)) => Some(turn.found(item).clone()),
        };
        drop(turn);
        Poll::Ready(item)
    }
    // ANCHOR_END: drive
}

impl<S: Stream> Drop for Tee<S> {
    fn drop(&mut self) {
        self.shared.leave(self.side);
    }
}

impl<S: Stream> fmt::Debug for Tee<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tee").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}
