//! What does it cost to listen to many, and to share one?
//!
//! `cargo bench -p benches --bench fan_in -- --table`

#[cfg(feature = "yours-fan_in")]
use benches::fan_in::Yours;
use benches::fan_in::{All, ByKey, Merge, Reference};
use benches::{Group, current_thread, race_tasks, timed, two_workers};
use futures::stream::{self, BoxStream};
use futures::{FutureExt, Stream, StreamExt};
use reference::channel::{self, Receiver, Sender};
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

fn main() {
    benches::run("What does it cost to listen to many, and to share one?", |bench| {
        let (one, two) = (&current_thread(), &two_workers());
        channels(bench.one_thread("merge 4 channels, on one thread"), one);
        channels(bench.two_threads("merge 4 channels"), two);
        ready(bench.one_thread("merge 64 inputs that are always ready").remark(BARE));
        calls(bench.one_thread("merge 64 inputs, each item wakes"), 64);
        calls(bench.one_thread("merge 1000 inputs, each item wakes"), 1000);
        shares(bench.one_thread("share a ready source among 4 tasks, on one thread"), one);
        shares(bench.two_threads("share a ready source among 4 tasks"), two);
    });
}

/// What the figures of the ready inputs hold.
const BARE: &str = "one input alone is there to subtract: the rest is what a merge costs an item";

const OPEN: &str = "no workload closes its channel early";

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Four tasks that send, one that listens to all.
fn channels<'b>(group: Group<'_, 'b>, runtime: &'b Runtime) {
    fn measure<M: Merge>(runtime: &Runtime, items: u64) -> Duration {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..4).map(|_| channel::bounded(128)).unzip();
        race(runtime, senders, items, vec![listen(M::merge(receivers))])
    }

    let group =
        group.batch(4).contestant("reference", move |items| measure::<Reference>(runtime, items));
    #[cfg(feature = "yours-fan_in")]
    let group = group.contestant("yours", move |items| measure::<Yours>(runtime, items));
    group
        .contestant("StreamMap", move |items| measure::<ByKey>(runtime, items))
        .contestant("select_all", move |items| measure::<All>(runtime, items))
        .contestant("a task an input", move |items| {
            let (senders, receivers): (Vec<_>, Vec<_>) =
                (0..4).map(|_| channel::bounded(128)).unzip();
            let (merged, output) = channel::bounded(128);
            let mut tasks: Vec<_> =
                receivers.into_iter().map(|input| forward(input, merged.clone())).collect();
            drop(merged);
            tasks.push(listen(output));
            race(runtime, senders, items, tasks)
        })
        .run();
}

/// Senders and the tasks behind them, all at once.
fn race(runtime: &Runtime, senders: Vec<Sender<u64>>, items: u64, tasks: Vec<Task>) -> Duration {
    let each = items / senders.len() as u64;
    let sending = senders.into_iter().map(|sender| send(sender, each));
    race_tasks(runtime, tasks.into_iter().chain(sending).collect())
}

fn send(sender: Sender<u64>, items: u64) -> Task {
    Box::pin(async move {
        for item in 0..items {
            sender.send(item).await.expect(OPEN);
        }
    })
}

fn listen(mut stream: impl Stream<Item = u64> + Unpin + Send + 'static) -> Task {
    Box::pin(async move {
        while let Some(item) = stream.next().await {
            black_box(item);
        }
    })
}

/// Go's way: an input has a task of its own, which sends on what it receives.
fn forward(mut input: Receiver<u64>, merged: Sender<u64>) -> Task {
    Box::pin(async move {
        while let Some(item) = input.next().await {
            merged.send(item).await.expect(OPEN);
        }
    })
}

/// Nobody waits: what is left is the merge.
fn ready(group: Group<'_, '_>) {
    fn take(mut stream: impl Stream + Unpin, items: u64) -> Duration {
        current_thread().block_on(async move {
            let start = std::time::Instant::now();
            for _ in 0..items {
                black_box(stream.next().await);
            }
            start.elapsed()
        })
    }
    fn measure<M: Merge>(items: u64) -> Duration {
        take(M::merge((0..64).map(stream::repeat::<u64>).collect()), items)
    }

    let group = group.contestant("reference", measure::<Reference>);
    #[cfg(feature = "yours-fan_in")]
    let group = group.contestant("yours", measure::<Yours>);
    group
        .contestant("StreamMap", measure::<ByKey>)
        .contestant("select_all", measure::<All>)
        .contestant("one input alone", |items| take(stream::repeat(1), items))
        .run();
}

/// One input has an item, is heard, and then nobody has.
fn calls(group: Group<'_, '_>, inputs: usize) {
    fn measure<M: Merge>(inputs: usize, items: u64) -> Duration {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..inputs).map(|_| channel::bounded(1)).unzip();
        let mut merged = M::merge(receivers);
        let mut hear = move || merged.next().now_or_never();
        assert!(hear().is_none());
        timed(|| {
            for item in 0..items {
                let quiet: &Sender<u64> = &senders[item as usize % inputs];
                quiet.try_send(item).expect(OPEN);
                assert!(black_box(hear()).is_some());
                assert!(black_box(hear()).is_none());
            }
        })
    }

    let group = group.contestant("reference", move |items| measure::<Reference>(inputs, items));
    #[cfg(feature = "yours-fan_in")]
    let group = group.contestant("yours", move |items| measure::<Yours>(inputs, items));
    group
        .contestant("select_all", move |items| measure::<All>(inputs, items))
        .contestant("StreamMap", move |items| measure::<ByKey>(inputs, items))
        .run();
}

/// Four tasks take from one source until it ends.
fn shares<'b>(group: Group<'_, 'b>, runtime: &'b Runtime) {
    /// A source that is always ready, then ends.
    fn source(items: u64) -> BoxStream<'static, u64> {
        stream::iter(0..items).boxed()
    }
    let branches = move |capacity| {
        move |items| {
            let branches = reference::fan_in::fan_out(source(items), 4, capacity);
            race_tasks(runtime, branches.into_iter().map(listen).collect())
        }
    };

    let group = group
        .contestant("reference, capacity 32", branches(32))
        .contestant("reference, capacity 0", branches(0));
    #[cfg(feature = "yours-fan_in")]
    let group = group.contestant("yours, capacity 32", move |items| {
        let branches = yours::fan_in::fan_out(source(items), 4, 32);
        race_tasks(runtime, branches.into_iter().map(listen).collect())
    });
    group
        .contestant("Arc<tokio Mutex<_>>", move |items| {
            let source = Arc::new(tokio::sync::Mutex::new(source(items)));
            let share = |_| -> Task {
                let source = source.clone();
                Box::pin(async move {
                    loop {
                        let Some(item) = source.lock().await.next().await else { return };
                        black_box(item);
                    }
                })
            };
            race_tasks(runtime, (0..4).map(share).collect())
        })
        .contestant("a task and a channel", move |items| {
            let (sender, receiver) = channel::bounded(32);
            let mut items = source(items);
            let dispatch: Task = Box::pin(async move {
                while let Some(item) = items.next().await {
                    sender.send(item).await.expect(OPEN);
                }
            });
            let receivers = vec![receiver; 4].into_iter().map(listen);
            race_tasks(runtime, receivers.chain([dispatch]).collect())
        })
        .run();
}
