//! Streams that do what a test says, and the ear that listens to one.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use futures::Stream;

use crate::support::Wakes;

/// A stream, and the hand that feeds it.
pub(crate) fn feed<T>() -> (Feed<T>, Fed<T>) {
    let feed = Feed(Arc::new(Mutex::new(State {
        items: VecDeque::new(),
        ended: false,
        waker: None,
        polls: 0,
        taken: 0,
        knocks: false,
        panics: false,
        dropped: false,
    })));
    (feed.clone(), Fed { feed, _pinned: PhantomPinned })
}

/// As many streams, and the hands that feed them.
pub(crate) fn feeds<T>(count: usize) -> (Vec<Feed<T>>, Vec<Fed<T>>) {
    (0..count).map(|_| feed()).unzip()
}

/// Feeds a stream.
pub(crate) struct Feed<T>(Arc<Mutex<State<T>>>);

/// A stream that is fed. It must be pinned, as many streams must.
pub(crate) struct Fed<T> {
    feed: Feed<T>,
    _pinned: PhantomPinned,
}

struct State<T> {
    items: VecDeque<T>,
    ended: bool,
    waker: Option<Waker>,
    polls: usize,
    taken: usize,
    knocks: bool,
    panics: bool,
    dropped: bool,
}

impl<T> Clone for Feed<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Feed<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().expect("a feed panics only after it has unlocked")
    }

    /// One more item; wakes.
    pub(crate) fn give(&self, item: T) {
        self.give_all([item]);
    }

    /// Several items, and one wake-up.
    pub(crate) fn give_all(&self, items: impl IntoIterator<Item = T>) {
        self.state().items.extend(items);
        self.wake();
    }

    /// Ends after what was given; wakes.
    pub(crate) fn end(&self) {
        self.state().ended = true;
        self.wake();
    }

    /// Panics after what was given; wakes.
    pub(crate) fn panic(&self) {
        self.state().panics = true;
        self.wake();
    }

    /// Where it has nothing to give, each poll wakes at once.
    pub(crate) fn knock_in_every_poll(&self) {
        self.state().knocks = true;
    }

    /// Wakes whoever has polled last, with or without a cause.
    pub(crate) fn wake(&self) {
        let waker = self.state().waker.take();
        waker.into_iter().for_each(Waker::wake);
    }

    /// The waker of the last poll that was pending.
    pub(crate) fn waker(&self) -> Option<Waker> {
        self.state().waker.clone()
    }

    /// How often it was polled.
    pub(crate) fn polls(&self) -> usize {
        self.state().polls
    }

    /// How many items were taken.
    pub(crate) fn taken(&self) -> usize {
        self.state().taken
    }

    /// Whether the stream was dropped.
    pub(crate) fn dropped(&self) -> bool {
        self.state().dropped
    }
}

impl<T> Stream for Fed<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.feed.state();
        state.polls += 1;
        if let Some(item) = state.items.pop_front() {
            state.taken += 1;
            return Poll::Ready(Some(item));
        }
        if state.panics {
            drop(state);
            panic!("the stream's own");
        }
        if state.ended {
            return Poll::Ready(None);
        }
        let knocks = state.knocks;
        state.waker = Some(cx.waker().clone());
        drop(state);
        if knocks {
            self.feed.wake();
        }
        Poll::Pending
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let state = self.feed.state();
        (state.items.len(), state.ended.then_some(state.items.len()))
    }
}

impl<T> Drop for Fed<T> {
    fn drop(&mut self) {
        self.feed.state().dropped = true;
    }
}

/// Polls a stream by hand, with a waker of its own that counts.
pub(crate) struct Ear<S> {
    pub(crate) stream: S,
    wakes: Arc<Wakes>,
}

impl<S> Ear<S>
where
    S: Stream<Item: Debug + PartialEq> + Unpin,
{
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, wakes: Arc::default() }
    }

    pub(crate) fn poll(&mut self) -> Poll<Option<S::Item>> {
        let waker = Waker::from(self.wakes.clone());
        self.poll_with(&waker)
    }

    pub(crate) fn poll_with(&mut self, waker: &Waker) -> Poll<Option<S::Item>> {
        Pin::new(&mut self.stream).poll_next(&mut Context::from_waker(waker))
    }

    /// Polls, and says that it must wait.
    #[track_caller]
    pub(crate) fn waits(&mut self) {
        if let Poll::Ready(item) = self.poll() {
            panic!("expected to wait, got {item:?}");
        }
    }

    /// Polls, and says that there must be an item.
    #[track_caller]
    pub(crate) fn item(&mut self) -> S::Item {
        match self.poll() {
            Poll::Ready(Some(item)) => item,
            Poll::Ready(None) => panic!("expected an item, it has ended"),
            Poll::Pending => panic!("expected an item, it still waits"),
        }
    }

    /// Polls, and says that it must have ended.
    #[track_caller]
    pub(crate) fn ends(&mut self) {
        assert_eq!(self.poll(), Poll::Ready(None), "expected the end");
    }

    /// How often it has been woken.
    pub(crate) fn wakes(&self) -> usize {
        self.wakes.count()
    }

    /// Changes to a fresh waker; the old one is returned.
    pub(crate) fn move_to_another_task(&mut self) -> Arc<Wakes> {
        std::mem::take(&mut self.wakes)
    }
}

/// A waker that panics.
pub(crate) fn panicking_waker() -> Waker {
    struct Panics;
    impl std::task::Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("the waker's own");
        }
    }
    Waker::from(Arc::new(Panics))
}

/// A waker that panics where it is cloned.
pub(crate) fn uncloneable_waker() -> Waker {
    const fn nothing(_: *const ()) {}
    fn clone(_: *const ()) -> RawWaker {
        panic!("the waker's own")
    }
    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, nothing, nothing, nothing);
    // SAFETY: there is no data, and the functions may be called from everywhere.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) }
}
