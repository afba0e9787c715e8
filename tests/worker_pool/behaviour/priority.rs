//! The urgent first, and nobody starves.

use patterns::worker_pool::{Builder, Priority};

use crate::jobs::{Gate, Job, Log, Pool, hand_over, hand_over_as, one_worker, start};
use crate::support::run;
use crate::{many, settle};

/// A pool whose only worker is held, so that what is handed over now waits in the queue.
async fn held(builder: Builder<Job>) -> (Pool, Gate) {
    let (pool, gate) = (start(builder.queue(many(1000))), Gate::new());
    drop(hand_over(&pool, Job::waits_for(&gate)));
    settle().await;
    (pool, gate)
}

/// Lets the worker go, and tells in which order it took what waited.
async fn order(pool: Pool, gate: Gate, log: Log) -> Vec<u64> {
    gate.open(1);
    pool.drain().await;
    log.read()
}

#[test]
fn what_is_urgent_goes_first() {
    run(|| async {
        let ((pool, gate), log) = (held(one_worker()).await, Log::default());
        let priorities = [Priority::Low, Priority::Normal, Priority::High];
        for (number, priority) in (0..).zip(priorities.into_iter().cycle().take(6)) {
            drop(hand_over_as(&pool, Job::notes(&log, number), priority));
        }
        assert_eq!(order(pool, gate, log).await, [2, 5, 1, 4, 0, 3]);
    });
}

#[test]
fn among_equals_who_came_first_goes_first() {
    run(|| async {
        for priority in [Priority::High, Priority::Normal, Priority::Low] {
            let ((pool, gate), log) = (held(one_worker()).await, Log::default());
            for number in 0..30 {
                drop(hand_over_as(&pool, Job::notes(&log, number), priority));
            }
            assert_eq!(order(pool, gate, log).await, (0..30).collect::<Vec<_>>());
        }
    });
}

#[test]
fn no_job_waits_longer_than_patience_says() {
    run(|| async {
        let overtakes = [(0, 0), (1, 2), (3, 6), (32, 64)];
        for (patience, most) in overtakes {
            let (pool, gate) = held(one_worker().patience(patience)).await;
            let log = Log::default();
            drop(hand_over_as(&pool, Job::notes(&log, 999), Priority::Low));
            for number in 0..100 {
                drop(hand_over_as(&pool, Job::notes(&log, number), Priority::High));
            }
            let order = order(pool, gate, log).await;
            let overtaken = order.iter().position(|&number| number == 999).unwrap();
            assert_eq!(overtaken, most, "jobs overtake one two levels below, at {patience}");
        }
    });
}

#[test]
fn the_default_patience_is_32() {
    run(|| async {
        let ((pool, gate), log) = (held(one_worker()).await, Log::default());
        drop(hand_over_as(&pool, Job::notes(&log, 999), Priority::Normal));
        for number in 0..100 {
            drop(hand_over_as(&pool, Job::notes(&log, number), Priority::High));
        }
        let order = order(pool, gate, log).await;
        assert_eq!(order.iter().position(|&number| number == 999), Some(32));
    });
}
