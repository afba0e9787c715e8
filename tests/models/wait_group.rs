//! Every interleaving of a wait with the ends of its workers.

use std::sync::Arc;

use loomscope::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loomscope::task::{self, block_on};
use loomscope::{Model, thread};
use patterns::wait_group::WaitGroup;

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/wait_group")
}

#[test]
fn the_last_worker_is_never_missed() {
    model("I3: the wait ends, whenever the last worker does").check(|| {
        let group = WaitGroup::new();
        let worker = group.worker();
        let ending = thread::spawn_named("worker", move || drop(worker));
        group.wait_blocking();
        ending.join().unwrap();
    });
}

#[test]
fn two_ends_at_once_are_both_counted() {
    model("I1: the count is the number of workers alive").check(|| {
        let group = WaitGroup::new();
        let endings = ["first", "second"].map(|name| {
            let worker = group.worker();
            thread::spawn_named(name, move || drop(worker))
        });
        group.wait_blocking();
        endings.into_iter().for_each(|ending| ending.join().unwrap());
    });
}

#[test]
fn the_wait_is_not_over_before_the_last_worker() {
    model("I2: a wait ends only when the count is zero").check(|| {
        let group = WaitGroup::new();
        let ended = Arc::new(AtomicUsize::new(0));
        let (worker, count) = (group.worker(), ended.clone());
        let starter = thread::spawn_named("starter", move || {
            let (other, theirs) = (worker.clone(), count.clone());
            let started = thread::spawn_named("started", move || {
                theirs.fetch_add(1, Relaxed);
                drop(other);
            });
            count.fetch_add(1, Relaxed);
            drop(worker);
            started
        });
        group.wait_blocking();
        assert_eq!(ended.load(Relaxed), 2, "I2: a worker's work is missing when the wait is over");
        starter.join().unwrap().join().unwrap();
    });
}

#[test]
fn a_worker_that_panics_ends_the_wait() {
    model("I1: a worker is counted until it is dropped, by a panic too").check(|| {
        let group = WaitGroup::new();
        let worker = group.worker();
        let task = task::spawn(async move {
            let _worker = worker;
            panic!("the worker's own");
        });
        block_on(group.wait());
        assert!(block_on(task).is_err(), "the task has panicked");
    });
}

#[test]
fn a_wait_that_is_given_up_leaves_the_workers_alone() {
    model("I3: a waker that nobody needs any more harms nobody").check(|| {
        let group = WaitGroup::new();
        let worker = group.worker();
        let ending = thread::spawn_named("worker", move || drop(worker));
        let _ = futures::FutureExt::now_or_never(group.wait());
        ending.join().unwrap();
    });
}
