//! Many streams into one, and one stream into many branches.
//!
//! # Problem
//!
//! A program listens to four hundred connections, of which three are talking. Whoever merges them
//! must hear the three without asking the four hundred, must not let the loudest drown the others,
//! and must end when all have ended. The way back has its own traps: several workers share one
//! source of jobs, each job must reach exactly one of them, and a worker that goes away must take
//! neither a job nor the wake-up for the next one with it.
//!
//! # From Go
//!
//! A goroutine an input and one more that closes; a channel is shared by whoever ranges over it:
//!
//! ```go
//! for _, in := range inputs {
//!     wg.Go(func() {
//!         for v := range in { out <- v } // a switch an item
//!     })
//! }
//! go func() { wg.Wait(); close(out) }()   // one goroutine more, only to close
//! for range 4 { go work(out) }           // fan-out: four receivers of one channel
//! ```
//!
//! The runtime gives fairness and wake-ups for free, at the price of a goroutine an input, which
//! leaks where the reader of `out` goes away.
//!
//! # In Rust
//!
//! [`fan_in`] needs no task: a [`FanIn`] owns its inputs and polls them where it is polled. Drop it,
//! and they are gone. What the runtime did in Go is left to us: a stream that has nothing keeps a
//! waker, and if all of them keep the same one, nobody knows who called. So every input has a waker
//! of its own, which sets one bit. [`fan_out`] needs no task either: the branches share the source,
//! and whoever is polled polls it. Then the source's waker is the hard part. It must not lead to a
//! branch that has gone, or that has what it wanted.
//!
//! # Invariants
//!
//! Of a merge:
//!
//! - I1: an input is polled only when it is new, has just given an item, or was woken since its
//!   last poll; and at most once in one poll of the merge.
//! - I2: an input's bit is taken before the input is polled. A wake-up that comes during the poll
//!   sets it again.
//! - I3: a waker sets its bit before it looks for the task; the merge leaves the task's waker before
//!   it looks at the bits for the last time. Whoever comes second sees the other.
//! - I4: the search for the next input starts behind the one that gave the last item. So at most
//!   one item of each *other* input comes between an input's wake-up and its own item.
//! - I5: it ends when every input has ended, and never before; an ended input is gone at once.
//!
//! Of the branches:
//!
//! - I6: an item is in one place: the source, the queue, or the hands of the one poll that returns
//!   it. A branch holds none while it waits, so none is lost with it.
//! - I7: what a branch asks for is taken at once; beyond that, at most `capacity` items are in the queue.
//! - I8: at most one branch polls the source at a time, with no lock held.
//! - I9: *work* is an item in the queue, or a source that may have one: it has not said since its
//!   last wake-up that it has none, and nobody polls it. While a branch waits and has not been
//!   called, at least as many have been called as there is work. So whatever adds work, or takes a
//!   called branch away, calls the next in line. (What is read ahead counts when its poll is over.)
//! - I10: when the source has ended or panicked it is gone before a branch hears of it; every branch
//!   is called, takes what is left in the queue, and ends.
//!
//! # Cancellation and panics
//!
//! A [`FanIn`] that is dropped drops its inputs. It loses no item, as it holds none. The wakers that
//! it has given to its inputs may live on: they set bits that nobody reads, and keep no task. An
//! input that panics is dropped, its panic goes on to whoever polled, and the merge goes on with the
//! others when it is polled again.
//!
//! A [`Branch`] that is dropped leaves the line; if it had been called, the call goes to the next.
//! The same holds for a [`Next`]. The last branch drops the source and the queue. A source that
//! panics does so in the branch that polled it; what had been read before is still delivered, then
//! all branches end.
//!
//! No waker and no user code runs under a lock. A waker that panics does so in whoever woke it,
//! after the others that were due; an item that this one had just taken is dropped with the panic.
//!
//! # Cost
//!
//! A merge: two allocations an input when it is made, none afterwards. An item of a ready input costs
//! no atomic write; a wake-up sets one bit, and the first of them wakes the task. The search reads one
//! word for 64 inputs. An idle input costs nothing else.
//!
//! Branches: one lock to ask for an item and one to take it; two more to poll the source. No
//! allocation an item but what the queue grows by. An item wakes one branch, and one more where it
//! is not yet known whether the source has another. To leave the line early takes time in proportion
//! to the number of branches. Those who wait are called in the order in which they came, but who is
//! awake and asks takes what is there: no item waits for a task that has yet to be scheduled. A
//! branch that comes too late waits first in line.
//!
//! Neither keeps its neighbours from running, however much is ready: a merge is pending once after
//! each 128 items at a stretch, and wakes itself; a branch takes from the task's budget.
//!
//! # See also
//!
//! 1. `tokio_stream::StreamMap`: inputs by key, to be added and removed. It polls every input, from
//!    a random one on, whichever was woken.
//! 2. `futures::stream::select_all`: inputs may be added; it polls only what woke, by a list of
//!    allocated nodes, at several times our cost an item.
//! 3. `futures::stream::select` for two; `select_with_strategy` where one of them goes first.
//! 4. For work that is sent rather than read: a channel with several receivers is a fan-out.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::FusedStream;
use loomscope::sync::{Arc, Mutex};

