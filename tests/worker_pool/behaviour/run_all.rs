//! `run_all` where all goes well, and where the token or an error ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use patterns::worker_pool::{CancelToken, Reason, RunError, run_all};
use tokio::sync::Barrier;
use tokio::task::yield_now;

use crate::jobs::{Gate, Log};
use crate::support::{Polled, run};
use crate::{many, settle};

#[test]
fn all_results_are_returned() {
    run(|| async {
        let double = async |job: u64| Ok::<_, ()>(2 * job);
        let results = run_all(1..=5, many(2), &CancelToken::new(), double).await;
        assert_eq!(results, Ok(vec![2, 4, 6, 8, 10]));
    });
}

#[test]
fn where_there_is_nothing_to_do_all_is_done() {
    run(|| async {
        let (work, token) = (async |job: u64| Ok::<_, ()>(job), CancelToken::new());
        assert_eq!(run_all([], many(3), &token, work).await, Ok(vec![]));
        token.cancel();
        assert_eq!(run_all([], many(3), &token, work).await, Ok(vec![]));
    });
}

#[test]
fn results_stand_in_the_order_of_the_jobs_not_of_their_ends() {
    run(|| async {
        let (ends, log) = (Log::default(), Log::default());
        let ended = ends.clone();
        let work = move |job: u64| {
            let ends = ended.clone();
            async move {
                for _ in 0..4 * (9 - job) {
                    yield_now().await;
                }
                ends.write(job);
                Ok::<_, ()>(job)
            }
        };
        let results = run_all(0..10, many(10), &CancelToken::new(), work).await;
        (0..10).rev().for_each(|job| log.write(job));
        assert_eq!(ends.read(), log.read(), "the last is done first");
        assert_eq!(results, Ok((0..10).collect()));
    });
}

