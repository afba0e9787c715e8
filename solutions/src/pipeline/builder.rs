//! The builder: a type a stage, in the order in which the data flows.

use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;

use futures::future::FutureExt;
use futures::stream::BoxStream;
use futures::{Sink, Stream, StreamExt};
use loomscope::sync::Arc;

use super::Pipeline;
use super::failure::{Decide, Failure, OnError};
use super::metrics::{Counts, Metrics};
use super::stages::{self, AnySink, Keep, Key, Run, Task};

/// A pipeline that is being built: its sources and its filters.
#[must_use = "it is the builder of a pipeline: end it with `enrich` and `build`"]
pub struct Sources<In, E> {
    pub(super) streams: Vec<BoxStream<'static, Result<In, E>>>,
    pub(super) filters: Vec<Keep<In>>,
}

impl<In, E> Sources<In, E>
where
    In: Send + 'static,
    E: Send + 'static,
{
    /// Adds a source. There may be any number; they are numbered from 0, and all are read at the
    /// same time.
    ///
    /// An error of a source does not end it: it is told to `on_error`, and the source is read on.
    pub fn source<S>(mut self, stream: S) -> Self
    where
        S: Stream<Item = Result<In, E>> + Send + 'static,
    {
        self.streams.push(stream.boxed());
        self
    }

    /// Drops the entries for which `keep` says no, of every source, also of those that are added later.
    /// Where there are several filters, all must agree; they are asked in order, up to the first that
    /// says no.
    pub fn filter<F>(mut self, keep: F) -> Self
    where
        F: Fn(&In) -> bool + Send + Sync + 'static,
    {
        self.filters.push(Box::new(keep));
        self
    }

    /// Turns each entry that is left into an `Out`, on so many workers at once.
    ///
    /// Where the order is [`Order::Free`] or [`Order::Kept`], an entry waits for a worker only while
    /// all of them are busy. Work that computes for long and never awaits can hold up up to 31 others,
    /// which its worker has taken along: give it to [`offload`](crate::pipeline::offload).
    // ANCHOR: enrich
    pub fn enrich<Out, F, Fut>(
        self,
        workers: NonZeroUsize,
        order: Order<In>,
        work: F,
    ) -> Stages<In, Out, E>
    where
        Out: Send + Sync + 'static,
        F: Fn(In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out, E>> + Send + 'static,
    {
        let work = Arc::new(work);
        Stages {
            sources: self,
            workers: workers.get(),
            order,
            worker: Box::new(move |run, number| stages::worker(run, number, work.clone()).boxed()),
            sinks: Vec::new(),
            buffer: 64,
            decide: Box::new(|_| OnError::Stop),
        }
    }
    // ANCHOR_END: enrich
}

impl<In, E> fmt::Debug for Sources<In, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

/// In which order enriched entries come to the sinks. Every sink sees the same order.
pub enum Order<In> {
    /// As they get done. A slow entry holds up no other.
    Free,
    /// As they were accepted, hence in each source's order. Those that are done wait for a slower one
    /// before them, up to `buffer` of them at least; and they are in flight while they wait.
    Kept,
    /// Entries for which the function gives the same key keep their order; others overtake.
    ///
    /// Worker `key % workers` does all entries of a key, one at a time: a slow entry holds up those
    /// of its worker. While at most `buffer / workers` of these wait, or one where that is none, the
    /// other workers go on; beyond that they may have to wait too. The function is called once an
    /// entry, after the filter.
    PerKey(Box<dyn Fn(&In) -> u64 + Send + Sync>),
}

impl<In> Order<In> {
    /// Keeps the order of entries with equal keys, for any key that has a hash.
    ///
    /// # Examples
    ///
    /// ```
    /// # use solutions as patterns;
    /// use patterns::pipeline::{LogEntry, Order};
    ///
    /// let order = Order::per_key(|entry: &LogEntry| entry.source.clone());
    /// assert!(matches!(order, Order::PerKey(_)));
    /// ```
    pub fn per_key<K: Hash>(key: impl Fn(&In) -> K + Send + Sync + 'static) -> Self {
        Self::PerKey(Box::new(move |entry| {
            // The same number in every run, so that what was seen once can be seen again.
            let mut hasher = DefaultHasher::new();
            key(entry).hash(&mut hasher);
            hasher.finish()
        }))
    }

    /// Whether results keep the order of all entries, and the key of those that keep theirs.
    pub(super) fn into_parts(self) -> (bool, Option<Key<In>>) {
        match self {
            Self::Free => (false, None),
            Self::Kept => (true, None),
            Self::PerKey(key) => (false, Some(key)),
        }
    }
}

impl<In> fmt::Debug for Order<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Free => "Free",
            Self::Kept => "Kept",
            Self::PerKey(_) => "PerKey",
        })
    }
}

