//! Go's `chan`: many senders, many receivers, values in order, and an end.
//!
//! # Problem
//!
//! Two tasks that share a queue need three things at once: a lock around it, a way to sleep while
//! it is empty or full, and a way to learn that no more will come. Each is easy to get wrong alone
//! (a wake-up sent before the sleeper slept, one lost with a task that was cancelled), and the
//! three get in each other's way. A channel is the three of them, solved once.
//!
//! # From Go
//!
//! ```go
//! ch := make(chan int, 8) // without the 8: a rendezvous
//! go func() {
//!     defer close(ch)     // the sender says that it was the last
//!     for i := range 100 { ch <- i }
//! }()
//! for v := range ch { use(v) }
//! ```
//!
//! Go gives for free what is work here: a goroutine that waits can't be taken away, so a value can be
//! copied straight into its stack. A future that waits can be dropped between any two polls.
//!
//! # In Rust
//!
//! The two directions are two types, so that who receives can't send by mistake, and the number of
//! their clones says when the channel ends: dropping the last [`Sender`] closes it, which in Go must
//! be remembered, and dropping the last [`Receiver`] fails the senders, which in Go leaves them
//! blocked for ever. A value sent is moved: what Go asks for by convention (do not touch what you
//! have sent) the compiler demands. A send on a closed channel is an error that gives the value
//! back, not a panic. There is no nil channel: a branch of `select!` is turned off by its guard.
//!
//! # Invariants
//!
//! - I1: a value is in one place: with its sender, in the ring, or with the receiver that took it.
//! - I2: who takes, takes the oldest value in the ring. No cancellation puts a value behind a younger.
//! - I3: values and held or promised slots never exceed the capacity.
//! - I4: those who wait are called in the order in which they came; who comes later overtakes no
//!   one who waits and has not been called.
//! - I5: while someone waits and has not been called, there is nothing for it: each value in the
//!   ring, or each slot, is promised to someone before it.
//! - I6: at capacity 0, `send` ends when a receiver has taken the value.
//! - I7: receivers see the end when the channel is closed, the ring is empty and no slot is held;
//!   and after one of them has seen it, no value comes.
//!
//! A call is a promise that counts, not a value in an envelope: to be called means that one of the
//! values in the ring is yours, whichever is the oldest when you come for it. It is tempting to hand
//! each receiver its own value, as Go does; but the value of one who leaves would then go back
//! behind others that have been taken meanwhile (I2).
//!
//! # Cancellation and panics
//!
//! Every future can be dropped at any time. Dropped before its first poll, it was never there. In
//! line, it gives up its place. Called and not polled again, it passes the call on: a slot to the
//! next sender, the right to a value to the next receiver. So a dropped `recv` or `reserve` has had
//! no effect, and neither has a dropped `send` with a buffer. At capacity 0 the receiver's take is
//! what ends the send: a `send` dropped between the take and its next poll has sent its value, as
//! someone has it. Where that matters, in a `select!`, [`reserve`](Sender::reserve) the slot first.
//!
//! No waker, no destructor and no clone of a waker runs under the lock, so each of them may use the
//! channel. A waker that panics does so in whoever woke it, after the others that were due have
//! been woken; a value that this caller had just taken is dropped with the panic.
//!
//! # Cost
//!
//! One short lock, taken twice a value; no allocation a value: the ring is
//! reserved (up to 1024 slots; a larger one, and an unbounded one, grow as they are used and keep
//! their size), and so are places in line, once as many as ever waited at one time. A waker is
//! cloned only by who will wait. A value wakes at most one receiver, and all streams that wait; a
//! take wakes at most one sender; a burst wakes a sleeper once. Fair: both lines are FIFO, so that
//! with a full ring and many senders each sends one value in turn. A channel that is always ready
//! takes from the task's budget, so that its neighbours run.
//!
//! # See also
//!
//! 1. `tokio::sync::mpsc` where there is one receiver: it is what tokio users expect, and it keeps I1
//!    to I5. `async-channel` or `flume` for many receivers.
//! 2. `crossbeam-channel` for threads alone: lock-free, faster, and its `select!` is atomic as Go's is.
//! 3. `kanal` and `crossfire` are faster as soon as two threads take part, most of all where many tasks
//!    press on a full buffer, whose order here is strict, and `kanal` at capacity 0, where its send ends
//!    before the value was taken. It loses a value with a `recv` that is dropped after the hand-off.

