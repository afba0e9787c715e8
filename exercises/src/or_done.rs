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

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
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
    todo!("keep both: in what form, if each must be droppable long before this is dropped?")
}

pin_project! {
    /// The stream of [`or_done`]. It can be moved after it was polled where both of its parts can.
    #[derive(Debug)]
    #[must_use = "a stream does nothing until it is polled"]
    pub struct OrDone<S, F> {
        // Your fields: one with `#[pin]` before it is lent to you as a `Pin<&mut _>` by `self.project()`.
        yours: PhantomData<(S, F)>,
    }
}

impl<S: Stream, F: Future> Stream for OrDone<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        todo!("poll both: which of them first, and what is true if neither is ready?")
    }

    /// At least nothing, since `done` may come at any time; at most what the stream says.
    fn size_hint(&self) -> (usize, Option<usize>) {
        todo!("say how much can come: what can `done` do to the least, and what to the most?")
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
    todo!("keep every signal: where, if they may not move once they were polled?")
}

/// The future of [`or`]. It can be moved at any time: each signal has a place of its own.
#[derive(Debug)]
#[must_use = "a future does nothing until it is polled"]
pub struct Or<F> {
    // Your fields: who owns the losers when the winner is known?
    yours: PhantomData<fn(F)>,
}

impl<F: Future> Future for Or<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        todo!(
            "ask each signal: what is woken when one of them moves, and what becomes of the rest?"
        )
    }
}
