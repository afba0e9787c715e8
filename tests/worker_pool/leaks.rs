//! What is left when it is over: no task, no job, no answer, no memory.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use futures::FutureExt;
use patterns::worker_pool::{
    BREAKERS, CancelToken, CircuitBreaker, Priority, Rate, RateLimiter, Retry, WorkerPool, run_all,
};
use tokio::runtime::{Builder, Handle};

use crate::jobs::{Gate, Job, hand_over, one_worker, start};
use crate::support::{Census, Payload, Wakes, run, within_deadline};
use crate::{SECOND, allocations, many, settle, times};

/// How a pool may go.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Drain,
    Abort,
    Drop,
}

#[test]
fn nothing_that_the_user_brought_outlives_the_pool() {
    run(|| async {
        for end in [End::Drain, End::Abort, End::Drop] {
            let (census, held) = (Census::default(), Arc::new(()));
            let (key, handler) = (held.clone(), held.clone());
            let limiter = RateLimiter::new(Rate::per_second(1e6).unwrap(), times(100));
            let limiter = Arc::new(limiter);
            let builder = WorkerPool::builder().workers(1..=2).rate(limiter.clone());
            let builder = builder.breaker(
                move |job: &Payload| {
                    let _held = &key;
                    job.value.to_string().into()
                },
                CircuitBreaker::builder(),
            );
            let pool = builder.start(move |job: Arc<Payload>, _| {
                let held = handler.clone();
                async move {
                    let _held = held;
                    if job.value >= 3 && end != End::Drain {
                        pending::<()>().await;
                    }
                    Ok::<_, Retry<()>>(())
                }
            });
            for number in 0..9 {
                drop(pool.try_submit(census.payload(number), Priority::Normal).unwrap());
            }
            settle().await;
            match end {
                End::Drain => assert_eq!(pool.drain().await.processed, 9),
                End::Abort => assert_eq!(pool.abort().await.aborted, 6),
                End::Drop => {
                    drop(pool);
                    settle().await;
                }
            }
            assert_eq!(census.alive(), 0, "jobs outlive the pool after {end:?}");
            assert_eq!(Arc::strong_count(&held), 1, "a closure outlives the pool after {end:?}");
            assert_eq!(Arc::strong_count(&limiter), 1, "{end:?}");
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "{end:?}");
        }
    });
}

#[test]
fn a_job_is_gone_when_its_ticket_has_the_answer() {
    run(|| async {
        let census = Census::default();
        let pool = WorkerPool::builder().workers(1..=1).start(async |job: Arc<Payload>, _| {
            let _held = job;
            tokio::task::yield_now().await;
            Ok::<_, Retry<()>>(())
        });
        let mut ticket = pool.try_submit(census.payload(1), Priority::Normal).unwrap();
        let mut polls = 0;
        while (&mut ticket).now_or_never().is_none() {
            tokio::task::yield_now().await;
            polls += 1;
        }
        assert!(polls > 0);
        assert_eq!(census.alive(), 0, "the answer is there, and so is the job");
    });
}

#[test]
fn an_answer_goes_with_its_ticket_and_at_once_where_nobody_wants_it() {
    run(|| async {
        let census = Census::default();
        let theirs = census.clone();
        let pool = WorkerPool::builder().workers(1..=1).start(move |job: Arc<u64>, _| {
            let answer = theirs.payload(*job);
            async move { if answer.value == 0 { Err(Retry::Permanent(answer)) } else { Ok(answer) } }
        });
        for number in 0..2 {
            drop(pool.try_submit(number, Priority::Normal).unwrap());
            settle().await;
            assert_eq!(census.alive(), 0, "nobody wants it");
            let ticket = pool.try_submit(number, Priority::Normal).unwrap();
            settle().await;
            assert_eq!(census.alive(), 1);
            drop(ticket);
            assert_eq!(census.alive(), 0);
            let outcome = pool.submit(number, Priority::Normal).await.unwrap().await;
            assert_eq!(census.alive(), 1, "it is the one who waited's");
            drop(outcome);
            assert_eq!(census.alive(), 0);
        }
    });
}

