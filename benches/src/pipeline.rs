//! What takes part in the bench of the pipeline: the reference and yours, and the same by hand.

use crate::timed;
use futures::future::ready;
use futures::{SinkExt, StreamExt, sink, stream};
use rayon::prelude::*;
use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Workers of every contestant that has some.
const WORKERS: usize = 4;
/// Room of every channel.
const ROOM: usize = 128;

/// Work that computes for about so long.
#[derive(Clone, Copy)]
pub struct Cpu {
    micros: u32,
    steps: u32,
}

impl Cpu {
    /// Finds out how much work that is on this machine.
    pub fn of_micros(micros: u32) -> Self {
        let probe = Self { micros, steps: 1_000_000 };
        let fastest = (0..5).map(|_| timed(|| _ = black_box(probe.compute(1)))).min();
        let nanos = fastest.map_or(1, |time| time.as_nanos().max(1));
        let steps = u128::from(micros) * 1000 * 1_000_000 / nanos;
        Self { micros, steps: u32::try_from(steps).unwrap_or(u32::MAX) }
    }

    /// How long one call takes.
    pub fn micros(self) -> u32 {
        self.micros
    }

    fn compute(self, seed: u64) -> u64 {
        // Each step waits for the one before, so that no compiler makes fewer of them.
        (0..self.steps)
            .fold(black_box(seed), |x, _| x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1))
    }
}

/// What a pipeline is asked to do.
#[derive(Clone, Copy)]
pub enum Workload {
    /// Nothing, in any order.
    Free,
    /// Nothing, in order.
    Kept,
    /// Nothing, in the order of each of 16 keys.
    PerKey,
    /// Nothing, and all of it twice.
    TwoSinks,
    /// To compute where the workers run.
    Inline(Cpu),
    /// To compute on rayon's threads, entry by entry.
    Offload(Cpu),
    /// To compute on rayon's threads, so many entries at a time.
    OffloadChunks(Cpu, usize),
}

impl Workload {
    /// How long so many entries take, from the start of the run to its end.
    pub fn measure<P: Run>(self, runtime: &Runtime, times: u64) -> Duration {
        P::run(self, runtime, times)
    }
}

/// A workbook's pipeline.
pub trait Run {
    /// How long so many entries take, from the start of the run to its end.
    fn run(workload: Workload, runtime: &Runtime, times: u64) -> Duration;
}

/// On a worker, where tasks are spawned.
fn on<F>(runtime: &Runtime, job: F) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let timed = async {
        let start = Instant::now();
        job.await;
        start.elapsed()
    };
    runtime.block_on(runtime.spawn(timed)).expect("nobody panics")
}

macro_rules! workbook {
    ($name:ident, $doc:literal, $workbook:ident) => {
        #[doc = $doc]
        pub struct $name;

        impl Run for $name {
            fn run(workload: Workload, runtime: &Runtime, times: u64) -> Duration {
                use $workbook::pipeline::{CancelToken, Order, Pipeline, offload};

                let numbers = move || stream::iter((0..times).map(Ok::<_, Infallible>));
                let workers = NonZeroUsize::new(WORKERS).expect("there are some");
                let plain = move |order| {
                    let source = Pipeline::builder().source(numbers());
                    source.enrich(workers, order, |n: u64| ready(Ok(n + 1)))
                };
                macro_rules! run {
                    ($stages:expr) => {
                        on(runtime, async move {
                            let sink = sink::drain().sink_map_err(|never| match never {});
                            let report = $stages.sink(sink).build().run(CancelToken::new()).await;
                            black_box(report.totals.enriched);
                        })
                    };
                }
                match workload {
                    Workload::Free => run!(plain(Order::Free)),
                    Workload::Kept => run!(plain(Order::Kept)),
                    Workload::PerKey => run!(plain(Order::PerKey(Box::new(|n| n % 16)))),
                    Workload::TwoSinks => {
                        let second = sink::drain().sink_map_err(|never: Infallible| match never {});
                        run!(plain(Order::Free).sink(second))
                    }
                    Workload::Inline(cpu) => {
                        let source = Pipeline::builder().source(numbers());
                        let work = move |n: u64| async move { Ok(cpu.compute(n)) };
                        run!(source.enrich(workers, Order::Free, work))
                    }
                    Workload::Offload(cpu) => {
                        let source = Pipeline::builder().source(numbers());
                        let work = move |n: u64| async move {
                            let job = offload(|job| rayon::spawn(job), move || cpu.compute(n));
                            Ok(job.await.expect("rayon runs what it is given"))
                        };
                        run!(source.enrich(workers, Order::Free, work))
                    }
                    Workload::OffloadChunks(cpu, chunk) => {
                        let chunks = numbers().ready_chunks(chunk).map(|chunk| {
                            chunk.into_iter().collect::<Result<Vec<u64>, Infallible>>()
                        });
                        let source = Pipeline::builder().source(chunks);
                        let work = move |chunk: Vec<u64>| async move {
                            let all = move || -> Vec<u64> {
                                chunk.into_iter().map(|n| cpu.compute(n)).collect()
                            };
                            let job = offload(|job| rayon::spawn(job), all);
                            Ok(job.await.expect("rayon runs what it is given"))
                        };
                        run!(source.enrich(workers, Order::Free, work))
                    }
                }
            }
        }
    };
}

