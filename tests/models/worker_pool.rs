//! Every interleaving of submitters, workers and ends of a pool, for each invariant.

use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::{Arc, Weak};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures::FutureExt;
use loomscope::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use loomscope::task::block_on;
use loomscope::{Model, thread};
use patterns::worker_pool::{
    Builder, CancelToken, JobError, Priority::Normal, Retry, RunError, WorkerPool, run_all,
};

type Pool = WorkerPool<u8, u8, u8>;

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/worker_pool")
}

fn builder(workers: usize) -> Builder<u8> {
    WorkerPool::builder().workers(workers..=workers).queue(NonZeroUsize::MIN)
}

/// Workers that answer each job with itself.
fn echo(workers: usize) -> Pool {
    builder(workers).start(async |job: Arc<u8>, _| Ok(*job))
}

/// A worker that never ends its job.
fn stuck() -> Pool {
    builder(1).start(async |_: Arc<u8>, _| {
        pending::<()>().await;
        Err(Retry::Permanent(0))
    })
}

#[test]
fn a_worker_that_falls_asleep_does_not_miss_a_job() {
    model("I4: a job finds a worker that is awake, or wakes one").check(|| {
        let pool = echo(1);
        let ticket = pool.try_submit(1, Normal).unwrap();
        assert_eq!(block_on(ticket).result, Ok(1));
        let ticket = pool.try_submit(2, Normal).unwrap();
        assert_eq!(block_on(ticket).result, Ok(2));
    });
}

#[test]
fn a_worker_that_goes_home_does_not_miss_a_job() {
    let model = model("I5: a worker leaves under the lock under which it found no job");
    model.preemptions(2).check(|| {
        let idle = builder(1).workers(0..=1).idle(Duration::from_nanos(1));
        let pool: Pool = idle.start(async |job: Arc<u8>, _| Ok(*job));
        for job in 0..2 {
            let ticket = pool.try_submit(job, Normal).unwrap();
            assert_eq!(block_on(ticket).result, Ok(job));
        }
    });
}

#[test]
fn a_drain_loses_no_job() {
    model("I4: an accepted job is run, whenever the pool is closed").check(|| {
        let pool = echo(1);
        let ticket = pool.try_submit(1, Normal).unwrap();
        let stats = block_on(pool.drain());
        assert_eq!(
            (stats.processed, stats.alive),
            (1, 0),
            "I4: a job was lost, or a worker is left"
        );
        assert_eq!(ticket.now_or_never().expect("I1: it is answered").result, Ok(1));
    });
}

#[test]
fn room_for_one_is_given_to_one() {
    model("I2: room is found and taken under one hold of the lock").preemptions(2).check(|| {
        let pool = Arc::new(stuck());
        let theirs = pool.clone();
        let other = thread::spawn_named("other", move || drop(theirs.try_submit(1, Normal)));
        drop(pool.try_submit(2, Normal));
        other.join().unwrap();
        assert!(pool.stats().queued <= 1, "I2: two jobs in a queue with room for one");
    });
}

#[test]
fn a_job_is_accepted_before_the_end_or_not_at_all() {
    model("I6: a job that is accepted while the pool is closed is run").preemptions(2).check(
        || {
            let pool = Arc::new(echo(1));
            let theirs = pool.clone();
            let closer = thread::spawn_named("closer", move || theirs.close());
            if let Ok(ticket) = pool.try_submit(1, Normal) {
                assert_eq!(block_on(ticket).result, Ok(1));
            }
            closer.join().unwrap();
        },
    );
}

#[test]
fn a_submitter_in_line_hears_of_the_end() {
    model("I6: nobody is in line at a pool that is closed").check(|| {
        let pool = Arc::new(stuck());
        // One in hand and one in the queue, or the other way round: no third fits.
        drop(block_on(pool.submit(1, Normal)).unwrap());
        drop(block_on(pool.submit(2, Normal)).unwrap());
        let theirs = pool.clone();
        let submitter = thread::spawn_named("submitter", move || {
            let refused = block_on(theirs.submit(3, Normal)).unwrap_err();
            assert_eq!(refused.into_inner(), 3);
        });
        pool.close();
        submitter.join().unwrap();
    });
}

#[test]
fn a_submitter_in_line_hears_of_room() {
    model("I2: where somebody is in line, there is no room").check(|| {
        let pool = echo(1);
        for job in 0..3 {
            drop(block_on(pool.submit(job, Normal)).unwrap());
        }
        assert_eq!(block_on(pool.drain()).processed, 3);
    });
}

#[test]
fn a_submitter_that_leaves_the_line_passes_its_room_on() {
    model("I2: room that is kept for nobody is given to the next").check(|| {
        let pool = echo(1);
        drop(pool.try_submit(1, Normal).unwrap());
        let mut first = Box::pin(pool.submit(2, Normal));
        let mut second = Box::pin(pool.submit(3, Normal));
        let waits = (&mut first).now_or_never().is_none();
        if waits && (&mut second).now_or_never().is_none() {
            drop(first);
            drop(block_on(second).unwrap());
        }
    });
}

