//! Again where it helps, after waits that grow.

use std::sync::{Arc, Mutex};

use patterns::worker_pool::{
    Attempt, Backoff, Duration, Instant, Jitter, JobError, Retry, WorkerPool,
};
use tokio::time::advance;

use crate::jobs::{Job, Log, hand_over, one_worker, result, start};
use crate::support::run;
use crate::{MS, SECOND, settle, times};

/// Waits of 100, 200, 400, 800, 1000, … ms, and nothing left to chance.
fn steady(attempts: u32) -> Backoff {
    let backoff = Backoff::new(100 * MS, SECOND).unwrap().jitter(Jitter::None).unwrap();
    backoff.attempts(times(attempts))
}

/// The times of the attempts, after the first.
#[derive(Clone, Default)]
struct Begins(Arc<Mutex<Vec<Instant>>>);

impl Begins {
    /// A job that fails in all attempts but this, and says when they begin.
    fn fails_until(&self, succeeds: u32, error: Retry<&'static str>) -> Job {
        let begins = self.0.clone();
        Job::new(move |attempt| {
            begins.lock().unwrap().push(Instant::now());
            async move { if attempt.number == succeeds { Ok(u64::from(succeeds)) } else { Err(error) } }
        })
    }

    /// The timer may be late by a millisecond each time, and never early.
    fn are(&self, expected: &[u32]) {
        let begins = self.0.lock().unwrap();
        assert_eq!(begins.len(), expected.len(), "so many attempts");
        for (n, (begin, expected)) in (0..).zip(begins.iter().zip(expected)) {
            let (after, due) = (*begin - begins[0], *expected * MS);
            assert!(after >= due && after <= due + n * MS, "{after:?} for {due:?}");
        }
    }
}

#[test]
fn what_fails_for_now_is_tried_again_after_waits_that_grow() {
    run(|| async {
        let (pool, begins) = (start(one_worker().retry(steady(9))), Begins::default());
        let outcome = hand_over(&pool, begins.fails_until(5, Retry::Transient("not now"))).await;
        assert_eq!((outcome.result, outcome.attempts), (Ok(5), 5));
        begins.are(&[0, 100, 300, 700, 1500]);
        let stats = pool.stats();
        assert_eq!((stats.processed, stats.failed, stats.retried), (1, 0, 4));
    });
}

#[test]
fn the_last_attempt_is_the_last_and_its_error_the_answer() {
    run(|| async {
        let pool = start(one_worker().retry(steady(3)));
        let log = Log::default();
        let numbers = log.clone();
        let job = Job::new(move |attempt: Attempt| {
            numbers.write(attempt.number.into());
            async move {
                Err(Retry::Transient(["first", "second", "third"][attempt.number as usize - 1]))
            }
        });
        let outcome = hand_over(&pool, job).await;
        assert_eq!((outcome.result, outcome.attempts), (Err(JobError::Failed("third")), 3));
        assert_eq!(log.read(), [1, 2, 3]);
        let stats = pool.stats();
        assert_eq!((stats.processed, stats.failed, stats.retried), (0, 1, 2));
    });
}

#[test]
fn what_fails_for_good_and_what_panics_is_not_tried_again() {
    run(|| async {
        let (pool, begins) = (start(one_worker().retry(steady(9))), Begins::default());
        let outcome = hand_over(&pool, begins.fails_until(2, Retry::Permanent("never"))).await;
        assert_eq!((outcome.result, outcome.attempts), (Err(JobError::Failed("never")), 1));
        begins.are(&[0]);
        let outcome = hand_over(&pool, Job::new(|_| async { panic!("a bug") })).await;
        assert!(matches!(outcome.result, Err(JobError::Panicked(_))));
        assert_eq!((outcome.attempts, pool.stats().retried), (1, 0));
    });
}

#[test]
fn who_is_told_when_to_come_back_does_not_come_earlier() {
    run(|| async {
        let (pool, begins) = (start(one_worker().retry(steady(9))), Begins::default());
        let told = Retry::After("overloaded", Duration::from_secs(30));
        assert_eq!(hand_over(&pool, begins.fails_until(2, told)).await.attempts, 2);
        begins.are(&[0, 30_100]);
    });
}

#[test]
fn a_job_that_waits_for_its_retry_is_in_progress() {
    run(|| async {
        let pool = start(one_worker().retry(steady(9)));
        let begin = Instant::now();
        let ticket =
            hand_over(&pool, Begins::default().fails_until(3, Retry::Transient("not now")));
        for (attempt, wait) in [(1, 100), (2, 200)] {
            settle().await;
            let running = pool.in_progress();
            assert_eq!((running.len(), running[0].attempt), (1, attempt));
            assert_eq!(running[0].since, begin, "it is the same job in the same hand");
            let stats = pool.stats();
            assert_eq!((stats.queued, stats.in_progress, stats.failed), (0, 1, 0));
            advance((wait + 1) * MS).await;
        }
        settle().await;
        assert_eq!(pool.in_progress(), []);
        assert_eq!(ticket.await.result, Ok(3));
    });
}

#[test]
fn the_attempt_in_progress_is_the_one_that_the_handler_makes() {
    run(|| async {
        let pool = Arc::new(start(one_worker().retry(steady(3))));
        let own = Arc::downgrade(&pool);
        let job = Job::new(move |attempt: Attempt| {
            let seen = own.upgrade().unwrap().in_progress()[0].attempt;
            assert_eq!(seen, attempt.number);
            async { Err(Retry::Transient("again")) }
        });
        assert_eq!(hand_over(&pool, job).await.result, Err(JobError::Failed("again")));
    });
}

#[test]
fn a_drain_waits_for_retries() {
    run(|| async {
        let (pool, begins) = (start(one_worker().retry(steady(9))), Begins::default());
        let ticket = hand_over(&pool, begins.fails_until(4, Retry::Transient("not now")));
        settle().await;
        let stats = pool.drain().await;
        assert_eq!((stats.processed, stats.retried), (1, 3));
        assert_eq!(ticket.await.result, Ok(4));
    });
}

#[test]
fn a_wait_for_a_retry_can_be_aborted() {
    run(|| async {
        let (pool, begins) = (start(one_worker().retry(steady(9))), Begins::default());
        let ticket = hand_over(&pool, begins.fails_until(9, Retry::Transient("not now")));
        settle().await;
        advance(101 * MS).await;
        settle().await;
        let stats = pool.abort().await;
        assert_eq!((stats.aborted, stats.failed, stats.retried), (1, 0, 1));
        let outcome = ticket.await;
        assert_eq!((outcome.attempts, result(outcome)), (2, Err(JobError::Aborted)));
        begins.are(&[0, 100]);
    });
}

#[test]
fn every_attempt_gets_the_same_job() {
    run(|| async {
        let builder = WorkerPool::builder().workers(1..=1).retry(steady(3));
        let seen = Arc::new(Mutex::new(Vec::<Arc<u8>>::new()));
        let theirs = seen.clone();
        let pool = builder.start(move |job: Arc<u8>, _| {
            theirs.lock().unwrap().push(job);
            async { Err::<(), _>(Retry::Transient(())) }
        });
        let Ok(ticket) = pool.try_submit(7, Default::default()) else { panic!("there is room") };
        ticket.await;
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 3);
        assert!(seen.iter().all(|job| Arc::ptr_eq(job, &seen[0])));
    });
}
