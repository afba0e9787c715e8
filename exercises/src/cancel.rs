//! Tell a tree of tasks to stop, and why: because somebody said so, or because their time is over.
//!
//! # Problem
//!
//! A request starts tasks, and these start others. When the client hangs up or its time is over, all
//! of them should stop, wherever they wait: none knows all the others, and what belongs to another
//! request must go on. Who is told late works for nobody; who is never told is a leak.
//!
//! # From Go
//!
//! That is `context.Context`. Each context is derived from another, and ends with it at the latest:
//!
//! ```go
//! ctx, cancel := context.WithTimeout(parent, time.Second)
//! defer cancel()                 // forgotten, it stays in parent until the deadline: `go vet` looks for it
//! select {
//! case row := <-rows:
//! case <-ctx.Done():
//!     return ctx.Err()           // context.Canceled or context.DeadlineExceeded
//! }
//! ```
//!
//! # In Rust
//!
//! To drop a future is to cancel it, and everything it owns ends with it: that much needs no token.
//! A token is for what nobody can drop from here: tasks that were spawned, loops on threads, clean-up
//! that should run first. A [`CancelToken`] is a handle with a place in the tree, which it leaves when
//! its last clone is dropped, so that there is no `defer cancel()` to forget. A parent does not own
//! its children: they keep the line of their ancestors alive, and not the other way round. There is
//! no `Value`: what a task needs to know is an argument, with a type.
//!
//! # Invariants
//!
//! - I1: a token gets its reason once, and what was done before that is seen by whoever learns of it.
//!   Nothing that happens later changes the reason.
//! - I2: who waits has left a waker, or has seen the reason. Who cancels sets the state first, and
//!   then takes the wakers out under the lock; who waits looks at the state once more under that
//!   lock. One of the two sees what the other did, and no wake-up is lost.
//! - I3: a child is known to its parent, or has the parent's reason from the start: by the same
//!   argument, as the children are under the same lock.
//! - I4: whatever is above a token that is alive is alive as well, though its own tokens may be gone:
//!   a cancellation passes through it.
//! - I5: a child or a waiter that goes takes its entry along, and only its own.
//! - I6: a token's deadline is no later than its parent's. A deadline needs no messenger, then: when
//!   it has come, it has come for all below, and each of them can tell from the clock.
//!
//! # Cancellation and panics
//!
//! A wait that is dropped leaves its place; nothing else changes. [`with_timeout`] drops its work in
//! the poll that learns of the cancellation, before it gives the reason; dropped itself, it drops its
//! work; a panic of the work goes through it.
//!
//! No waker is called, cloned or dropped under a lock, so it may use the very token that calls it. The
//! whole tree is cancelled before the first waiter is woken. Where a waker panics the others are woken
//! all the same, and then the panic goes on in the thread that cancelled; in a thread that is already
//! panicking it ends there.
//!
//! # Cost
//!
//! To ask whether a token is cancelled, or to poll again a wait that has been polled, is one load;
//! where there is a deadline, the clock is read as well, and a wait has a timer, which is allocated.
//! A token is one allocation; to make a child, to drop one, to start waiting and to give up take one
//! lock each, the parent's or the token's own.
//! To cancel is one lock a token below, and one wake-up a waiter. Where two cancel at once, the
//! same token or one above the other, one of them may return before the other has reached all.
//!
//! A token keeps a table of its children and one of its waiters. A place is used again, so a table is
//! as large as the largest number that was there at once. The memory goes back when somebody cancels
//! the token, or with the token; a deadline that passes frees nothing. One waiter, or one child,
//! needs no table. A token whose clones are gone remains as an ancestor while tokens below it are
//! alive: a long line of children of children is kept by its last.
//!
//! # See also
//!
//! 1. `tokio_util::sync::CancellationToken`: the same tree without deadlines and reasons. Asking takes
//!    a lock; a dropped token's children are moved to their grandparent.
//! 2. `tokio::time::timeout`, where one future has a limit and nobody else is told.
//! 3. `tokio::task::JoinSet` and `AbortHandle`, to end tasks at their next `await` whether or not they
//!    agree: a token asks, and the task says when.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use loomscope::sync::Arc;
use loomscope::time::{Duration, Instant};