workbook!(Reference, "The workbook's reference.", reference);
#[cfg(feature = "yours-pipeline")]
workbook!(Yours, "Your answer.", yours);

/// rayon on a slice of everything.
pub fn parallel(cpu: Cpu, times: u64) -> Duration {
    let all: Vec<u64> = (0..times).collect();
    timed(|| {
        black_box(all.par_iter().map(|n| cpu.compute(*n)).collect::<Vec<_>>());
    })
}

/// A source, two channels, workers between them, and a sink.
pub mod by_hand {
    use super::*;
    use std::sync::Arc;
    use tokio::sync::{Mutex, mpsc};

    const OPEN: &str = "a receiver stays until its senders are gone";

    /// crossfire's channels: one to the workers, and one to each sink, for what a result is made into.
    ///
    /// # Panics
    ///
    /// Where one of the tasks does.
    pub fn crossfire<T>(
        runtime: &Runtime,
        times: u64,
        sinks: usize,
        result: fn(u64) -> T,
    ) -> Duration
    where
        T: Clone + Send + Unpin + 'static,
    {
        on(runtime, async move {
            let (source, entries) = crossfire::mpmc::bounded_async::<u64>(ROOM);
            let (to_sinks, sinks): (Vec<_>, Vec<_>) =
                (0..sinks).map(|_| crossfire::mpmc::bounded_async::<T>(ROOM)).unzip();
            let mut tasks = Vec::new();
            tasks.push(tokio::spawn(async move {
                for n in 0..times {
                    source.send(n).await.expect(OPEN);
                }
            }));
            for _ in 0..WORKERS {
                let (entries, to_sinks) = (entries.clone(), to_sinks.clone());
                tasks.push(tokio::spawn(async move {
                    while let Ok(n) = entries.recv().await {
                        let result = result(ready(n + 1).await);
                        let (last, others) = to_sinks.split_last().expect("there is a sink");
                        for sink in others {
                            assert!(sink.send(result.clone()).await.is_ok(), "{OPEN}");
                        }
                        assert!(last.send(result).await.is_ok(), "{OPEN}");
                    }
                }));
            }
            drop((entries, to_sinks));
            for results in sinks {
                tasks.push(tokio::spawn(async move {
                    while let Ok(n) = results.recv().await {
                        black_box(n);
                    }
                }));
            }
            join(tasks).await;
        })
    }

