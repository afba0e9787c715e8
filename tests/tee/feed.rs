//! A source whose every step is in the test's hands, and halves that are polled by hand.

use std::collections::VecDeque;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures::Stream;
use patterns::tee::{Lag, Tee, tee};

use crate::support::Wakes;

/// Fills a [`Feed`].
pub(crate) struct Feeder<T> {
    tray: Arc<Mutex<Tray<T>>>,
}

/// A stream that gives what it is fed. Not `Unpin`; polled after its end, it panics.
pub(crate) struct Feed<T> {
    tray: Arc<Mutex<Tray<T>>>,
    _pinned: PhantomPinned,
}

struct Tray<T> {
    items: VecDeque<T>,
    end: End,
    waker: Option<Waker>,
    polls: usize,
    dropped: bool,
    before_poll: Option<Box<dyn FnMut() + Send>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Ended,
    Seen,
}

pub(crate) fn feed<T>() -> (Feeder<T>, Feed<T>) {
    let tray = Tray {
        items: VecDeque::new(),
        end: End::Open,
        waker: None,
        polls: 0,
        dropped: false,
        before_poll: None,
    };
    let tray = Arc::new(Mutex::new(tray));
    (Feeder { tray: tray.clone() }, Feed { tray, _pinned: PhantomPinned })
}

impl<T> Feeder<T> {
    /// Puts an item there, and wakes whoever polled last.
    pub(crate) fn push(&self, item: T) {
        self.put(item);
        self.wake();
    }

    /// Puts an item there, and wakes nobody yet.
    pub(crate) fn put(&self, item: T) {
        self.tray.lock().unwrap().items.push_back(item);
    }

    /// Ends the stream, and wakes whoever polled last.
    pub(crate) fn end(&self) {
        self.end_silently();
        self.wake();
    }

    /// Ends the stream, and wakes nobody.
    pub(crate) fn end_silently(&self) {
        self.tray.lock().unwrap().end = End::Ended;
    }

    /// Wakes whoever polled last.
    pub(crate) fn wake(&self) {
        let waker = self.tray.lock().unwrap().waker.take();
        waker.into_iter().for_each(Waker::wake);
    }

    /// The waker of the last poll that found nothing.
    pub(crate) fn waker(&self) -> Option<Waker> {
        self.tray.lock().unwrap().waker.clone()
    }

    /// Has `act` done at the beginning of every poll from now on.
    pub(crate) fn before_poll(&self, act: impl FnMut() + Send + 'static) {
        self.tray.lock().unwrap().before_poll = Some(Box::new(act));
    }

    /// How often the stream was polled.
    pub(crate) fn polls(&self) -> usize {
        self.tray.lock().unwrap().polls
    }

    /// Whether the stream is gone.
    pub(crate) fn is_dropped(&self) -> bool {
        self.tray.lock().unwrap().dropped
    }
}

impl<T> Stream for Feed<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let act = self.tray.lock().unwrap().before_poll.take();
        if let Some(mut act) = act {
            act();
            self.tray.lock().unwrap().before_poll.get_or_insert(act);
        }
        let waker = cx.waker().clone();
        let mut tray = self.tray.lock().unwrap();
        tray.polls += 1;
        if let Some(item) = tray.items.pop_front() {
            return Poll::Ready(Some(item));
        }
        match tray.end {
            End::Open => {
                let old = tray.waker.replace(waker);
                drop(tray);
                drop(old);
                Poll::Pending
            }
            End::Ended => {
                tray.end = End::Seen;
                Poll::Ready(None)
            }
            End::Seen => {
                drop(tray);
                panic!("the source was polled after its end");
            }
        }
    }
}

impl<T> Drop for Feed<T> {
    fn drop(&mut self) {
        self.tray.lock().unwrap().dropped = true;
    }
}

/// A half that is polled by hand, with a waker of its own that counts.
pub(crate) struct Half<S: Stream> {
    pub(crate) tee: Tee<S>,
    wakes: Arc<Wakes>,
}

/// Both halves of a stream, each with a waker of its own.
pub(crate) fn halves<S>(stream: S, lag: Lag) -> (Half<S>, Half<S>)
where
    S: Stream,
    S::Item: Clone,
{
    let (first, second) = tee(stream, lag);
    let half = |tee| Half { tee, wakes: Arc::default() };
    (half(first), half(second))
}

impl<S> Half<S>
where
    S: Stream,
    S::Item: Clone,
{
    /// Polls once.
    pub(crate) fn poll(&mut self) -> Poll<Option<S::Item>> {
        let waker = Waker::from(self.wakes.clone());
        Pin::new(&mut self.tee).poll_next(&mut Context::from_waker(&waker))
    }

    /// Polls once, with another's waker.
    pub(crate) fn poll_with(&mut self, waker: &Waker) -> Poll<Option<S::Item>> {
        Pin::new(&mut self.tee).poll_next(&mut Context::from_waker(waker))
    }

    /// Polls once, and says that there must be an item.
    #[track_caller]
    pub(crate) fn item(&mut self) -> S::Item {
        match self.poll() {
            Poll::Ready(Some(item)) => item,
            Poll::Ready(None) => panic!("expected an item, got the end"),
            Poll::Pending => panic!("expected an item, it still waits"),
        }
    }

    /// Polls once, and says that it must wait.
    #[track_caller]
    pub(crate) fn waits(&mut self) {
        match self.poll() {
            Poll::Ready(Some(_)) => panic!("expected to wait, got an item"),
            Poll::Ready(None) => panic!("expected to wait, got the end"),
            Poll::Pending => {}
        }
    }

    /// Polls once, and says that this must be the end.
    #[track_caller]
    pub(crate) fn ends(&mut self) {
        match self.poll() {
            Poll::Ready(Some(_)) => panic!("expected the end, got an item"),
            Poll::Ready(None) => {}
            Poll::Pending => panic!("expected the end, it still waits"),
        }
    }

    /// Whether it was woken since this was last asked.
    pub(crate) fn was_woken(&mut self) -> bool {
        std::mem::take(&mut self.wakes).count() > 0
    }

    /// How often it was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.wakes.count()
    }
}
