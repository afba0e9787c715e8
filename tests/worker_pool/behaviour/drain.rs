//! Draining and closing: nothing more comes in, and all that is in is done.

use std::future::pending;
use std::sync::{Arc, OnceLock};

use patterns::worker_pool::{JobError, Priority, TrySubmitError, WorkerPool};
use tokio::runtime::Handle;
use tokio::task::yield_now;

use crate::jobs::{Gate, Job, Log, Pool, hand_over, one_worker, result, start};
use crate::support::{Polled, run};
use crate::{many, settle};

#[test]
fn drain_runs_every_accepted_job() {
    run(|| async {
        let (pool, log) = (start(one_worker()), Log::default());
        for number in 1..=20 {
            drop(hand_over(&pool, Job::notes(&log, number)));
        }
        let stats = pool.drain().await;
        assert_eq!(log.read(), (1..=20).collect::<Vec<_>>());
        assert_eq!((stats.submitted, stats.processed), (20, 20));
        assert_eq!((stats.queued, stats.in_progress, stats.alive), (0, 0, 0));
    });
}

#[test]
fn drain_returns_no_sooner_than_the_last_job_ends() {
    run(|| async {
        let (pool, gate) = (start(WorkerPool::builder().workers(2..=2)), Gate::new());
        let tickets = [(); 3].map(|()| hand_over(&pool, Job::waits_for(&gate)));
        let mut drain = Polled::new(pool.drain());
        for _ in 0..3 {
            assert!(drain.poll().is_pending(), "a job has not ended");
            settle().await;
            assert!(drain.poll().is_pending(), "a job has not ended");
            gate.open(1);
            settle().await;
        }
        assert!(drain.wakes() > 0, "the last worker wakes the one who waits");
        assert_eq!(drain.ready().processed, 3);
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "a worker is left");
        for ticket in tickets {
            assert_eq!(ticket.await.result, Ok(0));
        }
    });
}

#[test]
fn an_idle_pool_is_drained_at_once() {
    run(|| async {
        for workers in [0..=1, 1..=4, 3..=3] {
            let pool = start(WorkerPool::builder().workers(workers));
            settle().await;
            assert_eq!(pool.drain().await.submitted, 0);
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        }
    });
}

#[test]
fn a_pool_is_drained_that_never_came_to_run() {
    run(|| async {
        let (pool, log) = (start(one_worker()), Log::default());
        drop(hand_over(&pool, Job::notes(&log, 1)));
        assert_eq!(pool.drain().await.processed, 1);
        assert_eq!(log.read(), [1]);
    });
}

#[test]
fn closed_it_takes_nothing_more_and_gives_jobs_back() {
    run(|| async {
        let (pool, gate) = (start(one_worker().queue(many(1))), Gate::new());
        let runs = hand_over(&pool, Job::waits_for(&gate));
        settle().await;
        let queued = hand_over(&pool, Job::answers(Ok(1)));
        let waits = ["first", "second"].map(|key| {
            let job = Job::answers(Ok(2)).on(key);
            Polled::new(pool.submit(job, Priority::Normal)).pending()
        });
        assert!(!pool.is_closed());
        pool.close();
        assert!(pool.is_closed());
        for (submit, key) in waits.into_iter().zip(["first", "second"]) {
            assert!(submit.wakes() > 0, "who waits is not told");
            let error = submit.ready().expect_err("it was not submitted");
            assert_eq!(&*error.into_inner().key, key, "this is somebody else's job");
        }
        let late = Polled::new(pool.submit(Job::answers(Ok(3)).on("late"), Priority::High)).ready();
        assert_eq!(&*late.expect_err("it was not submitted").into_inner().key, "late");
        let late = pool.try_submit(Job::answers(Ok(3)), Priority::High);
        assert!(matches!(late, Err(TrySubmitError::Closed(_))));
        gate.open(1);
        assert_eq!((runs.await.result, queued.await.result), (Ok(0), Ok(1)));
        assert_eq!(pool.drain().await.submitted, 2);
    });
}

#[test]
fn closed_it_comes_to_its_end_by_itself() {
    run(|| async {
        let (pool, log) = (start(WorkerPool::builder().workers(2..=4)), Log::default());
        for number in 1..=9 {
            drop(hand_over(&pool, Job::notes(&log, number)));
        }
        pool.close();
        pool.close();
        settle().await;
        assert_eq!(log.read().len(), 9);
        assert_eq!(pool.stats().alive, 0);
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    });
}

#[test]
fn a_room_that_was_promised_is_none_in_a_closed_pool() {
    run(|| async {
        let (pool, gate) = (start(one_worker().queue(many(1))), Gate::new());
        drop(hand_over(&pool, Job::waits_for(&gate)));
        settle().await;
        drop(hand_over(&pool, Job::answers(Ok(1))));
        let log = Log::default();
        let waits = Polled::new(pool.submit(Job::notes(&log, 1), Priority::Normal)).pending();
        gate.open(1);
        settle().await;
        pool.close();
        settle().await;
        // It may have been accepted or not, but one of them: there is a worker for it, or it is back.
        match waits.ready() {
            Ok(ticket) => assert_eq!(ticket.await.result, Ok(1)),
            Err(error) => drop(error.into_inner()),
        }
        let stats = pool.drain().await;
        assert_eq!(stats.submitted, stats.processed);
        assert_eq!(log.read().len() as u64, stats.submitted - 2);
    });
}

#[test]
fn a_job_that_submits_while_the_pool_drains_gets_its_job_back() {
    run(|| async {
        let own: Arc<OnceLock<std::sync::Weak<Pool>>> = Arc::default();
        let theirs = own.clone();
        let pool = Arc::new(start(one_worker()));
        own.set(Arc::downgrade(&pool)).unwrap();
        let job = Job::new(move |_| {
            let own = theirs.clone();
            async move {
                yield_now().await;
                let pool = own.get().unwrap().upgrade().unwrap();
                let refused = pool.submit(Job::answers(Ok(1)), Priority::Normal).await.is_err();
                Ok(u64::from(refused))
            }
        });
        let ticket = hand_over(&pool, job);
        pool.close();
        assert_eq!(ticket.await.result, Ok(1));
    });
}

#[test]
fn a_drain_that_is_given_up_aborts_what_is_left() {
    run(|| async {
        for polls in 0..3 {
            let pool = start(one_worker());
            let done = hand_over(&pool, Job::answers(Ok(1))).await;
            let runs = hand_over(&pool, Job::new(|_| pending()));
            let queued = hand_over(&pool, Job::answers(Ok(2)));
            settle().await;
            let mut drain = Polled::new(pool.drain());
            for _ in 0..polls {
                assert!(drain.poll().is_pending());
                settle().await;
            }
            drop(drain);
            let answers = [runs.await, queued.await].map(result);
            assert_eq!(answers, [Err(JobError::Aborted), Err(JobError::Aborted)], "{polls} polls");
            assert_eq!(done.result, Ok(1));
            settle().await;
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        }
    });
}
