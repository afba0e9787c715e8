//! A key that fails is left alone, and no other key hears of it.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use patterns::worker_pool::{
    BREAKERS, Backoff, BreakerBuilder, Builder, CircuitBreaker, Instant, Jitter, JobError,
    Priority, Rate, RateLimiter, Retry, WorkerPool,
};
use tokio::time::advance;

use crate::jobs::{Answer, Job, Log, Pool, hand_over, one_worker, start};
use crate::support::run;
use crate::{MS, SECOND, times};

/// Two failures open it for ten seconds.
fn two_failures() -> BreakerBuilder {
    CircuitBreaker::builder().failure_threshold(times(2)).window(60 * SECOND).cooldown(10 * SECOND)
}

fn with_breakers(builder: Builder<Job>) -> Builder<Job> {
    builder.breaker(|job: &Job| job.key.clone(), two_failures())
}

async fn answer(pool: &Pool, key: &str, answer: Answer) -> Result<u64, JobError<&'static str>> {
    hand_over(pool, Job::answers(answer).on(key)).await.result
}

async fn fail(pool: &Pool, key: &str) {
    assert_eq!(
        answer(pool, key, Err(Retry::Transient("down"))).await,
        Err(JobError::Failed("down"))
    );
}

#[test]
fn a_key_that_keeps_failing_is_not_asked_again() {
    run(|| async {
        let (pool, log) = (start(with_breakers(one_worker())), Log::default());
        fail(&pool, "example.org").await;
        fail(&pool, "example.org").await;
        advance(SECOND).await;
        let outcome = hand_over(&pool, Job::notes(&log, 1).on("example.org")).await;
        let retry_in = 9 * SECOND;
        assert_eq!(outcome.result, Err(JobError::Rejected { retry_in }));
        assert_eq!((outcome.attempts, outcome.worker), (0, Some(0)));
        assert_eq!(log.read(), [], "the handler was called");
        let words = JobError::<&str>::Rejected { retry_in }.to_string();
        assert_eq!(words, "the circuit is open, retry in 9s");
        let stats = pool.drain().await;
        assert_eq!((stats.submitted, stats.failed, stats.rejected), (3, 2, 1));
        assert_eq!(stats.workers[0].failed, 2);
    });
}

#[test]
fn other_keys_are_not_concerned() {
    run(|| async {
        let pool = start(with_breakers(one_worker()));
        fail(&pool, "example.org").await;
        fail(&pool, "example.com").await;
        assert_eq!(answer(&pool, "example.org", Ok(1)).await, Ok(1), "each has its own failures");
        fail(&pool, "example.org").await;
        assert!(matches!(
            answer(&pool, "example.org", Ok(2)).await,
            Err(JobError::Rejected { .. })
        ));
        assert_eq!(answer(&pool, "example.com", Ok(3)).await, Ok(3));
    });
}

#[test]
fn after_the_cooldown_one_job_is_the_probe() {
    run(|| async {
        let pool = start(with_breakers(one_worker()));
        for key in ["mends", "stays"] {
            fail(&pool, key).await;
            fail(&pool, key).await;
        }
        advance(10 * SECOND).await;
        assert_eq!(answer(&pool, "mends", Ok(1)).await, Ok(1));
        assert_eq!(answer(&pool, "mends", Ok(2)).await, Ok(2));
        fail(&pool, "stays").await;
        let again = answer(&pool, "stays", Ok(3)).await;
        assert!(matches!(again, Err(JobError::Rejected { .. })), "{again:?}");
    });
}

#[test]
fn a_permanent_error_is_an_answer_and_a_panic_is_none() {
    run(|| async {
        let pool = start(with_breakers(one_worker()));
        for _ in 0..9 {
            let not_found = answer(&pool, "answers", Err(Retry::Permanent("not found"))).await;
            assert_eq!(not_found, Err(JobError::Failed("not found")));
        }
        for _ in 0..2 {
            hand_over(&pool, Job::new(|_| async { panic!("a bug") }).on("panics")).await;
        }
        assert!(matches!(answer(&pool, "panics", Ok(1)).await, Err(JobError::Rejected { .. })));
        for _ in 0..2 {
            let told = Err(Retry::After("overloaded", SECOND));
            assert_eq!(answer(&pool, "told", told).await, Err(JobError::Failed("overloaded")));
        }
        assert!(matches!(answer(&pool, "told", Ok(1)).await, Err(JobError::Rejected { .. })));
        // An answer closes the circuit, also where it is none that one likes.
        advance(10 * SECOND).await;
        let not_found = answer(&pool, "told", Err(Retry::Permanent("not found"))).await;
        assert_eq!(not_found, Err(JobError::Failed("not found")));
        assert_eq!(answer(&pool, "told", Ok(2)).await, Ok(2));
    });
}

