//! The channels that take part, behind two traits: one for tasks, one for threads.

use crate::clones;
use std::future::Future;

/// A bounded channel between tasks, as far as the workloads need one.
pub trait AsyncChannel: 'static {
    /// The end that sends.
    type Sender: Send + Sync + 'static;
    /// The end that receives.
    type Receiver: Send + 'static;

    /// A channel with so many ends of each kind.
    fn open(
        capacity: usize,
        senders: usize,
        receivers: usize,
    ) -> (Vec<Self::Sender>, Vec<Self::Receiver>);
    /// Waits for room.
    fn send(to: &Self::Sender, value: u64) -> impl Future<Output = ()> + Send;
    /// Waits for a value; none once every sender is gone.
    fn recv(from: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;
    /// Sends where there is room, and says whether there was.
    fn try_send(to: &Self::Sender, value: u64) -> bool;
    /// Takes a value that is there.
    fn try_recv(from: &mut Self::Receiver) -> Option<u64>;
}

/// A bounded channel between OS threads, as far as the workloads need one.
pub trait ThreadChannel: 'static {
    /// The end that sends.
    type Sender: Send + 'static;
    /// The end that receives.
    type Receiver: Send + 'static;

    /// A channel with so many ends of each kind.
    fn open(
        capacity: usize,
        senders: usize,
        receivers: usize,
    ) -> (Vec<Self::Sender>, Vec<Self::Receiver>);
    /// Blocks until there is room.
    fn send(to: &Self::Sender, value: u64);
    /// Blocks until there is a value; none once every sender is gone.
    fn recv(from: &Self::Receiver) -> Option<u64>;
}

/// Why a send cannot fail.
const OPEN: &str = "a workload keeps its receivers until its senders are gone";

/// A channel for tasks whose methods are called as most are.
macro_rules! async_channel {
    ($name:ident, $doc:literal, $open:path, $sender:ty, $receiver:ty, $send:ident, $recv:ident) => {
        #[doc = $doc]
        pub struct $name;

        impl AsyncChannel for $name {
            type Sender = $sender;
            type Receiver = $receiver;

            fn open(
                capacity: usize,
                senders: usize,
                receivers: usize,
            ) -> (Vec<Self::Sender>, Vec<Self::Receiver>) {
                let (sender, receiver) = $open(capacity);
                (clones(sender, senders), clones(receiver, receivers))
            }

            async fn send(to: &Self::Sender, value: u64) {
                to.$send(value).await.expect(OPEN);
            }

            async fn recv(from: &mut Self::Receiver) -> Option<u64> {
                from.$recv().await.ok()
            }

            fn try_send(to: &Self::Sender, value: u64) -> bool {
                to.try_send(value).is_ok()
            }

            fn try_recv(from: &mut Self::Receiver) -> Option<u64> {
                from.try_recv().ok()
            }
        }
    };
}

async_channel!(
    Reference,
    "The workbook's reference: one short lock, a ring and lists of waiters in order.",
    reference::channel::bounded,
    reference::channel::Sender<u64>,
    reference::channel::Receiver<u64>,
    send,
    recv
);

#[cfg(feature = "yours-channel")]
async_channel!(
    Yours,
    "Your answer.",
    yours::channel::bounded,
    yours::channel::Sender<u64>,
    yours::channel::Receiver<u64>,
    send,
    recv
);

async_channel!(
    Crossfire,
    "crossfire: lock-free, with registries of wakers.",
    crossfire::mpmc::bounded_async,
    crossfire::MAsyncTx<crossfire::mpmc::Array<u64>>,
    crossfire::MAsyncRx<crossfire::mpmc::Array<u64>>,
    send,
    recv
);

async_channel!(
    Flume,
    "flume: one lock around the queue and the waiters.",
    flume::bounded,
    flume::Sender<u64>,
    flume::Receiver<u64>,
    send_async,
    recv_async
);

async_channel!(
    AsyncChannelCrate,
    "async-channel: a lock-free queue, and event listeners.",
    async_channel::bounded,
    async_channel::Sender<u64>,
    async_channel::Receiver<u64>,
    send,
    recv
);

async_channel!(
    Asyncband,
    "asyncband: a lock around the queue, semaphores around its ends.",
    asyncband::mpmc::bounded,
    asyncband::mpmc::BoundedSender<u64>,
    asyncband::mpmc::BoundedReceiver<u64>,
    send,
    recv
);

