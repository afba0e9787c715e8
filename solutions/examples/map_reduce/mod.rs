//! Map in parallel, reduce on the way: one result of more inputs than fit into memory.
//!
//! The inputs come from a stream, which is asked for the next one only when there is room for it. As many
//! tasks as there are workers map them, and each adds what it gets to a partial result of its own, so that no
//! lock is shared. At the end there are as many partial results as workers, and these are reduced in turn.
//!
//! What is in memory at once: at most two inputs a worker, one that it maps and one that waits in line, and a
//! partial result a worker.

// The example and its test use a part each.
#![allow(dead_code, unreachable_pub)]

pub mod words;

use std::error::Error;
use std::fmt;
use std::future::ready;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use solutions::cancel::{CancelToken, Reason};
use solutions::channel::{Receiver, Sender, bounded, unbounded};
use solutions::error_group::ErrorGroup;
use solutions::or_done::or_done;

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped<E> {
    /// The first error, of an input or of `map`.
    Failed(E),
    /// The token was cancelled before everything was mapped.
    Cancelled(Reason),
}

/// Maps each input, at most `workers` at once, and reduces what comes of it to one value; to none where there
/// is no input.
///
/// Which worker gets which input is left to chance: `reduce` has to be associative and commutative.
///
/// # Errors
///
/// The first error of an input or of `map`, or the reason for which `token` was cancelled, after every job that
/// had begun has ended. What has not begun by then does not begin: it is dropped. A job is not
/// interrupted; one that should hear of the token has a clone of it.
///
/// # Panics
///
/// With the panic of `inputs`, `map` or `reduce`, after every job has ended.
///
/// # Cancel safety
///
/// Dropped, it aborts its tasks: each ends where it awaits.
pub async fn map_reduce<I, T, E, S, M, Fut, R>(
    inputs: S,
    workers: NonZeroUsize,
    token: &CancelToken,
    map: M,
    reduce: R,
) -> Result<Option<T>, Stopped<E>>
where
    I: Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
    S: Stream<Item = Result<I, E>> + Send + 'static,
    M: Fn(I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    R: Fn(T, T) -> T + Send + Sync + 'static,
{
    let mut group = ErrorGroup::child_of(token, None);
    let (queue, line) = bounded(workers.get());
    let (partials, results) = unbounded();
    let (map, reduce) = (Arc::new(map), Arc::new(reduce));
    for _ in 0..workers.get() {
        let (map, reduce, partials) = (map.clone(), reduce.clone(), partials.clone());
        let partial = work(line.clone(), group.token().clone(), map, reduce.clone());
        group
            .spawn(async move {
                let partial = partial.await?;
                partials.try_send(partial).expect("it has no bound, and is read at the end");
                Ok(())
            })
            .await;
    }
    // Its last receiver goes with the last worker: who feeds workers that are gone hears of it.
    drop(line);
    group.spawn(feed(inputs, queue, group.token().clone())).await;
    group.wait().await?;
    let partials = std::iter::from_fn(|| results.try_recv().ok()).flatten();
    Ok(partials.reduce(|a, b| reduce(a, b)))
}

// ANCHOR: feed
/// Reads the inputs as the workers need them.
async fn feed<I, E>(
    inputs: impl Stream<Item = Result<I, E>>,
    queue: Sender<I>,
    token: CancelToken,
) -> Result<(), Stopped<E>> {
    // The end is an item as well, to tell it from that of a stream that was stopped.
    let inputs = inputs.map(Some).chain(stream::once(ready(None)));
    let mut inputs = pin!(or_done(inputs, token.clone().cancelled_owned()));
    // First the room, then what goes there: nothing is read that has no place.
    while let Ok(room) = queue.reserve().await {
        match inputs.next().await {
            Some(Some(input)) => drop(room.send(input.map_err(Stopped::Failed)?)),
            Some(None) => break,
            None => return not_cancelled(&token),
        }
    }
    Ok(())
}

/// Maps inputs until there are no more, and reduces what comes of them.
async fn work<I, T, E, Fut: Future<Output = Result<T, E>>>(
    line: Receiver<I>,
    token: CancelToken,
    map: Arc<impl Fn(I) -> Fut>,
    reduce: Arc<impl Fn(T, T) -> T>,
) -> Result<Option<T>, Stopped<E>> {
    let mut partial = None;
    while let Ok(input) = line.recv().await {
        not_cancelled(&token)?;
        let value = map(input).await.map_err(Stopped::Failed)?;
        partial = Some(match partial {
            Some(partial) => reduce(partial, value),
            None => value,
        });
    }
    Ok(partial)
}
// ANCHOR_END: feed

/// Where a sibling has failed, the group knows of its error before the token is cancelled: this one is no
/// longer the first.
fn not_cancelled<E>(token: &CancelToken) -> Result<(), Stopped<E>> {
    token.reason().map_or(Ok(()), |reason| Err(Stopped::Cancelled(reason)))
}

impl<E: fmt::Display> fmt::Display for Stopped<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Cancelled(reason) => write!(f, "no result: {reason}"),
        }
    }
}

impl<E: Error> Error for Stopped<E> {}
