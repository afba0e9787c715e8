//! Real threads, high counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::time::Duration;

use patterns::worker_pool::{
    Backoff, CancelToken, CircuitBreaker, JobError, Priority, Retry, Stats, WorkerPool, run_all,
};
use tokio::task::{JoinSet, yield_now};

use crate::support::{Census, Payload, run_on};
use crate::{MS, SECOND, many, times};

/// What must hold in the end.
fn adds_up(stats: &Stats) {
    let ended = stats.processed + stats.failed + stats.rejected + stats.aborted;
    assert_eq!(stats.submitted, ended, "{stats:?}");
    assert_eq!((stats.queued, stats.in_progress, stats.alive), (0, 0, 0), "{stats:?}");
    let workers = stats.workers.iter();
    assert_eq!(workers.clone().map(|worker| worker.processed).sum::<u64>(), stats.processed);
    assert_eq!(workers.map(|worker| worker.failed).sum::<u64>(), stats.failed);
}

fn priority(number: u64) -> Priority {
    [Priority::High, Priority::Normal, Priority::Low][number as usize % 3]
}

#[test]
fn ten_thousand_jobs_are_all_done_once_and_in_order() {
    run_on(2, || async {
        let runs = Arc::new(AtomicU64::new(0));
        let counted = runs.clone();
        let work = move |job: u64| {
            counted.fetch_add(1, Relaxed);
            async move {
                if job.is_multiple_of(7) {
                    yield_now().await;
                }
                Ok::<_, ()>(job)
            }
        };
        let results = run_all(0..10_000, many(4), &CancelToken::new(), work).await.unwrap();
        assert!(results.into_iter().eq(0..10_000));
        assert_eq!(runs.load(SeqCst), 10_000);
    });
}

#[test]
fn of_many_calls_none_leaves_a_job_running() {
    run_on(2, || async {
        for round in 0..500_u64 {
            let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let (begins, ends) = (begun.clone(), ended.clone());
            let work = move |job: u64| {
                let ends = ends.clone();
                begins.fetch_add(1, SeqCst);
                async move {
                    yield_now().await;
                    ends.fetch_add(1, SeqCst);
                    if job == round % 8 { Err(job) } else { Ok(job) }
                }
            };
            let answer = run_all(0..8, many(3), &CancelToken::new(), work).await;
            assert!(answer.is_err());
            assert_eq!(begun.load(SeqCst), ended.load(SeqCst), "a job outlives the call");
        }
    });
}

