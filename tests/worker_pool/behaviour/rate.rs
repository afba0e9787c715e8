//! No faster than the limiter allows: a token an attempt.

use std::sync::{Arc, Mutex};

use patterns::worker_pool::{
    Attempt, Backoff, Instant, JobError, Rate, RateLimiter, Retry, WorkerPool,
};

use crate::jobs::{Job, Log, hand_over, one_worker, result, start};
use crate::support::run;
use crate::{MS, SECOND, settle, times};

/// Ten a second, one after the other.
fn ten_a_second() -> RateLimiter {
    RateLimiter::new(Rate::per_second(10.0).unwrap(), times(1))
}

/// When each attempt began.
#[derive(Clone, Default)]
struct Begins(Arc<Mutex<Vec<Instant>>>);

impl Begins {
    fn job(&self, answer: impl Fn(Attempt) -> crate::jobs::Answer + Send + Sync + 'static) -> Job {
        let begins = self.0.clone();
        Job::new(move |attempt| {
            begins.lock().unwrap().push(Instant::now());
            let answer = answer(attempt);
            async move { answer }
        })
    }

    /// The nth attempt begins `n` times a tenth of a second after the first: the timer may be late by
    /// a millisecond each time, and never early.
    fn are_a_tenth_apart(&self, number: usize) {
        let begins = self.0.lock().unwrap();
        assert_eq!(begins.len(), number);
        for (n, begin) in (0..).zip(begins.iter()) {
            let after = *begin - begins[0];
            assert!(after >= n * 100 * MS, "attempt {n} begins after {after:?}");
            assert!(after <= n * 102 * MS, "attempt {n} begins after {after:?}");
        }
    }
}

#[test]
fn jobs_begin_no_faster_than_the_limiter_allows_and_no_slower() {
    run(|| async {
        let (pool, begins) =
            (start(WorkerPool::builder().workers(4..=4).rate(ten_a_second())), Begins::default());
        let tickets: Vec<_> = (0..12).map(|_| hand_over(&pool, begins.job(|_| Ok(0)))).collect();
        for ticket in tickets {
            assert_eq!(ticket.await.result, Ok(0));
        }
        begins.are_a_tenth_apart(12);
    });
}

#[test]
fn every_attempt_costs_a_token() {
    run(|| async {
        let at_once = Backoff::new(MS, MS).unwrap().attempts(times(9));
        let pool = start(one_worker().rate(ten_a_second()).retry(at_once));
        let begins = Begins::default();
        let job = |last| {
            let fails = move |attempt: Attempt| {
                if attempt.number < last { Err(Retry::Transient("again")) } else { Ok(1) }
            };
            hand_over(&pool, begins.job(fails))
        };
        let (first, second) = (job(4), job(3));
        assert_eq!((first.await.attempts, second.await.attempts), (4, 3));
        begins.are_a_tenth_apart(7);
    });
}

#[test]
fn a_limiter_may_be_shared_and_changed() {
    run(|| async {
        let limiter = Arc::new(ten_a_second());
        let pools = [(); 2].map(|()| start(one_worker().rate(limiter.clone())));
        let begins = Begins::default();
        let tickets: Vec<_> =
            (0..6).map(|number| hand_over(&pools[number % 2], begins.job(|_| Ok(0)))).collect();
        for ticket in tickets {
            ticket.await;
        }
        begins.are_a_tenth_apart(6);

        limiter.set_rate(Rate::new(1, 3600 * SECOND).unwrap());
        let tickets = [(); 2].map(|()| hand_over(&pools[0], Job::answers(Ok(0))));
        settle().await;
        limiter.set_rate(Rate::per_second(100.0).unwrap());
        let begin = Instant::now();
        for ticket in tickets {
            ticket.await;
        }
        assert!(begin.elapsed() < SECOND, "the worker sleeps by the old rate");
    });
}

#[test]
fn a_job_that_waits_for_its_token_is_in_progress_and_can_be_aborted() {
    run(|| async {
        let limiter = RateLimiter::new(Rate::new(1, 3600 * SECOND).unwrap(), times(1));
        assert!(limiter.allow());
        let (pool, log) = (start(one_worker().rate(limiter)), Log::default());
        let waits = hand_over(&pool, Job::notes(&log, 1));
        settle().await;
        let running = pool.in_progress();
        assert_eq!((running.len(), running[0].attempt), (1, 1));
        let stats = pool.abort().await;
        assert_eq!((stats.aborted, stats.processed, stats.alive), (1, 0, 0));
        let outcome = waits.await;
        assert_eq!((outcome.attempts, outcome.worker), (0, Some(0)), "no attempt had begun");
        assert_eq!((result(outcome), log.read()), (Err(JobError::Aborted), vec![]));
    });
}
