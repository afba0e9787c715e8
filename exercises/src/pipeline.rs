//! Sources, a filter, workers and sinks, joined such that nothing is lost and nothing piles up.
//!
//! # Problem
//!
//! Lines come from several files, some are dropped, the others are looked up in a database, and what
//! is found goes to a screen and to an archive. Each step alone is a loop. Together they have to keep
//! pace with the slowest, or memory fills up; to stop when they are told, or when one of them fails,
//! without losing what is on its way; and to end, all of them, also where one panics.
//!
//! # From Go
//!
//! A goroutine a step, a channel between two, and an `errgroup` around them:
//!
//! ```go
//! for range workers {
//!     g.Go(func() error {
//!         for in := range entries { // for ever, where a sibling has failed and the source is silent
//!             out, err := work(ctx, in)
//!             if err != nil { return err }
//!             results <- out        // for ever, where the sink has failed
//!         }
//!         return nil
//! }) }
//! ```
//!
//! Each of the two lines needs a `select` with `ctx.Done()`; and with it, an entry that was taken is
//! lost. To stop and to drain are two things, and Go has one context for both.
//!
//! # In Rust
//!
//! They are two tokens here. One asks the *sources* to stop, and nobody else: what has been accepted
//! then drains by itself, since each stage ends when the one before it has. The other is the
//! [`ErrorGroup`]'s own: a panic cancels it, and every task is dropped where it awaits. A dropped
//! [`run`](Pipeline::run) drops the group, and so aborts as well. The builder has a type a stage, so
//! that a pipeline without its enrichment cannot be written down, and an entry is moved from stage to
//! stage: only the sinks share it, in an `Arc`, and nobody can change it under them.
//!
//! # Invariants
//!
//! Between the stages is one belt, under one lock. The only ones who wait for room are the sources: a
//! worker and a sink take what is there and find room for what they made of it.
//!
//! - I1: an entry is in one place: in its source's hand, in a lane, with a worker, on the tape, or
//!   with the sinks. It gets its number when it is accepted, and one result under that number.
//! - I2: at most `2 * buffer + workers` entries have been accepted and not been written by the slowest
//!   sink. Room is taken before an entry is accepted, and given back by that sink alone. So the tape
//!   needs no bound of its own, and where the order is kept the window in which results wait for a
//!   slower one has room for all that can be waiting: it cannot stand still. A sink has at most `buffer`
//!   of them in hand, whose room it gives back when it has written them all: the others can run ahead.
//! - I3: where room is free no source waits for it. What is given back goes to those in line, in the
//!   order in which they asked, and is theirs before they wake: nobody overtakes them.
//! - I4: while a worker is idle its lane is empty. Work that is not ready at once waits alone: its
//!   worker gives back what it has not begun, and delivers what it has done.
//! - I5: each sink reads every result once, in the tape's order. Where the order is kept, that is
//!   the order of the numbers; where it is per key, an entry's lane belongs to one worker, who does one
//!   at a time and puts results behind those before.
//! - I6: it is over when no source is left and everything accepted has been delivered, not earlier: a
//!   worker that finds its lane empty may still be given something back. Who brings it about calls all.
//! - I7: who waits has left its waker under the lock under which it looked.
//!
//! What carries it, of the patterns before this one: [`cancel`](solutions::cancel) both stops,
//! [`or_done`](solutions::or_done) the sources' ends (and their budget), [`error_group`](solutions::error_group)
//! the ends of all tasks, and [`counter`](solutions::counter) the metrics, in which a count is one
//! store. What does not: two [`channel`](solutions::channel)s would be right, and take four locks an
//! entry, where a batch takes five; and with a bound each, a worker that waits to send could not give
//! back what it has not begun, results in order would need a window with a bound of its own, and a
//! slow key would fill the channel before all others.
//!
//! # Cancellation and panics
//!
//! A stop reaches a source that waits for an entry, and drops its stream. A source that has an entry
//! and waits for room learns of it when it has room: the entry has been accepted, and goes through.
//! A worker and a sink hear of no stop: they end when it is over (I6).
//!
//! A panic of any of the caller's functions ends its task, and the group's token ends the others at
//! their next yield, in whatever they wait for. Entries are dropped where they are. No code of the
//! caller's runs under a lock, and neither do its destructors: the last sink to read a result takes
//! it off the tape. The wakers under the lock are those of our own tasks.
//!
//! An [`Offload`] that is dropped leaves word for the job, which drops its work unrun. Work that has
//! begun cannot be stopped.
//!
//! # Cost
//!
//! A task a source, a worker and a sink, and a handful of allocations each; then one allocation an
//! entry, its `Arc`, and a short list wherever somebody has to be woken. A batch is what is there, 32
//! entries at the most, and never waits for more: the busier the pipeline, the fewer locks and wake-ups
//! an entry. Where nobody waits, it takes the lock five times: for room, to accept, to take, to
//! deliver, to collect. A worker takes its share of what is there, so that the
//! others find some. A slow entry that awaits holds up nobody but those behind it in its order; work
//! that computes without awaiting holds up the few that its worker has taken along (see [`offload`]).
//! Entries count against tokio's budget: an endless source lets its neighbours run.
//!
//! A slow sink holds up the others, once it is `2 * buffer + workers` entries behind, less what it has
//! written of those in its hand. A slow key holds up all, once its entries take all the room there is.
//! Whoever cannot have that has to drop entries, or to write them to a disk: no bounded queue avoids it.
//!
//! [`offload`]: two allocations and a lock on each side, and two changes of thread, some microseconds
//! together. It pays where the work takes longer than that, or where other tasks need the thread.
//!
//! # See also
//!
//! 1. `futures::StreamExt::{buffered, buffer_unordered}`, `Stream::forward`: the same stages in one
//!    task. Nothing to stop, nothing to join, and one core. Enough where the work only waits.
//! 2. `rayon::par_iter`, where everything is known before, and is to be computed: no queue is as fast.
//! 3. `tokio::task::spawn_blocking` for work that blocks: up to 512 threads, where a pool for computing
//!    has as many as there are cores.
//! 4. Vector, Fluent Bit or timely dataflow, where the pipeline is the product.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures::{Sink, Stream};

