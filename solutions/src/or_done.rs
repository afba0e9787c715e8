//! Leave a loop when told to: a stream that ends with its source or with a signal.
//!
//! # Problem
//!
//! A loop over a stream looks at its stop signal only between two items, and a stream that has
//! nothing to say never comes to the end of an item: the loop sleeps on, and all that it holds with
//! it. The signal and the item must be waited for together, in every loop, and one that forgets it
//! cannot be stopped.
//!
//! # From Go
//!
//! Every receive in a stage becomes a `select` with `done`, and so does every send after it. The
//! or-done channel hides the two in a goroutine, so that the stage can `range` again:
//!
//! ```go
//! for {
//!     select {
//!     case <-done:
//!         return
//!     case v, ok := <-in:
//!         if !ok { return }
//!         select {              // has taken v: if done comes now, v is lost
//!         case out <- v:
//!         case <-done: return
//! }   }   }
//! ```
//!
//! # In Rust
//!
//! A stream is polled, not sent: no goroutine, no second channel, and nothing between the source and
//! the loop in which an item could be lost. [`OrDone`] owns both, so that it can drop both the moment
//! it ends; Go's source is left to whoever closes it. The signal may be any future, also one that
//! cannot be moved once it was polled: `pin-project-lite` lends the fields pinned, without `unsafe`.
//!
//! # Invariants
//!
//! - I1: `done` is polled before the stream, in every poll: when it is ready, no item is taken.
//! - I2: a poll that waits has polled both, with its own waker: whichever moves first wakes it.
//! - I3: whatever ends it (the stream, `done`, a panic of either) ends it for good: both are dropped
//!   in that very poll, and never polled again.
//! - I4: [`Or`] gives the output of the first signal that is ready, in their order; when it gives
//!   it, every signal has been dropped.
//!
//! # Cancellation and panics
//!
//! A `next()` that is dropped has taken nothing, and the stream goes on where it was. Dropping an
//! [`OrDone`] or an [`Or`] drops what it has been given. A panic of the stream, of `done` or of a
//! signal goes on to whoever polls; the others are dropped by its unwinding, and a second panic
//! there aborts the process, as always. After it an `OrDone` has ended, and an `Or` must not be
//! polled.
//!
//! # Cost
//!
//! `OrDone`: no allocation and no lock. An item costs one more poll, that of `done`. An endless
//! stream lets its neighbours run: it spends tokio's cooperative budget (`loomscope::task::coop`),
//! in the reference a unit for 16 items.
//!
//! `Or`: an allocation for each signal and one for all, and every wake-up polls all of them: n
//! signals cost n polls a wake-up. For a handful that is hard to beat; for hundreds, give each a
//! waker of its own and poll only what woke.
//!
//! # See also
//!
//! 1. `futures::StreamExt::take_until`: the same idea; it keeps the stream until it is dropped
//!    itself, takes no part in the budget, and gives the signal's output to whoever asks.
//! 2. `tokio_util::sync::CancellationToken::run_until_cancelled`: for one future. A token that was
//!    cancelled before wins; where both become ready while it waits, the future does.
//! 3. `tokio::select!` with `biased`: where the loop does different things for different signals.
//! 4. `futures::future::select_all`: gives the losers back instead of dropping them.
#![forbid(unsafe_code)]

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use loomscope::task::coop;
use pin_project_lite::pin_project;

/// Gives the items of `stream` until it ends or `done` completes.
///
/// Where an item and `done` are ready at once, `done` wins, and the item stays in the stream. The
/// output of `done` is dropped. The end is for good, and with it both have been dropped: what the
/// stream holds (a connection, the receiver of a channel) is free before the loop goes on.
///
/// # Panics
///
/// Where a poll of `stream` or `done` does; then it has ended.
///
/// # Cancel safety
///
/// A `next()` that is dropped has taken no item.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use futures::{StreamExt, stream};
/// use patterns::or_done::or_done;
/// use tokio::sync::oneshot;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (stop, done) = oneshot::channel::<()>();
/// let mut numbers = or_done(stream::iter(1..), done);
/// assert_eq!(numbers.next().await, Some(1));
/// assert_eq!(numbers.next().await, Some(2));
/// stop.send(()).unwrap();
/// assert_eq!(numbers.next().await, None);
/// # }
/// ```
pub fn or_done<S: Stream, F: Future>(stream: S, done: F) -> OrDone<S, F> {
    OrDone { stream: Some(stream), done: Some(done), unpaid: 0 }
}

