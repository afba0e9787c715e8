//! Many into one.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use futures::Stream;
use futures::executor::block_on;
use futures::future::ready;
use futures::stream::{self, FusedStream, StreamExt};
use patterns::fan_in::{FanIn, fan_in};

use crate::allocations;
use crate::feed::{Ear, Fed, feed, feeds};
use crate::support::{run, within_deadline};

#[test]
fn without_inputs_it_ends_at_once() {
    within_deadline(|| {
        let mut merged = Ear::new(fan_in(Vec::<Fed<u64>>::new()));
        merged.ends();
        assert!(merged.stream.is_terminated());
    });
}

#[test]
fn one_input_comes_through_unchanged() {
    within_deadline(|| {
        let merged = fan_in([stream::iter(1..=5)]);
        assert_eq!(block_on(merged.collect::<Vec<_>>()), [1, 2, 3, 4, 5]);
    });
}

#[test]
fn every_item_of_every_input_comes_once_and_in_its_order() {
    within_deadline(|| {
        let inputs = (0..70).map(|input| stream::iter((0..9).map(move |item| (input, item))));
        let merged: Vec<_> = block_on(fan_in(inputs).collect());
        assert_eq!(merged.len(), 70 * 9);
        for input in 0..70 {
            let mine = merged.iter().filter(|(from, _)| *from == input).map(|(_, item)| *item);
            assert!(mine.eq(0..9), "input {input}");
        }
    });
}

#[test]
fn it_waits_while_no_input_has_an_item_and_is_woken_by_any() {
    within_deadline(|| {
        for input in [0, 1, 2] {
            let (feeds, inputs) = feeds(3);
            let mut merged = Ear::new(fan_in(inputs));
            merged.waits();
            assert_eq!(merged.wakes(), 0);
            feeds[input].give(7);
            assert_eq!(merged.wakes(), 1, "input {input} has an item");
            assert_eq!(merged.item(), 7);
            merged.waits();
        }
    });
}

#[test]
fn it_ends_with_its_last_input_and_not_with_the_first() {
    within_deadline(|| {
        let (feeds, inputs) = feeds(3);
        let mut merged = Ear::new(fan_in(inputs));
        feeds[1].end();
        merged.waits();
        feeds[0].give(1);
        assert_eq!(merged.item(), 1);
        feeds[0].end();
        merged.waits();
        feeds[2].give(2);
        feeds[2].end();
        assert_eq!(merged.item(), 2);
        merged.ends();
    });
}

#[test]
fn at_its_end_it_stays() {
    within_deadline(|| {
        let (feeds, inputs) = feeds::<u64>(2);
        let mut merged = Ear::new(fan_in(inputs));
        assert!(!merged.stream.is_terminated());
        merged.waits();
        feeds.iter().for_each(|feed| feed.end());
        merged.ends();
        merged.ends();
        assert!(merged.stream.is_terminated());
    });
}

#[test]
fn an_input_that_has_ended_is_dropped_at_once() {
    within_deadline(|| {
        let (feeds, inputs) = feeds(2);
        let mut merged = Ear::new(fan_in(inputs));
        feeds[0].give(1);
        feeds[0].end();
        assert_eq!(merged.item(), 1);
        merged.waits();
        assert!(feeds[0].dropped(), "it has ended, and nobody needs it");
        assert!(!feeds[1].dropped());
    });
}

#[test]
fn only_the_input_that_woke_is_polled() {
    within_deadline(|| {
        for count in [64, 1000] {
            let (feeds, inputs) = feeds(count);
            let mut merged = Ear::new(fan_in(inputs));
            merged.waits();
            for busy in [0, 1, 31, 62, 63, count / 2, count - 1] {
                let before: Vec<_> = feeds.iter().map(|feed| feed.polls()).collect();
                feeds[busy].give(busy);
                assert_eq!(merged.item(), busy);
                merged.waits();
                for (input, (feed, before)) in feeds.iter().zip(before).enumerate() {
                    let polls = if input == busy { 2 } else { 0 };
                    assert_eq!(feed.polls() - before, polls, "input {input}; {busy} was woken");
                }
            }
        }
    });
}