pub use solutions::cancel::{CancelToken, Reason};

/// How many errors a [`Report`] keeps. All are counted, and all are told to `on_error`.
pub const MAX_ERRORS: usize = 100;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When it was written.
    pub timestamp: SystemTime,
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// Who says it: one allocation for all entries of a source.
    pub source: Arc<str>,
}

/// How much a log entry matters, from the least to the most.
///
/// It is read from its name in capital or small letters, and shown in capitals.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::pipeline::Level;
///
/// assert!(Level::Info < Level::Error);
/// assert_eq!("warn".parse(), Ok(Level::Warn));
/// assert_eq!(format!("[{:5}]", Level::Warn), "[WARN ]");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever looks for a bug.
    Debug,
    /// What happens as it should.
    Info,
    /// What somebody should look at some time.
    Warn,
    /// What somebody should look at now.
    Error,
}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        todo!(
            "find the level of that name: which of `warn`, `Warn` and `WARN` will you meet in a log?"
        )
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!("show the name in capitals: what of the width that `{{:5}}` asks for?")
    }
}

/// There is no level of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseLevelError(
    /// What was there instead.
    pub String,
);

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown level {:?}, expected debug, info, warn or error", self.0)
    }
}

impl Error for ParseLevelError {}

/// A log entry, and what was found out about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enriched {
    /// The entry, as it was.
    pub entry: LogEntry,
    /// What was found out, by name.
    pub fields: BTreeMap<String, String>,
}