/// Merges streams into one, which gives their items as they come.
///
/// The items of one input keep their order. An input that is always ready does not hold up another:
/// between the moment at which an input wakes the merge and its own item come at most as many items
/// as there are other inputs, one of each. The inputs need not be `Unpin`; there may be any
/// number of them. Nothing is polled before the merge is.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use futures::{StreamExt, executor::block_on, stream};
/// use patterns::fan_in::fan_in;
///
/// let merged = fan_in([stream::iter([1, 2, 3]), stream::iter([10, 20, 30])]);
/// let items: Vec<_> = block_on(merged.collect());
/// assert_eq!(items, [1, 10, 2, 20, 3, 30]);
/// ```
pub fn fan_in<I>(streams: I) -> FanIn<I::Item>
where
    I: IntoIterator,
    I::Item: Stream,
{
    todo!("keep the inputs: how will you know, later, which of them woke you?")
}

/// A fair merge of streams, made by [`fan_in`]. A stream itself.
///
/// It ends when all its inputs have ended, with no input at once, and stays at its end. An input
/// that has ended is dropped at once.
///
/// # Panics
///
/// Where an input does. That input is gone then; the merge may be polled again, for the others.
#[must_use = "streams do nothing unless polled"]
pub struct FanIn<S> {
    // Your fields: what is an input's own, and what may its waker reach after you are gone?
    marker: PhantomData<Pin<Box<S>>>,
}

impl<S: Stream> Stream for FanIn<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        todo!(
            "give the next item: of 64 inputs one has called; how many do you poll, and which first?"
        )
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        todo!("add up what the inputs say: when is there no upper bound?")
    }
}

impl<S: Stream> FusedStream for FanIn<S> {
    fn is_terminated(&self) -> bool {
        todo!("has every input ended?")
    }
}

impl<S> Drop for FanIn<S> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<S> fmt::Debug for FanIn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanIn").finish_non_exhaustive()
    }
}

/// Splits a stream: each of its items goes to exactly one of the branches.
///
/// An item goes to whichever branch asks first, so a slow branch holds up no other. Each branch has
/// its items in the order of the source. There is no task behind it: a branch that is polled polls
/// the source, and one that waits is woken when it is its turn to. Those who wait are woken in the
/// order in which they came: one for an item, and one more to see whether the source has another.
///
/// `capacity` is how many items may be read ahead. When the poll of a branch has its item, and the
/// source has more at hand, up to so many go into a queue that all branches share; so between
/// two polls, the items taken from the source are at most `capacity` more than those delivered. With 0,
/// an item is taken from the source only for a branch that asks for it. One poll reads 32 ahead at
/// most, so that it comes to its end.
///
/// When the source has ended, it is dropped; the branches take what is in the queue, then end. With
/// no branch, or when all are dropped, the source and the queue are dropped.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use futures::{executor::block_on, stream};
/// use patterns::fan_in::fan_out;
///
/// let mut branches = fan_out(stream::iter(1..=3), 2, 0);
/// let mut right = branches.pop().unwrap();
/// let mut left = branches.pop().unwrap();
/// block_on(async {
///     assert_eq!(left.next().await, Some(1));
///     assert_eq!(right.next().await, Some(2));
///     assert_eq!(left.next().await, Some(3));
///     assert_eq!(right.next().await, None);
/// });
/// ```
pub fn fan_out<S: Stream>(stream: S, branches: usize, capacity: usize) -> Vec<Branch<S>> {
    todo!("share the source: who polls it, and whom does it wake?")
}

/// One of the branches that share a source, made by [`fan_out`]. A stream.
///
/// Once it has ended, it stays at its end.
///
/// # Cancel safety
///
/// A branch that waits is in line, and may be the one that was woken for the next item. Dropping the
/// branch, or a [`Next`] of it, leaves the line and passes the wake-up on. A branch that was
/// polled as a stream leaves when it gives an item, or is dropped: whoever polls it so must do one of the
/// two when it is woken.
///
/// # Panics
///
/// Where the source does: in the branch that polled it. What was read before is still delivered; the
/// item that this poll would have given may come to another branch, after a later one. Then the
/// branches end.
#[must_use = "streams do nothing unless polled"]
pub struct Branch<S: Stream> {
    // Your fields: what do all branches share, and what does each know of its own?
    marker: PhantomData<Arc<Mutex<Pin<Box<S>>>>>,
}

impl<S: Stream> Branch<S> {
    /// Waits for an item: like `StreamExt::next`, which it hides, but it leaves the line when it is
    /// dropped.
    ///
    /// # Cancel safety
    ///
    /// All or nothing: dropped before it has completed, it has taken no item, and a wake-up
    /// that had come goes to the next in line.
    #[expect(clippy::should_implement_trait, reason = "it is the async form of that name")]
    pub fn next(&mut self) -> Next<'_, S> {
        todo!("make the future: what must its drop undo?")
    }
}

impl<S: Stream> Stream for Branch<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        todo!(
            "take an item, or poll the source, or wait: what if another branch is polling it now?"
        )
    }
}

impl<S: Stream> Drop for Branch<S> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<S: Stream> fmt::Debug for Branch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branch").finish_non_exhaustive()
    }
}

/// Waits for an item of a [`Branch`], made by [`Branch::next`].
#[must_use = "futures do nothing unless polled"]
pub struct Next<'a, S: Stream> {
    branch: &'a mut Branch<S>,
}

impl<S: Stream> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        todo!("wait for the branch's next item")
    }
}

impl<S: Stream> Drop for Next<'_, S> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<S: Stream> fmt::Debug for Next<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
