//! Both halves at once, on real threads.

use std::sync::Barrier;
use std::thread;

use futures::executor::block_on;
use futures::{FutureExt, StreamExt};
use patterns::tee::{Lag, Tee, tee};

use crate::feed::{Feeder, feed};
use crate::support::within_deadline;

const ITEMS: u64 = 5_000;

/// Feeds so many items, and the end.
fn fill(feeder: &Feeder<u64>) {
    (0..ITEMS).for_each(|item| feeder.push(item));
    feeder.end();
}

#[test]
fn two_threads_see_the_same_sequence() {
    within_deadline(|| {
        for lag in [Lag::Wait(0), Lag::Wait(1), Lag::Wait(16), Lag::DropOldest(usize::MAX)] {
            let (feeder, source) = feed();
            let (a, b) = tee(source, lag);
            let start = &Barrier::new(3);
            let reads = |half: Tee<_>| {
                start.wait();
                block_on(half.collect::<Vec<u64>>())
            };
            let (first, second) = thread::scope(|scope| {
                let first = scope.spawn(move || reads(a));
                let second = scope.spawn(move || reads(b));
                start.wait();
                fill(&feeder);
                (first.join().unwrap(), second.join().unwrap())
            });
            assert!(first.into_iter().eq(0..ITEMS), "{lag:?}: the first half");
            assert!(second.into_iter().eq(0..ITEMS), "{lag:?}: the second half");
            assert!(feeder.is_dropped());
        }
    });
}

#[test]
fn what_is_lost_and_what_is_given_is_everything() {
    within_deadline(|| {
        for n in [1, 3] {
            let (feeder, source) = feed();
            let halves = tee(source, Lag::DropOldest(n));
            let start = &Barrier::new(3);
            let reads = |mut half: Tee<_>| {
                start.wait();
                let (mut given, mut last) = (0, None);
                while let Some(item) = block_on(half.next()) {
                    assert!(last < Some(item), "{item} after {last:?}");
                    (given, last) = (given + 1, Some(item));
                }
                assert_eq!(given + half.dropped(), ITEMS);
            };
            thread::scope(|scope| {
                let (a, b) = halves;
                scope.spawn(move || reads(a));
                scope.spawn(move || reads(b));
                start.wait();
                fill(&feeder);
            });
        }
    });
}

#[test]
fn a_half_that_leaves_at_any_moment_strands_nobody() {
    within_deadline(|| {
        for round in 0..300 {
            let (feeder, source) = feed();
            let (a, b) = tee(source, Lag::Wait(2));
            let (leaves, stays) = if round % 2 == 0 { (a, b) } else { (b, a) };
            let start = &Barrier::new(3);
            thread::scope(|scope| {
                scope.spawn(move || {
                    start.wait();
                    // Reads a little, is polled once more, and goes.
                    let mut leaves = leaves.take(round % 7);
                    while block_on(leaves.next()).is_some() {}
                    let mut leaves = leaves.into_inner();
                    let _once_more = leaves.next().now_or_never();
                });
                let stays = scope.spawn(move || {
                    start.wait();
                    block_on(stays.collect::<Vec<u64>>())
                });
                start.wait();
                (0..50).for_each(|item| feeder.push(item));
                feeder.end();
                assert!(stays.join().unwrap().into_iter().eq(0..50), "round {round}");
            });
        }
    });
}
