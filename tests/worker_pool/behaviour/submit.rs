//! One job, from its submission to its answer.

use std::error::Error;
use std::sync::{Arc, Mutex};

use patterns::worker_pool::{
    Attempt, Builder, JobError, JobId, Outcome, Priority, Retry, SubmitError, Ticket,
    TrySubmitError, WorkerPool,
};
use tokio::sync::Barrier;

use crate::jobs::{Gate, Job, Log, hand_over, one_worker, start};
use crate::support::settle;
use crate::support::{Polled, run};

#[test]
fn a_job_is_done_and_its_ticket_says_what_came_of_it() {
    run(|| async {
        let pool = WorkerPool::builder().workers(1..=1).start(async |job: Arc<u64>, _| {
            if *job == 13 { Err(Retry::Permanent("unlucky")) } else { Ok(*job * 2) }
        });
        let ticket = pool.submit(21, Priority::Normal).await.unwrap();
        assert_eq!(ticket.id(), JobId(1));
        let (id, worker) = (JobId(1), Some(0));
        assert_eq!(ticket.await, Outcome { id, result: Ok(42), attempts: 1, worker });

        let ticket = pool.submit(13, Priority::Normal).await.unwrap();
        let (id, result) = (JobId(2), Err(JobError::Failed("unlucky")));
        assert_eq!(ticket.await, Outcome { id, result, attempts: 1, worker });
    });
}

#[test]
fn what_is_worth_another_attempt_has_only_one_without_a_policy() {
    run(|| async {
        let (pool, log) = (start(one_worker()), Log::default());
        let attempts = log.clone();
        let job = Job::new(move |attempt| {
            attempts.write(attempt.number.into());
            async { Err(Retry::Transient("later")) }
        });
        let outcome = hand_over(&pool, job).await;
        assert_eq!((outcome.result, outcome.attempts), (Err(JobError::Failed("later")), 1));
        assert_eq!(log.read(), [1]);
    });
}

#[test]
fn the_handler_is_told_which_attempt_of_which_job_it_makes() {
    run(|| async {
        let (seen, pool) = (Arc::new(Mutex::new(Vec::new())), start(one_worker()));
        for _ in 0..2 {
            let theirs = seen.clone();
            let job = Job::new(move |attempt| {
                theirs.lock().unwrap().push(attempt);
                async { Ok(0) }
            });
            hand_over(&pool, job).await;
        }
        let expected = [1, 2].map(|id| Attempt { job: JobId(id), number: 1, worker: 0 });
        assert_eq!(*seen.lock().unwrap(), expected);
        assert_eq!(expected[1].job.to_string(), "job 2");
    });
}

#[test]
fn a_job_begins_though_nobody_waits_for_its_ticket() {
    run(|| async {
        let (pool, log) = (start(one_worker()), Log::default());
        let ticket = hand_over(&pool, Job::notes(&log, 7));
        drop(hand_over(&pool, Job::notes(&log, 8)));
        settle().await;
        assert_eq!(log.read(), [7, 8], "a ticket that is dropped, or not polled, stops nothing");
        assert_eq!(ticket.await.result, Ok(7));
    });
}

#[test]
fn every_ticket_has_the_answer_of_its_own_job() {
    run(|| async {
        let pool = start(WorkerPool::builder().workers(3..=3));
        let tickets: Vec<_> =
            (0..50).map(|number| hand_over(&pool, Job::answers(Ok(number)))).collect();
        for (number, ticket) in (0..).zip(tickets) {
            let (id, outcome) = (ticket.id(), ticket.await);
            assert_eq!((id, outcome.id), (JobId(number + 1), JobId(number + 1)));
            assert_eq!(outcome.result, Ok(number));
        }
    });
}

#[test]
fn workers_work_at_the_same_time() {
    run(|| async {
        let (three, pool) =
            (Arc::new(Barrier::new(3)), start(WorkerPool::builder().workers(3..=3)));
        let tickets = [(); 3].map(|()| {
            let three = three.clone();
            let meets = Job::new(move |attempt: Attempt| {
                let three = three.clone();
                async move {
                    three.wait().await;
                    Ok(attempt.worker as u64)
                }
            });
            hand_over(&pool, meets)
        });
        let mut workers = vec![];
        for ticket in tickets {
            let outcome = ticket.await;
            assert_eq!(outcome.worker.map(|worker| worker as u64), outcome.result.ok());
            workers.extend(outcome.worker);
        }
        workers.sort_unstable();
        assert_eq!(workers, [0, 1, 2]);
    });
}

#[test]
fn a_ticket_wakes_the_task_that_polled_it_last() {
    run(|| async {
        let (pool, gate) = (start(one_worker()), Gate::new());
        let mut ticket = Polled::new(hand_over(&pool, Job::waits_for(&gate))).pending();
        settle().await;
        let former = ticket.move_to_another_task();
        let mut ticket = ticket.pending();
        gate.open(1);
        settle().await;
        assert_eq!((former.count(), ticket.wakes()), (0, 1));
        assert!(ticket.poll().is_ready());
    });
}

#[test]
fn errors_say_what_happened() {
    let failed: JobError<std::fmt::Error> = JobError::Failed(std::fmt::Error);
    assert_eq!(failed.to_string(), std::fmt::Error.to_string());
    assert!(failed.source().is_none(), "it is shown as its source is");
    let panicked: JobError<&str> = JobError::Panicked("out of luck".to_owned());
    assert_eq!(panicked.to_string(), "the job panicked: out of luck");
    assert_eq!(JobError::<&str>::Aborted.to_string(), "the job was aborted");
    assert_eq!(SubmitError('x').to_string(), "the pool is closed");
    assert_eq!(SubmitError('x').into_inner(), 'x');
    assert_eq!(TrySubmitError::Full('x').to_string(), "the queue of the pool is full");
    assert_eq!(TrySubmitError::Full('x').into_inner(), 'x');
    assert_eq!(TrySubmitError::Closed('x').into_inner(), 'x');
    let aborted = run(|| async { start(one_worker()).abort().await.aborted });
    assert_eq!(aborted, 0);
}

#[test]
fn pools_are_shared_and_tickets_move() {
    fn shared<T: Send + Sync>(_: Option<&T>) {}
    fn moves<T: Send + Unpin>(_: Option<&T>) {}
    // Neither values nor errors have to be `Sync`.
    type Value = std::cell::Cell<u8>;
    shared::<WorkerPool<Job, Value, Value>>(None);
    moves::<Ticket<Value, Value>>(None);
    moves::<Builder<Job>>(None);
    run(|| async {
        let pool = Arc::new(start(one_worker()));
        let theirs = pool.clone();
        let submitter = tokio::spawn(async move {
            theirs.submit(Job::answers(Ok(1)), Priority::Low).await.unwrap().await
        });
        assert_eq!(submitter.await.unwrap().result, Ok(1));
    });
}
