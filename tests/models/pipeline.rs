//! Every interleaving of the stages with each other, with a stop and with a panic; and of the
//! hand-over to another pool.

use std::future::{poll_fn, ready};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::{FutureExt, Sink, SinkExt, StreamExt, stream};
use loomscope::sync::Mutex;
use loomscope::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use loomscope::task::{AtomicWaker, block_on};
use loomscope::{Model, thread};
use patterns::pipeline::{
    Abandoned, CancelToken, End, OnError, Order, Pipeline, Reason, Report, Sources, offload,
};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/pipeline").preemptions(1)
}

fn number(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// What a sink was given.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u32>>>);

impl Written {
    fn all(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }

    fn sorted(&self) -> Vec<u32> {
        let mut all = self.all();
        all.sort();
        all
    }
}

impl Sink<Arc<u32>> for Written {
    type Error = u32;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), u32>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, entry: Arc<u32>) -> Result<(), u32> {
        self.0.lock().unwrap().push(*entry);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), u32>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), u32>> {
        Poll::Ready(Ok(()))
    }
}

fn source(entries: impl IntoIterator<Item = u32>) -> Sources<u32, u32> {
    let entries: Vec<_> = entries.into_iter().map(Ok).collect();
    Pipeline::builder().source(stream::iter(entries))
}

fn run(pipeline: Pipeline<u32, u32, u32>) -> Report<u32> {
    block_on(pipeline.run(CancelToken::new()))
}

/// A future that is ready once somebody has opened it.
#[derive(Clone, Default)]
struct Gate(Arc<(AtomicBool, AtomicWaker)>);

impl Gate {
    fn open(&self) {
        self.0.0.store(true, SeqCst);
        self.0.1.wake();
    }

