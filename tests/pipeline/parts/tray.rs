//! A sink that keeps what it is given, and looks whether it is used as sinks must be.

use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::Sink;

use super::E;

/// What a sink is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Ready,
    Send,
    Flush,
    Close,
}

/// What it does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    Well,
    Fail(E),
    /// Waits, and is woken at once. A `Send` cannot.
    Wait,
    Panic,
}

/// A sink that keeps what it is given, and the hand that holds it up.
pub(crate) fn tray<T>() -> (Tray<T>, Sunk<T>) {
    tray_that(|_, _| Does::Well)
}

/// A sink that does what `plan` says for the n-th time that it is asked this, from 0.
pub(crate) fn tray_that<T>(
    plan: impl FnMut(Ask, usize) -> Does + Send + 'static,
) -> (Tray<T>, Sunk<T>) {
    let tray = Tray(Arc::new(Mutex::new(Kept {
        plan: Box::new(plan),
        asked: [0; 4],
        entries: Vec::new(),
        held: false,
        waker: None,
        ready: false,
        unflushed: 0,
        flushes: 0,
        closed: 0,
        over: false,
        dropped: false,
    })));
    (tray.clone(), Sunk { tray, _pinned: PhantomPinned })
}

/// Looks into a sink, and holds it up.
pub(crate) struct Tray<T>(Arc<Mutex<Kept<T>>>);

/// A sink that looks whether it is used as sinks must be. It must be pinned.
pub(crate) struct Sunk<T> {
    tray: Tray<T>,
    _pinned: PhantomPinned,
}

struct Kept<T> {
    plan: Box<dyn FnMut(Ask, usize) -> Does + Send>,
    asked: [usize; 4],
    entries: Vec<Arc<T>>,
    held: bool,
    waker: Option<Waker>,
    ready: bool,
    unflushed: usize,
    flushes: usize,
    closed: usize,
    over: bool,
    dropped: bool,
}

impl<T> Clone for Tray<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Tray<T> {
    fn kept(&self) -> MutexGuard<'_, Kept<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it is not ready for an entry.
    pub(crate) fn hold(&self) {
        self.kept().held = true;
    }

    /// It is ready again.
    pub(crate) fn release(&self) {
        let mut kept = self.kept();
        kept.held = false;
        let waker = kept.waker.take();
        drop(kept);
        waker.into_iter().for_each(Waker::wake);
    }

    /// How many entries it has taken.
    pub(crate) fn len(&self) -> usize {
        self.kept().entries.len()
    }

    /// The entries that it has taken, as they came.
    pub(crate) fn arcs(&self) -> Vec<Arc<T>> {
        self.kept().entries.clone()
    }

    /// Forgets what it has taken.
    pub(crate) fn clear(&self) {
        let entries = std::mem::take(&mut self.kept().entries);
        drop(entries);
    }

    /// How many entries wait for a flush.
    pub(crate) fn unflushed(&self) -> usize {
        self.kept().unflushed
    }

    /// How often it was flushed.
    pub(crate) fn flushes(&self) -> usize {
        self.kept().flushes
    }

    /// How often it was closed.
    pub(crate) fn closed(&self) -> usize {
        self.kept().closed
    }

    /// Whether it was dropped.
    pub(crate) fn dropped(&self) -> bool {
        self.kept().dropped
    }
}

impl<T: Clone> Tray<T> {
    /// The entries that it has taken, as they came.
    pub(crate) fn entries(&self) -> Vec<T> {
        self.kept().entries.iter().map(|entry| T::clone(entry)).collect()
    }
}

impl<T: Clone + Ord> Tray<T> {
    /// The entries that it has taken, sorted.
    pub(crate) fn sorted(&self) -> Vec<T> {
        let mut entries = self.entries();
        entries.sort();
        entries
    }
}

impl<T> Sunk<T> {
    /// What the plan says; it may panic, with nothing locked.
    fn ask(&self, ask: Ask) -> Poll<Result<(), E>> {
        let mut kept = self.tray.kept();
        assert!(!kept.over, "a sink is asked for {ask:?} after it was closed");
        let nth = kept.asked[ask as usize];
        kept.asked[ask as usize] += 1;
        let does = (kept.plan)(ask, nth);
        drop(kept);
        match does {
            Does::Well => Poll::Ready(Ok(())),
            Does::Fail(error) => Poll::Ready(Err(error)),
            Does::Wait => Poll::Pending,
            Does::Panic => panic!("the sink's own"),
        }
    }

    /// Like `ask`, but who waits is woken at once.
    fn poll_ask(&self, ask: Ask, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let asked = self.ask(ask);
        if asked.is_pending() {
            cx.waker().wake_by_ref();
        }
        asked
    }
}

impl<T> Sink<Arc<T>> for Sunk<T> {
    type Error = E;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let mut kept = self.tray.kept();
        if kept.held {
            kept.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        drop(kept);
        let asked = self.poll_ask(Ask::Ready, cx);
        self.tray.kept().ready = matches!(asked, Poll::Ready(Ok(())));
        asked
    }

    fn start_send(self: Pin<&mut Self>, entry: Arc<T>) -> Result<(), E> {
        let ready = std::mem::take(&mut self.tray.kept().ready);
        assert!(ready, "a sink is given an entry that it was not ready for");
        let Poll::Ready(sent) = self.ask(Ask::Send) else { unreachable!("a `Send` cannot wait") };
        sent?;
        let mut kept = self.tray.kept();
        kept.entries.push(entry);
        kept.unflushed += 1;
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let asked = self.poll_ask(Ask::Flush, cx);
        if asked == Poll::Ready(Ok(())) {
            let mut kept = self.tray.kept();
            kept.flushes += 1;
            kept.unflushed = 0;
        }
        asked
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let asked = self.poll_ask(Ask::Close, cx);
        if let Poll::Ready(outcome) = asked {
            let mut kept = self.tray.kept();
            kept.over = true;
            kept.closed += usize::from(outcome.is_ok());
        }
        asked
    }
}

impl<T> Drop for Sunk<T> {
    fn drop(&mut self) {
        self.tray.kept().dropped = true;
    }
}
