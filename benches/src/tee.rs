//! The ways to give a stream to two, behind one trait.

use futures::{Stream, StreamExt, join};
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;

/// Something to be spawned.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A way to give every item to two readers.
pub trait Split: 'static {
    /// The two readers, each of which takes all there is, and the task in the middle, if it takes one.
    fn split<S>(source: S, lag: usize) -> ([Task; 2], Option<Task>)
    where
        S: Stream<Item = u64> + Send + 'static;
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident, $waits:ident, $drops:ident, $whose:literal) => {
        #[doc = concat!($whose, ", whose faster half waits.")]
        pub struct $waits;

        impl Split for $waits {
            fn split<S>(source: S, lag: usize) -> ([Task; 2], Option<Task>)
            where
                S: Stream<Item = u64> + Send + 'static,
            {
                use $workbook::tee::{Lag, tee};
                let (a, b) = tee(source, Lag::Wait(lag));
                ([read_stream(a), read_stream(b)], None)
            }
        }

        #[doc = concat!($whose, ", whose slower half loses the oldest.")]
        pub struct $drops;

        impl Split for $drops {
            fn split<S>(source: S, lag: usize) -> ([Task; 2], Option<Task>)
            where
                S: Stream<Item = u64> + Send + 'static,
            {
                use $workbook::tee::{Lag, tee};
                let (a, b) = tee(source, Lag::DropOldest(lag));
                ([read_stream(a), read_stream(b)], None)
            }
        }
    };
}

workbook!(reference, Reference, ReferenceDrops, "The reference");
#[cfg(feature = "yours-tee")]
workbook!(yours, Yours, YoursDrops, "Yours");

fn read_stream(mut half: impl Stream<Item = u64> + Send + Unpin + 'static) -> Task {
    Box::pin(async move {
        while let Some(item) = half.next().await {
            black_box(item);
        }
    })
}

/// A task that reads the source and sends to two channels of tokio, one after the other.
pub struct TwoMpsc;

impl Split for TwoMpsc {
    fn split<S>(source: S, lag: usize) -> ([Task; 2], Option<Task>)
    where
        S: Stream<Item = u64> + Send + 'static,
    {
        let ((a, from_a), (b, from_b)) =
            (tokio::sync::mpsc::channel(lag), tokio::sync::mpsc::channel(lag));
        let read = |mut from: tokio::sync::mpsc::Receiver<u64>| -> Task {
            Box::pin(async move {
                while let Some(item) = from.recv().await {
                    black_box(item);
                }
            })
        };
        let middle = async move {
            let mut source = Box::pin(source);
            while let Some(item) = source.next().await {
                a.send(item).await.expect(OPEN);
                b.send(item).await.expect(OPEN);
            }
        };
        ([read(from_a), read(from_b)], Some(Box::pin(middle)))
    }
}

/// Go's way: a task that reads the source and sends to two channels, in whichever order they are
/// ready. On our channels.
pub struct GosWay;

impl Split for GosWay {
    fn split<S>(source: S, lag: usize) -> ([Task; 2], Option<Task>)
    where
        S: Stream<Item = u64> + Send + 'static,
    {
        use reference::channel;
        let ((a, from_a), (b, from_b)) = (channel::bounded(lag), channel::bounded(lag));
        let read = |from: channel::Receiver<u64>| -> Task {
            Box::pin(async move {
                while let Ok(item) = from.recv().await {
                    black_box(item);
                }
            })
        };
        let middle = async move {
            let mut source = Box::pin(source);
            while let Some(item) = source.next().await {
                let (to_a, to_b) = join!(a.send(item), b.send(item));
                to_a.and(to_b).expect(OPEN);
            }
        };
        ([read(from_a), read(from_b)], Some(Box::pin(middle)))
    }
}

/// A task that reads the source into `async-broadcast`, which waits for the slower.
pub struct AsyncBroadcast;

impl Split for AsyncBroadcast {
    fn split<S>(source: S, lag: usize) -> ([Task; 2], Option<Task>)
    where
        S: Stream<Item = u64> + Send + 'static,
    {
        let (to, from_a) = async_broadcast::broadcast(lag);
        let from_b = from_a.clone();
        let read = |mut from: async_broadcast::Receiver<u64>| -> Task {
            Box::pin(async move {
                while let Ok(item) = from.recv_direct().await {
                    black_box(item);
                }
            })
        };
        let middle = async move {
            let mut source = Box::pin(source);
            while let Some(item) = source.next().await {
                to.broadcast_direct(item).await.expect(OPEN);
            }
        };
        ([read(from_a), read(from_b)], Some(Box::pin(middle)))
    }
}

/// A task that reads the source into tokio's broadcast, where the slower loses the oldest.
pub struct TokioBroadcast;

impl Split for TokioBroadcast {
    fn split<S>(source: S, lag: usize) -> ([Task; 2], Option<Task>)
    where
        S: Stream<Item = u64> + Send + 'static,
    {
        use tokio::sync::broadcast::{self, error::RecvError};
        let (to, from_a) = broadcast::channel(lag);
        let from_b = to.subscribe();
        let read = |mut from: broadcast::Receiver<u64>| -> Task {
            Box::pin(async move {
                loop {
                    match from.recv().await {
                        Ok(item) => _ = black_box(item),
                        Err(RecvError::Lagged(lost)) => _ = black_box(lost),
                        Err(RecvError::Closed) => return,
                    }
                }
            })
        };
        let middle = async move {
            let mut source = Box::pin(source);
            while let Some(item) = source.next().await {
                to.send(item).expect(OPEN);
            }
        };
        ([read(from_a), read(from_b)], Some(Box::pin(middle)))
    }
}

/// Why a send cannot fail.
const OPEN: &str = "a workload's readers stay until the end";
