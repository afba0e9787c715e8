//! What is left when it is over: no version, and no allocation but one an update.

use std::panic::{AssertUnwindSafe, catch_unwind};

use patterns::snapshot::Snapshot;

use crate::allocations;
use crate::support::{Census, within_deadline};

#[test]
fn a_version_goes_with_its_last_holder() {
    within_deadline(|| {
        let census = Census::default();
        {
            let snapshot = Snapshot::new(census.payload(1));
            let held = snapshot.load();
            for value in 2..=9 {
                snapshot.update(|_| census.payload(value));
            }
            assert_eq!(census.alive(), 2, "the held version and the current one");
            drop(held);
            assert_eq!(census.alive(), 1);
        }
        assert_eq!(census.alive(), 0, "the snapshot has left a version behind");
    });
}

#[test]
fn a_reader_holds_one_version_until_it_reads_the_next() {
    within_deadline(|| {
        let census = Census::default();
        let snapshot = Snapshot::new(census.payload(1));
        let mut reader = snapshot.reader();
        for value in 2..=9 {
            snapshot.update(|_| census.payload(value));
        }
        assert!(census.alive() <= 2, "{} versions for one reader", census.alive());
        reader.load();
        assert_eq!(census.alive(), 1);
    });
}

#[test]
fn what_a_change_made_in_vain_is_dropped() {
    within_deadline(|| {
        let census = Census::default();
        let snapshot = Snapshot::new(census.payload(0));
        let mut calls = 0;
        snapshot.update(|_| {
            calls += 1;
            if calls <= 3 {
                snapshot.update(|_| census.payload(calls));
            }
            census.payload(calls)
        });
        let panics = || {
            snapshot.update(|_| {
                let _made = census.payload(5);
                panic!("the change's own")
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!((calls, snapshot.load().value, census.alive()), (4, 4, 1));
    });
}

#[test]
fn reads_allocate_nothing_and_an_update_once() {
    within_deadline(|| {
        let snapshot = Snapshot::new(1);
        let mut reader = snapshot.reader();
        let reads = allocations::during(|| {
            for _ in 0..100 {
                drop(snapshot.load());
                reader.load();
            }
        });
        assert_eq!(reads, 0, "a hundred reads allocated {reads} times");
        let updates = allocations::during(|| {
            for _ in 0..100 {
                snapshot.update(|old| old + 1);
                reader.load();
            }
        });
        assert_eq!(updates, 100, "a hundred updates allocated {updates} times");
    });
}