/// A request to stop, which reaches all who have a clone of the token or a token below it.
///
/// Clones are one and the same token. To drop a token cancels nothing.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::cancel::{CancelToken, Reason};
/// use std::thread;
///
/// let server = CancelToken::new();
/// let request = server.child();
/// let worker = thread::spawn(move || {
///     while !request.is_cancelled() {
///         thread::yield_now(); // a part of the work
///     }
///     request.reason()
/// });
/// server.cancel();
/// assert_eq!(worker.join().unwrap(), Some(Reason::Cancelled));
/// ```
#[derive(Clone)]
pub struct CancelToken {
    shared: Arc<Shared>,
}

/// What the clones of a token have in common.
struct Shared {
    // Your fields: what does a token know of its parent and of its children, who keeps whom alive,
    // and which lock guards what?
}

impl CancelToken {
    /// Makes a token without a parent and without a deadline.
    pub fn new() -> Self {
        todo!("make a token that nothing is above: what will its clones have in common?")
    }

    /// Makes a child: it is cancelled with this token, and has its deadline.
    ///
    /// To cancel the child leaves this token alone. A child of a cancelled token is cancelled, for
    /// the same reason.
    pub fn child(&self) -> Self {
        todo!("make a token below this one: what if this one is cancelled at this very moment?")
    }

    /// Makes a child whose time is over `limit` from now, if its parent's is not over before.
    ///
    /// A limit of zero is over at once. One that the clock cannot reach, such as [`Duration::MAX`],
    /// is no limit. Nothing runs in the background: whoever looks at the token looks at the clock,
    /// and whoever waits has a timer, which tokio rounds up to the next millisecond.
    ///
    /// # Examples
    ///
    /// ```
    /// # use solutions as patterns;
    /// use patterns::cancel::{CancelToken, Reason};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let request = CancelToken::new().with_timeout(Duration::from_secs(5));
    /// let query = request.with_timeout(Duration::from_secs(60));
    /// assert_eq!(query.deadline(), request.deadline());
    /// assert_eq!(query.cancelled().await, Reason::DeadlineExceeded);
    /// # }
    /// ```
    pub fn with_timeout(&self, limit: Duration) -> Self {
        todo!(
            "make a child with a deadline: which is earlier, its own or its parent's, and can the sum overflow?"
        )
    }

    /// Cancels this token and all below it, then wakes everyone who waits for one of them.
    ///
    /// What is cancelled already keeps its reason, and so does what has passed its deadline, whether
    /// or not anybody has looked.
    ///
    /// # Panics
    ///
    /// If a waker panics, after all the others have been called.
    pub fn cancel(&self) {
        todo!(
            "tell everybody below, and wake who waits: how deep is the tree, and what may a waker do?"
        )
    }

    /// Whether this token is cancelled; where there is a deadline, after a look at the clock.
    pub fn is_cancelled(&self) -> bool {
        todo!("say whether it is cancelled: who notices a deadline that nobody waits for?")
    }

    /// Why this token is cancelled, if it is: the first cause, for good.
    pub fn reason(&self) -> Option<Reason> {
        todo!("say the first cause: can two who look at the same time see two reasons?")
    }

    /// When its time is over, if it ever is: the earliest of its own deadline and its ancestors'.
    pub fn deadline(&self) -> Option<Instant> {
        todo!("say when the time is over: does the answer ever change?")
    }

