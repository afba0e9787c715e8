//! The ways to give a message to many, behind one trait.

use crate::tee::Task;
use futures::executor::block_on;
use std::future::Future;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// A message for the peers that know no topics.
#[derive(Clone)]
pub struct Note {
    /// Where it is published, as ours says it, too.
    pub topic: Arc<str>,
    /// What is published.
    pub value: u64,
}

/// The topic that all the messages have.
pub const TOPIC: &str = "orders.created";

/// What a thread does.
pub type Body = Box<dyn FnOnce() + Send>;

/// A way to give every message to many readers.
pub trait FanOut: 'static {
    /// Who publishes: when it goes, the readers end.
    type Publisher: Send;

    /// The publisher, and so many readers, each of which takes all there is until the publisher goes.
    fn open(readers: usize, capacity: usize) -> (Self::Publisher, Vec<Task>);

    /// Publishes a message. Those that wait for readers do so here.
    fn publish(publisher: &mut Self::Publisher, value: u64) -> impl Future<Output = ()> + Send;
}

fn capacity(messages: usize) -> NonZeroUsize {
    NonZeroUsize::new(messages).expect("a workload has room for some")
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident, $shared:ident, $alone:ident, $router:ident, $whose:literal) => {
        #[doc = concat!($whose, ", whose subscribers want the same.")]
        pub struct $shared;

        #[doc = concat!($whose, ", where each subscriber has a line of its own.")]
        pub struct $alone;

        workbook!($workbook, $shared, |options| options);
        workbook!($workbook, $alone, |options| options
            .overflow($workbook::pubsub::Overflow::DropNewest));

        #[doc = concat!($whose, ", asked where a topic leads.")]
        pub struct $router {
            broker: $workbook::pubsub::Broker<u64>,
            _subscriptions: Vec<$workbook::pubsub::Subscription<u64>>,
        }

        impl $router {
            /// A subscription for each pattern, and a cache for so many topics.
            ///
            /// # Panics
            ///
            /// Where one of them is no pattern.
            pub fn new(patterns: &[String], topics: usize) -> Self {
                use $workbook::pubsub::{Broker, Subscribe};
                let broker = Broker::builder().topics(capacity(topics)).build();
                let subscribe = |pattern: &String| {
                    let options = Subscribe::to(pattern).capacity(capacity(1));
                    broker.subscribe(options).expect("a pattern")
                };
                let _subscriptions = patterns.iter().map(subscribe).collect();
                Self { broker, _subscriptions }
            }

            /// To how many a message would go.
            ///
            /// # Panics
            ///
            /// Where it is no topic.
            pub fn route(&self, topic: &str) -> usize {
                self.broker.interest(topic).expect("a topic")
            }

            /// Publishes a message.
            ///
            /// # Panics
            ///
            /// Where it is no topic.
            pub fn publish(&self, topic: &str, value: u64) -> usize {
                self.broker.publish(topic, value).expect("a topic").matched
            }
        }
    };

    ($workbook:ident, $way:ident, $options:expr) => {
        impl FanOut for $way {
            type Publisher = $workbook::pubsub::Broker<u64>;

            fn open(readers: usize, messages: usize) -> (Self::Publisher, Vec<Task>) {
                use $workbook::pubsub::{Broker, Subscribe};
                let broker = Broker::new();
                let reader = |_| -> Task {
                    let options = Subscribe::to(TOPIC).capacity(capacity(messages));
                    let options = ($options as fn(Subscribe) -> Subscribe)(options);
                    let mut subscription = broker.subscribe(options).expect("a pattern");
                    Box::pin(async move {
                        while let Some(message) = subscription.recv().await {
                            black_box(message);
                        }
                    })
                };
                let tasks = (0..readers).map(reader).collect();
                (broker, tasks)
            }

            async fn publish(publisher: &mut Self::Publisher, value: u64) {
                let delivery = publisher.publish(TOPIC, value);
                _ = black_box(delivery);
            }
        }
    };
}

