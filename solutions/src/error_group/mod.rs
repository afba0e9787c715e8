//! Run many tasks, stop all at the first error, and leave none behind.
//!
//! # Problem
//!
//! A function splits its work among tasks. One of them fails: the others work for nothing, and
//! somebody has to tell them. Who returns the error at once leaves tasks behind that still write
//! and still hold connections; who forgets to look returns no error at all. The caller wants one
//! answer, and when it has it, nothing that runs on.
//!
//! # From Go
//!
//! `golang.org/x/sync/errgroup` is this pattern, with a context for the telling:
//!
//! ```go
//! g, ctx := errgroup.WithContext(ctx)
//! g.SetLimit(4)
//! for _, url := range urls {
//!     g.Go(func() error { return fetch(ctx, url) }) // waits while four are running
//! }
//! return g.Wait()                                   // the first error, once all have returned
//! ```
//!
//! A goroutine cannot be stopped, it can only be asked, and whoever does not ask for `ctx` never
//! hears of it. Nothing ties the goroutines to the function either: `Wait` forgotten, or an early
//! return before it, and they are left behind.
//!
//! # In Rust
//!
//! The group is a value that owns its tasks: [`wait`](ErrorGroup::wait) takes it and ends it, and
//! dropping it, or the future that waits, aborts what still runs. Those are two ways to stop, and
//! they differ. The first error cancels the group's [`CancelToken`], which is to ask, as in Go: a
//! task that looks at it can finish a write and close its connection; one that does not runs to its
//! end, and is waited for. Giving the group up is to abort: each task is dropped where it awaits.
//! Tasks are `'static`: a future may be forgotten half way (`mem::forget`), its drop never runs, and a
//! borrow in a task that runs on would dangle. That is why tasks have no `std::thread::scope`.
//!
//! # Invariants
//!
//! - I1: a task is counted from before its start until its future is gone, whichever way it ends.
//!   The count never exceeds the limit: only the owner raises it, after a look.
//! - I2: a failure is recorded, and the token cancelled, before its task stops being counted: a
//!   wait that sees no task left sees every failure.
//! - I3: of the failures one is kept, under the lock. A panic is graver than an error, which is
//!   graver than a task that was lost; of two alike it is the first.
//! - I4: the owner leaves its waker before it looks at the count; a task lowers the count before it
//!   looks for a waker. Those who lower it from the limit, or from one, wake.
//! - I5: a task sleeps only after it has left its waker with the group, under the lock under which
//!   the group is given up: every task is woken by that, or finds out before it sleeps.
//! - I6: a task is refused only after a failure was recorded: `wait` will say why.
//!
//! # Cancellation and panics
//!
//! A [`spawn`](ErrorGroup::spawn) that is dropped while it waits for room has started nothing. A
//! wait that is dropped drops the group, and aborts its tasks. When the group is gone, however it
//! went, its token is cancelled, so that what was started with it and is no task hears of it.
//!
//! A task that panics, or whose drop panics, cancels the others like an error, and its panic goes on
//! in `wait` after the last has ended. It does so even where an error came first: an error is a value
//! that the caller handles, and no bug may hide behind it. A task that its runtime drops unfinished
//! is no success, and there is no error to return: `wait` panics, and says so.
//!
//! No task is polled or dropped, no error dropped and no waker woken under the lock, so each of them
//! may do to tokens and groups what it likes.
//!
//! # Cost
//!
//! A task that ends without having slept takes four atomic read-modify-writes more than one that is
//! spawned and forgotten, and neither lock nor allocation. The first sleep of a task takes the lock
//! once, its end once more, to enter and leave a table of wakers whose places are used again; it
//! grows to the largest number of tasks that ever slept at a time. A task that has ended leaves
//! nothing. (One allocation a task would pass as well.) A task's end wakes the owner if there was no
//! room before it, or if it is the last; other ends wake nobody.
//!
//! # See also
//!
//! 1. `tokio::task::JoinSet`: the results of all, in the order of their ends. It keeps each until it
//!    is joined, knows no limit and no first error, and aborts instead of asking.
//! 2. `tokio_util::task::TaskTracker`: counts tasks and waits for them, and does nothing else: it
//!    aborts none, sees no error and no panic.
//! 3. `futures::stream::TryStreamExt::try_for_each_concurrent`: first error, limit, and borrowing, all
//!    within one task: no parallelism, and a panic or a long computation stops them all.
//! 4. `std::thread::scope`, for threads that borrow; its scope panics if a thread did.
#![forbid(unsafe_code)]

mod child;
mod shared;

use std::fmt;
use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::panic::resume_unwind;

