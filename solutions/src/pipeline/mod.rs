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
#![forbid(unsafe_code)]

mod belt;
mod builder;
mod entry;
mod failure;
mod lane;
mod metrics;
mod offload;
mod room;
mod stages;
mod tape;

use std::convert::Infallible;
use std::fmt;

use futures::future::{FutureExt, select};
use loomscope::sync::Arc;
use solutions::error_group::ErrorGroup;

pub use builder::{Order, Sources, Stages};
pub use entry::{Enriched, Level, LogEntry, ParseLevelError};
pub use failure::{End, Failure, MAX_ERRORS, OnError, Stage};
pub use metrics::{Metrics, Report, Totals};
pub use offload::{Abandoned, Offload, offload};
pub use solutions::cancel::{CancelToken, Reason};

use belt::{Belt, Size};
use failure::Control;
use stages::{Run, Task};

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
    stages: Stages<In, Out, E>,
    metrics: Metrics,
}

impl<In, E> Pipeline<In, (), E>
where
    In: Send + 'static,
    E: Send + 'static,
{
    /// Begins a pipeline with its sources.
    pub fn builder() -> Sources<In, E> {
        Sources { streams: Vec::new(), filters: Vec::new() }
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
        self.metrics.clone()
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
    // ANCHOR: run
    pub async fn run(self, token: CancelToken) -> Report<E> {
        let Self { stages, metrics } = self;
        let (run, tasks) = stages.start(token, &metrics);
        let mut group = ErrorGroup::<Infallible>::new();
        for task in tasks {
            let broken = group.token().clone();
            group.spawn(unless(broken, task)).await;
        }
        let Ok(()) = group.wait().await;
        let run = Arc::into_inner(run).expect("every task has ended, and dropped its share");
        let (errors, end) = run.control.into_outcome();
        Report { totals: metrics.totals(), errors, end }
    }
    // ANCHOR_END: run
}

/// Runs a task, but drops it where another one has panicked.
async fn unless(broken: CancelToken, task: Task) -> Result<(), Infallible> {
    select(broken.cancelled(), task).await;
    Ok(())
}

impl<In, Out, E> Stages<In, Out, E>
where
    In: Send + 'static,
    Out: Send + Sync + 'static,
    E: Send + 'static,
{
    /// Makes what the tasks share, and the tasks.
    fn start(self, token: CancelToken, metrics: &Metrics) -> (Arc<Run<In, Out, E>>, Vec<Task>) {
        let counts = metrics.counts.clone();
        let room = self.room();
        let Self { sources, workers, order, worker, sinks, buffer, decide } = self;
        let (kept, key) = order.into_parts();
        let size = Size {
            sources: sources.streams.len(),
            workers,
            sinks: sinks.len().max(1),
            room,
            in_hand: buffer,
        };
        let lanes = if key.is_some() { workers } else { 1 };
        let run = Arc::new(Run {
            belt: Belt::new(&size, lanes, kept),
            filters: sources.filters,
            key,
            workers,
            control: Control::new(token, decide, counts.clone()),
            counts,
        });
        let mut tasks = Vec::new();
        if sinks.is_empty() {
            tasks.push(stages::discard(run.clone()).boxed());
        }
        for (number, sink) in sinks.into_iter().enumerate() {
            tasks.push(stages::sink(run.clone(), number, sink).boxed());
        }
        tasks.extend((0..workers).map(|number| worker(run.clone(), number)));
        for (number, stream) in sources.streams.into_iter().enumerate() {
            tasks.push(stages::source(run.clone(), number, stream).boxed());
        }
        (run, tasks)
    }
}

impl<In, Out, E> fmt::Debug for Pipeline<In, Out, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").finish_non_exhaustive()
    }
}