use futures::Stream;
use loomscope::sync::Mutex;
use loomscope::time::Duration;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use std::task::{Context, Poll};

/// A channel that holds at most `capacity` values. At 0 it holds none: it is a rendezvous, in which
/// a send ends when a receiver has taken the value.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use patterns::channel::{self, RecvError};
///
/// let (tx, rx) = channel::bounded(8);
/// let producer = tokio::spawn(async move {
///     for i in 0..3 {
///         tx.send(i).await.unwrap();
///     }
/// }); // dropping the only sender closes the channel
/// assert_eq!([rx.recv().await, rx.recv().await, rx.recv().await], [Ok(0), Ok(1), Ok(2)]);
/// assert_eq!(rx.recv().await, Err(RecvError));
/// # producer.await.unwrap();
/// # }
/// ```
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    todo!("make the two ends of one channel: what do they share, and who locks it?")
}

/// A channel whose senders never wait. Nothing holds back a sender that is faster than the
/// receivers, so use it where something else bounds the number of values.
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    todo!("the same without a limit: which waits can never happen?")
}

/// The sending end. Clones send to the same channel; dropping the last closes it.
pub struct Sender<T> {
    marker: PhantomData<Arc<Mutex<T>>>,
}

impl<T> Sender<T> {
    /// Sends a value, after those who asked before.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value where the channel is closed, or gets closed while this waits.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it ended, it drops the value unsent and gives its place, or the slot it was
    /// promised, to the next in line. At capacity 0 it has ended once a receiver has taken the value,
    /// even if it has not been polled since.
    pub fn send(&self, value: T) -> Send<'_, T> {
        todo!("make the future: what may it do before its first poll?")
    }

    /// Waits for a slot, after those who asked before, and keeps it for a value that need not exist
    /// yet. At capacity 0, waits until a receiver waits.
    ///
    /// # Errors
    ///
    /// [`Closed`] where the channel is closed, or gets closed while this waits.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it ended, it has had no effect: the slot goes to the next in line.
    ///
    /// # Examples
    ///
    /// ```
    /// # use solutions as patterns;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (tx, rx) = patterns::channel::bounded(1);
    /// let slot = tx.reserve().await.unwrap();
    /// assert!(tx.try_send("no room").is_err());
    /// slot.send("made only now").unwrap();
    /// assert_eq!(rx.recv().await, Ok("made only now"));
    /// # }
    /// ```
    pub fn reserve(&self) -> Reserve<'_, T> {
        todo!("make the future: why does the value not go into it?")
    }

    /// Sends a value if that needs no waiting: Go's `select` with a `default`. At capacity 0, that
    /// is where a receiver waits to whom nothing is promised.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] where there is no slot, or others wait for one;
    /// [`TrySendError::Closed`] where the channel is closed. Both give the value back.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        todo!("send without waiting: there is a free slot, and someone in line; whose is it?")
    }

    /// Sends a value, and blocks the thread until it is sent.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value where the channel is closed, or gets closed while this waits.
    pub fn send_blocking(&self, value: T) -> Result<(), SendError<T>> {
        todo!("poll, and park in between: who unparks you, and can that come before you park?")
    }

    /// Sends a value, and blocks the thread for at most about `limit`. With a `limit` of zero, it
    /// does not wait.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] with the value where the time is over or the channel is closed.
    pub fn send_timeout(&self, value: T, limit: Duration) -> Result<(), SendTimeoutError<T>> {
        todo!("give up in time: what if the slot is promised to you just as the time is over?")
    }

    /// Closes the channel: nothing more can be sent, and who waits to send gets its value back. What
    /// is queued stays, and receivers take it before they see the end. Slots that are held may still
    /// be filled. Returns whether this call closed it.
    pub fn close(&self) -> bool {
        todo!("let nothing more in: who sleeps, and which of them must still wait?")
    }

    /// How many values have been sent and not yet received. With others at work, this and the
    /// following are a moment old.
    pub fn len(&self) -> usize {
        todo!(
            "count the values: which of those that exist are not in the channel yet, or any more?"
        )
    }

    /// Whether no value is queued.
    pub fn is_empty(&self) -> bool {
        todo!("is anything queued?")
    }

    /// Whether no slot is free: each is filled, or kept for someone. Always so at capacity 0.
    pub fn is_full(&self) -> bool {
        todo!(
            "is any slot free: what of those that are held, or promised to someone who was woken?"
        )
    }

    /// How many values the channel holds at most; `None` where it is unbounded.
    pub fn capacity(&self) -> Option<usize> {
        todo!("say how many fit: need this ask the lock?")
    }

    /// Whether nothing more can be sent: it was closed, or no one is left at one of its ends.
    pub fn is_closed(&self) -> bool {
        todo!("can anything more be sent: which three things end that?")
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        todo!("one more sender: what is the count for?")
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// The future of [`Sender::send`]. Dropped before it ended, it drops the value unsent.
#[must_use = "a send does nothing until it is polled"]
pub struct Send<'a, T> {
    marker: PhantomData<&'a Mutex<T>>,
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("take a slot, or join the line: what tells you, woken, that the slot is still yours?")
    }
}

