//! What does a job cost that goes through a pool, and what do priorities, answers and counts add?
//!
//! `cargo bench -p benches --bench worker_pool -- --table`

use benches::{current_thread, two_workers};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::future::Future;
use std::hint::{black_box, spin_loop};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

/// Jobs of one slice.
const SLICE: u64 = 1000;
/// Jobs that wait for their answers together.
const ANSWERS: u64 = 64;
/// The room of every queue that has a bound, and the workers of every pool.
const ROOM: usize = 1024;
const WORKERS: usize = 2;

const OF_A_SLICE: &str = "rayon and the cursor run closures on threads, and rayon's wait for work between the \
    slices; run_all spawns two tasks for each slice, can be cancelled, and its jobs may wait.";
const OF_A_STREAM: &str = "threadpool's queue has no bound. The reference alone has priorities, answers, statistics \
    and in_progress; and a job that panics costs none of its workers.";

fn main() {
    let question = "What does a job cost that goes through a pool, and what do priorities, answers and counts add?";
    benches::run(question, |bench| {
        let runtime = &two_workers();
        for (name, job) in [
            ("a job of 1000 at hand that does nothing", nothing as fn(u64) -> u64),
            ("a job of 1000 at hand that takes a microsecond", microsecond),
        ] {
            slice(bench.two_threads(name), runtime, job);
        }
        for (name, job) in [
            ("a job of a stream that does nothing", nothing as fn(u64) -> u64),
            ("a job of a stream that takes a microsecond", microsecond),
        ] {
            stream(bench.two_threads(name), runtime, job);
        }
        let one = &current_thread();
        stream(
            bench.one_thread("a job of a stream that does nothing, current thread"),
            one,
            nothing,
        );
        answers(bench.two_threads("a job of 64 whose answer is awaited"), runtime);
    });
}

fn nothing(job: u64) -> u64 {
    black_box(job)
}

/// Keeps a thread for about a microsecond, whatever the others do.
fn microsecond(job: u64) -> u64 {
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(1) {
        spin_loop();
    }
    job
}

type Job = fn(u64) -> u64;

fn slice(group: benches::Group<'_, '_>, runtime: &Runtime, job: Job) {
    let group = group.batch(SLICE).remark(OF_A_SLICE).contestant("reference", move |times| {
        by_a_task(runtime, times / SLICE, move || slice_with_reference(job))
    });
    #[cfg(feature = "yours-worker_pool")]
    let group = group.contestant("yours", move |times| {
        by_a_task(runtime, times / SLICE, move || slice_with_yours(job))
    });
    let rayon = rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build();
    let rayon = &rayon.expect("the system can start two more threads");
    group
        .contestant("rayon par_iter", move |times| {
            on_this_thread(times / SLICE, || {
                let all = || (0..SLICE).into_par_iter().map(job).collect::<Vec<_>>();
                black_box(rayon.install(all));
            })
        })
        .contestant("rayon scope spawn", move |times| {
            on_this_thread(times / SLICE, || {
                rayon.scope(|scope| {
                    (0..SLICE).for_each(|number| scope.spawn(move |_| _ = black_box(job(number))));
                });
            })
        })
        .contestant("cursor, tasks", move |times| {
            by_a_task(runtime, times / SLICE, move || slice_with_cursor(job))
        })
        .contestant("JoinSet + Semaphore", move |times| {
            by_a_task(runtime, times / SLICE, move || slice_with_join_set(job))
        })
        .run();
}

