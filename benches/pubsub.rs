//! What does it cost to find out who wants a message, and to give it to all of them?
//!
//! `cargo bench -p benches --bench pubsub -- --table`

use benches::pubsub::{
    AsyncBroadcast, FanOut, ManyMpsc, Note, Reference, ReferenceAlone, ReferenceRouter, TOPIC,
    TokioBroadcast, bus, on_threads,
};
#[cfg(feature = "yours-pubsub")]
use benches::pubsub::{Yours, YoursAlone, YoursRouter};
use benches::{Bench, Group, current_thread, race_tasks, race_threads, timed, two_workers};
use futures::executor::block_on;
use std::hint::black_box;
use std::time::Duration;
use tokio::runtime::Runtime;

fn main() {
    benches::run("What does it cost to give a message to all who want it?", |bench| {
        routes(bench);

        let (one, two) = (&current_thread(), &two_workers());
        let rarely = Workload { runtime: one, burst: 256 };
        let each = Workload { runtime: one, burst: 1 };
        shared(bench.one_thread("to 8, in bursts of 256"), rarely);
        shared(bench.one_thread("to 8, each message wakes"), each);
        shared(
            bench.two_threads("to 8, two workers").remark(LOSES),
            Workload { runtime: two, burst: 256 },
        );
        alone(bench.one_thread("to 8, lines of their own"), rarely);
        threads(bench.two_threads("to 8 threads").remark(LOSES));
    });
}

/// What the ratio leaves out where messages may be lost.
const LOSES: &str = "per message and reader; of ours and of tokio's, who is slow loses some";

/// How many read, and how much there is room for.
const READERS: usize = 8;
const CAPACITY: usize = 1024;

/// 1000 literal patterns of three tokens and 20 with wildcards, as in the goals.
fn patterns() -> (Vec<String>, Vec<String>) {
    let topic = |i: usize| format!("orders.{}{i}.created", "a".repeat(i % 10));
    let topics: Vec<_> = (0..1000).map(topic).collect();
    let wild = (0..20).map(|i| format!("*.w{i}.>"));
    let patterns = topics.iter().cloned().chain(wild).collect();
    (topics, patterns)
}

fn routes(bench: &mut Bench) {
    let (topics, patterns) = patterns();
    let topic = |i: u64| &*topics[i as usize % topics.len()];
    let (cached, walked) =
        (ReferenceRouter::new(&patterns, 1024), ReferenceRouter::new(&patterns, 1));
    let route = |router: &ReferenceRouter, times| {
        timed(|| (0..times).for_each(|i| _ = black_box(router.route(topic(i)))))
    };

    let group = bench.one_thread("route, cached").contestant("reference", |n| route(&cached, n));
    #[cfg(feature = "yours-pubsub")]
    let yours = YoursRouter::new(&patterns, 1024);
    #[cfg(feature = "yours-pubsub")]
    let group = group.contestant("yours", |times| {
        timed(|| (0..times).for_each(|i| _ = black_box(yours.route(topic(i)))))
    });
    group
        .contestant("no cache", |times| route(&walked, times))
        .contestant("linear scan", |times| {
            let matching = |topic: &str| patterns.iter().filter(|p| matches(p, topic)).count();
            timed(|| (0..times).for_each(|i| _ = black_box(matching(topic(i)))))
        })
        .run();

    bench
        .one_thread("publish to 1 of 1020")
        .contestant("reference", |times| {
            timed(|| (0..times).for_each(|i| _ = black_box(cached.publish(topic(i), i))))
        })
        .contestant("no cache", |times| {
            timed(|| (0..times).for_each(|i| _ = black_box(walked.publish(topic(i), i))))
        })
        .run();
}

/// As one would write it: token by token, for one pattern.
fn matches(pattern: &str, topic: &str) -> bool {
    let mut topic = topic.split('.');
    for token in pattern.split('.') {
        match (token, topic.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (token, Some(theirs)) if token == theirs => {}
            _ => return false,
        }
    }
    topic.next().is_none()
}

#[derive(Clone, Copy)]
struct Workload<'a> {
    runtime: &'a Runtime,
    /// How many messages are published before the others are let run.
    burst: u64,
}

impl Workload<'_> {
    fn measure<W: FanOut>(self, deliveries: u64) -> Duration {
        let (mut publisher, mut tasks) = W::open(READERS, CAPACITY);
        let publishes = async move {
            for i in 1..=deliveries.div_ceil(READERS as u64) {
                W::publish(&mut publisher, i).await;
                if i.is_multiple_of(self.burst) {
                    tokio::task::yield_now().await;
                }
            }
        };
        tasks.push(Box::pin(publishes));
        race_tasks(self.runtime, tasks)
    }
}

/// Measures the ways in which all readers want the same.
fn shared<'b>(group: Group<'_, 'b>, workload: Workload<'b>) {
    let group = group.contestant("reference", move |times| workload.measure::<Reference>(times));
    #[cfg(feature = "yours-pubsub")]
    let group = group.contestant("yours", move |times| workload.measure::<Yours>(times));
    group
        .contestant("tokio broadcast", move |times| workload.measure::<TokioBroadcast>(times))
        .contestant("async-broadcast", move |times| workload.measure::<AsyncBroadcast>(times))
        .run();
}

/// Measures the ways in which each reader has its own line.
fn alone<'b>(group: Group<'_, 'b>, workload: Workload<'b>) {
    let group =
        group.contestant("reference", move |times| workload.measure::<ReferenceAlone>(times));
    #[cfg(feature = "yours-pubsub")]
    let group = group.contestant("yours", move |times| workload.measure::<YoursAlone>(times));
    group.contestant("8 tokio mpsc", move |times| workload.measure::<ManyMpsc>(times)).run();
}

/// Measures readers that block threads.
fn threads(group: Group<'_, '_>) {
    fn ours<W: FanOut>(deliveries: u64) -> Duration {
        let (mut publisher, tasks) = W::open(READERS, CAPACITY);
        let mut bodies = on_threads(tasks);
        bodies.push(Box::new(move || {
            for i in 0..deliveries.div_ceil(READERS as u64) {
                block_on(W::publish(&mut publisher, i));
            }
        }));
        race_threads(bodies)
    }
    let group = group.contestant("reference", ours::<Reference>);
    #[cfg(feature = "yours-pubsub")]
    let group = group.contestant("yours", ours::<Yours>);
    group
        .contestant("bus", |deliveries| {
            let (mut bus, mut bodies) = bus(READERS, CAPACITY);
            let topic: std::sync::Arc<str> = TOPIC.into();
            bodies.push(Box::new(move || {
                for value in 0..deliveries.div_ceil(READERS as u64) {
                    bus.broadcast(Note { topic: topic.clone(), value });
                }
            }));
            race_threads(bodies)
        })
        .run();
}