pin_project! {
    /// The stream of [`or_done`]. It can be moved after it was polled where both of its parts can.
    #[derive(Debug)]
    #[must_use = "a stream does nothing until it is polled"]
    pub struct OrDone<S, F> {
        // Both are there until the end, and neither is afterwards.
        #[pin]
        stream: Option<S>,
        #[pin]
        done: Option<F>,
        // Items since a unit of the budget was spent, at most `ITEMS_A_UNIT`.
        unpaid: u8,
    }
}

/// One unit of the budget pays for so many items. Channels and timers spend one for each themselves;
/// a second one for each would send the task to the end of the queue twice as often.
const ITEMS_A_UNIT: u8 = 16;

// ANCHOR: poll
impl<S: Stream, F: Future> Stream for OrDone<S, F> {
    type Item = S::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if this.stream.is_none() {
            return Poll::Ready(None);
        }
        let payment = match *this.unpaid {
            ITEMS_A_UNIT => Some(ready!(coop::poll_proceed(cx))),
            _ => None,
        };
        let mut stream = DropsUnlessKept(this.stream);
        let mut done = DropsUnlessKept(this.done);
        let step = match done.poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => stream.poll_next(cx),
        };
        if !matches!(step, Poll::Ready(None)) {
            stream.keep();
            done.keep();
        }
        if step.is_ready() {
            *this.unpaid += 1;
            if let Some(unit) = payment {
                unit.made_progress();
                *this.unpaid = 1;
            }
        }
        step
    }
    // ANCHOR_END: poll

    /// At least nothing, since `done` may come at any time; at most what the stream says.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let most = self.stream.as_ref().map_or(Some(0), |stream| stream.size_hint().1);
        (0, most)
    }
}

/// A part of an [`OrDone`] that goes when this does, unless it is kept: so the end of the stream, the
/// signal and a panic all leave the same way.
// ANCHOR: guard
struct DropsUnlessKept<'a, T>(Pin<&'a mut Option<T>>);

impl<T> DropsUnlessKept<'_, T> {
    fn part(&mut self) -> Pin<&mut T> {
        self.0.as_mut().as_pin_mut().expect("I3: both are there until the end")
    }

    fn keep(self) {
        mem::forget(self);
    }
}

impl<T> Drop for DropsUnlessKept<'_, T> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}
// ANCHOR_END: guard

impl<S: Stream> DropsUnlessKept<'_, S> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.part().poll_next(cx)
    }
}

impl<F: Future> DropsUnlessKept<'_, F> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.part().poll(cx)
    }
}

/// Completes with the output of whichever signal is ready first.
///
/// Where several are ready at once, the first of them in the order of the iterator wins, and those
/// behind it are not polled. The losers have been dropped when the output is returned. Without a
/// signal it never completes: nothing can happen that it waits for.
///
/// # Panics
///
/// Where a poll of a signal does; and where it is polled again after either.
///
/// # Cancel safety
///
/// Dropping it drops the signals.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::or_done::or;
/// use tokio::sync::oneshot;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (_never, hangup) = oneshot::channel();
/// let (stop, interrupt) = oneshot::channel();
/// stop.send("interrupted").unwrap();
/// assert_eq!(or([hangup, interrupt]).await, Ok("interrupted"));
/// # }
/// ```
pub fn or<I>(signals: I) -> Or<I::Item>
where
    I: IntoIterator,
    I::Item: Future,
{
    Or { signals: Some(signals.into_iter().map(Box::pin).collect()) }
}

/// The future of [`or`]. It can be moved at any time: each signal has a place of its own.
#[derive(Debug)]
#[must_use = "a future does nothing until it is polled"]
pub struct Or<F> {
    /// None after the end.
    signals: Option<Vec<Pin<Box<F>>>>,
}

// ANCHOR: or
impl<F: Future> Future for Or<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let place = &mut self.get_mut().signals;
        // Taken out: unless they are put back, they are dropped before anyone hears of it.
        let mut signals = place.take().expect("an `or` is not polled after it has ended");
        for signal in &mut signals {
            if let Poll::Ready(output) = signal.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
        }
        *place = Some(signals);
        Poll::Pending
    }
}
// ANCHOR_END: or