#[test]
fn so_many_run_at_once_and_no_more() {
    run(|| async {
        let (alive, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (running, high_water) = (alive.clone(), most.clone());
        let three = Arc::new(Barrier::new(3));
        let work = move |job| {
            let (alive, most, three) = (running.clone(), high_water.clone(), three.clone());
            async move {
                most.fetch_max(alive.fetch_add(1, SeqCst) + 1, SeqCst);
                if job < 3 {
                    // Nobody gets past here alone: three do run at once.
                    three.wait().await;
                } else {
                    yield_now().await;
                }
                alive.fetch_sub(1, SeqCst);
                Ok::<_, ()>(())
            }
        };
        let results = run_all(0..9, many(3), &CancelToken::new(), work).await;
        assert_eq!(results, Ok(vec![(); 9]));
        assert_eq!(most.load(SeqCst), 3, "so many ran at once");
    });
}

#[test]
fn a_slow_job_holds_up_no_other() {
    run(|| async {
        let (gate, ended) = (Gate::new(), Log::default());
        let (pass, log) = (gate.clone(), ended.clone());
        let work = move |job: u64| {
            let (pass, log) = (pass.clone(), log.clone());
            async move {
                if job == 0 {
                    pass.pass().await;
                }
                log.write(job);
                Ok::<_, ()>(job)
            }
        };
        let token = CancelToken::new();
        let mut all = Polled::new(run_all(0..9, many(2), &token, work)).pending();
        settle().await;
        assert!(all.poll().is_pending());
        assert_eq!(ended.read(), (1..9).collect::<Vec<_>>(), "all but the one that is slow");
        gate.open(1);
        settle().await;
        assert_eq!(all.ready(), Ok((0..9).collect()));
    });
}

#[test]
fn jobs_at_one_time_are_on_tasks_of_their_own() {
    run(|| async {
        let two = Arc::new(Barrier::new(2));
        let work = move |_| {
            let two = two.clone();
            async move {
                two.wait().await;
                Ok::<_, ()>(tokio::task::try_id())
            }
        };
        // The body of this test is no task, so one that polls them all has no number to show.
        let tasks = run_all(0..2, many(2), &CancelToken::new(), work).await.unwrap();
        let (Some(one), Some(other)) = (tasks[0], tasks[1]) else {
            panic!("a job runs inside of its caller, and not beside it");
        };
        assert_ne!(one, other, "two jobs at once share a task: they cannot run in parallel");
    });
}

#[test]
fn a_huge_limit_is_no_more_than_there_are_jobs() {
    run(|| async {
        let work = async |job: u64| Ok::<_, ()>(job);
        let results = run_all(0..3, many(usize::MAX), &CancelToken::new(), work).await;
        assert_eq!(results, Ok(vec![0, 1, 2]));
    });
}

#[test]
fn the_error_says_which_job_it_was() {
    run(|| async {
        let work = async |job: &'static str| job.parse::<u8>();
        let error = run_all(["1", "two"], many(1), &CancelToken::new(), work).await.unwrap_err();
        assert_eq!(error.to_string(), "job 1 failed");
        let source = std::error::Error::source(&error).expect("the job's error");
        assert_eq!(source.to_string(), "invalid digit found in string");
    });
}

#[test]
fn after_an_error_no_further_job_begins() {
    run(|| async {
        let begun = Log::default();
        let log = begun.clone();
        let work = move |job: u64| {
            log.write(job);
            async move { if job == 2 { Err("the third fails") } else { Ok(job) } }
        };
        let token = CancelToken::new();
        let answer = run_all(0..100, many(1), &token, work).await;
        assert_eq!(answer, Err(RunError::Failed { index: 2, error: "the third fails" }));
        assert!(!token.is_cancelled(), "the caller's token is the caller's");
        assert_eq!(begun.read(), [0, 1, 2]);
    });
}

#[test]
fn the_first_error_is_the_one_that_came_first() {
    run(|| async {
        let gates = [Gate::new(), Gate::new()];
        let theirs = gates.clone();
        let work = move |job: usize| {
            let gate = theirs[job].clone();
            async move {
                gate.pass().await;
                Err::<(), _>(job)
            }
        };
        let token = CancelToken::new();
        let mut all = Polled::new(run_all(0..2, many(2), &token, work)).pending();
        settle().await;
        gates[1].open(1);
        settle().await;
        assert!(all.poll().is_pending(), "the other job has begun, and has not ended");
        gates[0].open(1);
        settle().await;
        assert_eq!(all.ready(), Err(RunError::Failed { index: 1, error: 1 }));
    });
}

#[test]
fn a_cancelled_token_is_never_success() {
    run(|| async {
        let begun = Log::default();
        let token = CancelToken::new();
        token.cancel();
        let late = CancelToken::new().with_timeout(Duration::ZERO);
        for (token, reason) in [(token, Reason::Cancelled), (late, Reason::DeadlineExceeded)] {
            let log = begun.clone();
            let work = move |job| {
                log.write(job);
                async move { Ok::<_, ()>(job) }
            };
            let answer = run_all(0..100, many(4), &token, work).await;
            assert_eq!(answer, Err(RunError::Cancelled(reason)));
        }
        assert_eq!(begun.read(), [], "a job began under a cancelled token");
        let error = RunError::<()>::Cancelled(Reason::Cancelled);
        assert_eq!(error.to_string(), "cancelled before every job had begun");
    });
}

#[test]
fn cancelled_on_the_way_it_begins_no_more_and_waits_for_those_that_run() {
    run(|| async {
        let (gate, begun, token) = (Gate::new(), Log::default(), CancelToken::new());
        let (pass, log) = (gate.clone(), begun.clone());
        let work = move |job| {
            let pass = pass.clone();
            log.write(job);
            async move {
                pass.pass().await;
                Ok::<_, ()>(job)
            }
        };
        let mut all = Polled::new(run_all(0..100, many(2), &token, work)).pending();
        settle().await;
        token.cancel();
        settle().await;
        assert!(all.poll().is_pending(), "two jobs run");
        gate.open(100);
        settle().await;
        assert_eq!(all.ready(), Err(RunError::Cancelled(Reason::Cancelled)));
        assert_eq!(begun.read(), [0, 1]);
    });
}

#[test]
fn a_token_cancelled_when_the_last_job_has_begun_changes_nothing() {
    run(|| async {
        let token = CancelToken::new();
        let theirs = token.clone();
        let work = move |job| {
            if job == 2 {
                theirs.cancel();
            }
            async move { Ok::<_, ()>(job) }
        };
        assert_eq!(run_all(0..3, many(1), &token, work).await, Ok(vec![0, 1, 2]));
    });
}

#[test]
fn an_error_says_more_than_a_cancellation() {
    run(|| async {
        let token = CancelToken::new();
        let theirs = token.clone();
        let work = move |_| {
            theirs.cancel();
            async move { Err::<(), _>("cancelled half way") }
        };
        let answer = run_all(0..3, many(1), &token, work).await;
        assert_eq!(answer, Err(RunError::Failed { index: 0, error: "cancelled half way" }));
    });
}
