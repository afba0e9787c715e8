//! What does it cost to give every item to two?
//!
//! `cargo bench -p benches --bench tee -- --table`

use benches::tee::{
    AsyncBroadcast, GosWay, Reference, ReferenceDrops, Split, Task, TokioBroadcast, TwoMpsc,
};
#[cfg(feature = "yours-tee")]
use benches::tee::{Yours, YoursDrops};
use benches::{Group, current_thread, race_tasks, two_workers};
use futures::{FutureExt, join, stream};
use reference::channel;
use std::time::Duration;
use tokio::runtime::Runtime;

fn main() {
    benches::run("What does it cost to give every item to two?", |bench| {
        let (one, two) = (&current_thread(), &two_workers());
        let from = |runtime, source, readers, lag| Workload { runtime, source, readers, lag };
        use Readers::{OneTask, TwoTasks};
        use Source::{Channel, Ready};

        waiting(bench.one_thread("channel, one task, 16"), from(one, Channel, OneTask, 16));
        waiting(bench.one_thread("channel, two tasks, 16"), from(one, Channel, TwoTasks, 16));
        waiting(bench.one_thread("channel, two tasks, 1"), from(one, Channel, TwoTasks, 1));
        waiting(bench.one_thread("ready, one task, 16"), from(one, Ready, OneTask, 16));
        waiting(bench.one_thread("ready, two tasks, 16"), from(one, Ready, TwoTasks, 16));
        waiting(bench.one_thread("ready, two tasks, 1"), from(one, Ready, TwoTasks, 1));
        waiting(bench.two_threads("channel, two workers, 16"), from(two, Channel, TwoTasks, 16));
        waiting(bench.two_threads("channel, two workers, 1"), from(two, Channel, TwoTasks, 1));
        waiting(bench.two_threads("ready, two workers, 16"), from(two, Ready, TwoTasks, 16));

        let group = bench.one_thread("channel, two tasks, the slower loses").remark(LOSES);
        dropping(group, from(one, Channel, TwoTasks, 16));
        let group = bench.two_threads("channel, two workers, the slower loses").remark(LOSES);
        dropping(group, from(two, Channel, TwoTasks, 16));
    });
}

/// What the ratio leaves out where items may be lost.
const LOSES: &str = "per item of the source, of which a reader may get fewer";

/// Where the items come from.
#[derive(Clone, Copy)]
enum Source {
    /// A task that sends into a channel of 128.
    Channel,
    /// They are there.
    Ready,
}

/// Who reads them.
#[derive(Clone, Copy)]
enum Readers {
    /// One task, with a `join!` of the two readers.
    OneTask,
    TwoTasks,
}

#[derive(Clone, Copy)]
struct Workload<'a> {
    runtime: &'a Runtime,
    source: Source,
    readers: Readers,
    lag: usize,
}

impl Workload<'_> {
    fn measure<S: Split>(self, items: u64) -> Duration {
        let mut tasks: Vec<Task> = Vec::new();
        let ([a, b], middle) = match self.source {
            Source::Ready => S::split(stream::iter(0..items), self.lag),
            Source::Channel => {
                let (to, from) = channel::bounded(128);
                tasks.push(Box::pin(async move {
                    for item in 0..items {
                        to.send(item).await.expect("somebody reads");
                    }
                }));
                S::split(from, self.lag)
            }
        };
        tasks.extend(middle);
        match self.readers {
            Readers::TwoTasks => tasks.extend([a, b]),
            Readers::OneTask => tasks.push(Box::pin(async { join!(a, b) }.map(|_| ()))),
        }
        race_tasks(self.runtime, tasks)
    }
}

/// Measures the ways in which the faster reader waits.
fn waiting<'b>(group: Group<'_, 'b>, workload: Workload<'b>) {
    let group = group.contestant("reference", move |items| workload.measure::<Reference>(items));
    #[cfg(feature = "yours-tee")]
    let group = group.contestant("yours", move |items| workload.measure::<Yours>(items));
    group
        .contestant("task + 2 mpsc", move |items| workload.measure::<TwoMpsc>(items))
        .contestant("async-broadcast", move |items| workload.measure::<AsyncBroadcast>(items))
        .contestant("Go's way", move |items| workload.measure::<GosWay>(items))
        .run();
}

/// Measures the ways in which the slower reader loses the oldest.
fn dropping<'b>(group: Group<'_, 'b>, workload: Workload<'b>) {
    let group =
        group.contestant("reference", move |items| workload.measure::<ReferenceDrops>(items));
    #[cfg(feature = "yours-tee")]
    let group = group.contestant("yours", move |items| workload.measure::<YoursDrops>(items));
    group
        .contestant("tokio broadcast", move |items| workload.measure::<TokioBroadcast>(items))
        .run();
}
