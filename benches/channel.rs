//! What does a message cost, between tasks and between threads?
//!
//! `cargo bench -p benches --bench channel -- --table`

#[cfg(feature = "yours-channel")]
use benches::channel::Yours;
use benches::channel::{
    AsyncChannel, AsyncChannelCrate, Asyncband, Crossbeam, Crossfire, Flume, Kanal, Reference,
    ThreadChannel, TokioMpsc,
};
use benches::{Group, current_thread, race_tasks, race_threads, timed, two_workers};
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Runtime;

fn main() {
    benches::run("What does a message cost, between tasks and between threads?", |bench| {
        same_thread(bench.one_thread("try_send and try_recv on one thread"));

        let (one, two) = (&current_thread(), &two_workers());
        let tasks = |runtime, capacity, pairs| Tasks { runtime, capacity, pairs };
        queues(bench.one_thread("bounded 128, 1×1 tasks on one thread"), tasks(one, 128, 1));
        queues(bench.two_threads("bounded 128, 1×1 tasks"), tasks(two, 128, 1));
        queues(bench.two_threads("bounded 128, 4×4 tasks"), tasks(two, 128, 4));
        let crowd = bench.two_threads("bounded 128, 64×64 tasks").remark(PROMISED);
        queues(crowd, tasks(two, 128, 64));
        let pair = bench.two_threads("rendezvous, 1×1 tasks").remark(TAKEN);
        rendezvous(pair, tasks(two, 0, 1));
        let fours = bench.two_threads("rendezvous, 4×4 tasks").remark(TAKEN);
        rendezvous(fours, tasks(two, 0, 4));

        let threads = |pairs| Threads { capacity: 128, pairs };
        let one = bench.two_threads("bounded 128, 1×1 OS threads").remark(ONE_LOCK);
        thread_queues(one, threads(1));
        let four = bench.two_threads("bounded 128, 4×4 OS threads").remark(ONE_LOCK);
        thread_queues(four, threads(4));
    });
}

/// What the reference pays where many wait.
const PROMISED: &str = "a value promised to a receiver fills its slot until it is taken, so that the \
    capacity is never exceeded:\n  with 64 receivers, half of the buffer is promised";

/// What the reference pays where there is no buffer.
const TAKEN: &str = "a send of the reference ends when its value is taken, not when it is handed over: \
    a switch more,\n  and no value goes with a dropped receive (`cargo test -p benches --test safety`)";

/// What the reference pays where a sender and a receiver run at once.
const ONE_LOCK: &str = "the reference has one lock for both ends, and its cache line travels with every message; the \
    rings of\n  crossbeam and crossfire let the two ends work apart";

/// The channel alone: a message is taken by the thread that has just sent it.
fn same_thread(group: Group<'_, '_>) {
    fn measure<C: AsyncChannel>(messages: u64) -> Duration {
        let (senders, mut receivers) = C::open(128, 1, 1);
        timed(|| {
            for message in 0..messages {
                black_box(C::try_send(&senders[0], message));
                black_box(C::try_recv(&mut receivers[0]));
            }
        })
    }

    let group = group.contestant("reference", measure::<Reference>);
    #[cfg(feature = "yours-channel")]
    let group = group.contestant("yours", measure::<Yours>);
    group
        .contestant("kanal", measure::<Kanal>)
        .contestant("crossfire", measure::<Crossfire>)
        .contestant("flume", measure::<Flume>)
        .contestant("tokio mpsc", measure::<TokioMpsc>)
        .contestant("async-channel", measure::<AsyncChannelCrate>)
        .contestant("asyncband", measure::<Asyncband>)
        .run();
}

/// As many tasks that send as tasks that receive.
#[derive(Clone, Copy)]
struct Tasks<'a> {
    runtime: &'a Runtime,
    capacity: usize,
    pairs: usize,
}