#[test]
fn no_waker_is_left_behind() {
    run(|| async {
        let (pool, gate) = (start(one_worker().queue(many(1))), Gate::new());
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let mut context = Context::from_waker(&waker);
        let mut runs = hand_over(&pool, Job::waits_for(&gate));
        settle().await;
        let mut waits = hand_over(&pool, Job::answers(Ok(1)));
        let mut submit = Box::pin(pool.submit(Job::answers(Ok(2)), Priority::Normal));
        assert!(runs.poll_unpin(&mut context).is_pending());
        assert!(waits.poll_unpin(&mut context).is_pending());
        assert!(submit.poll_unpin(&mut context).is_pending());
        drop(submit);
        drop(waits);
        gate.open(1);
        settle().await;
        assert!(runs.poll_unpin(&mut context).is_ready());
        drop(runs);
        drop(waker);
        assert_eq!(Arc::strong_count(&wakes), 1, "the pool keeps a waker that nobody waits with");
    });
}

#[test]
fn jobs_that_have_ended_leave_no_trace() {
    within_deadline(|| {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let failures = CircuitBreaker::builder().cooldown(SECOND);
        let builder = WorkerPool::builder().workers(0..=4).queue(many(16));
        let builder = builder.breaker(|job: &u64| (job % 5_000).to_string().into(), failures);
        let inside = runtime.enter();
        let pool = builder.start(async |job: Arc<u64>, _| {
            if (*job).is_multiple_of(3) { Err(Retry::Transient(())) } else { Ok(()) }
        });
        drop(inside);
        let pass = |jobs: std::ops::Range<u64>| {
            runtime.block_on(async {
                for job in jobs {
                    drop(pool.submit(job, Priority::Normal).await.unwrap());
                }
                settle().await;
            });
        };
        pass(0..2 * BREAKERS as u64);
        let kept = allocations::kept_by(|| pass(0..30_000));
        assert!(kept < 50_000, "{kept} bytes are kept for 30 000 jobs that have ended");
        let stats = runtime.block_on(pool.drain());
        assert_eq!(stats.submitted, 30_000 + 2 * BREAKERS as u64);
    });
}

#[test]
fn workers_that_have_ended_leave_no_trace() {
    within_deadline(|| {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let pool = WorkerPool::builder()
            .workers(0..=1)
            .idle(Duration::ZERO)
            .start(async |job: Arc<u64>, _| Ok::<_, Retry<()>>(*job));
        let pass = |jobs: u64| {
            runtime.block_on(async {
                for job in 0..jobs {
                    drop(pool.submit(job, Priority::Normal).await.unwrap());
                    while pool.stats().alive > 0 {
                        tokio::task::yield_now().await;
                    }
                }
            });
        };
        pass(10);
        let kept = allocations::kept_by(|| pass(200));
        assert!(kept < 20_000, "{kept} bytes are kept for 200 workers that have ended");
        assert_eq!(runtime.block_on(pool.drain()).processed, 210);
    });
}

#[test]
fn a_panic_keeps_nothing() {
    run(|| async {
        let (pool, census) = (start(one_worker()), Census::default());
        let payload = Mutex::new(Some(census.payload(1)));
        let job = Job::new(move |_| {
            let payload = payload.lock().unwrap().take();
            async move {
                let _payload = payload;
                panic!("a bug")
            }
        });
        let ticket = hand_over(&pool, job);
        assert!(ticket.await.result.is_err());
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_job_costs_two_allocations() {
    const JOBS: u64 = 1_000;
    within_deadline(|| {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let builder = WorkerPool::builder().workers(1..=1).queue(many(16));
        let inside = runtime.enter();
        let pool = builder.start(async |job: Arc<u64>, _| Ok::<_, Retry<()>>(*job));
        drop(inside);
        let pass = || {
            runtime.block_on(async {
                for job in 0..JOBS {
                    let ticket = pool.submit(job, Priority::Normal).await.unwrap();
                    assert_eq!(ticket.await.result, Ok(job));
                }
            });
        };
        // The queue, the list of workers and the like grow to their size.
        pass();
        let taken = allocations::during(pass);
        let most = 2 * JOBS as usize + 50;
        assert!(
            taken <= most,
            "{taken} allocations for {JOBS} jobs, of which each needs one for its ticket and one for its `Arc`"
        );
    });
}

#[test]
fn a_slice_costs_no_allocation_a_job() {
    within_deadline(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let token = CancelToken::new();
        let taken = allocations::during(|| {
            let work = async |job: u64| Ok::<_, ()>(job);
            let results = runtime.block_on(run_all(0..10_000, many(4), &token, work));
            assert_eq!(results.map(|results| results.len()), Ok(10_000));
        });
        assert!(taken <= 200, "{taken} allocations for 10 000 jobs on four tasks");
    });
}
