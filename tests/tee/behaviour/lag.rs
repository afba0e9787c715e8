//! How far the faster half may run ahead, and what then.

use futures::{StreamExt, stream};
use patterns::tee::{Lag, tee};

use crate::feed::{feed, halves};
use crate::support::{run, within_deadline};

#[test]
fn the_faster_half_waits_when_it_is_so_far_ahead() {
    within_deadline(|| {
        for lead in [1, 2, 5] {
            let (feeder, source) = feed();
            let (mut a, mut b) = halves(source, Lag::Wait(lead));
            (0..20).for_each(|item| feeder.put(item));
            for item in 0..lead {
                assert_eq!(a.item(), item);
            }
            a.waits();
            assert_eq!(feeder.polls(), lead, "an item too many was asked for");
            assert_eq!(b.item(), 0);
            assert_eq!(a.wakes(), 1, "there is room again");
            assert_eq!(a.item(), lead);
            a.waits();
        }
    });
}

#[test]
fn the_lead_counts_for_whoever_is_ahead() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(2));
        (0..20).for_each(|item| feeder.put(item));
        assert_eq!([a.item(), a.item()], [0, 1]);
        a.waits();
        assert_eq!([b.item(), b.item(), b.item(), b.item()], [0, 1, 2, 3]);
        b.waits();
        assert_eq!(a.item(), 2);
        assert_eq!(b.item(), 4);
        b.waits();
    });
}

#[test]
fn one_task_may_read_the_halves_in_turn() {
    run(|| async {
        for lag in [Lag::Wait(0), Lag::Wait(1), Lag::DropOldest(0), Lag::DropOldest(1)] {
            let (mut a, mut b) = tee(stream::iter(0..20), lag);
            for item in 0..20 {
                assert_eq!(a.next().await, Some(item), "{lag:?}");
                assert_eq!(b.next().await, Some(item), "{lag:?}");
            }
            assert_eq!((a.next().await, b.next().await), (None, None), "{lag:?}");
        }
    });
}

#[test]
fn a_lead_of_0_counts_as_1() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(0));
        (0..3).for_each(|item| feeder.put(item));
        assert_eq!(a.item(), 0, "somebody has to be the first");
        a.waits();
        assert_eq!(b.item(), 0);
        assert_eq!(b.item(), 1, "everything was taken by both: the next may be fetched");
        b.waits();
    });
}

#[test]
fn the_faster_half_never_waits_when_the_oldest_is_dropped() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::DropOldest(3));
        for item in 0..10 {
            feeder.put(item);
            assert_eq!(a.item(), item);
        }
        feeder.end();
        a.ends();
        assert_eq!(b.tee.dropped(), 7, "three are kept of ten");
        assert_eq!([b.item(), b.item(), b.item()], [7, 8, 9], "the youngest");
        b.ends();
        assert_eq!((a.tee.dropped(), b.tee.dropped()), (0, 7));
    });
}

#[test]
fn what_was_dropped_is_counted_exactly() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::DropOldest(2));
        (0..40).for_each(|item| feeder.put(item));
        let mut given = [0; 2];
        // Turns of different lengths, so that either is ahead at times.
        for (turn, length) in [1, 5, 2, 3, 7, 1, 4, 6].into_iter().enumerate() {
            let (half, mine) = if turn % 2 == 0 { (&mut a, 0) } else { (&mut b, 1) };
            for _ in 0..length {
                let item: u64 = half.item();
                assert_eq!(item, given[mine] + half.tee.dropped(), "turn {turn}");
                given[mine] += 1;
            }
        }
        assert!(a.tee.dropped() > 0 && b.tee.dropped() > 0, "either has lost some");
    });
}

#[test]
fn nothing_is_dropped_while_the_lag_is_kept() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::DropOldest(2));
        for item in 0..10 {
            feeder.put(item);
            assert_eq!(a.item(), item);
            if item > 0 {
                assert_eq!(b.item(), item - 1);
            }
        }
        assert_eq!((a.tee.dropped(), b.tee.dropped()), (0, 0));
    });
}

#[test]
fn dropping_with_a_lag_of_0_keeps_the_latest() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::DropOldest(0));
        (0..5).for_each(|item| feeder.put(item));
        (0..5).for_each(|item| assert_eq!(a.item(), item));
        assert_eq!((b.item(), b.tee.dropped()), (4, 4));
        b.waits();
    });
}

#[test]
fn the_largest_lag_is_no_lag() {
    within_deadline(|| {
        for lag in [Lag::Wait(usize::MAX), Lag::DropOldest(usize::MAX)] {
            let (feeder, source) = feed();
            let (mut a, mut b) = halves(source, lag);
            (0..1_000).for_each(|item| feeder.put(item));
            (0..1_000).for_each(|item| assert_eq!(a.item(), item));
            (0..1_000).for_each(|item| assert_eq!(b.item(), item));
            assert_eq!(b.tee.dropped(), 0);
        }
    });
}
