//! A panic in whatever the user brings along: the pool lives.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use futures::FutureExt;
use patterns::worker_pool::{CircuitBreaker, JobError, Priority, Retry, WorkerPool};

use crate::jobs::{Gate, Job, Log, Pool, hand_over, one_worker, start};
use crate::support::{Polled, panic_of, run};
use crate::{many, settle};

/// Panics when it is dropped.
struct Touchy;

impl Drop for Touchy {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// Panics when it is woken.
struct Rude;

impl Wake for Rude {
    fn wake(self: Arc<Self>) {
        panic!("do not wake me");
    }
}

/// One job is still done, by the one worker that there is, and nothing is left in hand.
async fn still_works(pool: &Pool) {
    assert_eq!(hand_over(pool, Job::answers(Ok(7))).await.result, Ok(7));
    settle().await;
    assert_eq!(pool.in_progress(), [], "a job that has ended is still in hand");
    assert_eq!(pool.stats().alive, 1);
    let stats = pool.stats();
    assert_eq!(stats.submitted, stats.processed + stats.failed);
}

#[test]
fn a_panic_is_the_jobs_failure_and_the_pool_lives() {
    run(|| async {
        let pool = start(one_worker());
        let in_the_call = Job::new(|attempt| {
            assert!(attempt.number != 1, "no luck at attempt {}", attempt.number);
            async { Ok(0) }
        });
        let in_a_poll = Job::new(|_| async {
            tokio::task::yield_now().await;
            panic!("out of luck")
        });
        let outcome = hand_over(&pool, in_the_call).await;
        assert_eq!(pool.in_progress(), [], "a job that has panicked is still in hand");
        assert_eq!(outcome.result, Err(JobError::Panicked("no luck at attempt 1".to_owned())));
        assert_eq!((outcome.attempts, outcome.worker), (1, Some(0)));
        let outcome = hand_over(&pool, in_a_poll).await;
        assert_eq!(outcome.result, Err(JobError::Panicked("out of luck".to_owned())));
        assert_eq!((outcome.attempts, outcome.worker), (1, Some(0)));
        assert_eq!(pool.stats().failed, 2);
        still_works(&pool).await;
    });
}

#[test]
fn a_panic_without_words_is_a_panic() {
    run(|| async {
        let pool = start(one_worker());
        let outcome = hand_over(&pool, Job::new(|_| async { panic_any(17_u8) })).await;
        assert!(matches!(outcome.result, Err(JobError::Panicked(_))));
        still_works(&pool).await;
        // What it throws has a destructor, which panics in its turn.
        let outcome = hand_over(&pool, Job::new(|_| async { panic_any(Touchy) })).await;
        assert!(matches!(outcome.result, Err(JobError::Panicked(_))));
        still_works(&pool).await;
    });
}

#[test]
fn many_panics_cost_no_worker() {
    run(|| async {
        let pool = start(WorkerPool::builder().workers(2..=2));
        for _ in 0..20 {
            hand_over(&pool, Job::new(|_| async { panic!("again") })).await;
        }
        settle().await;
        let stats = pool.stats();
        assert_eq!((stats.alive, stats.failed), (2, 20));
        assert!(stats.workers.len() <= 2, "each panic has its own worker");
        let stats = pool.drain().await;
        assert_eq!((stats.submitted, stats.failed, stats.alive), (20, 20, 0));
    });
}

#[test]
fn no_destructor_ends_a_worker() {
    run(|| async {
        let pool = start(one_worker());
        let (future, job) = (Touchy, Touchy);
        let future = std::sync::Mutex::new(Some(future));
        let of_the_future = Job::new(move |_| {
            let touchy = future.lock().unwrap().take();
            async move {
                let _touchy = touchy;
                Ok(0)
            }
        });
        let of_the_job = Job::new(move |_| {
            let _touchy = &job;
            async { Ok(0) }
        });
        for job in [of_the_future, of_the_job] {
            hand_over(&pool, job).await;
            still_works(&pool).await;
        }
    });
}

#[test]
fn no_destructor_of_an_answer_that_nobody_wants_ends_a_worker() {
    run(|| async {
        let pool = WorkerPool::builder().workers(1..=1).start(async |job: Arc<bool>, _| {
            if *job { Ok(Touchy) } else { Err(Retry::Permanent(Touchy)) }
        });
        drop(pool.try_submit(true, Priority::Normal));
        drop(pool.try_submit(false, Priority::Normal));
        settle().await;
        let stats = pool.stats();
        assert_eq!((stats.processed, stats.failed, stats.alive), (1, 1, 1));
        assert_eq!((stats.queued, stats.in_progress), (0, 0));
    });
}

#[test]
fn a_key_that_panics_does_so_for_the_submitter() {
    run(|| async {
        let key = |job: &Job| {
            assert!(&*job.key != "bad", "a bad key");
            job.key.clone()
        };
        let builder = one_worker().queue(many(1)).breaker(key, CircuitBreaker::builder());
        let (pool, log) = (start(builder), Log::default());
        let words = panic_of(AssertUnwindSafe(|| {
            drop(pool.try_submit(Job::notes(&log, 1).on("bad"), Priority::Normal));
        }));
        assert_eq!(words, "a bad key");
        let submit = pool.submit(Job::notes(&log, 2).on("bad"), Priority::Normal);
        assert!(AssertUnwindSafe(submit).catch_unwind().await.is_err());
        settle().await;
        assert_eq!((log.read(), pool.stats().submitted), (vec![], 0));
        // The queue has its one room still, and nobody is in line for it.
        still_works(&pool).await;
    });
}

#[test]
fn a_waker_that_panics_costs_no_worker() {
    run(|| async {
        let pool = start(one_worker());
        let mut ticket = hand_over(&pool, Job::answers(Ok(1)));
        let waker = Waker::from(Arc::new(Rude));
        let mut context = Context::from_waker(&waker);
        assert!(ticket.poll_unpin(&mut context).is_pending());
        settle().await;
        still_works(&pool).await;
        assert_eq!(ticket.now_or_never().map(|outcome| outcome.result), Some(Ok(1)));
        drop(catch_unwind(AssertUnwindSafe(|| drop(pool))));
    });
}

#[test]
fn a_waker_in_line_that_panics_costs_no_worker_and_hides_nothing_from_the_next() {
    run(|| async {
        let (pool, gate) = (start(one_worker().queue(many(1))), Gate::new());
        let runs = hand_over(&pool, Job::waits_for(&gate));
        settle().await;
        drop(hand_over(&pool, Job::waits_for(&gate)));
        let waker = Waker::from(Arc::new(Rude));
        let mut context = Context::from_waker(&waker);
        let mut rude = [1, 2].map(|number| {
            let job = Job::answers(Ok(number));
            Box::pin(pool.submit(job, Priority::Normal))
        });
        assert!(rude.iter_mut().all(|submit| submit.poll_unpin(&mut context).is_pending()));
        let last = Polled::new(pool.submit(Job::answers(Ok(3)), Priority::Normal)).pending();
        // A worker takes a job, and says to the first that there is room.
        gate.open(1);
        assert_eq!(runs.await.result, Ok(0));
        settle().await;
        assert_eq!(pool.stats().alive, 1, "the worker went with the panic of a waker");
        drop(catch_unwind(AssertUnwindSafe(|| pool.close())));
        assert!(last.wakes() > 0, "the end of the pool is hidden from who is last in line");
        assert!(last.ready().is_err());
    });
}
