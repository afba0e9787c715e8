//! `run_limited`, which stands on the semaphore.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures::FutureExt;
use patterns::semaphore::run_limited;
use tokio::sync::Barrier;
use tokio::task::yield_now;

use crate::support::{Polled, run, within_deadline};

fn at_most(limit: usize) -> NonZeroUsize {
    NonZeroUsize::new(limit).expect("a limit")
}

#[test]
fn run_limited_runs_as_many_as_the_limit_and_no_more() {
    run(|| async {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let together = Arc::new(Barrier::new(3));
        let jobs = (0..12).map(|_| {
            let (running, most, together) = (running.clone(), most.clone(), together.clone());
            async move {
                most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                together.wait().await;
                yield_now().await;
                running.fetch_sub(1, SeqCst);
            }
        });
        run_limited(at_most(3), jobs).await;
        assert_eq!((running.load(SeqCst), most.load(SeqCst)), (0, 3));
    });
}

#[test]
fn run_limited_waits_for_jobs_that_panic_and_for_the_rest() {
    run(|| async {
        let ended = Arc::new(AtomicUsize::new(0));
        let jobs = (0..6).map(|i| {
            let ended = ended.clone();
            async move {
                yield_now().await;
                assert!(i % 2 == 0, "an odd job panics");
                yield_now().await;
                ended.fetch_add(1, SeqCst);
            }
        });
        run_limited(at_most(2), jobs).await;
        assert_eq!(ended.load(SeqCst), 3, "every even job has ended");
    });
}

#[test]
fn run_limited_draws_a_job_only_when_it_may_run() {
    run(|| async {
        let drawn = Rc::new(Cell::new(0));
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let jobs = (0..5).map(|_| {
            drawn.set(drawn.get() + 1);
            let gate = gate.clone();
            async move { gate.acquire().await.unwrap().forget() }
        });
        let mut all = Polled::new(run_limited(at_most(2), jobs));
        assert!(all.poll().is_pending());
        assert_eq!(drawn.get(), 2, "the limit is two");
        gate.add_permits(1);
        while all.wakes() == 0 {
            yield_now().await;
        }
        assert!(all.poll().is_pending());
        assert_eq!(drawn.get(), 3, "one has ended, so one more may start");
        gate.add_permits(4);
        while all.poll().is_pending() {
            yield_now().await;
        }
        assert_eq!(drawn.get(), 5);
    });
}

#[test]
fn run_limited_dropped_starts_no_more_and_leaves_the_rest_running() {
    run(|| async {
        let (started, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let jobs = (0..5).map(|_| {
            let (started, ended) = (started.clone(), ended.clone());
            async move {
                started.fetch_add(1, SeqCst);
                yield_now().await;
                ended.fetch_add(1, SeqCst);
            }
        });
        let mut all = Polled::new(run_limited(at_most(2), jobs));
        assert!(all.poll().is_pending());
        drop(all);
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
            yield_now().await;
        }
        assert_eq!((started.load(SeqCst), ended.load(SeqCst)), (2, 2));
    });
}

#[test]
fn run_limited_takes_any_limit() {
    let done = run(|| async {
        let done = Arc::new(AtomicUsize::new(0));
        let job = done.clone();
        let job = async move {
            job.fetch_add(1, SeqCst);
        };
        run_limited(at_most(usize::MAX), [job]).await;
        done.load(SeqCst)
    });
    assert_eq!(done, 1, "a limit beyond MAX_PERMITS is no limit, and no panic");
}

#[test]
fn run_limited_of_nothing_is_done_at_once() {
    within_deadline(|| {
        let nothing = std::iter::empty::<std::future::Ready<()>>();
        assert!(run_limited(at_most(1), nothing).now_or_never().is_some());
    });
}
