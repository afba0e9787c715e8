//! A half goes away, whatever it was about to do.

use std::sync::Arc;

use patterns::tee::Lag;

use crate::feed::{feed, halves};
use crate::support::{Census, within_deadline};

#[test]
fn the_other_goes_on_alone_and_without_a_bound() {
    within_deadline(|| {
        for first_goes in [true, false] {
            let (feeder, source) = feed();
            let (a, b) = halves(source, Lag::Wait(2));
            let (goes, mut stays) = if first_goes { (a, b) } else { (b, a) };
            (0..20).for_each(|item| feeder.put(item));
            drop(goes);
            (0..20).for_each(|item| assert_eq!(stays.item(), item));
            feeder.end();
            stays.ends();
        }
    });
}

#[test]
fn who_stays_gets_what_was_kept_for_it_first() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        (0..4).for_each(|item| feeder.put(item));
        assert_eq!([a.item(), a.item(), a.item()], [0, 1, 2]);
        drop(a);
        assert_eq!([b.item(), b.item(), b.item(), b.item()], [0, 1, 2, 3]);
        b.waits();
        feeder.push(4);
        assert!(b.was_woken());
        assert_eq!(b.item(), 4);
    });
}

#[test]
fn the_drop_of_the_slower_wakes_the_faster_that_waits_for_it() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, b) = halves(source, Lag::Wait(2));
        (0..9).for_each(|item| feeder.put(item));
        assert_eq!([a.item(), a.item()], [0, 1]);
        a.waits();
        drop(b);
        assert_eq!(a.wakes(), 1, "nobody is left to wait for");
        (2..9).for_each(|item| assert_eq!(a.item(), item));
    });
}

#[test]
fn the_drop_of_the_half_that_polled_the_source_strands_nobody() {
    within_deadline(|| {
        for first_drives in [true, false] {
            let (feeder, source) = feed();
            let (a, b) = halves(source, Lag::Wait(2));
            let (mut drives, mut waits) = if first_drives { (a, b) } else { (b, a) };
            waits.waits();
            drives.waits();
            drop(drives);
            feeder.push(1);
            assert!(waits.was_woken(), "the source called: is there nobody who hears it?");
            assert_eq!(waits.item(), 1);
        }
    });
}

#[test]
fn the_drop_of_a_half_that_the_source_has_woken_strands_nobody() {
    within_deadline(|| {
        for first_drives in [true, false] {
            let (feeder, source) = feed();
            let (a, b) = halves(source, Lag::Wait(2));
            let (mut drives, mut waits) = if first_drives { (a, b) } else { (b, a) };
            waits.waits();
            drives.waits();
            feeder.push(1);
            // Woken, and not polled since.
            drop(drives);
            assert!(waits.was_woken(), "the source's call went with the half that is gone");
            assert_eq!(waits.item(), 1);
        }
    });
}

#[test]
fn the_drop_of_a_half_that_was_told_of_room_strands_nobody() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(1));
        feeder.put(1);
        a.item();
        a.waits();
        assert_eq!(b.item(), 1);
        assert!(a.was_woken());
        b.waits();
        drop(a);
        feeder.push(2);
        assert!(b.was_woken());
        assert_eq!(b.item(), 2);
    });
}

#[test]
fn what_was_kept_for_a_half_goes_with_it() {
    within_deadline(|| {
        let census = Census::default();
        for lag in [Lag::Wait(8), Lag::DropOldest(8)] {
            let (feeder, source) = feed();
            let (mut a, b) = halves(source, lag);
            for value in 0..5 {
                feeder.put(Arc::new(census.payload(value)));
                a.item();
            }
            assert_eq!(census.alive(), 5, "kept for the second half");
            drop(b);
            assert_eq!(census.alive(), 0, "{lag:?}: and nobody wants them now");
        }
    });
}

#[test]
fn the_second_to_go_takes_the_source_along_and_what_is_kept() {
    within_deadline(|| {
        let census = Census::default();
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        a.waits();
        b.waits();
        feeder.put(Arc::new(census.payload(1)));
        drop(a.item());
        a.waits();
        drop(a);
        assert_eq!((feeder.is_dropped(), census.alive()), (false, 1));
        drop(b);
        assert_eq!((feeder.is_dropped(), census.alive()), (true, 0), "nobody is left to read");
        // The source's waker outlives all of it, and wakes nobody.
        feeder.wake();
    });
}