#[test]
fn a_wake_up_without_an_item_costs_one_poll_of_that_input() {
    within_deadline(|| {
        let (feeds, inputs) = feeds::<u64>(3);
        let mut merged = Ear::new(fan_in(inputs));
        merged.waits();
        let waker = feeds[1].waker().unwrap();
        (0..5).for_each(|_| waker.wake_by_ref());
        merged.waits();
        merged.waits();
        assert_eq!([0, 1, 2].map(|input: usize| feeds[input].polls()), [1, 2, 1]);
    });
}

#[test]
fn inputs_that_are_always_ready_take_turns() {
    within_deadline(|| {
        for count in [1, 2, 3, 64, 65, 130] {
            let merged = fan_in((0..count).map(stream::repeat));
            let items: Vec<_> = block_on(merged.take(5 * count).collect());
            for turns in items.windows(count) {
                let mut inputs = turns.to_vec();
                inputs.sort_unstable();
                assert!(inputs.into_iter().eq(0..count), "of {count} inputs: {turns:?}");
            }
        }
    });
}

#[test]
fn an_input_that_wakes_waits_for_one_item_of_each_other_at_most() {
    within_deadline(|| {
        for count in [2, 3, 5, 70] {
            for quiet in [0, 1, count / 2, count - 1] {
                for before in 0..=count {
                    overtaken(count, quiet, before);
                }
            }
        }
    });
}

/// All inputs but one are always ready; that one wakes after so many items.
fn overtaken(count: usize, quiet: usize, before: usize) {
    let (feed, fed) = feed();
    let mut fed = Some(fed);
    let mut merged = fan_in((0..count).map(|input| match input == quiet {
        true => fed.take().unwrap().left_stream(),
        false => stream::repeat(input).right_stream(),
    }));
    let mut item = || block_on(merged.next()).unwrap();
    (0..before).for_each(|_| _ = item());
    feed.give(quiet);
    let others = (0..count).take_while(|_| item() != quiet).count();
    assert!(others < count, "input {quiet} of {count}, after {before}: {others} came before it");
}

#[test]
fn an_input_that_wakes_itself_in_its_poll_is_polled_again_but_lets_others_run() {
    within_deadline(|| {
        let (feeds, inputs) = feeds(2);
        feeds[0].knock_in_every_poll();
        let mut merged = Ear::new(fan_in(inputs));
        for polls in 1..=3 {
            let wakes = merged.wakes();
            merged.waits();
            assert_eq!(feeds[0].polls(), polls, "one poll of it in one poll of the merge");
            assert!(merged.wakes() > wakes, "its wake-up during the poll is lost");
        }
        feeds[1].give(1);
        assert_eq!(merged.item(), 1);
    });
}

#[test]
fn it_is_woken_where_it_was_polled_last() {
    within_deadline(|| {
        let (feeds, inputs) = feeds(2);
        let mut merged = Ear::new(fan_in(inputs));
        merged.waits();
        let old_task = merged.move_to_another_task();
        merged.waits();
        feeds[1].give(1);
        assert_eq!((old_task.count(), merged.wakes()), (0, 1));
        assert_eq!(merged.item(), 1);
    });
}

#[test]
fn dropped_it_takes_no_item_from_its_inputs() {
    within_deadline(|| {
        let (mut odd, mut even) = (stream::iter([1, 3, 5]), stream::iter([2, 4, 6]));
        let first = block_on(fan_in([&mut odd, &mut even]).take(3).collect::<Vec<_>>());
        let rest = block_on(fan_in([odd, even]).collect::<Vec<_>>());
        let mut all = [first, rest].concat();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4, 5, 6]);
    });
}

#[test]
fn a_panic_ends_one_input_and_leaves_the_others() {
    within_deadline(|| {
        for panics in 0..3 {
            let (feeds, inputs) = feeds(3);
            let mut merged = Ear::new(fan_in(inputs));
            merged.waits();
            feeds.iter().for_each(|feed| feed.give(0));
            (0..3).for_each(|_| assert_eq!(merged.item(), 0));
            feeds[panics].panic();
            assert!(catch_unwind(AssertUnwindSafe(|| merged.poll())).is_err(), "it passes through");
            assert!(feeds[panics].dropped(), "who has panicked is not polled again");
            merged.waits();
            for other in (0..3).filter(|other| *other != panics) {
                feeds[other].give(other);
                assert_eq!(merged.item(), other);
                feeds[other].end();
            }
            merged.ends();
        }
    });
}