use loomscope::sync::Arc;
use loomscope::task;

use child::Child;
use shared::{Failure, Shared};
pub use solutions::cancel::CancelToken;

/// A number of tasks that end together, with one result.
///
/// Dropping the group asks every task to abort: each ends at its next await point, without a word.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::error_group::ErrorGroup;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut group = ErrorGroup::new();
/// for page in 1..=3 {
///     let token = group.token().clone();
///     group
///         .spawn(async move {
///             if page == 2 {
///                 return Err("page 2 is missing");
///             }
///             token.cancelled().await;
///             Ok(())
///         })
///         .await;
/// }
/// assert_eq!(group.wait().await, Err("page 2 is missing"));
/// # }
/// ```
#[must_use = "a group that is dropped aborts its tasks"]
pub struct ErrorGroup<E: Send + 'static> {
    shared: Arc<Shared<E>>,
}

impl<E: Send + 'static> ErrorGroup<E> {
    /// Makes a group that runs any number of tasks at once.
    pub fn new() -> Self {
        Self::build(usize::MAX, CancelToken::new())
    }

    /// Makes a group that runs at most `limit` tasks at once.
    pub fn with_limit(limit: NonZeroUsize) -> Self {
        Self::build(limit.get(), CancelToken::new())
    }

    /// Makes a group whose token is a child of `parent`, and that runs at most `limit` tasks at once
    /// if there is a limit.
    ///
    /// Cancelling the parent, or its deadline, cancels the group's token; an error in the group does
    /// not cancel the parent. A group can be part of another in this way.
    pub fn child_of(parent: &CancelToken, limit: Option<NonZeroUsize>) -> Self {
        Self::build(limit.map_or(usize::MAX, NonZeroUsize::get), parent.child())
    }

    fn build(limit: usize, token: CancelToken) -> Self {
        Self { shared: Arc::new(Shared::new(limit, token)) }
    }

    /// The token that the first failure cancels, for tasks to look at.
    ///
    /// It may be cancelled from outside, which is no failure: the tasks that run, and those that will
    /// be spawned, find it cancelled, and what they make of that is what [`wait`](Self::wait)
    /// returns. It is also cancelled when the group is gone, whichever way it went.
    pub fn token(&self) -> &CancelToken {
        &self.shared.token
    }

    /// Starts a task, or waits until one has ended where the limit is reached.
    ///
    /// After a failure the task is dropped instead, at once or when the wait for room is over:
    /// [`wait`](Self::wait) will say why. A token that was cancelled from outside is no failure.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime; the task is lost then, and `wait` says so.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it has completed, the future has not started the task, and drops it.
    // ANCHOR: spawn
    pub async fn spawn<F>(&mut self, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let limit = self.shared.limit;
        poll_fn(|context| self.shared.poll_at_most(limit - 1, context)).await;
        drop(self.try_spawn(task));
    }

    /// Starts a task if there is room.
    ///
    /// # Errors
    ///
    /// The task itself, not polled, if the limit is reached or a task has failed.
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    pub fn try_spawn<F>(&mut self, task: F) -> Result<(), F>
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        if self.shared.has_failed() || self.shared.alive() >= self.shared.limit {
            return Err(task);
        }
        drop(task::spawn(Child::new(task, &self.shared)));
        Ok(())
    }
    // ANCHOR_END: spawn

    /// Waits until every task has ended; with none there, it does not wait.
    ///
    /// # Errors
    ///
    /// The error of the task that was the first to end with one.
    ///
    /// # Panics
    ///
    /// With the panic of a task, if one has panicked: the first of them, and even where an error
    /// came before it. Also if a runtime has dropped a task before its end, and none has failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the group: every task is asked to abort.
    // ANCHOR: wait
    pub async fn wait(self) -> Result<(), E> {
        poll_fn(|context| self.shared.poll_at_most(0, context)).await;
        match self.shared.take_failure() {
            None => Ok(()),
            Some(Failure::Error(error)) => Err(error),
            Some(Failure::Panic(panic)) => resume_unwind(panic),
            Some(Failure::Lost) => {
                panic!("a task was dropped before it had ended: is its runtime gone?")
            }
        }
    }
    // ANCHOR_END: wait
}

impl<E: Send + 'static> Default for ErrorGroup<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Send + 'static> fmt::Debug for ErrorGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorGroup")
            .field("alive", &self.shared.alive())
            .field("failed", &self.shared.has_failed())
            .finish_non_exhaustive()
    }
}

impl<E: Send + 'static> Drop for ErrorGroup<E> {
    fn drop(&mut self) {
        self.shared.give_up();
        self.shared.token.cancel();
    }
}
