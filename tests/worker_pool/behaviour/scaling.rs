//! As many workers as there is work for, within the range.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use patterns::worker_pool::{Builder, Priority, WorkerPool};
use tokio::runtime::Handle;
use tokio::time::advance;

use crate::jobs::{Gate, Job, Pool, hand_over, start};
use crate::support::{Census, panic_of, run};
use crate::{MS, SECOND, settle};

fn workers(least: usize, most: usize) -> Builder<Job> {
    WorkerPool::builder().workers(least..=most)
}

fn alive(pool: &Pool) -> usize {
    pool.stats().alive
}

/// Makes the pool start so many workers, all of which are idle afterwards.
async fn grow_to(pool: &Pool, number: usize) {
    let gate = Gate::new();
    let tickets: Vec<_> = (0..number).map(|_| hand_over(pool, Job::waits_for(&gate))).collect();
    settle().await;
    assert_eq!(alive(pool), number);
    gate.open(number);
    for ticket in tickets {
        ticket.await;
    }
    settle().await;
}

#[test]
fn it_starts_with_the_least_number() {
    run(|| async {
        for least in 0..4 {
            let pool = start(workers(least, 4));
            settle().await;
            assert_eq!(alive(&pool), least);
        }
    });
}

#[test]
fn jobs_that_wait_bring_workers_up_to_the_most() {
    run(|| async {
        let (pool, gate) = (start(workers(1, 3)), Gate::new());
        let tickets: Vec<_> = (0..9).map(|_| hand_over(&pool, Job::waits_for(&gate))).collect();
        for ended in 0..6 {
            settle().await;
            assert_eq!((alive(&pool), pool.in_progress().len()), (3, 3), "after {ended} jobs");
            gate.open(1);
        }
        gate.open(3);
        for ticket in tickets {
            assert_eq!(ticket.await.result, Ok(0));
        }
        assert_eq!((alive(&pool), pool.stats().workers.len()), (3, 3));
    });
}

#[test]
fn while_a_worker_is_idle_none_is_started() {
    run(|| async {
        let (pool, gate) = (start(workers(1, 9)), Gate::new());
        for _ in 0..20 {
            hand_over(&pool, Job::answers(Ok(1))).await;
            settle().await;
        }
        assert_eq!(alive(&pool), 1, "one worker is enough for one job after the other");
        let _held = [(); 3].map(|()| hand_over(&pool, Job::waits_for(&gate)));
        settle().await;
        assert_eq!(alive(&pool), 3, "three jobs at a time are work for three");
    });
}

#[test]
fn a_worker_too_many_ends_when_it_was_idle_for_long() {
    run(|| async {
        let pool = start(workers(1, 4).idle(10 * SECOND));
        let tasks = Handle::current().metrics().num_alive_tasks();
        grow_to(&pool, 4).await;
        advance(10 * SECOND - 5 * MS).await;
        settle().await;
        assert_eq!(alive(&pool), 4, "it is not time yet");
        advance(10 * MS).await;
        settle().await;
        assert_eq!(alive(&pool), 1, "no more than the least, and no fewer");
        assert_eq!(Handle::current().metrics().num_alive_tasks(), tasks, "a task is left");
        advance(60 * SECOND).await;
        settle().await;
        assert_eq!(alive(&pool), 1);
        assert_eq!(hand_over(&pool, Job::answers(Ok(5))).await.result, Ok(5));
    });
}

#[test]
fn the_default_idleness_is_a_second() {
    run(|| async {
        let pool = start(WorkerPool::builder());
        grow_to(&pool, 4).await;
        advance(SECOND - 5 * MS).await;
        settle().await;
        assert_eq!(alive(&pool), 4);
        advance(10 * MS).await;
        settle().await;
        assert_eq!(alive(&pool), 1);
    });
}

#[test]
fn a_worker_with_a_job_is_not_idle() {
    run(|| async {
        let (pool, gate) = (start(workers(0, 2).idle(SECOND)), Gate::new());
        let held = hand_over(&pool, Job::waits_for(&gate));
        settle().await;
        advance(10 * SECOND).await;
        settle().await;
        assert_eq!(alive(&pool), 1);
        gate.open(1);
        assert_eq!(held.await.result, Ok(0));
        settle().await;
        advance(SECOND - 5 * MS).await;
        settle().await;
        assert_eq!(alive(&pool), 1, "its idleness began when the job ended");
        advance(10 * MS).await;
        settle().await;
        assert_eq!(alive(&pool), 0);
    });
}

#[test]
fn a_pool_may_be_without_workers_until_there_is_a_job() {
    run(|| async {
        let pool = start(workers(0, 1).idle(SECOND));
        for round in 1..=3 {
            settle().await;
            assert_eq!(alive(&pool), 0);
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
            let ticket = hand_over(&pool, Job::answers(Ok(round)));
            settle().await;
            assert_eq!(alive(&pool), 1, "a job waits, and nobody comes");
            assert_eq!(ticket.await.result, Ok(round));
            advance(SECOND + 5 * MS).await;
        }
        settle().await;
        let stats = pool.stats();
        assert_eq!((stats.alive, stats.workers.len()), (0, 1), "a place is used again");
        assert_eq!(stats.workers[0].processed, 3);
    });
}

#[test]
fn a_worker_may_end_at_once_and_no_job_is_lost_by_it() {
    run(|| async {
        let pool = start(workers(0, 2).idle(Duration::ZERO));
        for round in 0..100 {
            assert_eq!(hand_over(&pool, Job::answers(Ok(round))).await.result, Ok(round));
            if round % 2 == 0 {
                settle().await;
            }
        }
    });
}

#[test]
fn a_worker_may_be_idle_for_ever() {
    run(|| async {
        let pool = start(workers(1, 2).idle(Duration::MAX));
        grow_to(&pool, 2).await;
        advance(1000 * SECOND).await;
        settle().await;
        assert_eq!(alive(&pool), 2);
        assert_eq!(pool.drain().await.alive, 0);
    });
}

#[test]
fn places_are_numbers_below_the_most() {
    run(|| async {
        let pool = start(workers(1, 3).idle(SECOND));
        for _ in 0..3 {
            grow_to(&pool, 3).await;
            advance(2 * SECOND).await;
            settle().await;
            assert_eq!(alive(&pool), 1);
        }
        let stats = pool.stats();
        assert_eq!(stats.workers.len(), 3, "a worker that is started takes over a place");
        assert_eq!(stats.workers.iter().map(|worker| worker.processed).sum::<u64>(), 9);
    });
}

#[test]
fn where_no_worker_can_be_started_the_pool_is_given_up() {
    // There is no runtime here, and none is needed for a pool without workers.
    let pool = start(workers(0, 1));
    let census = Census::default();
    let payload = census.payload(1);
    let job = Job::new(move |_| {
        let _payload = &payload;
        async { Ok(0) }
    });
    let words = panic_of(AssertUnwindSafe(|| drop(pool.try_submit(job, Priority::Normal))));
    assert!(!words.contains("not yet implemented"), "{words}");
    assert!(pool.is_closed());
    let stats = pool.stats();
    assert_eq!((stats.alive, stats.queued, census.alive()), (0, 0, 0), "it waits for nobody");
}

#[test]
fn a_pool_that_could_not_work_is_refused() {
    // Its range ends before it begins.
    for (least, most) in [(3, 2), (0, 0)] {
        let words = panic_of(|| workers(least, most));
        assert!(!words.contains("not yet implemented"), "{words}");
    }
    drop(workers(0, 1));
}
