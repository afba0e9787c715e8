//! How `run_all` ends where something goes wrong: nothing that it began is alive then.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures::FutureExt;
use patterns::worker_pool::{CancelToken, run_all};
use tokio::runtime::{Builder, Handle};
use tokio::sync::Barrier;
use tokio::task::yield_now;

use crate::jobs::{Gate, Log};
use crate::support::{Census, Polled, run, within_deadline};
use crate::{many, settle};

/// Panics when it is dropped.
struct Touchy;

impl Drop for Touchy {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn it_returns_when_every_job_that_began_is_gone() {
    run(|| async {
        let (gate, census, token) = (Gate::new(), Census::default(), CancelToken::new());
        let pass = gate.clone();
        let payloads: Vec<_> = (0..3).map(|job| census.payload(job)).collect();
        let work = move |payload: crate::support::Payload| {
            let pass = pass.clone();
            async move {
                if payload.value == 1 {
                    return Err(());
                }
                pass.pass().await;
                Ok(())
            }
        };
        let mut all = Polled::new(run_all(payloads, many(2), &token, work)).pending();
        settle().await;
        assert!(all.poll().is_pending(), "the first job still runs, and holds a payload");
        gate.open(1);
        settle().await;
        assert!(all.wakes() > 0, "the last job wakes the one who waits");
        assert!(all.ready().is_err());
        assert_eq!(census.alive(), 0, "a job outlives the call, or one that never began does");
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    });
}

#[test]
fn a_panic_goes_on_when_all_have_ended() {
    run(|| async {
        for in_the_call in [true, false] {
            let (gate, begun, token) = (Gate::new(), Log::default(), CancelToken::new());
            let (pass, log) = (gate.clone(), begun.clone());
            let work = move |job: u64| {
                let pass = pass.clone();
                log.write(job);
                assert!(job != 1 || !in_the_call, "the second job panics");
                async move {
                    assert!(job != 1, "the second job panics");
                    pass.pass().await;
                    Ok::<_, ()>(())
                }
            };
            let all = run_all(0..10, many(2), &token, work);
            let mut all = Polled::new(AssertUnwindSafe(all).catch_unwind());
            assert!(all.poll().is_pending());
            settle().await;
            assert!(all.poll().is_pending(), "the first job has not ended");
            gate.open(10);
            settle().await;
            let panic = all.ready().expect_err("the panic goes on");
            assert_eq!(panic.downcast_ref(), Some(&"the second job panics"));
            assert_eq!(begun.read(), [0, 1], "a job began after a panic");
        }
    });
}

#[test]
fn no_error_hides_a_panic() {
    run(|| async {
        let token = CancelToken::new();
        let both = Arc::new(Barrier::new(2));
        let work = move |job: u64| {
            let both = both.clone();
            async move {
                both.wait().await;
                if job == 1 {
                    yield_now().await;
                    panic!("a bug");
                }
                Err::<(), _>("an error, and earlier")
            }
        };
        let all = run_all(0..2, many(2), &token, work);
        let panic = AssertUnwindSafe(all).catch_unwind().await.expect_err("the panic goes on");
        assert_eq!(panic.downcast_ref(), Some(&"a bug"));
    });
}

#[test]
fn a_destructor_that_panics_is_a_panic_of_its_job() {
    run(|| async {
        let (token, begun) = (CancelToken::new(), Log::default());
        let log = begun.clone();
        let work = move |job: u64| {
            log.write(job);
            let touchy = (job == 1).then(|| Touchy);
            async move {
                let _touchy = touchy;
                Ok::<_, ()>(pending::<u8>().now_or_never())
            }
        };
        let all = AssertUnwindSafe(run_all(0..5, many(1), &token, work)).catch_unwind();
        let panic = all.await.expect_err("the panic goes on");
        assert_eq!(panic.downcast_ref(), Some(&"dropped"));
        assert_eq!(begun.read(), [0, 1]);
    });
}

#[test]
fn dropped_it_aborts_what_it_began_and_drops_the_rest() {
    run(|| async {
        let (census, token) = (Census::default(), CancelToken::new());
        for polls in 0..3 {
            let payloads: Vec<_> = (0..9).map(|job| census.payload(job)).collect();
            let work = async |payload: crate::support::Payload| {
                if payload.value > 0 {
                    pending::<()>().await;
                }
                Ok::<_, ()>(payload)
            };
            let mut all = Polled::new(run_all(payloads, many(2), &token, work));
            for _ in 0..polls {
                assert!(all.poll().is_pending());
                settle().await;
            }
            drop(all);
            settle().await;
            assert_eq!(census.alive(), 0, "after {polls} polls, jobs or results are left");
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        }
    });
}

#[test]
fn a_runtime_that_goes_is_no_success() {
    within_deadline(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let token = CancelToken::new();
        let work = async |job: u64| {
            yield_now().await;
            Ok::<_, ()>(job)
        };
        let mut all = Polled::new(run_all(0..3, many(2), &token, work));
        let inside = runtime.enter();
        assert!(all.poll().is_pending());
        drop(inside);
        drop(runtime);
        let answer = catch_unwind(AssertUnwindSafe(|| all.poll().map(|answer| answer.is_ok())));
        assert!(answer.is_err(), "its jobs are gone, and it says {answer:?}");
    });
}