/// Several sources, a filter, workers that enrich, and several sinks, bounded throughout.
///
/// `In` is what the sources give, `Out` what enrichment makes of it, and `E` the error of all stages.
/// The builder has a type a stage, in the order in which the data flows: sources and filters, then
/// the one enrichment, then sinks and settings. Nothing runs before [`run`](Self::run) is polled.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use std::num::NonZeroUsize;
/// use futures::{SinkExt, StreamExt, stream};
/// use patterns::pipeline::{CancelToken, End, Order, Pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (sink, written) = futures::channel::mpsc::unbounded();
/// let pipeline = Pipeline::builder()
///     .source(stream::iter([1, 2, 3].map(Ok::<u32, String>)))
///     .source(stream::iter([4, 5, 6].map(Ok)))
///     .filter(|n| n % 2 == 0)
///     .enrich(NonZeroUsize::new(2).unwrap(), Order::Free, |n| async move { Ok(n * 10) })
///     .sink(sink.sink_map_err(|error| error.to_string()))
///     .build();
/// let report = pipeline.run(CancelToken::new()).await;
/// assert_eq!(report.end, End::Done);
/// assert_eq!((report.totals.filtered, report.totals.enriched), (3, 3));
///
/// let mut written: Vec<u32> = written.map(|n| *n).collect().await;
/// written.sort();
/// assert_eq!(written, [20, 40, 60]);
/// # }
/// ```
#[must_use = "a pipeline does nothing until it is run"]
pub struct Pipeline<In, Out, E> {
    // Your fields: what have you been given, and what do the stages and the metrics share?
    marker: PhantomData<(In, Out, E)>,
}

impl<In, E> Pipeline<In, (), E>
where
    In: Send + 'static,
    E: Send + 'static,
{
    /// Begins a pipeline with its sources.
    pub fn builder() -> Sources<In, E> {
        todo!("make a builder that has no source and no filter yet")
    }
}

/// A pipeline that is being built: its sources and its filters.
#[must_use = "it is the builder of a pipeline: end it with `enrich` and `build`"]
pub struct Sources<In, E> {
    // Your fields: each source has a type of its own; how do you keep them in one list?
    marker: PhantomData<(In, E)>,
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
    pub fn source<S>(self, stream: S) -> Self
    where
        S: Stream<Item = Result<In, E>> + Send + 'static,
    {
        todo!("keep the stream: its type must not show in yours")
    }

    /// Drops the entries for which `keep` says no, of every source, also of those that are added later.
    /// Where there are several filters, all must agree; they are asked in order, up to the first that
    /// says no.
    pub fn filter<F>(self, keep: F) -> Self
    where
        F: Fn(&In) -> bool + Send + Sync + 'static,
    {
        todo!("keep the filter: who calls it, and before or after an entry takes up room?")
    }

    /// Turns each entry that is left into an `Out`, on so many workers at once.
    ///
    /// Where the order is [`Order::Free`] or [`Order::Kept`], an entry waits for a worker only while
    /// all of them are busy. Work that computes for long and never awaits can hold up up to 31 others,
    /// which its worker has taken along: give it to [`offload`](crate::pipeline::offload).
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
        todo!("keep the work: from here on its `Out` is part of the type")
    }
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
        todo!("make a number of the key: must it be the same number in the next run?")
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

/// A pipeline that is being built: its sinks and its settings.
#[must_use = "it is the builder of a pipeline: end it with `build`"]
pub struct Stages<In, Out, E> {
    // Your fields: what of the work has a type that nobody outside can name?
    marker: PhantomData<(In, Out, E)>,
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
    pub fn sink<S>(self, sink: S) -> Self
    where
        S: Sink<Arc<Out>, Error = E> + Send + 'static,
    {
        todo!("keep the sink: one entry for all of them, and no copy")
    }

    /// How many entries may wait between two stages; 64 unless it is said.
    ///
    /// Beyond that a slow stage holds up those before it, back to the sources. At any time, at most
    /// `4 * buffer + 2 * workers + sources + 1` entries have been accepted from the sources, passed
    /// the filter, and not yet been taken by the slowest sink.
    pub fn buffer(self, entries: NonZeroUsize) -> Self {
        todo!("keep the number: between which stages do entries wait?")
    }