#[test]
fn a_waker_that_outlives_its_input_or_the_merge_does_no_harm() {
    within_deadline(|| {
        let (feeds, inputs) = feeds(2);
        let mut merged = Ear::new(fan_in(inputs));
        merged.waits();
        let [first, second] = [0, 1].map(|input: usize| feeds[input].waker().unwrap());
        feeds[0].end();
        merged.waits();
        first.wake_by_ref();
        merged.waits();
        feeds[1].give(1);
        assert_eq!(merged.item(), 1);
        merged.waits();
        let wakes = merged.wakes();
        let Ear { stream, .. } = &mut merged;
        drop(std::mem::replace(stream, fan_in([])));
        first.wake();
        second.wake();
        assert_eq!(merged.wakes(), wakes, "the merge has gone: whom would they wake?");
    });
}

#[test]
fn merges_may_be_merged() {
    within_deadline(|| {
        let (feeds, inputs) = feeds(4);
        let mut inputs = inputs.into_iter();
        let mut pair = || fan_in([inputs.next().unwrap(), inputs.next().unwrap()]);
        let mut merged = Ear::new(fan_in([pair(), pair()]));
        merged.waits();
        for (input, feed) in feeds.iter().enumerate() {
            let wakes = merged.wakes();
            feed.give(input);
            assert_eq!(merged.wakes(), wakes + 1);
            assert_eq!(merged.item(), input);
            feed.end();
            assert_eq!(merged.poll().is_pending(), input < 3);
        }
        merged.ends();
    });
}

#[test]
fn it_knows_how_many_items_are_left_if_its_inputs_do() {
    within_deadline(|| {
        let mut merged = fan_in([stream::iter(0..3), stream::iter(0..4)]);
        assert_eq!(merged.size_hint(), (7, Some(7)));
        assert_eq!(block_on(merged.next()), Some(0));
        assert_eq!(merged.size_hint(), (6, Some(6)));
        let merged = fan_in([stream::iter(0..2).left_stream(), stream::repeat(1).right_stream()]);
        assert_eq!(merged.size_hint(), (usize::MAX, None));
    });
}

#[test]
fn inputs_that_are_always_ready_let_the_neighbours_run() {
    run(|| async {
        let ran = Arc::new(AtomicBool::new(false));
        let neighbour = ran.clone();
        tokio::spawn(async move { neighbour.store(true, SeqCst) });
        let mut merged = fan_in([stream::repeat(1), stream::repeat(2)]);
        let mut items = 0;
        while !ran.load(SeqCst) {
            merged.next().await.unwrap();
            items += 1;
            assert!(items < 100_000, "a neighbour on the same thread never ran");
        }
    });
}

#[test]
fn an_item_allocates_nothing() {
    within_deadline(|| {
        let mut merged = fan_in((0..64).map(stream::repeat));
        let mut hundred = || block_on(merged.by_ref().take(100).for_each(|_| ready(())));
        hundred();
        let allocations = allocations::during(|| (0..10).for_each(|_| hundred()));
        assert_eq!(allocations, 0);
    });
}

#[test]
fn the_merge_may_cross_threads() {
    fn moves<T: Send + Unpin>(_: &T) {}
    fn shared<T: Sync>(_: &T) {}
    within_deadline(|| {
        // Neither `Sync` nor `Unpin`.
        let cell = || Box::new(stream::once(async { Cell::new(1) }));
        let merged: FanIn<Box<_>> = fan_in([cell().boxed(), cell().boxed()].map(Box::new));
        moves(&merged);
        shared(&fan_in([stream::empty::<u64>()]));
        let items = thread::spawn(|| block_on(merged.map(Cell::into_inner).collect::<Vec<_>>()));
        assert_eq!(items.join().unwrap(), [1, 1]);
        fn unpin<S: Stream>(_: fn(Vec<S>) -> FanIn<S>)
        where
            FanIn<S>: Unpin,
        {
        }
        unpin(fan_in::<Vec<Fed<u64>>>);
    });
}