/// Makes the task of a worker: the type of the work is known in there, and nowhere else, so that an
/// entry's future is not boxed.
pub(super) type MakeWorker<In, Out, E> =
    Box<dyn Fn(Arc<Run<In, Out, E>>, usize) -> Task + Send + Sync>;

/// A pipeline that is being built: its sinks and its settings.
#[must_use = "it is the builder of a pipeline: end it with `build`"]
pub struct Stages<In, Out, E> {
    pub(super) sources: Sources<In, E>,
    pub(super) workers: usize,
    pub(super) order: Order<In>,
    pub(super) worker: MakeWorker<In, Out, E>,
    pub(super) sinks: Vec<AnySink<Out, E>>,
    pub(super) buffer: usize,
    pub(super) decide: Decide<E>,
}

impl<In, Out, E> Stages<In, Out, E>
where
    In: Send + 'static,
    Out: Send + Sync + 'static,
    E: Send + 'static,
{
    /// Adds a sink. There may be any number; they are numbered from 0, and each is given every
    /// entry, in the same order.
    ///
    /// It is flushed whenever there is nothing more for it to take, and at the end; then it is closed,
    /// once. A sink that fails is offered the next entry all the same. A slow one lets the others run
    /// ahead by `buffer` entries at least. Without a sink, entries are enriched and dropped.
    pub fn sink<S>(mut self, sink: S) -> Self
    where
        S: Sink<Arc<Out>, Error = E> + Send + 'static,
    {
        self.sinks.push(Box::pin(sink));
        self
    }

    /// How many entries may wait between two stages; 64 unless it is said.
    ///
    /// Beyond that a slow stage holds up those before it, back to the sources. At any time, at most
    /// `4 * buffer + 2 * workers + sources + 1` entries have been accepted from the sources, passed
    /// the filter, and not yet been taken by the slowest sink.
    pub fn buffer(mut self, entries: NonZeroUsize) -> Self {
        self.buffer = entries.get();
        self
    }

    /// Decides, error by error, whether to go on. Unless it is said, every error stops the pipeline.
    ///
    /// It is told each error before the next entry of that stage comes up, and may be called by
    /// several tasks at once. The error has been counted by then.
    pub fn on_error<F>(mut self, decide: F) -> Self
    where
        F: Fn(&Failure<E>) -> OnError + Send + Sync + 'static,
    {
        self.decide = Box::new(decide);
        self
    }

    /// Ends the building.
    pub fn build(self) -> Pipeline<In, Out, E> {
        let counts = Arc::new(Counts::new(self.sources.streams.len(), self.sinks.len()));
        Pipeline { stages: self, metrics: Metrics { counts } }
    }

    /// How many entries may be on the belt: so many between sources and workers, so many between
    /// workers and sinks, and one in each worker's hands.
    pub(super) fn room(&self) -> usize {
        self.buffer.saturating_mul(2).saturating_add(self.workers)
    }
}

impl<In, Out, E> fmt::Debug for Stages<In, Out, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stages").finish_non_exhaustive()
    }
}