workbook!(reference, Reference, ReferenceAlone, ReferenceRouter, "The reference");
#[cfg(feature = "yours-pubsub")]
workbook!(yours, Yours, YoursAlone, YoursRouter, "Yours");

/// tokio's broadcast: who is too slow loses the oldest.
pub struct TokioBroadcast;

impl FanOut for TokioBroadcast {
    type Publisher = (tokio::sync::broadcast::Sender<Note>, Arc<str>);

    fn open(readers: usize, messages: usize) -> (Self::Publisher, Vec<Task>) {
        use tokio::sync::broadcast::error::RecvError;
        let (to, _) = tokio::sync::broadcast::channel::<Note>(messages);
        let reader = |_| -> Task {
            let mut from = to.subscribe();
            Box::pin(async move {
                loop {
                    match from.recv().await {
                        Ok(note) => _ = black_box(note),
                        Err(RecvError::Lagged(lost)) => _ = black_box(lost),
                        Err(RecvError::Closed) => return,
                    }
                }
            })
        };
        let tasks = (0..readers).map(reader).collect();
        ((to, TOPIC.into()), tasks)
    }

    async fn publish((to, topic): &mut Self::Publisher, value: u64) {
        // That nobody reads any more is none of the publisher's business.
        _ = to.send(Note { topic: topic.clone(), value });
    }
}

/// `async-broadcast`, where the publisher waits for the slowest.
pub struct AsyncBroadcast;

impl FanOut for AsyncBroadcast {
    type Publisher = (async_broadcast::Sender<Note>, Arc<str>);

    fn open(readers: usize, messages: usize) -> (Self::Publisher, Vec<Task>) {
        let (to, from) = async_broadcast::broadcast::<Note>(messages);
        let reader = |_| -> Task {
            let mut from = from.clone();
            Box::pin(async move {
                while let Ok(note) = from.recv_direct().await {
                    black_box(note);
                }
            })
        };
        let tasks = (0..readers).map(reader).collect();
        ((to, TOPIC.into()), tasks)
    }

    async fn publish((to, topic): &mut Self::Publisher, value: u64) {
        to.broadcast_direct(Note { topic: topic.clone(), value }).await.expect(OPEN);
    }
}

/// A channel of tokio's for each reader, which the publisher fills one after the other, and waits.
pub struct ManyMpsc;

impl FanOut for ManyMpsc {
    type Publisher = (Vec<tokio::sync::mpsc::Sender<Note>>, Arc<str>);

    fn open(readers: usize, messages: usize) -> (Self::Publisher, Vec<Task>) {
        let reader = |_| {
            let (to, mut from) = tokio::sync::mpsc::channel::<Note>(messages);
            let task: Task = Box::pin(async move {
                while let Some(note) = from.recv().await {
                    black_box(note);
                }
            });
            (to, task)
        };
        let (to, tasks) = (0..readers).map(reader).unzip();
        ((to, TOPIC.into()), tasks)
    }

    async fn publish((to, topic): &mut Self::Publisher, value: u64) {
        for to in to {
            to.send(Note { topic: topic.clone(), value }).await.expect(OPEN);
        }
    }
}

/// `bus`: a ring for threads, where the publisher waits for the slowest. Its readers block, so each
/// has a thread of its own.
pub fn bus(readers: usize, messages: usize) -> (bus::Bus<Note>, Vec<Body>) {
    let mut bus = bus::Bus::<Note>::new(messages);
    let mut reader = |_| -> Body {
        let mut from = bus.add_rx();
        Box::new(move || {
            while let Ok(note) = from.recv() {
                black_box(note);
            }
        })
    };
    let threads = (0..readers).map(&mut reader).collect();
    (bus, threads)
}

/// The readers of a way, each of which blocks a thread.
pub fn on_threads(tasks: Vec<Task>) -> Vec<Body> {
    let blocks = |task: Task| -> Body { Box::new(|| block_on(task)) };
    tasks.into_iter().map(blocks).collect()
}

/// Why a send cannot fail.
const OPEN: &str = "a workload's readers stay until the end";
