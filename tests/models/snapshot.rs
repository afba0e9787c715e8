//! Every interleaving of updates and reads, for each invariant of the snapshot.

use std::sync::Arc;

use loomscope::{Model, thread};
use patterns::snapshot::Snapshot;

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/snapshot")
}

#[test]
fn two_updates_at_once_are_both_kept() {
    model("I2: each version was computed from the one before it").check(|| {
        let snapshot = Arc::new(Snapshot::new(0));
        let theirs = snapshot.clone();
        let other = thread::spawn_named("other", move || drop(theirs.update(|old| old + 1)));
        snapshot.update(|old| old + 1);
        other.join().unwrap();
        assert_eq!(*snapshot.load(), 2, "I2: an update was lost");
    });
}

#[test]
fn a_read_waits_for_no_change() {
    model("I3: no change is computed under the lock").check(|| {
        let snapshot = Arc::new(Snapshot::new(1));
        snapshot.update(|old| {
            let theirs = snapshot.clone();
            let reader = thread::spawn_named("reader", move || {
                assert_eq!((**theirs.reader().load(), *theirs.load()), (1, 1));
            });
            reader.join().unwrap();
            old + 1
        });
        assert_eq!(*snapshot.load(), 2);
    });
}

#[test]
fn a_reader_is_never_stale_for_good() {
    model("I4: a reader that has the current number has the current version").check(|| {
        let snapshot = Arc::new(Snapshot::new(0));
        let theirs = snapshot.clone();
        let writer = thread::spawn_named("writer", move || {
            theirs.update(|old| old + 1);
        });
        let mut reader = snapshot.reader();
        reader.load();
        writer.join().unwrap();
        assert_eq!(**reader.load(), 1, "I4: the update is over, and the reader does not see it");
    });
}

#[test]
fn a_reader_that_comes_late_is_never_stale_for_good() {
    model("I4: a reader that has the current number has the current version").check(|| {
        let snapshot = Arc::new(Snapshot::new(0));
        let mut reader = snapshot.reader();
        snapshot.update(|old| old + 1);
        let theirs = snapshot.clone();
        let writer = thread::spawn_named("writer", move || {
            theirs.update(|old| old + 1);
        });
        reader.load();
        writer.join().unwrap();
        assert_eq!(**reader.load(), 2, "I4: the update is over, and the reader does not see it");
    });
}

#[test]
fn a_reader_is_not_behind_what_its_thread_has_seen() {
    model("I5: a reader is never behind what its thread has seen by other means").check(|| {
        let snapshot = Arc::new(Snapshot::new(0));
        let mut reader = snapshot.reader();
        let theirs = snapshot.clone();
        let writer = thread::spawn_named("writer", move || {
            theirs.update(|old| old + 1);
        });
        let seen = *snapshot.load();
        assert!(**reader.load() >= seen, "I5: a load has seen {seen}, the reader has not");
        writer.join().unwrap();
    });
}

#[test]
fn versions_never_go_back() {
    model("I5: a reader never goes back").check(|| {
        let snapshot = Arc::new(Snapshot::new(0));
        let theirs = snapshot.clone();
        let writer = thread::spawn_named("writer", move || {
            theirs.update(|old| old + 1);
            theirs.update(|old| old + 1);
        });
        let mut reader = snapshot.reader();
        let first = **reader.load();
        let second = *snapshot.load();
        let third = **reader.load();
        assert!(first <= second && second <= third, "I5: {first}, then {second}, then {third}");
        writer.join().unwrap();
    });
}