impl<T> Drop for Send<'_, T> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send").finish_non_exhaustive()
    }
}

// The value is only ever moved, never pinned.
impl<T> Unpin for Send<'_, T> {}

/// The future of [`Sender::reserve`]. Dropped before it ended, it has taken nothing.
#[must_use = "a reservation does nothing until it is polled"]
pub struct Reserve<'a, T> {
    marker: PhantomData<&'a Mutex<T>>,
}

impl<'a, T> Future for Reserve<'a, T> {
    type Output = Result<Slot<'a, T>, Closed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("as a send, without a value: at capacity 0, what stands for a free slot?")
    }
}

impl<T> Drop for Reserve<'_, T> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<T> fmt::Debug for Reserve<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").finish_non_exhaustive()
    }
}

/// A place in the channel that is kept for its holder, who can fill it without waiting.
///
/// Dropped, it is free again for the next in line. The receivers of a closed channel see the end
/// once every slot has been filled or dropped. At capacity 0 a slot is the promise of a receiver in
/// line; should that one leave, the value waits for the next.
#[must_use = "a slot that is dropped at once was reserved for nothing"]
pub struct Slot<'a, T> {
    marker: PhantomData<&'a Mutex<T>>,
}

impl<T> Slot<'_, T> {
    /// Fills the slot with `value`, even where the channel has been closed meanwhile.
    ///
    /// # Errors
    ///
    /// Gives the value back where the last receiver has left.
    pub fn send(self, value: T) -> Result<(), SendError<T>> {
        todo!("fill the slot: it is yours even after a close, so who may refuse it?")
    }
}

impl<T> Drop for Slot<'_, T> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<T> fmt::Debug for Slot<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}

/// The receiving end. Clones share the values: each goes to one of them. Dropping the last closes
/// the channel and drops what is queued.
pub struct Receiver<T> {
    marker: PhantomData<Arc<Mutex<T>>>,
}

