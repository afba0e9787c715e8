//! A job on its way into the queue.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use loomscope::task::coop;

use super::desk::Request;
use super::shared::Shared;
use super::ticket::{Slot, quietly};
use super::{Priority, SubmitError, Ticket, TrySubmitError};

/// One who wants to submit a job: dropped, it leaves the line.
pub(super) struct Submit<'a, J, T, E> {
    shared: &'a Arc<Shared<J, T, E>>,
    /// None once it is accepted or refused.
    request: Option<Request<J, T, E>>,
    /// The number in line.
    number: Option<u64>,
}

impl<'a, J, T, E> Submit<'a, J, T, E> {
    /// Asks for the job's key, which is foreign code: before anything else, and without the lock.
    pub(super) fn new(shared: &'a Arc<Shared<J, T, E>>, job: J, priority: Priority) -> Self {
        let key = shared.key.as_ref().map(|key| key(&job));
        let request = Request { job, key, priority, slot: Slot::new() };
        Self { shared, request: Some(request), number: None }
    }

    fn take(&mut self) -> Request<J, T, E> {
        self.request.take().expect("a submit is not polled after it has completed")
    }

    // ANCHOR: submit
    pub(super) fn now(mut self) -> Result<Ticket<T, E>, TrySubmitError<J>> {
        let mut desk = self.shared.desk();
        if desk.is_closed() {
            return Err(TrySubmitError::Closed(self.take().job));
        }
        if !desk.has_room(None) {
            return Err(TrySubmitError::Full(self.take().job));
        }
        let (ticket, summons) = desk.accept(self.take(), false);
        drop(desk);
        self.shared.follow(summons);
        Ok(ticket)
    }

    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Ticket<T, E>, SubmitError<J>>> {
        let budget = ready!(coop::poll_proceed(cx));
        let mut fresh = None;
        loop {
            let mut desk = self.shared.desk();
            if desk.is_closed() {
                self.number = None;
                return Poll::Ready(Err(SubmitError(self.take().job)));
            }
            if desk.has_room(self.number) {
                let was_in_line = self.number.take().is_some();
                let (ticket, summons) = desk.accept(self.take(), was_in_line);
                drop(desk);
                budget.made_progress();
                self.shared.follow(summons);
                return Poll::Ready(Ok(ticket));
            }
            let Some(waker) = fresh.take() else {
                drop(desk);
                fresh = Some(cx.waker().clone());
                continue;
            };
            let before = desk.wait(&mut self.number, waker);
            drop(desk);
            drop(before);
            return Poll::Pending;
        }
    }
    // ANCHOR_END: submit
}

impl<J, T, E> Drop for Submit<'_, J, T, E> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let [own, next] = self.shared.desk().give_up(number);
            quietly(|| drop(own));
            if let Some(next) = next {
                quietly(|| next.wake());
            }
        }
    }
}
