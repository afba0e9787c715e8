//! Every interleaving of those who add with those who sum, and of cells that come and go.

use std::sync::Arc;

use loomscope::sync::atomic::{AtomicBool, Ordering::SeqCst};
use loomscope::{Model, thread};
use patterns::counter::Counter;

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/counter")
}

#[test]
fn two_adds_at_once_are_both_counted() {
    model("I1: every add is counted once").check(|| {
        let counter = Arc::new(Counter::new());
        let theirs = counter.clone();
        let adder = thread::spawn_named("adder", move || theirs.add(1));
        counter.add(2);
        adder.join().unwrap();
        assert_eq!(counter.sum(), 3, "I1: an add is lost, or counted twice");
    });
}

#[test]
fn a_sum_holds_what_is_finished_and_nothing_by_halves() {
    model("I1, I2: a sum beside an add holds it as a whole, or not at all").check(|| {
        let state = Arc::new((Counter::new(), AtomicBool::new(false)));
        let theirs = state.clone();
        let adder = thread::spawn_named("adder", move || {
            theirs.0.add(2);
            theirs.1.store(true, SeqCst);
        });
        let (counter, finished) = &*state;
        let finished = finished.load(SeqCst);
        let sum = counter.sum();
        assert!(sum == 2 || sum == 0, "I1: an add of 2 is seen as {sum}");
        assert!(sum == 2 || !finished, "I2: the add was finished before, and is not in the sum");
        adder.join().unwrap();
    });
}

#[test]
fn two_sums_at_once_see_the_same_count() {
    model("I2: where nobody adds, every sum is exact").check(|| {
        let counter = Arc::new(Counter::new());
        counter.add(1);
        let theirs = counter.clone();
        let reader = thread::spawn_named("reader", move || theirs.sum());
        let sums = (counter.sum(), reader.join().unwrap());
        assert_eq!(sums, (1, 1), "I2: a sum has disturbed the other");
    });
}

#[test]
fn two_cells_at_once_are_both_counted() {
    model("I1: every add to a cell is counted once").check(|| {
        let counter = Arc::new(Counter::new());
        let theirs = counter.clone();
        let owner = thread::spawn_named("owner", move || theirs.cell().add(1));
        counter.cell().add(2);
        owner.join().unwrap();
        assert_eq!(counter.sum(), 3, "I1: an add is lost, or counted twice");
    });
}

#[test]
fn a_cell_that_comes_or_goes_changes_no_sum() {
    model("I3: a cell that comes or goes changes no sum").check(|| {
        let counter = Counter::new();
        let mut cell = counter.cell();
        cell.add(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                drop(cell);
                drop(counter.cell());
            });
            assert_eq!(counter.sum(), 1, "I3: one was added, before any of this");
        });
    });
}