#[test]
fn a_waker_may_use_the_pool() {
    /// Who waits in line looks at the pool when there is news.
    struct Looks(Weak<Pool>);
    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.0.upgrade().iter().for_each(|pool| drop(pool.stats()));
        }
    }
    model("no waker is touched under the lock").check(|| {
        let pool = Arc::new(echo(1));
        let waker = Waker::from(Arc::new(Looks(Arc::downgrade(&pool))));
        drop(pool.try_submit(1, Normal).unwrap());
        let mut submit = Box::pin(pool.submit(2, Normal));
        let _ticket = submit.poll_unpin(&mut Context::from_waker(&waker));
        pool.close();
    });
}

#[test]
fn an_abort_and_an_end_answer_once() {
    model("I1: a job has one answer, and I3: it is counted once").check(|| {
        let pool = echo(1);
        let ticket = pool.try_submit(1, Normal).unwrap();
        let stats = block_on(pool.abort());
        let result =
            ticket.now_or_never().expect("I1: a ticket is never left without an answer").result;
        let ended = u64::from(result == Ok(1));
        assert!(ended == 1 || result == Err(JobError::Aborted));
        assert_eq!(
            (stats.processed, stats.aborted),
            (ended, 1 - ended),
            "I3: answer and count differ"
        );
    });
}

#[test]
fn a_pool_that_is_dropped_leaves_no_worker_and_no_ticket() {
    model("I1: the last to hear of a pool is not its ticket").check(|| {
        let pool = stuck();
        let ticket = pool.try_submit(1, Normal).unwrap();
        drop(pool);
        assert_eq!(block_on(ticket).result, Err(JobError::Aborted));
    });
}

#[test]
fn a_drain_that_is_given_up_leaves_no_worker() {
    model("I1: who waits for the workers has them in hand, and lets none go").check(|| {
        let pool = stuck();
        let ticket = pool.try_submit(1, Normal).unwrap();
        assert!(pool.drain().now_or_never().is_none(), "I1: a job has not ended");
        assert_eq!(block_on(ticket).result, Err(JobError::Aborted));
    });
}

#[test]
fn a_job_is_counted_before_it_is_answered() {
    model("I3: who has the answer finds the job counted, and in nobody's hand").check(|| {
        let pool = echo(1);
        let ticket = pool.try_submit(1, Normal).unwrap();
        assert_eq!(block_on(ticket).result, Ok(1));
        let stats = pool.stats();
        assert_eq!((stats.processed, stats.in_progress, stats.queued), (1, 0, 0), "I3");
        assert_eq!(pool.in_progress(), [], "I3: it has been answered, and is in progress");
    });
}

#[test]
fn no_more_is_counted_than_was_submitted() {
    model("I3: no job is counted twice, whoever looks").check(|| {
        let pool = echo(1);
        drop(pool.try_submit(1, Normal).unwrap());
        let now = pool.stats();
        assert!(
            now.processed + now.in_progress + now.queued <= 1,
            "I3: one job, counted as two: {now:?}"
        );
    });
}

#[test]
fn no_more_workers_are_hired_than_there_may_be() {
    model("I5: a worker counts before it is started").preemptions(1).check(|| {
        let running = Arc::new(AtomicUsize::new(0));
        let one = builder(1).workers(0..=1).queue(NonZeroUsize::new(2).unwrap());
        let pool: Pool = one.start(move |job: Arc<u8>, _| {
            assert_eq!(
                running.fetch_add(1, SeqCst),
                0,
                "I5: two workers, and one at most was allowed"
            );
            running.fetch_sub(1, SeqCst);
            async move { Ok(*job) }
        });
        let pool = Arc::new(pool);
        let theirs = pool.clone();
        let other = thread::spawn_named("other", move || drop(block_on(theirs.submit(1, Normal))));
        drop(block_on(pool.submit(2, Normal)));
        other.join().unwrap();
        assert!(pool.stats().alive <= 1, "I5: more workers than there may be");
    });
}

#[test]
fn every_job_of_a_slice_is_run_once() {
    model("I7: each job of a slice has one task, and its result one place").check(|| {
        let (token, two) = (CancelToken::new(), NonZeroUsize::new(2).unwrap());
        let all = block_on(run_all([1, 2, 3], two, &token, async |job: u8| Ok::<_, u8>(job)));
        assert_eq!(all, Ok(vec![1, 2, 3]), "I7: a result is lost, or not in its place");
    });
}

#[test]
fn a_cancelled_slice_is_no_success() {
    model("I7: all results, or the reason why not").check(|| {
        let (token, one) = (CancelToken::new(), NonZeroUsize::MIN);
        let theirs = token.clone();
        let canceller = thread::spawn_named("canceller", move || theirs.cancel());
        match block_on(run_all([1, 2], one, &token, async |job: u8| Ok::<_, u8>(job))) {
            Ok(all) => assert_eq!(all, [1, 2], "I7: a success that is not whole"),
            Err(error) => assert!(matches!(error, RunError::Cancelled(_)), "I7: {error:?}"),
        }
        canceller.join().unwrap();
    });
}
