//! The queue has its capacity, and who finds it full waits in line.

use patterns::worker_pool::{Priority, TrySubmitError};

use crate::jobs::{Gate, Job, Log, Pool, hand_over, one_worker, start};
use crate::support::{Census, Polled, run};
use crate::{many, settle};

/// A pool whose worker is held by the gate, and whose queue, of this capacity, is full.
async fn full(capacity: usize) -> (Pool, Gate) {
    let (pool, gate) = (start(one_worker().queue(many(capacity))), Gate::new());
    drop(hand_over(&pool, Job::waits_for(&gate)));
    settle().await;
    for _ in 0..capacity {
        drop(hand_over(&pool, Job::waits_for(&gate)));
    }
    (pool, gate)
}

#[test]
fn the_queue_has_room_for_its_capacity_and_gives_the_job_back_beyond() {
    run(|| async {
        let (pool, gate) = full(2).await;
        let job = Job::answers(Ok(1)).on("mine");
        let Err(TrySubmitError::Full(job)) = pool.try_submit(job, Priority::High) else {
            panic!("two jobs wait already");
        };
        assert_eq!(&*job.key, "mine");
        let stats = pool.stats();
        assert_eq!((stats.submitted, stats.queued, stats.in_progress), (3, 2, 1));
        gate.open(1);
        settle().await;
        assert!(pool.try_submit(job, Priority::High).is_ok(), "the worker has taken one");
    });
}

#[test]
fn submit_waits_for_room() {
    run(|| async {
        let (pool, gate) = full(1).await;
        let submit = Polled::new(pool.submit(Job::answers(Ok(9)), Priority::Normal)).pending();
        assert_eq!(pool.stats().submitted, 2, "who waits for room has not submitted");
        gate.open(1);
        settle().await;
        assert!(submit.wakes() > 0, "there is room, and nobody says so");
        let ticket = submit.ready().unwrap();
        gate.open(1);
        assert_eq!(ticket.await.result, Ok(9));
    });
}

#[test]
fn room_goes_to_who_waited_first_whatever_the_priority() {
    run(|| async {
        let (pool, gate) = full(1).await;
        let log = Log::default();
        let [mut low, mut normal, mut high] = [Priority::Low, Priority::Normal, Priority::High]
            .map(|priority| {
                Polled::new(pool.submit(Job::notes(&log, priority as u64), priority)).pending()
            });
        gate.open(1);
        settle().await;
        assert!(high.poll().is_pending() && normal.poll().is_pending(), "the first goes first");
        assert!(low.poll().is_ready());
        gate.open(1);
        settle().await;
        assert!(high.poll().is_pending());
        assert!(normal.poll().is_ready());
        settle().await;
        assert!(high.poll().is_ready());
        settle().await;
        assert_eq!(log.read(), [2, 1, 0]);
    });
}

#[test]
fn nobody_overtakes_those_who_wait_for_room() {
    run(|| async {
        let (pool, gate) = full(1).await;
        let waits = Polled::new(pool.submit(Job::answers(Ok(1)), Priority::Low)).pending();
        gate.open(1);
        settle().await;
        let overtakes = pool.try_submit(Job::answers(Ok(2)), Priority::High);
        assert!(matches!(overtakes, Err(TrySubmitError::Full(_))), "this room is somebody's");
        assert!(waits.ready().is_ok());
    });
}

#[test]
fn a_submitter_that_gives_up_has_submitted_nothing() {
    run(|| async {
        let (pool, gate) = full(1).await;
        let (census, log) = (Census::default(), Log::default());
        let job = |number: u64| {
            let (payload, log) = (census.payload(number), log.clone());
            Job::new(move |_| {
                let payload = &payload;
                log.write(payload.value);
                async { Ok(0) }
            })
        };
        let never_polled = pool.submit(job(0), Priority::Normal);
        let first = Polled::new(pool.submit(job(1), Priority::Normal)).pending();
        let middle = Polled::new(pool.submit(job(2), Priority::Normal)).pending();
        let last = Polled::new(pool.submit(job(3), Priority::Normal)).pending();
        drop(never_polled);
        drop(middle);
        assert_eq!(census.alive(), 2, "a job that was given up is still there");
        gate.open(1);
        settle().await;
        assert!(first.wakes() > 0 && last.wakes() == 0);
        // It has been given the room, and does not take it.
        drop(first);
        assert!(last.wakes() > 0, "the room that was given up is the next one's");
        let ticket = last.ready().unwrap();
        assert_eq!(pool.stats().submitted, 3);
        gate.open(1);
        ticket.await;
        assert_eq!((log.read(), census.alive()), (vec![3], 0));
        assert!(pool.try_submit(job(4), Priority::Normal).is_ok(), "a place in the queue is lost");
    });
}

#[test]
fn a_room_that_is_given_up_may_be_taken_by_anybody() {
    run(|| async {
        let (pool, gate) = full(1).await;
        let waits = Polled::new(pool.submit(Job::answers(Ok(1)), Priority::Normal)).pending();
        gate.open(1);
        settle().await;
        drop(waits);
        assert!(pool.try_submit(Job::answers(Ok(2)), Priority::Normal).is_ok());
    });
}
