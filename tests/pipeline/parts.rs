//! Sources and sinks that do what a test says.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures::{Sink, Stream, future, sink, stream};

pub(crate) use feed::{Feed, feed};
pub(crate) use tray::{Ask, Does, Sunk, Tray, tray, tray_that};

#[path = "parts/feed.rs"]
mod feed;

#[path = "parts/tray.rs"]
mod tray;

/// The error of all stages.
pub(crate) type E = &'static str;

/// A number that is not zero.
pub(crate) fn number(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("not zero")
}

/// Lets every task run until all of them wait: that is when paused time moves on.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// How many tasks the runtime has.
pub(crate) fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// A source that has all its entries at hand.
pub(crate) fn entries<I>(entries: I) -> impl Stream<Item = Result<I::Item, E>>
where
    I: IntoIterator,
{
    stream::iter(entries.into_iter().map(Ok))
}

/// The work that changes nothing.
pub(crate) async fn same<T>(entry: T) -> Result<T, E> {
    Ok(entry)
}

/// A sink that is always ready, shows each entry, and drops it.
pub(crate) fn shown_to<T>(
    each: impl FnMut(&T) + Send + 'static,
) -> impl Sink<Arc<T>, Error = E> + Send + 'static
where
    T: Send + Sync + 'static,
{
    sink::unfold(each, |mut each, entry: Arc<T>| {
        each(&entry);
        future::ready(Ok(each))
    })
}

/// A sink that is always ready, and drops what it is given.
pub(crate) fn nowhere<T: Send + Sync + 'static>() -> impl Sink<Arc<T>, Error = E> + Send + 'static {
    shown_to(|_| ())
}

/// A number that goes up and down, and remembers how high it was.
#[derive(Clone, Default)]
pub(crate) struct Gauge(Arc<(AtomicUsize, AtomicUsize)>);

impl Gauge {
    /// One more, until what is returned is dropped.
    pub(crate) fn enter(&self) -> Entered {
        let now = self.0.0.fetch_add(1, SeqCst) + 1;
        self.0.1.fetch_max(now, SeqCst);
        Entered(self.clone())
    }

    /// How many there are now.
    pub(crate) fn now(&self) -> usize {
        self.0.0.load(SeqCst)
    }

    /// The most there ever were.
    pub(crate) fn most(&self) -> usize {
        self.0.1.load(SeqCst)
    }
}

/// Is counted by its gauge.
pub(crate) struct Entered(Gauge);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.0.fetch_sub(1, SeqCst);
    }
}
