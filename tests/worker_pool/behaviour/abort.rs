//! Where it has to end now: nothing goes on, and every ticket has an answer.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;

use patterns::worker_pool::{JobError, Outcome, Priority, TrySubmitError, WorkerPool};
use tokio::runtime::{Builder, Handle};
use tokio::task::yield_now;

use crate::jobs::{Asked, Job, Log, Pool, hand_over, one_worker, result, start};
use crate::support::settle;
use crate::support::{Census, Polled, run, run_on, within_deadline};

/// One job that is done, one that runs for ever, and three that wait.
async fn at_work(log: &Log) -> (Pool, Asked, Vec<Asked>) {
    let pool = start(one_worker());
    hand_over(&pool, Job::answers(Ok(1))).await;
    let runs = hand_over(&pool, Job::endless());
    settle().await;
    let wait = (0..3).map(|number| hand_over(&pool, Job::notes(log, number))).collect();
    (pool, runs, wait)
}

/// All are aborted, and the job that ran is told from those that waited.
async fn all_aborted(runs: Asked, wait: Vec<Asked>) {
    let id = runs.id();
    let (result, worker) = (Err(JobError::Aborted), Some(0));
    assert_eq!(runs.await, Outcome { id, result, attempts: 1, worker });
    for ticket in wait {
        let (id, result) = (ticket.id(), Err(JobError::Aborted));
        assert_eq!(ticket.await, Outcome { id, result, attempts: 0, worker: None });
    }
}

#[test]
fn abort_ends_what_runs_and_drops_what_waits() {
    run(|| async {
        let log = Log::default();
        let (pool, runs, wait) = at_work(&log).await;
        let stats = pool.abort().await;
        assert_eq!((stats.submitted, stats.processed, stats.aborted), (5, 1, 4));
        assert_eq!((stats.queued, stats.in_progress, stats.alive), (0, 0, 0));
        assert_eq!((stats.workers[0].processed, stats.workers[0].failed), (1, 0));
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        all_aborted(runs, wait).await;
        assert_eq!(log.read(), []);
    });
}

#[test]
fn an_idle_pool_is_aborted_at_once() {
    run(|| async {
        let pool = start(WorkerPool::builder().workers(2..=2));
        settle().await;
        assert_eq!(pool.abort().await.alive, 0);
        assert_eq!(start(WorkerPool::builder().workers(0..=2)).abort().await.alive, 0);
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    });
}

#[test]
fn a_job_that_ends_before_its_next_await_is_done_and_abort_waits_for_it() {
    run_on(2, || async {
        let (go, wait) = mpsc::channel::<()>();
        let (began, mut begin) = tokio::sync::mpsc::unbounded_channel();
        let wait = Mutex::new(wait);
        let job = Job::new(move |_| {
            began.send(()).unwrap();
            // Blocks its thread: nothing can be aborted here.
            let _go = wait.lock().unwrap().recv();
            async { Ok(7) }
        });
        let pool = start(one_worker());
        let ticket = hand_over(&pool, job);
        begin.recv().await.unwrap();
        let mut abort = Polled::new(pool.abort()).pending();
        assert!(abort.poll().is_pending(), "a job still runs");
        go.send(()).unwrap();
        assert_eq!(ticket.await.result, Ok(7));
        let stats = loop {
            match abort.poll() {
                Poll::Ready(stats) => break stats,
                Poll::Pending => yield_now().await,
            }
        };
        assert_eq!((stats.processed, stats.aborted, stats.alive), (1, 0, 0));
    });
}

#[test]
fn dropping_the_pool_aborts_it() {
    run(|| async {
        let log = Log::default();
        let (pool, runs, wait) = at_work(&log).await;
        drop(pool);
        all_aborted(runs, wait).await;
        settle().await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        assert_eq!(log.read(), []);
    });
}

#[test]
fn an_abort_that_is_given_up_is_an_abort() {
    run(|| async {
        for polls in 0..2 {
            let log = Log::default();
            let (pool, runs, wait) = at_work(&log).await;
            let mut abort = Polled::new(pool.abort());
            for _ in 0..polls {
                assert!(abort.poll().is_pending());
            }
            drop(abort);
            all_aborted(runs, wait).await;
            settle().await;
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        }
    });
}

#[test]
fn tickets_are_answered_where_the_runtime_has_gone() {
    within_deadline(|| {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let (log, census) = (Log::default(), Census::default());
        let payload = census.payload(1);
        let (pool, runs, wait) = runtime.block_on(async {
            let (pool, runs, mut wait) = at_work(&log).await;
            let job = Job::new(move |_| {
                let _payload = &payload;
                async { Ok(0) }
            });
            wait.push(hand_over(&pool, job));
            (pool, runs, wait)
        });
        drop(runtime);
        let mut answers: Vec<_> = wait.into_iter().map(|it| Polled::new(it).ready()).collect();
        answers.push(Polled::new(runs).ready());
        assert!(answers.into_iter().all(|answer| answer.result == Err(JobError::Aborted)));
        assert_eq!((log.read(), census.alive()), (vec![], 0));
        assert!(pool.is_closed());
        let late = pool.try_submit(Job::answers(Ok(1)), Priority::Normal);
        assert!(matches!(late, Err(TrySubmitError::Closed(_))));
        let stats = Polled::new(pool.drain()).ready();
        assert_eq!((stats.submitted, stats.aborted, stats.alive), (6, 5, 0));
    });
}

#[test]
fn a_job_may_drop_the_last_handle_to_its_pool() {
    run(|| async {
        let own = Arc::new(Mutex::new(None::<Pool>));
        let theirs = own.clone();
        let job = Job::new(move |_| {
            drop(theirs.lock().unwrap().take());
            pending()
        });
        let pool = start(one_worker());
        let (runs, waits) = (hand_over(&pool, job), hand_over(&pool, Job::answers(Ok(1))));
        *own.lock().unwrap() = Some(pool);
        let answers = [runs.await, waits.await].map(result);
        assert_eq!(answers, [Err(JobError::Aborted), Err(JobError::Aborted)]);
        settle().await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    });
}

#[test]
fn a_destructor_that_panics_costs_no_other_ticket_its_answer() {
    struct Touchy;
    impl Drop for Touchy {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    run(|| async {
        let pool = start(one_worker());
        let runs = hand_over(
            &pool,
            Job::new(|_| {
                let touchy = Touchy;
                async move {
                    let _touchy = touchy;
                    pending().await
                }
            }),
        );
        settle().await;
        let touchy = Touchy;
        let waits = hand_over(
            &pool,
            Job::new(move |_| {
                let _touchy = &touchy;
                async { Ok(1) }
            }),
        );
        let last = hand_over(&pool, Job::answers(Ok(2)));
        // The panic may come out here, and may not.
        drop(catch_unwind(AssertUnwindSafe(|| drop(pool))));
        for ticket in [runs, waits, last] {
            assert!(ticket.await.result.is_err());
        }
        settle().await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    });
}
