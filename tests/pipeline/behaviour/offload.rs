//! Work that another pool of threads does.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use patterns::pipeline::{Abandoned, CancelToken, Offload, Order, Pipeline, offload};

use crate::parts::{E, entries, number, tray};
use crate::support::{Census, Polled, panic_of, run, within_deadline};

type Job = Box<dyn FnOnce() + Send>;

/// A pool that does a job when it is told to.
#[derive(Clone, Default)]
struct Pool(Arc<Mutex<Vec<Job>>>);

impl Pool {
    fn spawn(&self, job: Job) {
        self.0.lock().unwrap().push(job);
    }

    fn take(&self) -> Job {
        self.0.lock().unwrap().pop().expect("a job")
    }

    fn jobs(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn on_a_thread(job: Job) {
    drop(std::thread::spawn(job));
}

#[test]
fn the_outcome_of_the_work_comes_back() {
    run(|| async {
        let here = std::thread::current().id();
        let there = offload(on_a_thread, || std::thread::current().id()).await.unwrap();
        assert_ne!(here, there, "it has run on this thread");
        assert_eq!(offload(|job| job(), || 42).await, Ok(42), "a pool may do it at once");
    });
}

#[test]
fn the_runtime_goes_on_while_the_work_is_done() {
    run(|| async {
        // The work waits for a task of this thread, and so this thread must not wait for the work.
        let (tell, told) = mpsc::channel();
        let neighbour = tokio::spawn(async move { tell.send("hello").unwrap() });
        let heard = offload(on_a_thread, move || told.recv().unwrap()).await;
        assert_eq!(heard, Ok("hello"));
        neighbour.await.unwrap();
    });
}

#[test]
fn the_pool_has_the_job_before_anybody_waits() {
    within_deadline(|| {
        let pool = Pool::default();
        let first = Polled::new(offload(|job| pool.spawn(job), || 1));
        let second = Polled::new(offload(|job| pool.spawn(job), || 2));
        assert_eq!(pool.jobs(), 2);
        pool.take()();
        pool.take()();
        assert_eq!((first.ready(), second.ready()), (Ok(1), Ok(2)));
    });
}

#[test]
fn who_waits_is_woken_when_the_work_is_done() {
    within_deadline(|| {
        let pool = Pool::default();
        let mut waits = Polled::new(offload(|job| pool.spawn(job), || 1)).pending();
        let before = waits.move_to_another_task();
        let waits = waits.pending();
        pool.take()();
        assert_eq!((before.count(), waits.wakes()), (0, 1), "who waited last is woken");
        assert_eq!(waits.ready(), Ok(1));
    });
}

#[test]
fn a_panic_of_the_work_comes_out_where_it_is_waited_for() {
    within_deadline(|| {
        let pool = Pool::default();
        let work = || -> u8 { panic!("the work's own") };
        let waits = Polled::new(offload(|job| pool.spawn(job), work)).pending();
        pool.take()();
        assert_eq!(waits.wakes(), 1);
        assert_eq!(panic_of(|| waits.ready()), "the work's own");
    });
}

#[test]
fn a_job_that_the_pool_drops_is_told() {
    within_deadline(|| {
        let (pool, census) = (Pool::default(), Census::default());
        let payload = census.payload(1);
        let waits = Polled::new(offload(|job| pool.spawn(job), move || drop(payload))).pending();
        drop(pool.take());
        assert_eq!((waits.wakes(), census.alive()), (1, 0));
        assert_eq!(waits.ready(), Err(Abandoned));
        assert_eq!(Polled::new(offload(drop, || ())).ready(), Err(Abandoned));
        assert_eq!(Abandoned.to_string(), "the pool dropped the job and did not run it");
    });
}

#[test]
fn dropped_before_the_work_has_begun_it_is_not_begun() {
    within_deadline(|| {
        for polled in [false, true] {
            let (pool, census) = (Pool::default(), Census::default());
            let payload = census.payload(1);
            let (ran, runs) = mpsc::channel();
            let mut waits = Polled::new(offload(
                |job| pool.spawn(job),
                move || {
                    let _payload = payload;
                    ran.send(()).unwrap();
                },
            ));
            assert!(!polled || waits.poll().is_pending());
            drop(waits);
            pool.take()();
            assert!(runs.try_recv().is_err(), "nobody waits for it, and it is run");
            assert_eq!(census.alive(), 0);
        }
    });
}

#[test]
fn dropped_while_the_work_is_done_it_is_done_for_nobody() {
    within_deadline(|| {
        let census = Census::default();
        let payload = census.payload(1);
        let ((began, begins), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
        let (thread, threads) = mpsc::channel();
        let spawn = |job: Job| thread.send(std::thread::spawn(job)).unwrap();
        let waits = Polled::new(offload(spawn, move || {
            began.send(()).unwrap();
            goes_on.recv().unwrap();
            payload
        }))
        .pending();
        begins.recv().unwrap();
        drop(waits);
        assert_eq!(census.alive(), 1, "the work has it");
        go_on.send(()).unwrap();
        threads.recv().unwrap().join().expect("the pool's thread is well");
        assert_eq!(census.alive(), 0, "the outcome is left");
    });
}

#[test]
fn an_outcome_that_nobody_took_is_dropped() {
    within_deadline(|| {
        let (pool, census) = (Pool::default(), Census::default());
        let payload = census.payload(1);
        let waits = Polled::new(offload(|job| pool.spawn(job), move || payload));
        pool.take()();
        assert_eq!(census.alive(), 1);
        drop(waits);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn polled_after_its_end_it_panics() {
    within_deadline(|| {
        let mut waits = Polled::new(offload(|job| job(), || 1));
        assert!(waits.poll().is_ready());
        assert!(!panic_of(|| waits.poll()).is_empty());
    });
}

#[test]
fn a_pool_that_panics_does_so_at_once() {
    within_deadline(|| {
        let census = Census::default();
        let payload = census.payload(1);
        let offloads = || offload(|_| panic!("the pool's own"), move || drop(payload));
        assert_eq!(panic_of(offloads), "the pool's own");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn it_moves_between_threads() {
    fn moves<T: Send + Unpin>(it: T) -> T {
        it
    }
    within_deadline(|| {
        let offloaded: Offload<u8> = moves(offload(|job| job(), || 1));
        assert_eq!(offloaded.now_or_never(), Some(Ok(1)));
    });
}

#[test]
fn an_enrichment_that_computes_keeps_its_order() {
    run(|| async {
        let (tray, sink) = tray();
        let pipeline = Pipeline::builder()
            .source(entries(0..50_u64))
            .enrich(number(4), Order::Kept, async |n| {
                offload(on_a_thread, move || n * n).await.map_err(|_| "the pool is gone")
            })
            .sink(sink)
            .build();
        let report = pipeline.run(CancelToken::new()).await;
        assert_eq!(report.errors, Vec::<patterns::pipeline::Failure<E>>::new());
        assert!(tray.entries().into_iter().eq((0..50).map(|n| n * n)));
    });
}