impl<T> Receiver<T> {
    /// Receives the oldest value, after those who asked before.
    ///
    /// # Errors
    ///
    /// [`RecvError`] where the channel is closed and drained.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it ended, it has taken nothing: a value it was promised goes to the next in
    /// line, in the order in which it was sent.
    pub fn recv(&self) -> Recv<'_, T> {
        todo!("make the future: what may it do before its first poll?")
    }

    /// Receives a value if that needs no waiting: Go's `select` with a `default`.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] where there is no value, or each is promised to one who waits;
    /// [`TryRecvError::Closed`] where the channel is closed and drained.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        todo!("receive without waiting: there is a value, and it is promised; to whom?")
    }

    /// Receives a value, and blocks the thread until there is one.
    ///
    /// # Errors
    ///
    /// [`RecvError`] where the channel is closed and drained.
    pub fn recv_blocking(&self) -> Result<T, RecvError> {
        todo!("poll, and park in between: how does a thread differ from a task here?")
    }

    /// Receives a value, and blocks the thread for at most about `limit`. With a `limit` of zero, it
    /// does not wait.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError::Timeout`] where the time is over, [`RecvTimeoutError::Closed`] where the
    /// channel is closed and drained.
    pub fn recv_timeout(&self, limit: Duration) -> Result<T, RecvTimeoutError> {
        todo!("give up in time: what becomes of a value that came at the last moment?")
    }

    /// How many values have been sent and not yet received. With others at work, this and the
    /// following are a moment old.
    pub fn len(&self) -> usize {
        todo!(
            "count the values: which of those that exist are not in the channel yet, or any more?"
        )
    }

    /// Whether no value is queued.
    pub fn is_empty(&self) -> bool {
        todo!("is anything queued?")
    }

    /// Whether no slot is free: each is filled, or kept for someone. Always so at capacity 0.
    pub fn is_full(&self) -> bool {
        todo!(
            "is any slot free: what of those that are held, or promised to someone who was woken?"
        )
    }

    /// How many values the channel holds at most; `None` where it is unbounded.
    pub fn capacity(&self) -> Option<usize> {
        todo!("say how many fit: need this ask the lock?")
    }

    /// Whether nothing more can be sent: it was closed, or no one is left at one of its ends.
    pub fn is_closed(&self) -> bool {
        todo!("can anything more be sent: which three things end that?")
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        todo!("one more receiver: does it inherit the place of the other?")
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// The values until the end. A stream never stands in the receivers' line: whoever drops `next()`
/// would keep a promise that no one redeems. It is woken by every value, in addition to the first
/// in that line, and takes what is not promised.
impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        todo!(
            "whoever polls a stream may drop `next()` and keep the stream: who else must hear of the value?"
        )
    }
}

/// The future of [`Receiver::recv`]. Dropped before it ended, it has taken nothing: a value that
/// was promised to it is promised to the next in line.
#[must_use = "a receive does nothing until it is polled"]
pub struct Recv<'a, T> {
    marker: PhantomData<&'a Mutex<T>>,
}

impl<T> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!(
            "take a value, or join the line: when you are dropped after your call, whose is the value?"
        )
    }
}

impl<T> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").finish_non_exhaustive()
    }
}

/// The channel is closed, so there is no slot to reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// A send that failed because the channel is closed, with the value that was not sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// Why [`Sender::try_send`] sent nothing, with the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// There is no free slot, or others wait in line for one.
    Full(T),
    /// The channel is closed.
    Closed(T),
}

/// Why [`Sender::send_timeout`] sent nothing, with the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// The time was over before the value was sent.
    Timeout(T),
    /// The channel is closed.
    Closed(T),
}

/// The channel is closed and drained: Go's `v, ok := <-ch` with `ok` false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError;

/// Why [`Receiver::try_recv`] received nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is no value, or none that is not promised to a receiver in line.
    Empty,
    /// The channel is closed and drained.
    Closed,
}

/// Why [`Receiver::recv_timeout`] received nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// The time was over before there was a value.
    Timeout,
    /// The channel is closed and drained.
    Closed,
}

impl<T> SendError<T> {
    /// The value that was not sent.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> TrySendError<T> {
    /// The value that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(value) | Self::Closed(value) => value,
        }
    }
}

impl<T> SendTimeoutError<T> {
    /// The value that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            Self::Timeout(value) | Self::Closed(value) => value,
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the channel is closed")
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sending on a closed channel")
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "sending on a full channel",
            Self::Closed(_) => "sending on a closed channel",
        })
    }
}

impl<T> fmt::Display for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout(_) => "the time to send was over",
            Self::Closed(_) => "sending on a closed channel",
        })
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("receiving on a closed and empty channel")
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "receiving on an empty channel",
            Self::Closed => "receiving on a closed and empty channel",
        })
    }
}

impl fmt::Display for RecvTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "the time to receive was over",
            Self::Closed => "receiving on a closed and empty channel",
        })
    }
}

// A value need not be `Debug` for its send to be unwrapped.
impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Debug for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout(_) => "Timeout(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl Error for Closed {}
impl<T> Error for SendError<T> {}
impl<T> Error for TrySendError<T> {}
impl<T> Error for SendTimeoutError<T> {}
impl Error for RecvError {}
impl Error for TryRecvError {}
impl Error for RecvTimeoutError {}