#[test]
fn a_rejected_job_is_answered_at_once_and_costs_no_token() {
    run(|| async {
        let limiter = Arc::new(RateLimiter::new(Rate::per_second(1.0).unwrap(), times(3)));
        let backoff = Backoff::new(SECOND, SECOND).unwrap().jitter(Jitter::None).unwrap();
        let builder =
            with_breakers(one_worker()).rate(limiter.clone()).retry(backoff.attempts(times(2)));
        let pool = start(builder);
        let begin = Instant::now();
        let fails = Job::answers(Err(Retry::Transient("down"))).on("down");
        assert_eq!(hand_over(&pool, fails).await.attempts, 2);
        let (tokens, after) = (limiter.available(), begin.elapsed());
        for _ in 0..20 {
            let rejected = answer(&pool, "down", Ok(1)).await;
            assert_eq!(begin.elapsed(), after, "a rejected job waited");
            assert_eq!(limiter.available(), tokens, "a rejected job took a token");
            assert!(matches!(rejected, Err(JobError::Rejected { .. })));
        }
    });
}

#[test]
fn a_job_is_rejected_also_between_its_attempts() {
    run(|| async {
        let backoff = Backoff::new(100 * MS, SECOND).unwrap().attempts(times(9));
        let pool = start(with_breakers(one_worker()).retry(backoff));
        let outcome =
            hand_over(&pool, Job::answers(Err(Retry::Transient("down"))).on("down")).await;
        assert!(matches!(outcome.result, Err(JobError::Rejected { .. })), "{:?}", outcome.result);
        assert_eq!(outcome.attempts, 2);
        let stats = pool.stats();
        assert_eq!((stats.rejected, stats.failed, stats.retried), (1, 0, 1));
    });
}

#[test]
fn the_key_is_asked_once_a_job_and_may_use_the_pool() {
    run(|| async {
        let (own, asked) = (Arc::new(OnceLock::<Weak<Pool>>::new()), Arc::new(AtomicUsize::new(0)));
        let (theirs, asks) = (own.clone(), asked.clone());
        let key = move |job: &Job| {
            asks.fetch_add(1, SeqCst);
            let pool = theirs.get().unwrap().upgrade().unwrap();
            assert_eq!(pool.in_progress(), []);
            assert!(pool.stats().submitted < 2);
            job.key.clone()
        };
        let backoff = Backoff::new(MS, MS).unwrap().attempts(times(2));
        let builder = one_worker().retry(backoff).breaker(key, two_failures());
        let pool = Arc::new(start(builder));
        own.set(Arc::downgrade(&pool)).unwrap();
        assert_eq!(
            answer(&pool, "a", Err(Retry::Transient("down"))).await,
            Err(JobError::Failed("down"))
        );
        let ticket = pool.submit(Job::answers(Ok(1)).on("b"), Priority::High).await.unwrap();
        assert_eq!(ticket.await.result, Ok(1));
        assert_eq!(asked.load(SeqCst), 2);
    });
}

#[test]
fn as_many_breakers_are_kept_as_it_says_and_those_that_were_asked_last() {
    run(|| async {
        let keys = Arc::new(Mutex::new(Vec::<Weak<str>>::new()));
        let theirs = keys.clone();
        let key = move |number: &u64| {
            let key: Arc<str> = number.to_string().into();
            theirs.lock().unwrap().push(Arc::downgrade(&key));
            key
        };
        let builder = WorkerPool::builder().workers(1..=1).breaker(key, two_failures());
        let pool = builder.start(async |_: Arc<u64>, _| Err::<(), _>(Retry::Transient(())));
        let rejected = async |key: u64| {
            let outcome = pool.submit(key, Priority::Normal).await.unwrap().await;
            matches!(outcome.result, Err(JobError::Rejected { .. }))
        };
        for key in 0..2 * BREAKERS as u64 {
            assert!(!rejected(key).await && !rejected(key).await);
            // The first key is asked again and again, so it is never the one that is forgotten.
            assert!(rejected(0).await || key == 0, "a key in use was forgotten at {key}");
        }
        let kept = keys.lock().unwrap().iter().filter(|key| key.strong_count() > 0).count();
        assert!(kept <= BREAKERS + 1, "{kept} keys are kept");
        let last = 2 * BREAKERS as u64 - 1;
        assert!(rejected(last).await && rejected(last - BREAKERS as u64 / 2).await);
        assert!(!rejected(1).await, "it was forgotten, and is new");
    });
}
