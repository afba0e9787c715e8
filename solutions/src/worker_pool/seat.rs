//! Where a worker sits: it takes jobs there, tells how they ended, and leaves when it is not needed.

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crossbeam_utils::CachePadded;
use loomscope::task::coop;
use loomscope::time::{Instant, Sleep, sleep};

use super::desk::{Entry, Vacancy};
use super::shared::Shared;
use super::stats::Record;
use super::ticket::{Reply, quietly};
use super::{Attempt, JobError};

/// What a worker is to do: a job, and the key of its breaker.
pub(super) type Task<J> = (J, Option<Arc<str>>);

/// A worker's share in the pool. Whichever way the worker ends, this is dropped: there it leaves.
pub(super) struct Seat<J, T, E> {
    shared: Arc<Shared<J, T, E>>,
    place: usize,
    record: Arc<CachePadded<Record>>,
    /// When the last job ended, or the worker came to run or was last woken: each job begins where something
    /// else ended, so that the clock is read once a job.
    now: Instant,
    /// The answer that is owed for the job in hand.
    reply: Option<Reply<T, E>>,
    left: bool,
}

impl<J, T, E> Seat<J, T, E> {
    pub(super) fn new(shared: Arc<Shared<J, T, E>>, vacancy: Vacancy) -> Self {
        let Vacancy { place, record } = vacancy;
        Self { shared, place, record, now: Instant::now(), reply: None, left: false }
    }

    /// The worker comes to run, which may be long after it was started: what it takes now it has since now.
    pub(super) fn sit_down(&mut self) {
        self.now = Instant::now();
    }

    /// Waits for the next job; there is none for one who is to go.
    // ANCHOR: next
    pub(super) async fn next(&mut self) -> Option<Task<J>> {
        let mut alarm = pin!(None);
        let mut has_waited = false;
        poll_fn(|cx| {
            if mem::replace(&mut has_waited, true) {
                self.now = Instant::now();
            }
            self.poll_next(alarm.as_mut(), cx)
        })
        .await
    }

    fn poll_next(
        &mut self,
        mut alarm: Pin<&mut Option<Sleep>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Task<J>>> {
        let budget = ready!(coop::poll_proceed(cx));
        let was_idle = alarm.as_mut().as_pin_mut().is_some_and(|alarm| alarm.poll(cx).is_ready());
        let mut waker = None;
        loop {
            let mut desk = self.shared.desk();
            // A worker keeps the waker that it was spawned with.
            waker = desk.arrive(self.place).or(waker);
            if let Some((entry, granted)) = desk.take(self.place, self.now) {
                drop(desk);
                budget.made_progress();
                if let Some(submitter) = granted {
                    quietly(|| submitter.wake());
                }
                return Poll::Ready(Some(self.accept(entry)));
            }
            if desk.may_leave(was_idle) {
                // I5: under the lock under which it found no job.
                desk.leave(self.place, false);
                self.left = true;
                return Poll::Ready(None);
            }
            let Some(waker) = waker.take() else {
                drop(desk);
                waker = Some(cx.waker().clone());
                continue;
            };
            desk.fall_asleep(self.place, waker);
            let is_one_too_many = desk.has_more_than_least();
            drop(desk);
            return self.sleep(is_one_too_many, alarm, cx);
        }
    }
    // ANCHOR_END: next

    fn accept(&mut self, entry: Entry<J, T, E>) -> Task<J> {
        self.reply = Some(entry.reply);
        (entry.job, entry.key)
    }

    /// Sleeps until it is called, or, where it is one too many, until it has been idle for too long.
    fn sleep(
        &self,
        is_one_too_many: bool,
        mut alarm: Pin<&mut Option<Sleep>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Task<J>>> {
        if !is_one_too_many {
            alarm.set(None);
        } else if alarm.is_none() {
            alarm.set(Some(sleep(self.shared.idle)));
            let alarm = alarm.as_pin_mut().expect("it was set a moment ago");
            if alarm.poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }

    /// The worker waits for what lets this attempt through.
    pub(super) fn approach(&self, number: u32) {
        self.record.approach(number);
    }

    /// The attempt begins.
    pub(super) fn begin(&self, number: u32) -> Attempt {
        self.record.begin(number);
        let job = self.reply.as_ref().expect("it is owed until the job has ended").id;
        Attempt { job, number, worker: self.place }
    }

    /// I3: the job is counted, then it is answered.
    // ANCHOR: finish
    pub(super) fn finish(&mut self, result: Result<T, JobError<E>>) {
        let began = mem::replace(&mut self.now, Instant::now());
        self.record.finish(&result, self.now.saturating_duration_since(began));
        if let Some(reply) = self.reply.take() {
            reply.answer(result, self.record.begun(), Some(self.place));
        }
    }
}

/// Not left, it was dropped with its task: by an abort, or with its runtime. Both are the pool's end.
impl<J, T, E> Drop for Seat<J, T, E> {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        self.record.let_go();
        let waker = self.shared.desk().leave(self.place, self.reply.is_some());
        drop(waker);
        if let Some(reply) = self.reply.take() {
            reply.answer(Err(JobError::Aborted), self.record.begun(), Some(self.place));
        }
        self.shared.give_up();
    }
}
// ANCHOR_END: finish