impl Tasks<'_> {
    fn measure<C: AsyncChannel>(self, messages: u64) -> Duration {
        let (senders, receivers) = C::open(self.capacity, self.pairs, self.pairs);
        let each = messages / self.pairs as u64;
        let sending = senders.into_iter().map(|sender| task(send_each::<C>(sender, each)));
        let receiving = receivers.into_iter().map(|receiver| task(receive_all::<C>(receiver)));
        race_tasks(self.runtime, receiving.chain(sending).collect())
    }
}

async fn send_each<C: AsyncChannel>(sender: C::Sender, messages: u64) {
    for message in 0..messages {
        C::send(&sender, message).await;
    }
}

async fn receive_all<C: AsyncChannel>(mut receiver: C::Receiver) {
    while let Some(message) = C::recv(&mut receiver).await {
        black_box(message);
    }
}

/// One type for both sides of a race.
fn task(
    side: impl Future<Output = ()> + Send + 'static,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(side)
}

/// Measures the channels that queue.
fn queues<'b>(group: Group<'_, 'b>, tasks: Tasks<'b>) {
    let group = group
        .batch(tasks.pairs as u64)
        .contestant("reference", move |messages| tasks.measure::<Reference>(messages));
    #[cfg(feature = "yours-channel")]
    let group = group.contestant("yours", move |messages| tasks.measure::<Yours>(messages));
    let group = group
        .contestant("kanal", move |messages| tasks.measure::<Kanal>(messages))
        .contestant("crossfire", move |messages| tasks.measure::<Crossfire>(messages))
        .contestant("flume", move |messages| tasks.measure::<Flume>(messages))
        .contestant("async-channel", move |messages| tasks.measure::<AsyncChannelCrate>(messages))
        .contestant("asyncband", move |messages| tasks.measure::<Asyncband>(messages));
    let group = match tasks.pairs {
        1 => group.contestant("tokio mpsc", move |messages| tasks.measure::<TokioMpsc>(messages)),
        // It has a single receiver.
        _ => group,
    };
    group.run();
}

/// Measures the channels that can do without a queue.
fn rendezvous<'b>(group: Group<'_, 'b>, tasks: Tasks<'b>) {
    let group = group
        .batch(tasks.pairs as u64)
        .contestant("reference", move |messages| tasks.measure::<Reference>(messages));
    #[cfg(feature = "yours-channel")]
    let group = group.contestant("yours", move |messages| tasks.measure::<Yours>(messages));
    group
        .contestant("kanal", move |messages| tasks.measure::<Kanal>(messages))
        .contestant("flume", move |messages| tasks.measure::<Flume>(messages))
        .run();
}

/// As many threads that send as threads that receive.
#[derive(Clone, Copy)]
struct Threads {
    capacity: usize,
    pairs: usize,
}

impl Threads {
    fn measure<C: ThreadChannel>(self, messages: u64) -> Duration {
        let (senders, receivers) = C::open(self.capacity, self.pairs, self.pairs);
        let each = messages / self.pairs as u64;
        let sending = senders.into_iter().map(|sender| -> Box<dyn FnOnce() + Send> {
            Box::new(move || (0..each).for_each(|message| C::send(&sender, message)))
        });
        let receiving = receivers.into_iter().map(|receiver| -> Box<dyn FnOnce() + Send> {
            Box::new(move || while black_box(C::recv(&receiver)).is_some() {})
        });
        race_threads(receiving.chain(sending).collect())
    }
}

/// Measures the channels whose ends can block.
fn thread_queues(group: Group<'_, '_>, threads: Threads) {
    let group = group
        .batch(threads.pairs as u64)
        .contestant("reference", move |messages| threads.measure::<Reference>(messages));
    #[cfg(feature = "yours-channel")]
    let group = group.contestant("yours", move |messages| threads.measure::<Yours>(messages));
    group
        .contestant("crossbeam", move |messages| threads.measure::<Crossbeam>(messages))
        .contestant("kanal", move |messages| threads.measure::<Kanal>(messages))
        .contestant("crossfire", move |messages| threads.measure::<Crossfire>(messages))
        .contestant("flume", move |messages| threads.measure::<Flume>(messages))
        .contestant("async-channel", move |messages| threads.measure::<AsyncChannelCrate>(messages))
        .run();
}
