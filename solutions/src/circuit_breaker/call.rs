//! A call from its permit to its result, however it ends.

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::pin;

use loomscope::time::Clock;

use super::permit::{End, Permit};
use super::{CallError, CircuitBreaker};

impl<C: Clock> CircuitBreaker<C> {
    /// Calls `op` if the breaker lets it through; every error is a failure.
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if it was not let through, and then `op` was not called;
    /// [`CallError::Inner`] with the operation's own error.
    ///
    /// # Panics
    ///
    /// If `op` or its future does, which counts as a failure.
    ///
    /// # Cancel safety
    ///
    /// Nothing is asked before the first poll. Dropped after it, the call is given up: it counts as
    /// neither success nor failure, and a probe's place is free again.
    ///
    /// # Examples
    ///
    /// ```
    /// # use solutions as patterns;
    /// use patterns::circuit_breaker::{CallError, CircuitBreaker};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let breaker = CircuitBreaker::builder().build();
    /// match breaker.call(|| async { "42".parse::<u32>() }).await {
    ///     Ok(number) => assert_eq!(number, 42),
    ///     Err(CallError::Open { retry_in }) => println!("come back in {retry_in:?}"),
    ///     Err(CallError::Inner(error)) => println!("{error}"),
    /// }
    /// # }
    /// ```
    pub async fn call<T, E, F, Fut>(&self, op: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.call_with(op, Result::is_err).await
    }

    /// Calls `op` like [`call`](Self::call); `is_failure` says which results speak against the service.
    ///
    /// An error that is no failure counts as a success: a service that finds nothing under a name has
    /// answered. And a value may be a failure: a response that says "overloaded".
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    ///
    /// # Panics
    ///
    /// If `op`, its future or `is_failure` does, which counts as a failure.
    ///
    /// # Cancel safety
    ///
    /// As [`call`](Self::call).
    ///
    /// # Examples
    ///
    /// ```
    /// # use solutions as patterns;
    /// use patterns::circuit_breaker::{CircuitBreaker, State};
    /// use std::num::NonZeroU32;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let breaker = CircuitBreaker::builder().failure_threshold(NonZeroU32::MIN).build();
    /// let server_error = |status: &Result<u16, String>| !matches!(status, Ok(..500));
    ///
    /// let _not_found = breaker.call_with(|| async { Ok(404) }, server_error).await;
    /// assert_eq!(breaker.state(), State::Closed);
    /// let _unavailable = breaker.call_with(|| async { Ok(503) }, server_error).await;
    /// assert_eq!(breaker.state(), State::Open);
    /// # }
    /// ```
    // ANCHOR: call
    pub async fn call_with<T, E, F, Fut, P>(&self, op: F, is_failure: P) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        P: FnOnce(&Result<T, E>) -> bool,
    {
        let mut attempt = Attempt(Some(self.permit()?));
        let mut future = pin!(attempt.watch(op));
        let result = poll_fn(|cx| attempt.watch(|| future.as_mut().poll(cx))).await;
        let failed = attempt.watch(|| is_failure(&result));
        attempt.settle(if failed { End::Failure } else { End::Success });
        result.map_err(CallError::Inner)
    }
    // ANCHOR_END: call
}

/// A call under way. Dropped, it has been given up, even where that is due to a panic: its own
/// panics have passed through [`watch`](Self::watch).
struct Attempt<'a, C: Clock>(Option<Permit<'a, C>>);

// ANCHOR: attempt
impl<C: Clock> Attempt<'_, C> {
    /// Runs a part of the call: a panic that leaves it is a failure.
    fn watch<R>(&mut self, part: impl FnOnce() -> R) -> R {
        let blame = Blame(self);
        let done = part();
        mem::forget(blame);
        done
    }

    fn settle(&mut self, end: End) {
        if let Some(permit) = self.0.take() {
            permit.settle(end);
        }
    }
}

impl<C: Clock> Drop for Attempt<'_, C> {
    fn drop(&mut self) {
        self.settle(End::Neither);
    }
}

/// Dropped only by a panic.
struct Blame<'a, 'b, C: Clock>(&'a mut Attempt<'b, C>);

impl<C: Clock> Drop for Blame<'_, '_, C> {
    fn drop(&mut self) {
        self.0.settle(End::Failure);
    }
}
// ANCHOR_END: attempt
