//! What was done, counted by those who did it.

use std::sync::Arc;

use loomscope::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use loomscope::time::{Duration, Instant};

use super::{JobError, JobId};

/// What a worker tells of itself: nobody else writes here, so that a count is a store, on a cache line
/// that no other worker touches.
// ANCHOR: record
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The attempt that is made, or is about to be; 0 while no job is in hand. It becomes 1 under the
    /// pool's lock, and 0 without it.
    attempt: AtomicU32,
    /// How many attempts of this job have begun.
    begun: AtomicU32,
    processed: AtomicU64,
    failed: AtomicU64,
    rejected: AtomicU64,
    retried: AtomicU64,
    /// In nanoseconds.
    busy: AtomicU64,
}

impl Record {
    /// A job is in hand; under the lock.
    pub(super) fn take(&self) {
        // Relaxed, here and for all that only the worker writes: the lock orders it, or nothing needs to.
        self.begun.store(0, Ordering::Relaxed);
        self.attempt.store(1, Ordering::Relaxed);
    }

    /// An attempt is about to be made, as soon as breaker and limiter let it.
    pub(super) fn approach(&self, attempt: u32) {
        self.attempt.store(attempt, Ordering::Relaxed);
    }

    /// The handler is called.
    pub(super) fn begin(&self, attempt: u32) {
        self.begun.store(attempt, Ordering::Relaxed);
        if attempt > 1 {
            add(&self.retried, 1);
        }
    }

    pub(super) fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }

    /// The job is not in hand any more, and will be counted elsewhere.
    pub(super) fn let_go(&self) {
        self.attempt.store(0, Ordering::Relaxed);
    }

    /// The job has ended: counted as done when it is not in progress any more.
    pub(super) fn finish<T, E>(&self, result: &Result<T, JobError<E>>, busy: Duration) {
        self.let_go();
        add(&self.busy, busy.as_nanos().try_into().unwrap_or(u64::MAX));
        add(
            match result {
                Ok(_) => &self.processed,
                Err(JobError::Rejected { .. }) => &self.rejected,
                Err(_) => &self.failed,
            },
            1,
        );
    }
}

/// Adds to a number that has one writer: no read-modify-write is needed.
fn add(number: &AtomicU64, more: u64) {
    let sum = number.load(Ordering::Relaxed).wrapping_add(more);
    // Release: pairs with the Acquire of `read`. Who sees the count sees that the job is not in hand.
    number.store(sum, Ordering::Release);
}

fn read(number: &AtomicU64) -> u64 {
    number.load(Ordering::Acquire)
}
// ANCHOR_END: record

/// A job in a worker's hand, as the lock guards it. It is out of date where the record says so.
#[derive(Debug)]
pub(super) struct Hand {
    pub(super) id: JobId,
    pub(super) key: Option<Arc<str>>,
    pub(super) since: Instant,
}

impl Hand {
    /// The job, if the worker still has it; under the lock.
    pub(super) fn running(&self, worker: usize, record: &Record) -> Option<Running> {
        let attempt = record.attempt.load(Ordering::Relaxed);
        let running =
            || Running { id: self.id, key: self.key.clone(), worker, attempt, since: self.since };
        (attempt > 0).then(running)
    }
}

/// A job that a worker has in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The number of the job.
    pub id: JobId,
    /// The key of its breaker, where there are breakers.
    pub key: Option<Arc<str>>,
    /// The worker: its index in [`Stats::workers`].
    pub worker: usize,
    /// The attempt that is made, or that waits for its breaker and its token, from 1. During the wait for a
    /// retry it is the one that has failed.
    pub attempt: u32,
    /// When the worker took the job.
    pub since: Instant,
}

/// What a pool has done so far, in numbers of jobs.
///
/// When nothing is queued or in progress, `submitted` is the sum of `processed`, `failed`, `rejected` and
/// `aborted`, and `processed` and `failed` are the sums over all workers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Accepted jobs.
    pub submitted: u64,
    /// Jobs that wait for a worker.
    pub queued: u64,
    /// Jobs that a worker has in hand.
    pub in_progress: u64,
    /// Jobs that ended with a value.
    pub processed: u64,
    /// Jobs that ended as [`JobError::Failed`] or [`JobError::Panicked`].
    pub failed: u64,
    /// Attempts beyond the first of each job.
    pub retried: u64,
    /// Jobs that ended as [`JobError::Rejected`].
    pub rejected: u64,
    /// Jobs that ended as [`JobError::Aborted`].
    pub aborted: u64,
    /// Workers that there are now.
    pub alive: usize,
    /// What each worker has done. There are as many as there were workers at one time; one that is started
    /// when another has ended takes over its place, the first that is free.
    pub workers: Vec<WorkerStats>,
}

/// What one worker has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkerStats {
    /// Its jobs that ended with a value.
    pub processed: u64,
    /// Its jobs that ended as [`JobError::Failed`] or [`JobError::Panicked`].
    pub failed: u64,
    /// How long it had a job in hand, waits for tokens and retries included, as far as its jobs have ended.
    pub busy: Duration,
}

impl Stats {
    /// Adds what a worker has done; under the lock.
    pub(super) fn add(&mut self, record: &Record) {
        let worker = WorkerStats {
            processed: read(&record.processed),
            failed: read(&record.failed),
            busy: Duration::from_nanos(read(&record.busy)),
        };
        self.processed += worker.processed;
        self.failed += worker.failed;
        self.rejected += read(&record.rejected);
        self.retried += read(&record.retried);
        // Last: a job that was counted above is not in hand any more.
        self.in_progress += u64::from(record.attempt.load(Ordering::Relaxed) > 0);
        self.workers.push(worker);
    }
}
