//! The right to make one call.

use std::fmt;
use std::mem::ManuallyDrop;

use loomscope::thread;
use loomscope::time::{Clock, SystemClock};

use super::CircuitBreaker;
use super::word::Word;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Success,
    Failure,
    /// It was given up, and says nothing of the service.
    Neither,
}

/// The right to make one call, which is over when its result is told.
///
/// What is told counts only in the era in which the permit was given: the result of a call that
/// began before the breaker changed its state is ignored.
///
/// Dropped, it counts as neither success nor failure, and a probe's place is free again; dropped in a
/// thread that unwinds, it counts as a failure. A permit that is leaked keeps its place for ever.
#[must_use = "a permit that is dropped at once is a call that was given up"]
pub struct Permit<'a, C: Clock = SystemClock> {
    breaker: &'a CircuitBreaker<C>,
    /// What the breaker's word was when this was given.
    word: Word,
}

impl<'a, C: Clock> Permit<'a, C> {
    #[inline]
    pub(super) fn new(breaker: &'a CircuitBreaker<C>, word: Word) -> Self {
        Self { breaker, word }
    }

    /// Tells that the service did what it was called for.
    #[inline]
    pub fn success(self) {
        self.settle(End::Success);
    }

    /// Tells that the service failed.
    #[inline]
    pub fn failure(self) {
        self.settle(End::Failure);
    }

    /// I7: takes the permit, and leaves nothing for its drop.
    #[inline]
    pub(super) fn settle(self, end: End) {
        let permit = ManuallyDrop::new(self);
        permit.breaker.settle(permit.word, end);
    }
}

impl<C: Clock> Drop for Permit<'_, C> {
    #[inline]
    fn drop(&mut self) {
        let end = if thread::panicking() { End::Failure } else { End::Neither };
        self.breaker.settle(self.word, end);
    }
}

impl<C: Clock> fmt::Debug for Permit<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("given", &self.word.state()).finish_non_exhaustive()
    }
}