fn stream(group: benches::Group<'_, '_>, runtime: &Runtime, job: Job) {
    let group = group
        .batch(SLICE)
        .remark(OF_A_STREAM)
        .contestant("reference", move |times| on(runtime, stream_to_reference(times, job, false)))
        .contestant("reference, priorities", move |times| {
            on(runtime, stream_to_reference(times, job, true))
        });
    #[cfg(feature = "yours-worker_pool")]
    let group = group
        .contestant("yours", move |times| on(runtime, stream_to_yours(times, job, false)))
        .contestant("yours, priorities", move |times| {
            on(runtime, stream_to_yours(times, job, true))
        });
    group
        .contestant("threadpool", move |times| {
            let pool = threadpool::ThreadPool::new(WORKERS);
            on_this_thread(1, || {
                (0..times).for_each(|number| pool.execute(move || _ = black_box(job(number))));
                pool.join();
            })
        })
        .contestant("flume + 2 tasks", move |times| on(runtime, stream_to_flume(times, job)))
        .contestant("mpsc + 2 tasks", move |times| on(runtime, stream_to_mpsc(times, job)))
        .contestant("spawn + Semaphore", move |times| on(runtime, stream_of_tasks(times, job)))
        .run();
}

fn answers(group: benches::Group<'_, '_>, runtime: &Runtime) {
    let group = group
        .batch(ANSWERS)
        .contestant("reference", move |times| on(runtime, answers_of_reference(times)));
    #[cfg(feature = "yours-worker_pool")]
    let group = group.contestant("yours", move |times| on(runtime, answers_of_yours(times)));
    group
        .contestant("flume + oneshot", move |times| on(runtime, answers_of_flume(times)))
        .contestant("spawn, JoinHandle", move |times| on(runtime, answers_of_tasks(times)))
        .run();
}

/// How long a task on the runtime says that it took.
fn on(runtime: &Runtime, task: impl Future<Output = Duration> + Send + 'static) -> Duration {
    runtime.block_on(runtime.spawn(task)).expect("no task panics")
}

/// How long a task takes to do something so many times.
fn by_a_task<F>(runtime: &Runtime, times: u64, work: impl Fn() -> F + Send + 'static) -> Duration
where
    F: Future<Output = ()> + Send,
{
    on(runtime, async move {
        let start = Instant::now();
        for _ in 0..times {
            work().await;
        }
        start.elapsed()
    })
}

fn on_this_thread(times: u64, work: impl Fn()) -> Duration {
    benches::timed(|| (0..times).for_each(|_| work()))
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident, $slice:ident, $stream:ident, $answers:ident) => {
        async fn $slice(job: Job) {
            use $workbook::worker_pool::{CancelToken, run_all};
            let workers = NonZeroUsize::new(WORKERS).expect("it is not zero");
            let work = move |number| async move { Ok::<_, ()>(job(number)) };
            black_box(run_all(0..SLICE, workers, &CancelToken::new(), work).await)
                .expect("no job fails");
        }

        async fn $stream(jobs: u64, job: Job, priorities: bool) -> Duration {
            use $workbook::worker_pool::{Priority, Retry, WorkerPool};
            let pool = WorkerPool::builder::<u64>()
                .workers(WORKERS..=WORKERS)
                .queue(NonZeroUsize::new(ROOM).expect("it is not zero"))
                .start(move |number, _| async move { Ok::<_, Retry<()>>(job(*number)) });
            let start = Instant::now();
            for number in 0..jobs {
                let priority = match number % 3 {
                    0 if priorities => Priority::Low,
                    1 if priorities => Priority::High,
                    _ => Priority::Normal,
                };
                let _unwanted = pool.submit(number, priority).await;
            }
            assert_eq!(pool.drain().await.processed, jobs);
            start.elapsed()
        }

        async fn $answers(jobs: u64) -> Duration {
            use $workbook::worker_pool::{Priority, Retry, WorkerPool};
            let pool = WorkerPool::builder::<u64>()
                .workers(WORKERS..=WORKERS)
                .start(async |number, _| Ok::<_, Retry<()>>(*number));
            let start = Instant::now();
            for _ in 0..jobs / ANSWERS {
                let mut tickets = Vec::with_capacity(ANSWERS as usize);
                for number in 0..ANSWERS {
                    tickets.push(pool.submit(number, Priority::Normal).await.expect("it is open"));
                }
                for ticket in tickets {
                    black_box(ticket.await.result).expect("no job fails");
                }
            }
            start.elapsed()
        }
    };
}

workbook!(reference, slice_with_reference, stream_to_reference, answers_of_reference);
#[cfg(feature = "yours-worker_pool")]
workbook!(yours, slice_with_yours, stream_to_yours, answers_of_yours);

