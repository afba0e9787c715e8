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

mod block;
mod error;
mod line;
mod lock;
mod recv;
mod send;
mod state;

pub use error::{
    Closed, RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
pub use recv::Recv;
pub use send::{Reserve, Send, Slot};

use line::Place;
use loomscope::time::Duration;
use state::Shared;
use std::fmt;
use std::sync::Arc;

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
    channel(capacity)
}

/// A channel whose senders never wait. Nothing holds back a sender that is faster than the
/// receivers, so use it where something else bounds the number of values.
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    channel(usize::MAX)
}

fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(capacity));
    (Sender { shared: shared.clone() }, Receiver { shared, stream: None })
}

/// The sending end. Clones send to the same channel; dropping the last closes it.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
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
        Send::new(self, value)
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
        Reserve::new(self)
    }

    /// Sends a value if that needs no waiting: Go's `select` with a `default`. At capacity 0, that
    /// is where a receiver waits to whom nothing is promised.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] where there is no slot, or others wait for one;
    /// [`TrySendError::Closed`] where the channel is closed. Both give the value back.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = self.shared.lock();
        if state.closed {
            return Err(TrySendError::Closed(value));
        }
        if !state.admits_sender() {
            return Err(TrySendError::Full(value));
        }
        state.push(value);
        self.shared.settle(state, None);
        Ok(())
    }

    /// Sends a value, and blocks the thread until it is sent.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value where the channel is closed, or gets closed while this waits.
    pub fn send_blocking(&self, value: T) -> Result<(), SendError<T>> {
        let mut send = self.send(value);
        block::until(|caller| send.advance(caller))
    }

    /// Sends a value, and blocks the thread for at most about `limit`. With a `limit` of zero, it
    /// does not wait.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] with the value where the time is over or the channel is closed.
    pub fn send_timeout(&self, value: T, limit: Duration) -> Result<(), SendTimeoutError<T>> {
        let mut send = self.send(value);
        match block::for_at_most(limit, |caller| send.advance(caller)) {
            Some(sent) => sent.map_err(|SendError(value)| SendTimeoutError::Closed(value)),
            None => send.withdraw().map_or(Ok(()), |value| Err(SendTimeoutError::Timeout(value))),
        }
    }

    /// Closes the channel: nothing more can be sent, and who waits to send gets its value back. What
    /// is queued stays, and receivers take it before they see the end. Slots that are held may still
    /// be filled. Returns whether this call closed it.
    pub fn close(&self) -> bool {
        let mut state = self.shared.lock();
        let closes = !state.closed;
        state.close();
        self.shared.settle(state, None);
        closes
    }

    /// How many values have been sent and not yet received. With others at work, this and the
    /// following are a moment old.
    pub fn len(&self) -> usize {
        self.shared.lock().ring.len()
    }

    /// Whether no value is queued.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no slot is free: each is filled, or kept for someone. Always so at capacity 0.
    pub fn is_full(&self) -> bool {
        self.shared.lock().is_full()
    }

    /// How many values the channel holds at most; `None` where it is unbounded.
    pub fn capacity(&self) -> Option<usize> {
        self.shared.capacity()
    }

    /// Whether nothing more can be sent: it was closed, or no one is left at one of its ends.
    pub fn is_closed(&self) -> bool {
        self.shared.lock().closed
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.lock().sender_ends += 1;
        Self { shared: self.shared.clone() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.sender_ends -= 1;
        if state.sender_ends == 0 {
            state.close();
            self.shared.settle(state, None);
        }
    }
}

/// The receiving end. Clones share the values: each goes to one of them. Dropping the last closes
/// the channel and drops what is queued.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The place among the streams that wait, if this one was polled as a stream.
    stream: Option<Place>,
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
        Recv::new(self)
    }

    /// Receives a value if that needs no waiting: Go's `select` with a `default`.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] where there is no value, or each is promised to one who waits;
    /// [`TryRecvError::Closed`] where the channel is closed and drained.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.shared.lock();
        if !state.admits_visitor() {
            return Err(TryRecvError::Empty);
        }
        let (value, sender) = state.take().ok_or(TryRecvError::Closed)?;
        self.shared.settle(state, sender);
        Ok(value)
    }

    /// Receives a value, and blocks the thread until there is one.
    ///
    /// # Errors
    ///
    /// [`RecvError`] where the channel is closed and drained.
    pub fn recv_blocking(&self) -> Result<T, RecvError> {
        let mut recv = self.recv();
        block::until(|caller| recv.advance(caller))
    }

    /// Receives a value, and blocks the thread for at most about `limit`. With a `limit` of zero, it
    /// does not wait.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError::Timeout`] where the time is over, [`RecvTimeoutError::Closed`] where the
    /// channel is closed and drained.
    pub fn recv_timeout(&self, limit: Duration) -> Result<T, RecvTimeoutError> {
        let mut recv = self.recv();
        match block::for_at_most(limit, |caller| recv.advance(caller)) {
            Some(received) => received.map_err(|RecvError| RecvTimeoutError::Closed),
            None => Err(RecvTimeoutError::Timeout),
        }
    }

    /// How many values have been sent and not yet received. With others at work, this and the
    /// following are a moment old.
    pub fn len(&self) -> usize {
        self.shared.lock().ring.len()
    }

    /// Whether no value is queued.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no slot is free: each is filled, or kept for someone. Always so at capacity 0.
    pub fn is_full(&self) -> bool {
        self.shared.lock().is_full()
    }

    /// How many values the channel holds at most; `None` where it is unbounded.
    pub fn capacity(&self) -> Option<usize> {
        self.shared.capacity()
    }

    /// Whether nothing more can be sent: it was closed, or no one is left at one of its ends.
    pub fn is_closed(&self) -> bool {
        self.shared.lock().closed
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.lock().receiver_ends += 1;
        Self { shared: self.shared.clone(), stream: None }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Dropped after the lock was given back: a value's destructor may use the channel.
        let (mut _queued, mut _left) = (None, None);
        let mut state = self.shared.lock();
        _left = self.stream.map(|place| state.streams.leave(place));
        state.receiver_ends -= 1;
        if state.receiver_ends == 0 {
            state.close();
            _queued = Some(std::mem::take(&mut state.ring));
        }
        self.shared.settle(state, None);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("Sender", f)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("Receiver", f)
    }
}