    /// The same, with 32 entries to a message, all there from the start.
    ///
    /// # Panics
    ///
    /// Where one of the tasks does.
    pub fn crossfire_batches(runtime: &Runtime, times: u64) -> Duration {
        const BATCH: u64 = 32;
        on(runtime, async move {
            let (source, entries) = crossfire::mpmc::bounded_async::<Vec<u64>>(ROOM);
            let (to_sink, results) = crossfire::mpmc::bounded_async::<Vec<u64>>(ROOM);
            let mut tasks = Vec::new();
            tasks.push(tokio::spawn(async move {
                for start in (0..times).step_by(BATCH as usize) {
                    let batch = (start..times.min(start + BATCH)).collect();
                    source.send(batch).await.expect(OPEN);
                }
            }));
            for _ in 0..WORKERS {
                let (entries, to_sink) = (entries.clone(), to_sink.clone());
                tasks.push(tokio::spawn(async move {
                    while let Ok(mut batch) = entries.recv().await {
                        for n in &mut batch {
                            *n = ready(*n + 1).await;
                        }
                        to_sink.send(batch).await.expect(OPEN);
                    }
                }));
            }
            drop((entries, to_sink));
            tasks.push(tokio::spawn(async move {
                while let Ok(batch) = results.recv().await {
                    for n in batch {
                        black_box(n);
                    }
                }
            }));
            join(tasks).await;
        })
    }

    /// kanal's channels.
    ///
    /// # Panics
    ///
    /// Where one of the tasks does.
    pub fn kanal(runtime: &Runtime, times: u64) -> Duration {
        on(runtime, async move {
            let (source, entries) = ::kanal::bounded_async::<u64>(ROOM);
            let (to_sink, results) = ::kanal::bounded_async::<u64>(ROOM);
            let mut tasks = Vec::new();
            tasks.push(tokio::spawn(async move {
                for n in 0..times {
                    source.send(n).await.expect(OPEN);
                }
            }));
            for _ in 0..WORKERS {
                let (entries, to_sink) = (entries.clone(), to_sink.clone());
                tasks.push(tokio::spawn(async move {
                    while let Ok(n) = entries.recv().await {
                        to_sink.send(ready(n + 1).await).await.expect(OPEN);
                    }
                }));
            }
            drop((entries, to_sink));
            tasks.push(tokio::spawn(async move {
                while let Ok(n) = results.recv().await {
                    black_box(n);
                }
            }));
            join(tasks).await;
        })
    }

    /// tokio's channels: the first has one receiver, which the workers share under a lock.
    ///
    /// # Panics
    ///
    /// Where one of the tasks does.
    pub fn tokio_mpsc(runtime: &Runtime, times: u64) -> Duration {
        on(runtime, async move {
            let (source, entries) = mpsc::channel::<u64>(ROOM);
            let (to_sink, mut results) = mpsc::channel::<u64>(ROOM);
            let entries = Arc::new(Mutex::new(entries));
            let mut tasks = Vec::new();
            tasks.push(tokio::spawn(async move {
                for n in 0..times {
                    source.send(n).await.expect(OPEN);
                }
            }));
            for _ in 0..WORKERS {
                let (entries, to_sink) = (entries.clone(), to_sink.clone());
                tasks.push(tokio::spawn(async move {
                    loop {
                        let entry = entries.lock().await.recv().await;
                        let Some(n) = entry else { return };
                        to_sink.send(ready(n + 1).await).await.expect(OPEN);
                    }
                }));
            }
            drop((entries, to_sink));
            tasks.push(tokio::spawn(async move {
                while let Some(n) = results.recv().await {
                    black_box(n);
                }
            }));
            join(tasks).await;
        })
    }

    async fn join(tasks: Vec<tokio::task::JoinHandle<()>>) {
        for task in tasks {
            task.await.expect("no task panics");
        }
    }
}

/// Combinators of the futures crate: everything in one task.
pub mod serial {
    use super::*;

    async fn consume(n: u64) {
        black_box(n);
    }

    /// Four at a time, as they get done.
    pub fn buffer_unordered(runtime: &Runtime, times: u64) -> Duration {
        on(runtime, async move {
            let entries = stream::iter(0..times).map(|n| async move { n + 1 });
            entries.buffer_unordered(WORKERS).for_each(consume).await;
        })
    }

    /// Four at a time, in order.
    pub fn buffered(runtime: &Runtime, times: u64) -> Duration {
        on(runtime, async move {
            let entries = stream::iter(0..times).map(|n| async move { n + 1 });
            entries.buffered(WORKERS).for_each(consume).await;
        })
    }
}
