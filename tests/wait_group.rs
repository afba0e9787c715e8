//! What a wait group promises: it waits for every worker, whatever becomes of it, and for no longer.

#[path = "support/allocations.rs"]
mod allocations;
mod support;

mod behaviour {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::sync::{Arc, Barrier};
    use std::thread;

    use futures::executor::block_on;
    use patterns::wait_group::{WaitGroup, Worker};

    use crate::support::{Polled, run, run_on, within_deadline};

    #[test]
    fn with_no_worker_there_is_nothing_to_wait_for() {
        within_deadline(|| {
            Polled::new(WaitGroup::new().wait()).ready();
            Polled::new(WaitGroup::default().wait()).ready();
            WaitGroup::new().wait_blocking();
        });
    }

    #[test]
    fn it_waits_for_the_last_worker() {
        within_deadline(|| {
            let group = WaitGroup::new();
            let [first, second, third] = [(); 3].map(|()| group.worker());
            let mut wait = Polled::new(group.wait()).pending();
            drop(second);
            drop(first);
            assert!(wait.poll().is_pending(), "the third worker is still there");
            drop(third);
            assert_eq!(wait.wakes(), 1, "the last worker wakes the waiter");
            wait.ready();
        });
    }

    #[test]
    fn only_the_last_worker_wakes() {
        within_deadline(|| {
            let group = WaitGroup::new();
            let mut workers = [(); 5].map(|()| group.worker()).to_vec();
            let wait = Polled::new(group.wait()).pending();
            workers.truncate(1);
            assert_eq!(wait.wakes(), 0, "four have ended, but one has not");
            workers.clear();
            assert_eq!(wait.wakes(), 1);
        });
    }

    #[test]
    fn workers_that_have_ended_before_are_not_waited_for() {
        within_deadline(|| {
            let group = WaitGroup::new();
            drop(group.worker());
            drop([group.worker(), group.worker()]);
            Polled::new(group.wait()).ready();
        });
    }

    #[test]
    fn a_wait_that_need_not_wait_wakes_nobody() {
        within_deadline(|| {
            let group = WaitGroup::new();
            drop([group.worker(), group.worker()]);
            let mut wait = Polled::new(group.wait());
            assert!(wait.poll().is_ready());
            assert_eq!(wait.wakes(), 0, "the wait has woken itself");
        });
    }

    #[test]
    fn a_worker_may_be_made_while_others_end() {
        within_deadline(|| {
            let group = WaitGroup::new();
            drop(group.worker());
            let second = group.worker();
            let wait = Polled::new(group.wait()).pending();
            drop(second);
            wait.ready();
        });
    }

    #[test]
    fn a_cloned_worker_is_waited_for() {
        within_deadline(|| {
            let group = WaitGroup::new();
            let worker = group.worker();
            let mut wait = Polled::new(group.wait()).pending();
            let clone = worker.clone();
            drop(worker);
            assert!(wait.poll().is_pending(), "the clone is a worker like the first");
            drop(clone);
            wait.ready();
        });
    }

    #[test]
    fn a_wait_that_is_polled_again_still_waits() {
        within_deadline(|| {
            let group = WaitGroup::new();
            let worker = group.worker();
            let wait = Polled::new(group.wait()).pending().pending().pending();
            drop(worker);
            wait.ready();
        });
    }

    #[test]
    fn a_wait_that_moves_to_another_task_is_woken_there() {
        within_deadline(|| {
            let group = WaitGroup::new();
            let worker = group.worker();
            let mut wait = Polled::new(group.wait()).pending();
            let old_task = wait.move_to_another_task();
            let wait = wait.pending();
            drop(worker);
            assert_eq!((wait.wakes(), old_task.count()), (1, 0), "the last task to poll is woken");
        });
    }

    #[test]
    fn a_wait_that_is_dropped_harms_no_worker() {
        within_deadline(|| {
            let group = WaitGroup::new();
            let worker = group.worker();
            drop(Polled::new(group.wait()).pending());
            drop(worker);
        });
    }

    #[test]
    fn a_worker_whose_owner_panics_counts_down() {
        within_deadline(|| {
            let group = WaitGroup::new();
            let worker = group.worker();
            let wait = Polled::new(group.wait()).pending();
            let panicked = catch_unwind(AssertUnwindSafe(move || {
                let _worker = worker;
                panic!("the worker's own");
            }));
            assert!(panicked.is_err());
            assert_eq!(wait.wakes(), 1, "the panic has ended the last worker");
            wait.ready();
        });
    }

    #[test]
    fn a_task_that_panics_or_is_aborted_counts_down() {
        run(|| async {
            let group = WaitGroup::new();
            let (panics, aborted) = (group.worker(), group.worker());
            tokio::spawn(async move {
                let _worker = panics;
                panic!("the task's own");
            });
            let endless = tokio::spawn(async move {
                let _worker = aborted;
                std::future::pending::<()>().await;
            });
            endless.abort();
            group.wait().await;
        });
    }

    #[test]
    fn all_workers_run_at_once() {
        within_deadline(|| {
            let (group, together) = (WaitGroup::new(), Arc::new(Barrier::new(4)));
            for _ in 0..4 {
                let (worker, together) = (group.worker(), together.clone());
                thread::spawn(move || {
                    let _worker = worker;
                    together.wait();
                });
            }
            group.wait_blocking();
        });
    }

