//! Many into one: each input has a waker of its own, and each waker a bit.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures::Stream;
use futures::stream::FusedStream;
use loomscope::sync::atomic::{AtomicUsize, Ordering};
use loomscope::task::AtomicWaker;

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
    let streams: Vec<_> = streams.into_iter().map(Box::pin).collect();
    let (count, words) = (streams.len(), streams.len().div_ceil(BITS));
    let woken = Arc::new(Woken::new(words));
    let input = |(index, stream)| Input {
        stream: Some(stream),
        waker: Waker::from(Arc::new(Bell { index, woken: woken.clone() })),
    };
    let inputs = streams.into_iter().enumerate().map(input).collect();
    // New inputs are polled without having been woken.
    let mut ready = vec![0; words];
    (0..count).for_each(|index| ready[index / BITS] |= 1 << (index % BITS));
    FanIn { inputs, ready, woken, next: 0, alive: count, given: 0 }
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
    inputs: Vec<Input<S>>,
    /// What to poll: bits that were taken from `woken`, and of inputs that may have more. Only the
    /// merge itself sees them, so a busy input costs no atomic write.
    ready: Vec<usize>,
    woken: Arc<Woken>,
    /// Where the search begins: behind the input of the last item.
    next: usize,
    /// How many inputs have not ended.
    alive: usize,
    /// How many items it has given since it was last pending.
    given: usize,
}

struct Input<S> {
    /// Boxed, since an input may not be `Unpin`; absent when it has ended or panicked.
    stream: Option<Pin<Box<S>>>,
    waker: Waker,
}

/// What the inputs' wakers share with the merge. It may outlive the merge.
struct Woken {
    /// A bit an input: it was woken and has not been polled since.
    words: Box<[AtomicUsize]>,
    task: AtomicWaker,
}

/// What an input is given to wake.
struct Bell {
    index: usize,
    woken: Arc<Woken>,
}

const BITS: usize = usize::BITS as usize;

/// After so many items at a stretch the neighbours' turn has come: tokio's own measure. Counted here, it
/// holds under any executor, and costs less than asking for the task's budget.
const STRETCH: usize = 128;

// ANCHOR: wake
impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let bit = 1 << (self.index % BITS);
        // Release: pairs with the Acquire in `take`; the input sees what its waker's caller did.
        let before = self.woken.words[self.index / BITS].fetch_or(bit, Ordering::Release);
        // Whoever has set the first bit has also woken the task, or is about to.
        if before == 0 {
            self.woken.task.wake();
        }
    }
}
// ANCHOR_END: wake

impl Woken {
    fn new(words: usize) -> Self {
        let words = (0..words).map(|_| AtomicUsize::new(0)).collect();
        Self { words, task: AtomicWaker::new() }
    }

    /// Takes the bits of a word; where there are none, without a write.
    #[inline]
    fn take(&self, word: usize) -> usize {
        // Relaxed: what is read too early is found by the next poll, see `sleep`.
        match self.words[word].load(Ordering::Relaxed) {
            0 => 0,
            _ => self.words[word].swap(0, Ordering::Acquire),
        }
    }
}

// ANCHOR: poll
impl<S: Stream> Stream for FanIn<S> {
    type Item = S::Item;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let start = self.next;
        if self.given == STRETCH {
            return self.rest(cx.waker());
        }
        // One lap: an input that wakes itself in each poll comes up again in the next one.
        for (mut from, end) in [(start, self.inputs.len()), (0, start)] {
            while let Some(index) = self.take_ready(from, end) {
                from = index + 1;
                if let Some(item) = self.poll_input(index) {
                    self.next = from;
                    self.given += 1;
                    return Poll::Ready(Some(item));
                }
            }
        }
        match self.alive {
            0 => Poll::Ready(None),
            _ => self.sleep(cx.waker()),
        }
    }
    // ANCHOR_END: poll

    fn size_hint(&self) -> (usize, Option<usize>) {
        let alive = self.inputs.iter().filter_map(|input| input.stream.as_ref());
        alive.map(|stream| stream.size_hint()).fold((0, Some(0)), |(low, high), (least, most)| {
            (
                low.saturating_add(least),
                high.zip(most).and_then(|(high, most)| high.checked_add(most)),
            )
        })
    }
}

impl<S> FanIn<S> {
    /// Finds the first input to poll in `from..end`, and takes its bit (I2).
    // ANCHOR: search
    #[inline]
    fn take_ready(&mut self, from: usize, end: usize) -> Option<usize> {
        let mut mask = usize::MAX << (from % BITS);
        for word in from / BITS..end.div_ceil(BITS) {
            self.ready[word] |= self.woken.take(word);
            let found = self.ready[word] & mask;
            if found != 0 {
                let bit = found.trailing_zeros() as usize;
                let index = word * BITS + bit;
                return (index < end).then(|| {
                    self.ready[word] &= !(1 << bit);
                    index
                });
            }
            mask = usize::MAX;
        }
        None
    }
    // ANCHOR_END: search

    /// Lets the neighbours run, and comes back.
    #[cold]
    fn rest<T>(&mut self, waker: &Waker) -> Poll<T> {
        self.given = 0;
        waker.wake_by_ref();
        Poll::Pending
    }

    /// Waits for the next wake-up, unless it has come.
    // ANCHOR: sleep
    #[cold]
    fn sleep<T>(&mut self, waker: &Waker) -> Poll<T> {
        self.given = 0;
        self.woken.task.register(waker);
        // I3: a bit that was set before the registration may have found no task to wake. Relaxed:
        // who looked for the task before us is seen by the registration, who comes later wakes.
        let mut words = self.ready.iter().zip(&self.woken.words);
        if words.any(|(ready, woken)| ready | woken.load(Ordering::Relaxed) != 0) {
            self.woken.task.wake();
        }
        Poll::Pending
    }
    // ANCHOR_END: sleep
}

impl<S: Stream> FanIn<S> {
    /// Polls one input with its own waker.
    // ANCHOR: input
    #[inline]
    fn poll_input(&mut self, index: usize) -> Option<S::Item> {
        let Input { stream: place, waker } = self.inputs.get_mut(index)?;
        // Out of its place while it is polled: if it panics, or ends, that was its last poll.
        let mut stream = place.take()?;
        self.alive -= 1;
        let item = match stream.as_mut().poll_next(&mut Context::from_waker(waker)) {
            Poll::Ready(None) => return None,
            Poll::Ready(Some(item)) => {
                self.ready[index / BITS] |= 1 << (index % BITS);
                Some(item)
            }
            Poll::Pending => None,
        };
        *place = Some(stream);
        self.alive += 1;
        item
    }
    // ANCHOR_END: input
}

impl<S: Stream> FusedStream for FanIn<S> {
    fn is_terminated(&self) -> bool {
        self.alive == 0
    }
}

impl<S> Drop for FanIn<S> {
    fn drop(&mut self) {
        // The inputs' wakers may outlive the merge: they must not keep its task.
        drop(self.woken.task.take());
    }
}

impl<S> fmt::Debug for FanIn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanIn").field("inputs", &self.alive).finish_non_exhaustive()
    }
}