    /// Decides, error by error, whether to go on. Unless it is said, every error stops the pipeline.
    ///
    /// It is told each error before the next entry of that stage comes up, and may be called by
    /// several tasks at once. The error has been counted by then.
    pub fn on_error<F>(self, decide: F) -> Self
    where
        F: Fn(&Failure<E>) -> OnError + Send + Sync + 'static,
    {
        todo!("keep the decision: which stages will have to ask?")
    }

    /// Ends the building.
    pub fn build(self) -> Pipeline<In, Out, E> {
        todo!("put the parts together: what must exist before the run, for the metrics?")
    }
}

impl<In, Out, E> fmt::Debug for Stages<In, Out, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stages").finish_non_exhaustive()
    }
}

/// What an error means for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnError {
    /// One entry less: the pipeline goes on.
    Continue,
    /// The sources are stopped, as by a cancelled token; what was accepted still goes all the way.
    Stop,
}

/// An error, and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Failure<E> {
    /// Where.
    pub stage: Stage,
    /// What.
    pub error: E,
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.error)
    }
}

impl<E: Error> Error for Failure<E> {}

/// Where an error comes from. Sources and sinks are numbered in the order in which they were added.
///
/// It is shown as `source 0`, `enrichment`, `sink 0` or `flush of sink 0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A source gave an error in place of an entry.
    Source(usize),
    /// The work made an error of an entry.
    Enrich,
    /// A sink did not take an entry: it failed to get ready for it, or to take it.
    Sink(usize),
    /// A sink failed to flush or to close: an error of no one entry.
    Flush(usize),
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!("say in words where it is, with the number where there is one")
    }
}

impl<In, Out, E> Pipeline<In, Out, E>
where
    In: Send + 'static,
    Out: Send + Sync + 'static,
    E: Send + 'static,
{
    /// What is counted, for whoever wants to look on while it runs.
    pub fn metrics(&self) -> Metrics {
        todo!("share the counters: who writes them, who reads them, and is there a lock between?")
    }

    /// Runs until every source has ended, or until it is told to stop; then until everything that was
    /// accepted has come through, and every sink is closed.
    ///
    /// It is told to stop by the token, or by `on_error`. Then the sources are dropped, also one
    /// that waits for an entry that never comes. An entry that a source has given before is accepted:
    /// if the filter lets it through and the work succeeds, every sink is offered it, once.
    ///
    /// It starts one task for each source, worker and sink at most; without a sink, one more. No task and
    /// no part of the pipeline is left when it returns.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime. And where a source, a filter, the key, the work, a sink or `on_error`
    /// panics: everything is aborted, whatever it was doing, and when no task is left the panic
    /// resumes here. Entries that were on their way are dropped then, and sinks are not closed.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it aborts every task at its next yield. Entries on their way are dropped, and sinks are
    /// dropped without a flush or a close. To stop and lose nothing, cancel the token.
    pub async fn run(self, token: CancelToken) -> Report<E> {
        todo!(
            "start the stages, and see them all end: which of them ends first, and who tells the next?"
        )
    }
}

impl<In, Out, E> fmt::Debug for Pipeline<In, Out, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").finish_non_exhaustive()
    }
}

/// What a pipeline has counted up to now. Its clones show the same counts.
///
/// A stage has counted an entry before the next stage sees it, so that a sink which is given the
/// tenth entry finds ten or more enriched. When a run has come to its end without a panic:
///
/// - `generated == filtered + enriched + failed_in(Stage::Enrich)`,
/// - for each sink `i`, `enriched == written(i) + failed_in(Stage::Sink(i))`.
#[derive(Clone)]
pub struct Metrics {
    // Your fields: what does a stage write so often that it had better not share it?
}

impl Metrics {
    /// Entries that the sources gave, errors not counted.
    pub fn generated(&self) -> u64 {
        todo!("sum what the sources have counted")
    }

    /// Entries that a filter dropped.
    pub fn filtered(&self) -> u64 {
        todo!("sum what the filters have dropped")
    }