/// kanal: one short lock, and hand-off straight into a waiting receiver.
pub struct Kanal;

impl AsyncChannel for Kanal {
    type Sender = kanal::AsyncSender<u64>;
    type Receiver = kanal::AsyncReceiver<u64>;

    fn open(
        capacity: usize,
        senders: usize,
        receivers: usize,
    ) -> (Vec<Self::Sender>, Vec<Self::Receiver>) {
        let (sender, receiver) = kanal::bounded_async(capacity);
        (clones(sender, senders), clones(receiver, receivers))
    }

    async fn send(to: &Self::Sender, value: u64) {
        to.send(value).await.expect(OPEN);
    }

    async fn recv(from: &mut Self::Receiver) -> Option<u64> {
        from.recv().await.ok()
    }

    fn try_send(to: &Self::Sender, value: u64) -> bool {
        to.try_send(value).expect(OPEN)
    }

    fn try_recv(from: &mut Self::Receiver) -> Option<u64> {
        from.try_recv().ok().flatten()
    }
}

/// tokio's mpsc: any number of senders, one receiver.
pub struct TokioMpsc;

impl AsyncChannel for TokioMpsc {
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = tokio::sync::mpsc::Receiver<u64>;

    fn open(
        capacity: usize,
        senders: usize,
        receivers: usize,
    ) -> (Vec<Self::Sender>, Vec<Self::Receiver>) {
        assert_eq!(receivers, 1, "an mpsc channel has a single receiver");
        let (sender, receiver) = tokio::sync::mpsc::channel(capacity);
        (clones(sender, senders), vec![receiver])
    }

    async fn send(to: &Self::Sender, value: u64) {
        to.send(value).await.expect(OPEN);
    }

    async fn recv(from: &mut Self::Receiver) -> Option<u64> {
        from.recv().await
    }

    fn try_send(to: &Self::Sender, value: u64) -> bool {
        to.try_send(value).is_ok()
    }

    fn try_recv(from: &mut Self::Receiver) -> Option<u64> {
        from.try_recv().ok()
    }
}

/// A channel for threads.
macro_rules! thread_channel {
    ($name:ident, $open:path, $sender:ty, $receiver:ty, $send:ident, $recv:ident) => {
        impl ThreadChannel for $name {
            type Sender = $sender;
            type Receiver = $receiver;

            fn open(
                capacity: usize,
                senders: usize,
                receivers: usize,
            ) -> (Vec<Self::Sender>, Vec<Self::Receiver>) {
                let (sender, receiver) = $open(capacity);
                (clones(sender, senders), clones(receiver, receivers))
            }

            fn send(to: &Self::Sender, value: u64) {
                to.$send(value).expect(OPEN);
            }

            fn recv(from: &Self::Receiver) -> Option<u64> {
                from.$recv().ok()
            }
        }
    };
}

thread_channel!(
    Reference,
    reference::channel::bounded,
    reference::channel::Sender<u64>,
    reference::channel::Receiver<u64>,
    send_blocking,
    recv_blocking
);

#[cfg(feature = "yours-channel")]
thread_channel!(
    Yours,
    yours::channel::bounded,
    yours::channel::Sender<u64>,
    yours::channel::Receiver<u64>,
    send_blocking,
    recv_blocking
);

/// crossbeam-channel, for threads alone: a lock-free ring with a stamp in every slot.
pub struct Crossbeam;

thread_channel!(
    Crossbeam,
    crossbeam_channel::bounded,
    crossbeam_channel::Sender<u64>,
    crossbeam_channel::Receiver<u64>,
    send,
    recv
);

thread_channel!(Kanal, kanal::bounded, kanal::Sender<u64>, kanal::Receiver<u64>, send, recv);

thread_channel!(
    Crossfire,
    crossfire::mpmc::bounded_blocking,
    crossfire::MTx<crossfire::mpmc::Array<u64>>,
    crossfire::MRx<crossfire::mpmc::Array<u64>>,
    send,
    recv
);

thread_channel!(Flume, flume::bounded, flume::Sender<u64>, flume::Receiver<u64>, send, recv);

thread_channel!(
    AsyncChannelCrate,
    async_channel::bounded,
    async_channel::Sender<u64>,
    async_channel::Receiver<u64>,
    send_blocking,
    recv_blocking
);
