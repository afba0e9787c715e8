//! Counts that add up, and what is in progress.

use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Wake, Waker};

use futures::FutureExt;
use patterns::worker_pool::{
    CircuitBreaker, Instant, JobId, Priority, Retry, Running, Stats, WorkerPool, WorkerStats,
};
use tokio::time::advance;

use crate::jobs::{Gate, Job, Pool, hand_over, one_worker, start};
use crate::support::run;
use crate::{MS, SECOND, settle};

#[test]
fn a_new_pool_has_done_nothing() {
    run(|| async {
        let pool = start(WorkerPool::builder().workers(2..=3));
        settle().await;
        let stats = pool.stats();
        assert_eq!(stats.workers, [WorkerStats::default(); 2]);
        assert_eq!(stats, Stats { alive: 2, workers: stats.workers.clone(), ..Stats::default() });
        assert_eq!(pool.in_progress(), []);
    });
}

#[test]
fn every_job_is_counted_where_it_ended() {
    run(|| async {
        let pool = start(one_worker());
        let answers = [Ok(1), Err(Retry::Permanent("no")), Ok(2), Err(Retry::Transient("not now"))];
        for answer in answers {
            hand_over(&pool, Job::answers(answer)).await;
        }
        hand_over(&pool, Job::new(|_| async { panic!("a bug") })).await;
        let stats = pool.stats();
        assert_eq!((stats.submitted, stats.processed, stats.failed), (5, 2, 3));
        assert_eq!((stats.retried, stats.rejected, stats.aborted), (0, 0, 0));
        assert_eq!((stats.workers[0].processed, stats.workers[0].failed), (2, 3));
    });
}

#[test]
fn what_waits_is_queued_and_what_runs_is_in_progress() {
    run(|| async {
        let (pool, gate) = (start(WorkerPool::builder().workers(2..=2)), Gate::new());
        for _ in 0..5 {
            drop(hand_over(&pool, Job::waits_for(&gate)));
        }
        settle().await;
        for (ended, queued, in_progress) in
            [(0, 3, 2), (1, 2, 2), (2, 1, 2), (3, 0, 2), (4, 0, 1), (5, 0, 0)]
        {
            let stats = pool.stats();
            let counts = (stats.submitted, stats.processed, stats.queued, stats.in_progress);
            assert_eq!(counts, (5, ended, queued, in_progress));
            assert_eq!(pool.in_progress().len() as u64, in_progress);
            gate.open(1);
            settle().await;
        }
    });
}

#[test]
fn in_progress_says_which_worker_has_which_job_since_when() {
    run(|| async {
        let key = |job: &Job| job.key.clone();
        let builder = WorkerPool::builder().workers(2..=2).breaker(key, CircuitBreaker::builder());
        let (pool, gate) = (start(builder), Gate::new());
        let begin = Instant::now();
        let first = hand_over(&pool, Job::waits_for(&gate).on("example.org"));
        settle().await;
        advance(SECOND).await;
        let second = hand_over(&pool, Job::waits_for(&gate).on("example.com"));
        settle().await;
        let mut jobs = pool.in_progress();
        assert!(jobs.is_sorted_by_key(|running| running.worker), "in the order of the workers");
        jobs.sort_by_key(|running| running.id);
        let expected = |id, key: &str, worker, since| Running {
            id: JobId(id),
            key: Some(key.into()),
            worker,
            attempt: 1,
            since,
        };
        let worker = jobs[0].worker;
        let first_job = expected(1, "example.org", worker, begin);
        let second_job = expected(2, "example.com", 1 - worker, begin + SECOND);
        assert_eq!(jobs, [first_job, second_job]);
        gate.open(2);
        assert_eq!((first.await.worker, second.await.worker), (Some(worker), Some(1 - worker)));
        assert_eq!(pool.in_progress(), []);
    });
}

#[test]
fn without_breakers_there_are_no_keys() {
    run(|| async {
        let pool = start(one_worker());
        drop(hand_over(&pool, Job::endless().on("example.org")));
        settle().await;
        assert_eq!(pool.in_progress()[0].key, None);
    });
}