    #[test]
    fn a_worker_may_start_others() {
        run_on(2, || async {
            fn count(depth: usize, worker: Worker, leaves: Arc<AtomicUsize>) {
                if depth == 0 {
                    leaves.fetch_add(1, Relaxed);
                    return;
                }
                for _ in 0..2 {
                    let (worker, leaves) = (worker.clone(), leaves.clone());
                    tokio::spawn(async move { count(depth - 1, worker, leaves) });
                }
            }
            let (group, leaves) = (WaitGroup::new(), Arc::new(AtomicUsize::new(0)));
            count(6, group.worker(), leaves.clone());
            group.wait().await;
            assert_eq!(leaves.load(Relaxed), 64);
        });
    }

    #[test]
    fn the_types_may_cross_threads() {
        fn crosses<T: Send + Sync + Unpin>() {}
        crosses::<WaitGroup>();
        crosses::<Worker>();
        within_deadline(|| {
            let group = WaitGroup::new();
            let worker = group.worker();
            let waiter = thread::spawn(move || block_on(group.wait()));
            thread::spawn(move || drop(worker)).join().unwrap();
            waiter.join().unwrap();
        });
    }
}

mod properties {
    use patterns::wait_group::WaitGroup;
    use proptest::prelude::*;

    use crate::support::{Polled, cases, within_deadline};

    #[derive(Debug, Clone)]
    enum Step {
        Clone(usize),
        End(usize),
        Poll,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            2 => any::<usize>().prop_map(Step::Clone),
            3 => any::<usize>().prop_map(Step::End),
            1 => Just(Step::Poll),
        ]
    }

    /// The wait is over exactly when the list of workers is empty.
    fn play(workers: usize, script: &[Step]) {
        let group = WaitGroup::new();
        let mut workers: Vec<_> = (0..workers).map(|_| group.worker()).collect();
        let mut wait = Polled::new(group.wait()).pending();
        for step in script {
            match *step {
                Step::Clone(which) => workers.push(workers[which % workers.len()].clone()),
                Step::End(which) => drop(workers.swap_remove(which % workers.len())),
                Step::Poll => assert!(wait.poll().is_pending(), "{} are left", workers.len()),
            }
            if workers.is_empty() {
                break;
            }
            assert_eq!(wait.wakes(), 0, "{} are left", workers.len());
        }
        workers.clear();
        assert_eq!(wait.wakes(), 1, "the last worker has ended");
        wait.ready();
    }

    #[test]
    fn the_wait_is_over_when_no_worker_is_left() {
        within_deadline(|| {
            let config = cases(128, 1);
            let script = proptest::collection::vec(step(), 0..40);
            proptest!(config, |(workers in 1..6usize, script in script)| play(workers, &script));
        });
    }
}

mod stress {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::sync::{Arc, Barrier};
    use std::thread;

    use patterns::wait_group::WaitGroup;

    use crate::support::within_deadline;

    #[test]
    fn no_end_is_missed_and_none_is_counted_twice() {
        within_deadline(|| {
            const THREADS: usize = 3;
            let start = Arc::new(Barrier::new(THREADS + 1));
            let (workers, inboxes): (Vec<_>, Vec<_>) =
                (0..THREADS).map(|_| std::sync::mpsc::channel()).unzip();
            let ended = Arc::new(AtomicUsize::new(0));
            for inbox in inboxes {
                let (start, ended) = (start.clone(), ended.clone());
                thread::spawn(move || {
                    for worker in inbox {
                        start.wait();
                        let clone = Clone::clone(&worker);
                        ended.fetch_add(1, Relaxed);
                        drop(worker);
                        drop(clone);
                    }
                });
            }
            for round in 1..=1_000 {
                let group = WaitGroup::new();
                for inbox in &workers {
                    inbox.send(group.worker()).unwrap();
                }
                start.wait();
                group.wait_blocking();
                assert_eq!(ended.load(Relaxed), round * THREADS, "the wait was over too early");
            }
        });
    }
}

mod leaks {
    use std::sync::Arc;
    use std::task::{Context, Waker};
    use std::{future::Future, pin::pin};

    use patterns::wait_group::WaitGroup;

    use crate::allocations;
    use crate::support::{Wakes, within_deadline};

    #[test]
    fn no_waker_outlives_the_wait() {
        within_deadline(|| {
            let wakes = Arc::new(Wakes::default());
            let waker = Waker::from(wakes.clone());
            let group = WaitGroup::new();
            let worker = group.worker();
            {
                let mut wait = pin!(group.wait());
                let mut context = Context::from_waker(&waker);
                assert!(wait.as_mut().poll(&mut context).is_pending());
                drop(worker);
                assert!(wait.as_mut().poll(&mut context).is_ready());
            }
            drop(waker);
            assert_eq!(Arc::strong_count(&wakes), 1, "a waker was left behind");
        });
    }

    #[test]
    fn a_worker_and_a_wait_allocate_nothing() {
        within_deadline(|| {
            let mut group = None;
            let made = allocations::during(|| group = Some(WaitGroup::new()));
            assert_eq!(made, 1, "a group allocated {made} times");
            let group = group.unwrap();
            let made = allocations::during(|| {
                (0..100).for_each(|_| drop(group.worker()));
                let workers = [(); 100].map(|()| group.worker());
                let mut wait = pin!(group.wait());
                let mut context = Context::from_waker(Waker::noop());
                assert!(wait.as_mut().poll(&mut context).is_pending());
                drop(workers);
                assert!(wait.as_mut().poll(&mut context).is_ready());
            });
            assert_eq!(made, 0, "two hundred workers and a wait allocated {made} times");
        });
    }
}
