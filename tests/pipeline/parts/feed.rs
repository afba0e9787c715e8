//! A source that is fed by hand.

use std::collections::VecDeque;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::Stream;

use super::E;

/// A source that is fed by hand.
pub(crate) fn feed<T>() -> (Feed<T>, Fed<T>) {
    let feed = Feed(Arc::new(Mutex::new(Fodder {
        items: VecDeque::new(),
        ended: false,
        waker: None,
        over: false,
        taken: 0,
        panics: false,
        dropped: false,
    })));
    (feed.clone(), Fed { feed, _pinned: PhantomPinned })
}

/// Feeds a source.
pub(crate) struct Feed<T>(Arc<Mutex<Fodder<T>>>);

/// A source that is fed. It must be pinned, as many streams must, and not be polled after its end.
pub(crate) struct Fed<T> {
    feed: Feed<T>,
    _pinned: PhantomPinned,
}

struct Fodder<T> {
    items: VecDeque<Result<T, E>>,
    ended: bool,
    waker: Option<Waker>,
    over: bool,
    taken: usize,
    panics: bool,
    dropped: bool,
}

impl<T> Clone for Feed<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Feed<T> {
    fn fodder(&self) -> MutexGuard<'_, Fodder<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Fodder<T>)) {
        let mut fodder = self.fodder();
        change(&mut fodder);
        let waker = fodder.waker.take();
        drop(fodder);
        waker.into_iter().for_each(Waker::wake);
    }

    /// More entries, and one wake-up.
    pub(crate) fn give(&self, items: impl IntoIterator<Item = T>) {
        self.change(|fodder| fodder.items.extend(items.into_iter().map(Ok)));
    }

    /// An error in place of an entry.
    pub(crate) fn fail(&self, error: E) {
        self.change(|fodder| fodder.items.push_back(Err(error)));
    }

    /// Ends after what was given.
    pub(crate) fn end(&self) {
        self.change(|fodder| fodder.ended = true);
    }

    /// Panics after what was given.
    pub(crate) fn panic(&self) {
        self.change(|fodder| fodder.panics = true);
    }

    /// How many entries and errors were taken.
    pub(crate) fn taken(&self) -> usize {
        self.fodder().taken
    }

    /// Whether the source was dropped.
    pub(crate) fn dropped(&self) -> bool {
        self.fodder().dropped
    }
}

impl<T> Stream for Fed<T> {
    type Item = Result<T, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut fodder = self.feed.fodder();
        if fodder.over {
            drop(fodder);
            panic!("a source is polled after its end");
        }
        if let Some(item) = fodder.items.pop_front() {
            fodder.taken += 1;
            return Poll::Ready(Some(item));
        }
        if fodder.panics {
            drop(fodder);
            panic!("the source's own");
        }
        if !fodder.ended {
            fodder.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        fodder.over = true;
        Poll::Ready(None)
    }
}

impl<T> Drop for Fed<T> {
    fn drop(&mut self) {
        self.feed.fodder().dropped = true;
    }
}
