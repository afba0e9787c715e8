//! One into many: the branches share a source, and whoever is polled polls it.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures::Stream;
use loomscope::sync::Mutex;
use loomscope::task::coop;

use super::desk::{Desk, Turn};

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
    let desk = Desk::new(branches);
    let waker = Waker::from(desk.clone());
    let source = Mutex::new(Some(Source { stream: Box::pin(stream), waker }));
    let shared = Arc::new(Shared { desk, source, queue: Mutex::default(), capacity });
    let branch = |seat| Branch { shared: shared.clone(), seat, waits: false };
    (0..branches).map(branch).collect()
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
    shared: Arc<Shared<S>>,
    /// Its number at the desk.
    seat: usize,
    /// Whether its last poll was pending: then the desk may know of it.
    waits: bool,
}

struct Shared<S: Stream> {
    /// Who waits, who drives, and how much is there: all that is decided is decided here.
    desk: Arc<Desk>,
    /// The source, unless it is being polled or has ended.
    source: Mutex<Option<Source<S>>>,
    /// What was read ahead. Locked after the desk has said so, for a moment, and with nothing else.
    queue: Mutex<VecDeque<S::Item>>,
    capacity: usize,
}

struct Source<S> {
    stream: Pin<Box<S>>,
    /// The desk, whoever polls: it knows who is to come next.
    waker: Waker,
}

/// How many items one poll reads ahead at most, so that it comes to its end.
const BURST: usize = 32;

const UNPOISONED: &str = "nothing panics under this lock: values are only moved there";

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
        Next { branch: self }
    }

    /// Does what the desk says.
    // ANCHOR: poll
    fn poll_item(&self, waker: &Waker) -> Poll<Option<S::Item>> {
        match self.shared.desk.ask(self.seat, waker) {
            Turn::Take => Poll::Ready(Some(self.shared.take())),
            Turn::Drive => self.drive(waker),
            Turn::Wait => Poll::Pending,
            Turn::End => Poll::Ready(None),
        }
    }

    /// Polls the source for itself and, as far as there is room, for the others.
    fn drive(&self, waker: &Waker) -> Poll<Option<S::Item>> {
        let mut driver = Driver::start(&self.shared);
        match (driver.read(), driver.mine.take()) {
            (Read::Ended, None) => {
                drop(driver);
                self.poll_item(waker)
            }
            // Not back into the queue: another may have taken what came after it.
            (Read::Ended, Some(item)) => {
                drop(driver);
                self.shared.desk.leave(self.seat);
                Poll::Ready(Some(item))
            }
            (Read::Asleep, None) => {
                driver.put_back();
                self.shared.desk.stop_and_wait(self.seat, waker);
                Poll::Pending
            }
            (read, mine) => {
                driver.put_back();
                self.shared.desk.stop(self.seat, matches!(read, Read::Asleep));
                Poll::Ready(mine)
            }
        }
    }
    // ANCHOR_END: poll

    /// Leaves the line, if it is in there.
    fn leave(&mut self) {
        if self.waits {
            self.waits = false;
            self.shared.desk.leave(self.seat);
        }
    }
}

impl<S: Stream> Stream for Branch<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let coop = ready!(coop::poll_proceed(cx));
        // Before the source is polled: it may panic.
        self.waits = true;
        let item = ready!(self.poll_item(cx.waker()));
        self.waits = false;
        coop.made_progress();
        Poll::Ready(item)
    }
}

impl<S: Stream> Drop for Branch<S> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<S: Stream> fmt::Debug for Branch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branch").finish_non_exhaustive()
    }
}

impl<S: Stream> Shared<S> {
    /// Takes the oldest item; the desk has said that there is one.
    fn take(&self) -> S::Item {
        let item = self.queue.lock().expect(UNPOISONED).pop_front();
        item.expect("the desk counts what is in the queue, and who sets out to take it")
    }
}

/// The one that polls the source, which it holds for the time. Dropped with it, it is the end of
/// the source: that has ended, or panicked.
struct Driver<'a, S: Stream> {
    shared: &'a Shared<S>,
    source: Option<Source<S>>,
    /// The first item that was read: it goes to whoever drives.
    mine: Option<S::Item>,
}

/// Why the driver has stopped reading.
enum Read {
    /// It has what it wants, and the source may have more.
    Enough,
    Asleep,
    Ended,
}

// ANCHOR: driver
impl<'a, S: Stream> Driver<'a, S> {
    fn start(shared: &'a Shared<S>) -> Self {
        let source = shared.source.lock().expect(UNPOISONED).take();
        Self { shared, source, mine: None }
    }

    /// Reads an item for the driver, and then as many as there is room for.
    fn read(&mut self) -> Read {
        let source = self.source.as_mut().expect("the desk sends one driver at a time");
        for _ in 0..=BURST {
            match source.stream.as_mut().poll_next(&mut Context::from_waker(&source.waker)) {
                Poll::Pending => return Read::Asleep,
                Poll::Ready(None) => return Read::Ended,
                Poll::Ready(Some(item)) if self.mine.is_none() => {
                    self.mine = Some(item);
                    if self.shared.capacity == 0 {
                        return Read::Enough;
                    }
                }
                Poll::Ready(Some(item)) => {
                    self.shared.queue.lock().expect(UNPOISONED).push_back(item);
                    if self.shared.desk.put() >= self.shared.capacity {
                        return Read::Enough;
                    }
                }
            }
        }
        Read::Enough
    }

    fn put_back(mut self) {
        *self.shared.source.lock().expect(UNPOISONED) = self.source.take();
    }
}

impl<S: Stream> Drop for Driver<'_, S> {
    fn drop(&mut self) {
        let Some(source) = self.source.take() else { return };
        // It has panicked. The source was only polled with room for one more, so there is room
        // for the driver's item, which is older than those in the queue.
        let mine = self.mine.take();
        let _end = End { desk: &self.shared.desk, one_more: mine.is_some() };
        mine.into_iter().for_each(|item| {
            self.shared.queue.lock().expect(UNPOISONED).push_front(item);
        });
        drop(source);
    }
}

/// Dropped, it tells the branches of the end: after the source has gone, even if that panics.
struct End<'a> {
    desk: &'a Desk,
    one_more: bool,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.desk.end(self.one_more);
    }
}
// ANCHOR_END: driver

/// Waits for an item of a [`Branch`], made by [`Branch::next`].
#[must_use = "futures do nothing unless polled"]
pub struct Next<'a, S: Stream> {
    branch: &'a mut Branch<S>,
}

impl<S: Stream> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut *self.branch).poll_next(cx)
    }
}

impl<S: Stream> Drop for Next<'_, S> {
    fn drop(&mut self) {
        self.branch.leave();
    }
}

impl<S: Stream> fmt::Debug for Next<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