    async fn pass(&self) {
        poll_fn(|context| {
            self.0.1.register(context.waker());
            if self.0.0.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

#[test]
fn every_entry_is_written_once_and_the_run_ends() {
    model("I1, I6, I7: whoever waits is called, to the last").preemptions(2).check(|| {
        let written = Written::default();
        let stages = source([1, 2]).enrich(number(1), Order::Free, |n| ready(Ok(n)));
        let report = run(stages.sink(written.clone()).build());
        assert_eq!(written.all(), [1, 2], "I1: an entry in two places, or in none");
        assert_eq!(report.end, End::Done);
    });
}

#[test]
fn two_workers_lose_nothing_between_them() {
    model("I4, I6: a worker ends when nothing can come back").check(|| {
        let written = Written::default();
        let stages = source([1, 2]).enrich(number(2), Order::Free, |n| ready(Ok(n)));
        run(stages.sink(written.clone()).build());
        assert_eq!(written.sorted(), [1, 2], "I1: an entry in two places, or in none");
    });
}

#[test]
fn two_workers_keep_the_order() {
    model("I5: results are read by their numbers").check(|| {
        let written = Written::default();
        let stages = source([1, 2]).enrich(number(2), Order::Kept, |n| ready(Ok(n)));
        run(stages.sink(written.clone()).build());
        assert_eq!(written.all(), [1, 2], "I5: the second overtakes the first");
    });
}

#[test]
fn two_workers_keep_the_order_of_a_key() {
    model("I5: a key has one worker").check(|| {
        let written = Written::default();
        let order = Order::PerKey(Box::new(|_| 1));
        let stages = source([1, 2]).enrich(number(2), order, |n| ready(Ok(n)));
        run(stages.sink(written.clone()).build());
        assert_eq!(written.all(), [1, 2], "I5: the second overtakes the first");
    });
}

#[test]
fn work_that_failed_leaves_no_gap_in_the_order() {
    model("I1: work that failed has a result, and nothing waits for another").check(|| {
        let written = Written::default();
        let work = |n| ready(if n == 1 { Err(n) } else { Ok(n) });
        let stages = source([1, 2]).enrich(number(2), Order::Kept, work);
        let report = run(stages.sink(written.clone()).on_error(|_| OnError::Continue).build());
        assert_eq!(written.all(), [2]);
        assert_eq!(report.totals.failed, 1);
    });
}

#[test]
fn an_entry_that_waits_for_the_next_one_is_overtaken() {
    model("I4: what waits, waits alone").check(|| {
        let (written, gate) = (Written::default(), Gate::default());
        let work = move |n| {
            let gate = gate.clone();
            async move {
                match n {
                    1 => gate.pass().await,
                    2 => gate.open(),
                    _ => (),
                }
                Ok(n)
            }
        };
        let stages = source([1, 2, 3]).enrich(number(2), Order::Free, work);
        run(stages.sink(written.clone()).build());
        assert_eq!(written.sorted(), [1, 2, 3]);
    });
}

#[test]
fn a_source_that_waits_for_room_is_called() {
    model("I3: what is given back is for who waits").check(|| {
        let written = Written::default();
        let stages = source([1, 2, 3, 4]).enrich(number(1), Order::Free, |n| ready(Ok(n)));
        run(stages.sink(written.clone()).buffer(number(1)).build());
        assert_eq!(written.all(), [1, 2, 3, 4]);
    });
}

#[test]
fn two_sources_are_both_read() {
    model("I3, I6: the last source to end is the end").check(|| {
        let written = Written::default();
        let stages = source([1]).source(stream::iter([Ok(2)]));
        let stages = stages.enrich(number(1), Order::Free, |n| ready(Ok(n)));
        run(stages.sink(written.clone()).build());
        assert_eq!(written.sorted(), [1, 2]);
    });
}

#[test]
fn two_sinks_are_given_the_same() {
    model("I5: each sink reads every result once").check(|| {
        let (left, right, gate) = (Written::default(), Written::default(), Gate::default());
        // The second entry comes when the right sink has the first.
        let (has_one, opens) = (gate.clone(), gate);
        let second = stream::once(Box::pin(async move {
            has_one.pass().await;
            Ok(2)
        }));
        let sink = right.clone().with(move |entry: Arc<u32>| {
            opens.open();
            ready(Ok::<_, u32>(entry))
        });
        let stages = Pipeline::builder().source(stream::iter([Ok(1)]).chain(second));
        let stages = stages.enrich(number(1), Order::Free, |n| ready(Ok(n)));
        run(stages.sink(left.clone()).sink(sink).build());
        assert_eq!((left.all(), right.all()), (vec![1, 2], vec![1, 2]));
    });
}

#[test]
fn a_cancellation_loses_nothing_that_was_accepted() {
    model("I1: a stop is for the sources alone").check(|| {
        let (written, token) = (Written::default(), CancelToken::new());
        let silent = stream::iter([Ok(1), Ok(2)]).chain(stream::pending());
        let stages = Pipeline::builder().source(silent);
        let stages = stages.enrich(number(1), Order::Free, |n| ready(Ok(n)));
        let pipeline = stages.sink(written.clone()).build();
        let theirs = token.clone();
        let stopping = thread::spawn_named("stops", move || theirs.cancel());
        let report = block_on(pipeline.run(token));
        stopping.join().unwrap();
        assert_eq!(report.end, End::Cancelled(Reason::Cancelled));
        let accepted: Vec<_> = (1..=report.totals.generated as u32).collect();
        assert_eq!(written.all(), accepted, "I1: accepted, and not written");
    });
}

#[test]
fn an_error_stops_a_source_that_is_silent() {
    model("I6: who says stop is heard by whoever waits").check(|| {
        let silent = stream::iter([Ok(1)]).chain(stream::pending());
        let stages = Pipeline::builder().source(silent);
        let stages = stages.enrich(number(1), Order::Free, |n| ready(Err::<u32, _>(n)));
        let report = run(stages.build());
        assert_eq!(report.end, End::Stopped);
        assert_eq!(report.errors.len(), 1);
    });
}

#[test]
fn a_panic_ends_every_task() {
    model("a panic reaches whoever waits, and goes on in the run").check(|| {
        let silent = stream::iter([Ok(1)]).chain(stream::pending());
        let stages = Pipeline::builder().source(silent);
        let stages = stages.enrich(number(1), Order::Free, |_| async { panic!("the work's own") });
        let pipeline: Pipeline<u32, u32, u32> = stages.sink(Written::default()).build();
        assert!(catch_unwind(AssertUnwindSafe(|| run(pipeline))).is_err());
    });
}

#[test]
fn a_run_that_is_dropped_leaves_no_task() {
    model("a task that is aborted is woken wherever it waits").check(|| {
        let silent = stream::iter([Ok(1)]).chain(stream::pending());
        let stages = Pipeline::builder().source(silent);
        let stages = stages.enrich(number(1), Order::Free, |n| ready(Ok(n)));
        let pipeline: Pipeline<u32, u32, u32> = stages.sink(Written::default()).build();
        assert!(pipeline.run(CancelToken::new()).now_or_never().is_none());
    });
}

/// Source, two workers and two sinks, in order, with room for three, and a stop: too many tasks for
/// an exhaustive search.
#[test]
fn everything_at_once() {
    model("I1 to I7").random(7).check(|| {
        let (left, right, token) = (Written::default(), Written::default(), CancelToken::new());
        let stages = source([1, 2, 3]).source(stream::iter([Ok(11), Ok(12)]));
        let stages = stages.enrich(number(2), Order::Kept, |n| ready(Ok(n)));
        let stages = stages.sink(left.clone()).sink(right.clone()).buffer(number(1));
        let pipeline = stages.build();
        let theirs = token.clone();
        let stopping = thread::spawn_named("stops", move || theirs.cancel());
        let report = block_on(pipeline.run(token));
        stopping.join().unwrap();
        assert_eq!(left.all(), right.all(), "I5: two sinks, two orders");
        assert_eq!(left.all().len() as u64, report.totals.generated, "I1: accepted, not written");
        assert!(left.all().iter().filter(|n| **n < 10).is_sorted(), "I5: a source's order");
        assert!(left.all().iter().filter(|n| **n > 10).is_sorted(), "I5: a source's order");
    });
}

mod hand_over {
    use super::*;

    type Job = Box<dyn FnOnce() + Send>;

    fn model(invariant: &str) -> Model {
        Model::new(invariant).source("src/pipeline")
    }

    /// A pool of one thread, for one job.
    fn pool(job: Job) -> thread::JoinHandle<()> {
        thread::spawn_named("pool", job)
    }

    #[test]
    fn the_outcome_is_never_missed() {
        model("the job ends while the future goes to sleep").check(|| {
            let mut thread = None;
            let offload = offload(|job| thread = Some(pool(job)), || 7);
            assert_eq!(block_on(offload), Ok(7));
            thread.unwrap().join().unwrap();
        });
    }

    #[test]
    fn a_job_that_the_pool_drops_is_heard_of() {
        model("the job is dropped while the future goes to sleep").check(|| {
            let mut thread = None;
            let drops = |job: Job| thread = Some(pool(Box::new(move || drop(job))));
            let offload = offload(drops, || 7);
            assert_eq!(block_on(offload), Err(Abandoned));
            thread.unwrap().join().unwrap();
        });
    }

    #[test]
    fn work_that_nobody_waits_for_is_not_begun() {
        model("dropped before the job's turn, the work does not run").check(|| {
            let (mut thread, begun) = (None, Arc::new(AtomicUsize::new(0)));
            let (theirs, gone) = (begun.clone(), Arc::new(AtomicBool::new(false)));
            let seen = gone.clone();
            let work = move || {
                theirs.fetch_add(1, Relaxed);
            };
            // The job's turn comes at any time; where it comes after the drop, nothing is run.
            let later = |job: Job| {
                thread = Some(pool(Box::new(move || {
                    let after = seen.load(SeqCst);
                    job();
                    assert!(!after || begun.load(Relaxed) == 0, "begun, and nobody waited");
                })));
            };
            let mut offload = offload(later, work);
            let waits = offload.poll_unpin(&mut Context::from_waker(std::task::Waker::noop()));
            drop(offload);
            gone.store(true, SeqCst);
            assert!(matches!(waits, Poll::Pending | Poll::Ready(Ok(()))));
            thread.unwrap().join().unwrap();
        });
    }

    #[test]
    fn a_future_that_moves_is_called_where_it_is() {
        model("the waker of the last poll is the one to call").check(|| {
            let mut thread = None;
            let mut offload = offload(|job| thread = Some(pool(job)), || 7);
            let first = offload.poll_unpin(&mut Context::from_waker(std::task::Waker::noop()));
            if first.is_pending() {
                assert_eq!(block_on(offload), Ok(7));
            }
            thread.unwrap().join().unwrap();
        });
    }
}
