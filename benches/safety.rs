//! What do the figures leave out: a dropped future, a neighbour on the same thread, the next in line?
//!
//! `cargo test -p benches --test safety` prints what each crate does. It fails where the reference
//! breaks its word, and where another crate no longer does what the book says of it.

use benches::channel::{
    AsyncChannel, AsyncChannelCrate, Asyncband, Crossfire, Flume, Kanal, Reference, TokioMpsc,
};
use benches::circuit_breaker::{Breaker, Failsafe};
use benches::count_allocations;
use benches::current_thread;
use benches::semaphore::Semaphore;
use benches::singleflight::Singleflight;
use futures::FutureExt;
use hashbrown::HashTable;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tokio::task::yield_now;

fn main() -> ExitCode {
    let lost = Facts {
        question: "A `recv` that waits is dropped after a send: values lost, of 200",
        found: [
            ("reference", values_lost::<Reference>(), 0),
            ("tokio mpsc", values_lost::<TokioMpsc>(), 0),
            ("crossfire", values_lost::<Crossfire>(), 0),
            ("flume", values_lost::<Flume>(), 0),
            ("async-channel", values_lost::<AsyncChannelCrate>(), 0),
            ("asyncband", values_lost::<Asyncband>(), 0),
            ("kanal", values_lost::<Kanal>(), 200),
        ],
    };
    let taken = Facts {
        question: "A loop over a full channel: values taken before its neighbour runs, of 10 000",
        found: [
            ("reference", values_before_the_neighbour::<Reference>(), 128),
            ("tokio mpsc", values_before_the_neighbour::<TokioMpsc>(), 128),
            ("crossfire", values_before_the_neighbour::<Crossfire>(), 10_000),
            ("flume", values_before_the_neighbour::<Flume>(), 10_000),
            ("async-channel", values_before_the_neighbour::<AsyncChannelCrate>(), 10_000),
            ("asyncband", values_before_the_neighbour::<Asyncband>(), 10_000),
            ("kanal", values_before_the_neighbour::<Kanal>(), 10_000),
        ],
    };
    let overtaken = Facts {
        question: "A permit is given back while a task waits: a `try_acquire` overtakes it",
        found: [
            ("reference", overtakes::<reference::semaphore::Semaphore>(), false),
            ("tokio", overtakes::<tokio::sync::Semaphore>(), false),
            ("asyncband", overtakes::<asyncband::semaphore::Semaphore>(), false),
            ("async-lock", overtakes::<async_lock::Semaphore>(), true),
        ],
    };
    let probes = Facts {
        question: "The cooldown is over, one probe is to decide: callers let through, of 8",
        found: [
            ("reference", probes::<reference::circuit_breaker::CircuitBreaker>(), 1),
            ("failsafe", probes::<Failsafe>(), 8),
            ("recloser", probes::<recloser::Recloser>(), 8),
        ],
    };
    let begun = Facts {
        question: "The first of two callers is dropped: works begun until the other has its value",
        found: [
            ("reference", works_begun::<reference::singleflight::Group<u64, u64>>(), 1),
            ("asyncband", works_begun::<asyncband::singleflight::Group<u64, u64>>(), 2),
            ("singleflight-async", works_begun::<singleflight_async::SingleFlight<u64, u64>>(), 2),
        ],
    };
    let grown = Facts {
        question: "A full table, and a million new keys, each for an old one: allocations",
        found: [
            ("reference: Lru", allocations_of_a_full_cache(), 0),
            ("hashbrown", allocations_of_a_full_table(), 1),
        ],
    };
    let published = Facts {
        question: "A reader never reads, there is room for 8: messages published at once, of 1000",
        found: [
            ("reference", published_to_a_broker(), 1000),
            ("tokio broadcast", published_by_tokio(), 1000),
            ("bus", published_on_a_bus(), 8),
            ("async-broadcast", published_by_async_broadcast(), 8),
        ],
    };
    let queued = Facts {
        question: "The workers are stuck, there should be room for 8: jobs that pile up, of 1000",
        found: [
            ("reference", jobs_in_a_pool(), 8),
            ("threadpool", jobs_in_a_threadpool(), 1000),
            ("rayon", jobs_in_rayon(), 1000),
        ],
    };
    let as_written = [
        lost.print(),
        taken.print(),
        overtaken.print(),
        probes.print(),
        begun.print(),
        grown.print(),
        published.print(),
        queued.print(),
    ];
    if as_written.iter().all(|&so| so) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What each crate does: its name, what was found, and what the book says.
struct Facts<T, const N: usize> {
    question: &'static str,
    found: [(&'static str, T, T); N],
}

impl<T: Display + Debug + PartialEq, const N: usize> Facts<T, N> {
    /// Prints the facts, and says whether they are what the book says.
    fn print(&self) -> bool {
        println!("{}", self.question);
        let mut as_written = true;
        for (name, found, expected) in &self.found {
            let remark = match found == expected {
                true => String::new(),
                false => format!("   the book says {expected}"),
            };
            println!("  {name:<18} {found:>8}{remark}");
            as_written &= found == expected;
        }
        println!();
        as_written
    }
}

/// How many of 200 values are gone after a receiver that waited for them has changed its mind.
fn values_lost<C: AsyncChannel>() -> u64 {
    let is_lost = |value| {
        let (senders, mut receivers) = C::open(8, 1, 1);
        {
            let mut waiting = pin!(C::recv(&mut receivers[0]));
            poll_pending(waiting.as_mut());
            C::send(&senders[0], value).now_or_never().expect("there is room");
        }
        C::try_recv(&mut receivers[0]) != Some(value)
    };
    (0..200).filter(|&value| is_lost(value)).count() as u64
}

/// How far a task gets through 10 000 values before the next task of its thread runs.
fn values_before_the_neighbour<C: AsyncChannel>() -> u64 {
    const VALUES: u64 = 10_000;
    let (senders, mut receivers) = C::open(VALUES as usize, 1, 1);
    for value in 0..VALUES {
        assert!(C::try_send(&senders[0], value), "there is room for all of them");
    }
    let taken = Arc::new(AtomicU64::new(0));
    let seen = taken.clone();
    current_thread().block_on(async move {
        let mut receiver = receivers.remove(0);
        let greedy = tokio::spawn(async move {
            for _ in 0..VALUES {
                C::recv(&mut receiver).await;
                // Relaxed: both tasks run on this thread.
                taken.fetch_add(1, Relaxed);
            }
        });
        let neighbour = tokio::spawn(async move { seen.load(Relaxed) });
        greedy.await.expect("it only counts");
        neighbour.await.expect("it only looks")
    })
}

/// Whether a newcomer gets the permit that was given back while another task waits for it.
fn overtakes<S: Semaphore>() -> bool {
    let semaphore = S::with_permits(1);
    let permit = semaphore.try_acquire().expect("nobody holds it");
    let mut waiting = pin!(semaphore.acquire());
    poll_pending(waiting.as_mut());
    drop(permit);
    semaphore.try_acquire().is_some()
}

/// How many of eight callers get through when the cooldown is over, each of them while those before
/// it are under way.
fn probes<B: Breaker>() -> u64 {
    fn let_in<B: Breaker>(breaker: &B, callers: u64) -> u64 {
        if callers == 0 {
            return 0;
        }
        let inside = breaker.call(|| Ok(1 + let_in(breaker, callers - 1)));
        inside.unwrap_or_else(|| let_in(breaker, callers - 1))
    }
    // Over as soon as the clock has moved, which for some it must have.
    let breaker = B::opened(Duration::ZERO);
    let opened = Instant::now();
    while opened.elapsed().is_zero() {}
    let_in(&breaker, 8)
}

/// How many works begin for two callers of one key, of whom the first is dropped half way.
fn works_begun<G: Singleflight>() -> u64 {
    let (group, begun) = (G::new(), AtomicU64::new(0));
    let work = || {
        begun.fetch_add(1, Relaxed);
        async {
            yield_now().await;
            1
        }
    };
    let mut second = Box::pin(group.run(0, work));
    {
        let mut first = Box::pin(group.run(0, work));
        poll_pending(first.as_mut());
        poll_pending(second.as_mut());
    }
    current_thread().block_on(second);
    begun.load(Relaxed)
}

const FULL: u64 = 10_000;
const NEW: u64 = 1_000_000;

fn allocations_of_a_full_cache() -> u64 {
    let mut cache = reference::lru::Lru::new(NonZeroUsize::new(FULL as usize).expect("not zero"));
    (0..FULL).for_each(|key| _ = cache.put(key, ()));
    count_allocations(|| (FULL..FULL + NEW).for_each(|key| _ = cache.put(key, ()))).allocations
}

fn allocations_of_a_full_table() -> u64 {
    let hash = |key: &u64| {
        let product = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        product ^ (product >> 32)
    };
    let mut table = HashTable::with_capacity(FULL as usize);
    (0..FULL).for_each(|key| _ = table.insert_unique(hash(&key), key, hash));
    let replace = |key: u64| {
        let old = key - FULL;
        table.find_entry(hash(&old), |&key| key == old).expect("it is the oldest").remove();
        table.insert_unique(hash(&key), key, hash);
    };
    count_allocations(|| (FULL..FULL + NEW).for_each(replace)).allocations
}

const ROOM: usize = 8;
const MESSAGES: u64 = 1000;

fn published_to_a_broker() -> u64 {
    use reference::pubsub::{Broker, Subscribe};
    let broker = Broker::new();
    let options = Subscribe::to("news").capacity(NonZeroUsize::new(ROOM).expect("not zero"));
    let _stuck = broker.subscribe(options).expect("a pattern");
    (0..MESSAGES).filter(|message| broker.publish("news", *message).is_ok()).count() as u64
}

fn published_by_tokio() -> u64 {
    let (publisher, _stuck) = tokio::sync::broadcast::channel(ROOM);
    (0..MESSAGES).filter(|message| publisher.send(*message).is_ok()).count() as u64
}

fn published_on_a_bus() -> u64 {
    let mut bus = bus::Bus::new(ROOM);
    let _stuck = bus.add_rx();
    (0..MESSAGES).filter(|message| bus.try_broadcast(*message).is_ok()).count() as u64
}

fn published_by_async_broadcast() -> u64 {
    let (publisher, _stuck) = async_broadcast::broadcast(ROOM);
    (0..MESSAGES).filter(|message| publisher.try_broadcast(*message).is_ok()).count() as u64
}

/// What `try_submit` takes while the runtime, and with it the worker, does not get a turn.
fn jobs_in_a_pool() -> u64 {
    use reference::worker_pool::{Priority, Retry, WorkerPool};
    current_thread().block_on(async {
        let pool = WorkerPool::builder()
            .workers(1..=1)
            .queue(NonZeroUsize::new(ROOM).expect("not zero"))
            .start(|_job: Arc<u64>, _| async { Ok::<(), Retry<()>>(()) });
        let submit = |job: &u64| pool.try_submit(*job, Priority::Normal).is_ok();
        (0..MESSAGES).filter(submit).count() as u64
    })
}

fn jobs_in_a_threadpool() -> u64 {
    let pool = threadpool::ThreadPool::new(1);
    pile_up(|job| pool.execute(job))
}

fn jobs_in_rayon() -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    pile_up(|job| pool.spawn(job))
}

type Job = Box<dyn FnOnce() + Send>;

/// How many jobs a pool takes behind one that is stuck until they have all been offered.
fn pile_up(mut execute: impl FnMut(Job)) -> u64 {
    let (release, stuck) = mpsc::channel::<()>();
    execute(Box::new(move || _ = stuck.recv()));
    let (ran, jobs) = mpsc::channel();
    for _ in 0..MESSAGES {
        let ran = ran.clone();
        execute(Box::new(move || _ = ran.send(())));
    }
    drop((ran, release));
    jobs.iter().count() as u64
}

/// Polls a future that has to wait.
fn poll_pending<F: Future>(future: Pin<&mut F>) {
    let poll = future.poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending(), "there is nothing to be had yet");
}