    /// Entries that the work made something of.
    pub fn enriched(&self) -> u64 {
        todo!("sum what the workers have counted")
    }

    /// Errors, wherever they came from.
    pub fn failed(&self) -> u64 {
        todo!("sum the errors of all stages")
    }

    /// Errors of one stage.
    ///
    /// # Panics
    ///
    /// If there is no source or sink of this number.
    pub fn failed_in(&self, stage: Stage) -> u64 {
        todo!("look up the errors of that stage")
    }

    /// Entries that the sink of this number has taken.
    ///
    /// # Panics
    ///
    /// If there is no such sink.
    pub fn written(&self, sink: usize) -> u64 {
        todo!("look up what the sink has taken: when does a sink take an entry?")
    }

    /// How many sources there are.
    pub fn sources(&self) -> usize {
        todo!("say how many sources there are")
    }

    /// How many sinks there are.
    pub fn sinks(&self) -> usize {
        todo!("say how many sinks there are")
    }

    /// All counts, as plain numbers. While the pipeline runs, they are not of one and the same moment.
    pub fn totals(&self) -> Totals {
        todo!("read every count once")
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.totals().fmt(f)
    }
}

/// The counts of a pipeline, as plain numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Entries that the sources gave, errors not counted.
    pub generated: u64,
    /// Entries that a filter dropped.
    pub filtered: u64,
    /// Entries that the work made something of.
    pub enriched: u64,
    /// Errors, wherever they came from.
    pub failed: u64,
    /// For each sink, how many entries it has taken.
    pub written: Vec<u64>,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<E> {
    /// What was counted.
    pub totals: Totals,
    /// The first [`MAX_ERRORS`] errors, in the order in which they came.
    pub errors: Vec<Failure<E>>,
    /// Why it ended.
    pub end: End,
}

/// Why a pipeline ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Every source came to its end, and no error said stop.
    Done,
    /// `on_error` said stop, before the token was cancelled.
    Stopped,
    /// The token was cancelled while a source was being read, and no error had said stop.
    Cancelled(Reason),
}

/// Has work done by another pool of threads, and waits for it without blocking one of the runtime's.
///
/// For work that computes for long. `spawn` is called at once, with a job that it hands to the pool:
/// so work may be under way before the future is polled. The work's panic resumes where the future
/// is polled, and not in the pool.
///
/// # Panics
///
/// Where `spawn` does.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::pipeline::{Abandoned, offload};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Abandoned> {
/// // With rayon: `offload(rayon::spawn, || …)`.
/// let sum = offload(|job| drop(std::thread::spawn(job)), || (1..=10).sum::<u64>()).await?;
/// assert_eq!(sum, 55);
/// # Ok(())
/// # }
/// ```
pub fn offload<T, S, W>(spawn: S, work: W) -> Offload<T>
where
    S: FnOnce(Box<dyn FnOnce() + Send>),
    W: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    todo!(
        "make a job that leaves its outcome behind: what if it panics, and what if nobody waits any more?"
    )
}

/// The future of [`offload`].
///
/// # Errors
///
/// [`Abandoned`], if the pool dropped the job and did not run it.
///
/// # Panics
///
/// With the work's panic; and if it is polled after it has completed.
///
/// # Cancel safety
///
/// Dropped before the pool has begun the work, the work is not run: the job drops it when its turn
/// comes. Work that has begun runs to its end, and its outcome is dropped.
#[must_use = "the outcome of the work comes out of this future"]
pub struct Offload<T> {
    // Your fields: what do the job and the future share, and who sees that the other has gone?
    marker: PhantomData<T>,
}

impl<T> Future for Offload<T> {
    type Output = Result<T, Abandoned>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("take the outcome, or leave a waker: what if the job ends between the two?")
    }
}

impl<T> Drop for Offload<T> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<T> fmt::Debug for Offload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offload").finish_non_exhaustive()
    }
}

/// The pool dropped the job, and did not run it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abandoned;

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool dropped the job and did not run it")
    }
}

impl Error for Abandoned {}