    /// Waits until this token is cancelled, and says why.
    ///
    /// # Panics
    ///
    /// If there is a deadline that has not come yet, at the first poll, outside a tokio runtime with
    /// time enabled. Without a deadline it needs no runtime.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves nothing behind.
    pub fn cancelled(&self) -> Cancelled<'_> {
        todo!("make the future: what does it leave with the token, and when?")
    }

    /// Waits like [`cancelled`](Self::cancelled), with a token of its own, so that it can move into a
    /// task.
    ///
    /// # Panics
    ///
    /// As [`cancelled`](Self::cancelled).
    ///
    /// # Cancel safety
    ///
    /// As [`cancelled`](Self::cancelled).
    pub fn cancelled_owned(self) -> CancelledOwned {
        todo!("make the future: who keeps the token in the tree while it waits?")
    }

    /// Makes a guard that cancels this token when it is dropped, unless it is disarmed before.
    pub fn guard(self) -> CancelGuard {
        todo!("keep the token until the drop: how will the drop know that it was disarmed?")
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        todo!("make a new token: is it any different from the one above?")
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("reason", &self.reason())
            .field("deadline", &self.deadline())
            .finish()
    }
}

/// The future of [`CancelToken::cancelled`].
///
/// Polled again after it has completed, it gives the same reason again.
#[must_use = "a future does nothing until it is polled"]
pub struct Cancelled<'a> {
    token: &'a CancelToken,
}

impl Future for Cancelled<'_> {
    type Output = Reason;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Reason> {
        todo!("look, and leave the waker: what if the token is cancelled between the two?")
    }
}

impl Drop for Cancelled<'_> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl fmt::Debug for Cancelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").field("token", self.token).finish_non_exhaustive()
    }
}

/// The future of [`CancelToken::cancelled_owned`].
///
/// Polled again after it has completed, it gives the same reason again.
#[must_use = "a future does nothing until it is polled"]
pub struct CancelledOwned {
    token: CancelToken,
}

impl Future for CancelledOwned {
    type Output = Reason;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Reason> {
        todo!("look, and leave the waker: what if the token is cancelled between the two?")
    }
}

impl Drop for CancelledOwned {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

impl fmt::Debug for CancelledOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelledOwned").field("token", &self.token).finish_non_exhaustive()
    }
}

/// Cancels its token when it is dropped, also by a panic, unless it is disarmed.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::cancel::CancelToken;
///
/// let token = CancelToken::new();
/// let guard = token.clone().guard();
/// // A `?` or a panic in between would cancel the token.
/// let token = guard.disarm();
/// assert!(!token.is_cancelled());
/// ```
#[derive(Debug)]
#[must_use = "a guard that is dropped at once cancels at once"]
pub struct CancelGuard {
    // Your fields: what is left of the guard once it is disarmed?
}

impl CancelGuard {
    /// Gives the token back, and cancels nothing.
    pub fn disarm(self) -> CancelToken {
        todo!("give the token back: what does the drop of the guard do then?")
    }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

/// Why a token is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Somebody cancelled it, or a token above it.
    Cancelled,
    /// Its deadline came first.
    DeadlineExceeded,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "cancelled",
            Self::DeadlineExceeded => "deadline exceeded",
        })
    }
}

impl Error for Reason {}

/// Runs `work` until it is done, the token is cancelled, or `limit` is over.
///
/// The limit counts from the first poll. At each poll the work comes first: what is finished is never
/// thrown away, and under a token that was cancelled before, the work is polled once. The token
/// itself is not cancelled when the limit is over.
///
/// # Errors
///
/// The [`Reason`], if the work was not done before. It has been dropped by then.
///
/// # Panics
///
/// Where the work panics; and where it has to wait with a limit or a deadline, outside a tokio runtime
/// with time enabled.
///
/// # Cancel safety
///
/// Dropped, it drops the work, wherever that stands.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::cancel::{CancelToken, Reason, with_timeout};
/// use std::future::pending;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let request = CancelToken::new();
/// let quick = with_timeout(&request, Duration::from_secs(1), async { 42 }).await;
/// assert_eq!(quick, Ok(42));
/// let stuck = with_timeout(&request, Duration::from_secs(1), pending::<()>()).await;
/// assert_eq!(stuck, Err(Reason::DeadlineExceeded));
/// assert!(!request.is_cancelled());
/// # }
/// ```
pub async fn with_timeout<F: Future>(
    token: &CancelToken,
    limit: Duration,
    work: F,
) -> Result<F::Output, Reason> {
    todo!(
        "run the work under a child with a deadline: what is polled first, and when is the work dropped?"
    )
}