async fn slice_with_cursor(job: Job) {
    let cursor = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..WORKERS {
        let cursor = cursor.clone();
        tasks.spawn(async move {
            let mut done = Vec::new();
            loop {
                let number = cursor.fetch_add(1, Relaxed) as u64;
                if number >= SLICE {
                    return done;
                }
                done.push((number, job(number)));
            }
        });
    }
    let mut all = vec![0; SLICE as usize];
    while let Some(done) = tasks.join_next().await {
        for (number, result) in done.expect("no task panics") {
            all[number as usize] = result;
        }
    }
    black_box(all);
}

async fn slice_with_join_set(job: Job) {
    let (permits, mut tasks) = (Arc::new(Semaphore::new(WORKERS)), JoinSet::new());
    for number in 0..SLICE {
        let permit = permits.clone().acquire_owned().await.expect("nobody closes it");
        tasks.spawn(async move {
            let result = job(number);
            drop(permit);
            (number, result)
        });
    }
    let mut all = vec![0; SLICE as usize];
    while let Some(done) = tasks.join_next().await {
        let (number, result) = done.expect("no task panics");
        all[number as usize] = result;
    }
    black_box(all);
}

async fn stream_to_flume(jobs: u64, job: Job) -> Duration {
    let (sender, receiver) = flume::bounded(ROOM);
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let receiver = receiver.clone();
        workers.spawn(async move {
            while let Ok(number) = receiver.recv_async().await {
                black_box(job(number));
            }
        });
    }
    let start = Instant::now();
    for number in 0..jobs {
        sender.send_async(number).await.expect("there are workers");
    }
    drop(sender);
    while workers.join_next().await.is_some() {}
    start.elapsed()
}

async fn stream_to_mpsc(jobs: u64, job: Job) -> Duration {
    let (sender, receiver) = mpsc::channel(ROOM);
    let receiver = Arc::new(Mutex::new(receiver));
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let receiver = receiver.clone();
        workers.spawn(async move {
            loop {
                let next = receiver.lock().await.recv().await;
                let Some(number) = next else { return };
                black_box(job(number));
            }
        });
    }
    let start = Instant::now();
    for number in 0..jobs {
        sender.send(number).await.expect("there are workers");
    }
    drop(sender);
    while workers.join_next().await.is_some() {}
    start.elapsed()
}

async fn stream_of_tasks(jobs: u64, job: Job) -> Duration {
    let permits = Arc::new(Semaphore::new(WORKERS));
    let start = Instant::now();
    for number in 0..jobs {
        let permit = permits.clone().acquire_owned().await.expect("nobody closes it");
        tokio::spawn(async move {
            black_box(job(number));
            drop(permit);
        });
    }
    let all = u32::try_from(WORKERS).expect("it is small");
    drop(permits.acquire_many(all).await);
    start.elapsed()
}

async fn answers_of_flume(jobs: u64) -> Duration {
    let (sender, receiver) = flume::bounded::<(u64, oneshot::Sender<u64>)>(ANSWERS as usize);
    for _ in 0..WORKERS {
        let receiver = receiver.clone();
        tokio::spawn(async move {
            while let Ok((number, reply)) = receiver.recv_async().await {
                let _unwanted = reply.send(number);
            }
        });
    }
    let start = Instant::now();
    for _ in 0..jobs / ANSWERS {
        let mut answers = Vec::with_capacity(ANSWERS as usize);
        for number in 0..ANSWERS {
            let (reply, answer) = oneshot::channel();
            sender.send_async((number, reply)).await.expect("there are workers");
            answers.push(answer);
        }
        for answer in answers {
            black_box(answer.await).expect("no job fails");
        }
    }
    start.elapsed()
}

async fn answers_of_tasks(jobs: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..jobs / ANSWERS {
        let tasks: Vec<_> =
            (0..ANSWERS).map(|number| tokio::spawn(async move { number })).collect();
        for task in tasks {
            black_box(task.await).expect("no job fails");
        }
    }
    start.elapsed()
}