#[test]
fn the_numbers_of_the_workers_are_their_own() {
    run(|| async {
        let (pool, gate) = (start(WorkerPool::builder().workers(3..=3)), Gate::new());
        let held: Vec<_> = (0..2).map(|_| hand_over(&pool, Job::waits_for(&gate))).collect();
        settle().await;
        // The third worker does all of these, while the others are held.
        for number in 0..10 {
            let answer = if number < 7 { Ok(number) } else { Err(Retry::Permanent("no")) };
            hand_over(&pool, Job::answers(answer)).await;
        }
        gate.open(2);
        for ticket in held {
            ticket.await;
        }
        let mut done: Vec<_> =
            pool.stats().workers.iter().map(|worker| (worker.processed, worker.failed)).collect();
        done.sort_unstable();
        assert_eq!(done, [(1, 0), (1, 0), (7, 3)]);
    });
}

#[test]
fn busy_is_the_time_with_a_job_in_hand() {
    run(|| async {
        let (pool, gate) = (start(one_worker()), Gate::new());
        for _ in 0..2 {
            // Idle.
            settle().await;
            advance(SECOND).await;
            let ticket = hand_over(&pool, Job::waits_for(&gate));
            settle().await;
            advance(300 * MS).await;
            gate.open(1);
            ticket.await;
        }
        settle().await;
        advance(SECOND).await;
        assert_eq!(pool.drain().await.workers[0].busy, 600 * MS);
    });
}

#[test]
fn a_job_that_waits_is_in_nobodys_hand() {
    run(|| async {
        let (pool, gate, begin) = (start(one_worker()), Gate::new(), Instant::now());
        // The worker that was started has not come to run yet: it takes the first job a second later.
        let tickets = [(); 2].map(|()| hand_over(&pool, Job::waits_for(&gate)));
        advance(SECOND).await;
        settle().await;
        for took in [SECOND, SECOND + 300 * MS] {
            assert_eq!(pool.in_progress()[0].since, begin + took, "when the worker took it");
            advance(300 * MS).await;
            gate.open(1);
            settle().await;
        }
        for ticket in tickets {
            ticket.await;
        }
        assert_eq!(pool.drain().await.workers[0].busy, 600 * MS, "with one of them in hand");
    });
}

#[test]
fn a_job_is_counted_before_its_ticket_is_told() {
    /// Looks at the pool when it is woken.
    struct Looks(OnceLock<Weak<Pool>>, Mutex<Vec<(u64, usize)>>);
    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            let pool = self.0.get().unwrap().upgrade().unwrap();
            let seen = (pool.stats().processed, pool.in_progress().len());
            self.1.lock().unwrap().push(seen);
            drop(hand_over(&pool, Job::answers(Ok(2))));
        }
    }
    run(|| async {
        let (pool, looks) =
            (Arc::new(start(one_worker())), Arc::new(Looks(OnceLock::new(), Mutex::default())));
        looks.0.set(Arc::downgrade(&pool)).unwrap();
        let mut ticket = hand_over(&pool, Job::answers(Ok(1)));
        let waker = Waker::from(looks.clone());
        assert!(ticket.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
        settle().await;
        assert_eq!(*looks.1.lock().unwrap(), [(1, 0)], "(processed, in progress) when it is told");
        assert_eq!(pool.stats().processed, 2);
    });
}

#[test]
fn a_job_may_look_at_its_own_pool() {
    run(|| async {
        let pool = Arc::new(start(one_worker()));
        let own = Arc::downgrade(&pool);
        let job = Job::new(move |attempt| {
            let pool = own.upgrade().unwrap();
            let running = pool.in_progress();
            assert_eq!(running.len(), 1);
            assert_eq!((running[0].id, running[0].worker), (attempt.job, attempt.worker));
            let in_progress = pool.stats().in_progress;
            async move { Ok(in_progress) }
        });
        let ticket = pool.submit(job, Priority::Normal).await.unwrap();
        assert_eq!(ticket.await.result, Ok(1));
    });
}
