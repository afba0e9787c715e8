//! The tasks: one a source, one a worker, one a sink.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{Sink, SinkExt, Stream, StreamExt};
use loomscope::sync::Arc;
use loomscope::task::coop;
use solutions::counter::OwnedCell;
use solutions::or_done::or_done;

use super::belt::Belt;
use super::failure::{Control, Stage};
use super::metrics::Counts;

/// What is spawned.
pub(super) type Task = BoxFuture<'static, ()>;
/// A filter.
pub(super) type Keep<In> = Box<dyn Fn(&In) -> bool + Send + Sync>;
/// Where it matters, which entries keep their order among themselves.
pub(super) type Key<In> = Box<dyn Fn(&In) -> u64 + Send + Sync>;
/// A sink, whatever its type.
pub(super) type AnySink<Out, E> = Pin<Box<dyn Sink<Arc<Out>, Error = E> + Send>>;

/// What all tasks of a run share.
pub(super) struct Run<In, Out, E> {
    pub(super) belt: Belt<In, Out>,
    pub(super) filters: Vec<Keep<In>>,
    pub(super) key: Option<Key<In>>,
    pub(super) workers: usize,
    pub(super) control: Control<E>,
    pub(super) counts: Arc<Counts>,
}

impl<In, Out, E> Run<In, Out, E> {
    fn fail(&self, stage: Stage, error: E) {
        self.control.fail(stage, error, || self.belt.has_sources());
    }
}

// ANCHOR: source
/// Reads a source until it ends, or the run is stopped.
pub(super) async fn source<In, Out, E>(
    run: Arc<Run<In, Out, E>>,
    number: usize,
    stream: BoxStream<'static, Result<In, E>>,
) {
    let mut stream = or_done(stream, run.control.stop.clone().cancelled_owned());
    let mut gate = Gate::new(&run, number);
    let mut batch = Vec::new();
    while let Some(item) = stream.next().await {
        let Some(first) = gate.admit(item) else { continue };
        let room = run.belt.room(number).await;
        batch.push(first);
        while batch.len() < room
            && let Some(item) = ready(&mut stream).await
        {
            batch.extend(gate.admit(item));
        }
        run.belt.accept(room, &mut batch);
    }
    drop(stream);
    run.control.source_ended();
    run.belt.end_source();
}

/// The next item, if that needs no waiting.
async fn ready<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| match stream.poll_next_unpin(context) {
        Poll::Ready(item) => Poll::Ready(item),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
// ANCHOR_END: source

/// What becomes of an item of a source.
struct Gate<'a, In, Out, E> {
    run: &'a Run<In, Out, E>,
    source: usize,
    generated: OwnedCell<'a>,
    filtered: OwnedCell<'a>,
}

impl<'a, In, Out, E> Gate<'a, In, Out, E> {
    fn new(run: &'a Run<In, Out, E>, source: usize) -> Self {
        let (generated, filtered) = (run.counts.generated.cell(), run.counts.filtered.cell());
        Self { run, source, generated, filtered }
    }

    /// An entry that every filter keeps, and the lane that it goes to.
    fn admit(&mut self, item: Result<In, E>) -> Option<(usize, In)> {
        let entry = item.map_err(|error| self.run.fail(Stage::Source(self.source), error)).ok()?;
        self.generated.add(1);
        if !self.run.filters.iter().all(|keep| keep(&entry)) {
            self.filtered.add(1);
            return None;
        }
        let key = self.run.key.as_ref().map_or(0, |key| key(&entry));
        Some(((key % self.run.workers as u64) as usize, entry))
    }
}

// ANCHOR: worker
/// Works off what is there, a batch at a time.
pub(super) async fn worker<In, Out, E, F, Fut>(
    run: Arc<Run<In, Out, E>>,
    number: usize,
    work: Arc<F>,
) where
    F: Fn(In) -> Fut,
    Fut: Future<Output = Result<Out, E>>,
{
    let mut enriched = run.counts.enriched.cell();
    let (mut batch, mut results) = (VecDeque::new(), Vec::new());
    while run.belt.take(number, &mut batch).await {
        while let Some((place, entry)) = batch.pop_front() {
            turn().await;
            let waits = || {
                run.belt.give_back(number, &mut batch);
                run.belt.deliver(&mut results);
            };
            let result = when_it_waits(work(entry), waits).await;
            let result = result.map_err(|error| run.fail(Stage::Enrich, error)).ok();
            enriched.add(u64::from(result.is_some()));
            results.push((place, result.map(Arc::new)));
        }
        run.belt.deliver(&mut results);
    }
}

/// Awaits a future; if that is not ready at once, calls `waits` first, so that nobody waits with it.
async fn when_it_waits<F: Future>(future: F, waits: impl FnOnce()) -> F::Output {
    let (mut future, mut waits) = (pin!(future), Some(waits));
    poll_fn(|context| {
        let step = future.as_mut().poll(context);
        if step.is_pending()
            && let Some(waits) = waits.take()
        {
            waits();
        }
        step
    })
    .await
}
// ANCHOR_END: worker

// ANCHOR: sink
/// Writes what is there; flushes when there is no more for now, and closes when nothing will come.
pub(super) async fn sink<In, Out, E>(
    run: Arc<Run<In, Out, E>>,
    number: usize,
    mut sink: AnySink<Out, E>,
) {
    let mut written = run.counts.written[number].cell();
    let mut batch = Vec::new();
    while run.belt.more(number).await {
        while run.belt.collect(number, &mut batch) {
            turn().await;
            for entry in batch.drain(..) {
                match sink.feed(entry).await {
                    Ok(()) => written.add(1),
                    Err(error) => run.fail(Stage::Sink(number), error),
                }
            }
        }
        sink.flush().await.unwrap_or_else(|error| run.fail(Stage::Flush(number), error));
    }
    sink.close().await.unwrap_or_else(|error| run.fail(Stage::Flush(number), error));
}
// ANCHOR_END: sink

/// Drops the results of a pipeline without a sink.
pub(super) async fn discard<In, Out, E>(run: Arc<Run<In, Out, E>>) {
    let mut batch = Vec::new();
    while run.belt.more(0).await {
        while run.belt.collect(0, &mut batch) {
            turn().await;
            batch.clear();
        }
    }
}

/// Lets the neighbours run, when this task has run for long enough.
async fn turn() {
    poll_fn(|context| coop::poll_proceed(context).map(|unit| unit.made_progress())).await;
}