#[test]
fn thousands_of_submitters_each_get_their_own_answer_and_nothing_is_lost() {
    const SUBMITTERS: u64 = 3_000;
    run_on(2, || async {
        let census = Census::default();
        let builder = WorkerPool::builder().workers(1..=8).queue(many(32));
        let pool = Arc::new(builder.start(async |job: Arc<Payload>, _| {
            if job.value.is_multiple_of(3) {
                yield_now().await;
            }
            if job.value.is_multiple_of(10) {
                Err(Retry::Permanent(job.value))
            } else {
                Ok(job.value)
            }
        }));
        let mut submitters = JoinSet::new();
        for number in 0..SUBMITTERS {
            let (pool, job) = (pool.clone(), census.payload(number));
            submitters.spawn(async move {
                let ticket = pool.submit(job, priority(number)).await.unwrap();
                let expected =
                    if number % 10 == 0 { Err(JobError::Failed(number)) } else { Ok(number) };
                assert_eq!(ticket.await.result, expected);
            });
        }
        while let Some(ended) = submitters.join_next().await {
            ended.unwrap();
        }
        let stats = Arc::into_inner(pool).expect("all others are gone").drain().await;
        adds_up(&stats);
        let (failed, submitted) = (SUBMITTERS / 10, SUBMITTERS);
        assert_eq!((stats.submitted, stats.failed, stats.retried), (submitted, failed, 0));
        assert!(stats.workers.len() <= 8);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn memory_stays_flat_however_many_jobs_pass_through() {
    const SUBMITTERS: u64 = 4;
    const QUEUE: usize = 8;
    const WORKERS: usize = 3;
    run_on(2, || async {
        let (census, most) = (Census::default(), Arc::new(AtomicUsize::new(0)));
        let (counted, seen) = (census.clone(), most.clone());
        let builder = WorkerPool::builder().workers(1..=WORKERS).queue(many(QUEUE));
        let pool = Arc::new(builder.start(move |_: Arc<Payload>, _| {
            seen.fetch_max(counted.alive(), SeqCst);
            async { Ok::<_, Retry<()>>(()) }
        }));
        let mut submitters = JoinSet::new();
        for submitter in 0..SUBMITTERS {
            let (pool, census) = (pool.clone(), census.clone());
            submitters.spawn(async move {
                for number in 0..5_000 {
                    let job = census.payload(number);
                    // Nobody looks at the answers.
                    drop(pool.submit(job, priority(number + submitter)).await.unwrap());
                }
            });
        }
        while let Some(ended) = submitters.join_next().await {
            ended.unwrap();
        }
        let stats = Arc::into_inner(pool).expect("all others are gone").drain().await;
        adds_up(&stats);
        assert_eq!(stats.processed, SUBMITTERS * 5_000);
        let (most, bound) = (most.load(SeqCst), SUBMITTERS as usize + QUEUE + WORKERS);
        assert!(most <= bound, "{most} jobs were alive at once, where {bound} can be of use");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn at_no_moment_is_more_counted_than_was_submitted() {
    run_on(2, || async {
        let backoff = Backoff::new(MS, MS).unwrap().attempts(times(2));
        let breaker = CircuitBreaker::builder().failure_threshold(times(50)).cooldown(SECOND);
        let builder = WorkerPool::builder().workers(1..=4).retry(backoff);
        let keyed = builder.breaker(|job: &u64| (job % 5).to_string().into(), breaker);
        let pool = Arc::new(keyed.start(async |job: Arc<u64>, attempt| match *job % 5 {
            0 => Err(Retry::Permanent(())),
            1 if attempt.number == 1 && *job % 50 == 1 => Err(Retry::Transient(())),
            2 => panic!("an unlucky job"),
            _ => Ok(()),
        }));
        let over = Arc::new(AtomicBool::new(false));
        let (watched, watch) = (pool.clone(), over.clone());
        // A thread of its own, so that it looks at any time.
        let watcher = std::thread::spawn(move || {
            let mut looks = 0;
            while !watch.load(SeqCst) {
                let stats = watched.stats();
                let ended = stats.processed + stats.failed + stats.rejected + stats.aborted;
                assert!(ended + stats.queued + stats.in_progress <= stats.submitted, "{stats:?}");
                let sum = |of: fn(&patterns::worker_pool::WorkerStats) -> u64| {
                    stats.workers.iter().map(of).sum::<u64>()
                };
                assert!(
                    sum(|worker| worker.processed) + sum(|worker| worker.failed) <= stats.submitted
                );
                assert!(stats.alive <= 4 && stats.in_progress <= 4, "{stats:?}");
                let hands = watched.in_progress();
                assert!(hands.is_sorted_by(|one, next| one.worker < next.worker), "{hands:?}");
                looks += 1;
            }
            looks
        });
        let mut submitters = JoinSet::new();
        for submitter in 0..4 {
            let pool = pool.clone();
            submitters.spawn(async move {
                for number in 0..1_500 {
                    let job = submitter * 1_500 + number;
                    drop(pool.submit(job, priority(number)).await.unwrap());
                }
            });
        }
        while let Some(ended) = submitters.join_next().await {
            ended.unwrap();
        }
        pool.close();
        while pool.stats().alive > 0 {
            yield_now().await;
        }
        over.store(true, SeqCst);
        assert!(watcher.join().unwrap() > 0);
        let stats = Arc::into_inner(pool).expect("all others are gone").drain().await;
        adds_up(&stats);
        assert_eq!(stats.submitted, 6_000);
        // Each key that panics has 50 failures before it is left alone, and a few that were under way.
        assert!(stats.rejected > 1_000, "{stats:?}");
    });
}

#[test]
fn no_job_is_lost_between_a_worker_that_ends_and_one_that_is_not_started() {
    run_on(2, || async {
        let builder = WorkerPool::builder().workers(0..=2).idle(Duration::ZERO);
        let pool = Arc::new(builder.start(async |job: Arc<u64>, _| Ok::<_, Retry<()>>(*job)));
        let mut submitters = JoinSet::new();
        for submitter in 0..3 {
            let pool = pool.clone();
            submitters.spawn(async move {
                for number in 0..2_000 {
                    let ticket = pool.submit(number, Priority::Normal).await.unwrap();
                    assert_eq!(ticket.await.result, Ok(number));
                    if number % 5 == submitter {
                        yield_now().await;
                    }
                }
            });
        }
        while let Some(ended) = submitters.join_next().await {
            ended.unwrap();
        }
        let stats = Arc::into_inner(pool).expect("all others are gone").drain().await;
        adds_up(&stats);
        assert!(stats.workers.len() <= 2, "there were more workers than allowed");
    });
}

#[test]
fn whoever_closes_the_pool_every_job_is_done_or_given_back() {
    run_on(2, || async {
        for round in 0..200 {
            let builder = WorkerPool::builder().workers(1..=2).queue(many(2));
            let pool = Arc::new(builder.start(async |job: Arc<u64>, _| Ok::<_, Retry<()>>(*job)));
            let mut submitters = JoinSet::new();
            for number in 0..6 {
                let pool = pool.clone();
                submitters.spawn(async move {
                    match pool.submit(number, Priority::Normal).await {
                        Ok(ticket) => {
                            assert_eq!(ticket.await.result, Ok(number));
                            1
                        }
                        Err(back) => {
                            assert_eq!(back.into_inner(), number);
                            0
                        }
                    }
                });
            }
            for _ in 0..round % 7 {
                yield_now().await;
            }
            pool.close();
            let mut done = 0;
            while let Some(ended) = submitters.join_next().await {
                done += ended.unwrap();
            }
            let stats = Arc::into_inner(pool).expect("all others are gone").drain().await;
            adds_up(&stats);
            assert_eq!(stats.processed, done);
        }
    });
}

#[test]
fn an_abort_among_running_jobs_leaves_no_ticket_without_an_answer() {
    run_on(2, || async {
        for round in 0..200 {
            let census = Census::default();
            let builder = WorkerPool::builder().workers(1..=3).queue(many(64));
            let pool = builder.start(async |job: Arc<Payload>, _| {
                for _ in 0..job.value % 4 {
                    yield_now().await;
                }
                Ok::<_, Retry<()>>(())
            });
            let tickets: Vec<_> = (0..20)
                .map(|number| pool.try_submit(census.payload(number), Priority::Normal).unwrap())
                .collect();
            for _ in 0..round % 9 {
                yield_now().await;
            }
            let stats = pool.abort().await;
            adds_up(&stats);
            assert_eq!(census.alive(), 0, "a job outlives the abort");
            let mut answers = [0, 0];
            for ticket in tickets {
                match ticket.await.result {
                    Ok(()) => answers[0] += 1,
                    Err(JobError::Aborted) => answers[1] += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
            assert_eq!([stats.processed, stats.aborted], answers);
        }
    });
}
