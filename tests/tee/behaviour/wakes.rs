//! Who is woken, and by what.

use std::sync::Arc;
use std::task::Waker;

use patterns::tee::Lag;

use crate::feed::{feed, halves};
use crate::support::{Wakes, within_deadline};

#[test]
fn a_half_that_waits_is_woken_by_the_source() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, _b) = halves(source, Lag::Wait(8));
        a.waits();
        feeder.push(1);
        assert_eq!(a.wakes(), 1);
        assert_eq!(a.item(), 1);
        a.waits();
        feeder.end();
        assert_eq!(a.wakes(), 2);
        a.ends();
    });
}

#[test]
fn the_source_wakes_whoever_waits_and_whoever_comes_first_polls_it() {
    within_deadline(|| {
        for first_to_come in [0, 1] {
            let (feeder, source) = feed();
            let (a, b) = halves(source, Lag::Wait(2));
            let mut halves = [a, b];
            halves.iter_mut().for_each(|half| half.waits());
            feeder.push(1);
            let comes = &mut halves[first_to_come];
            assert!(comes.was_woken(), "half {first_to_come} waits for the source as well");
            assert_eq!(comes.item(), 1);
            // The other is alive and is not polled: it holds nobody up until it is too far behind.
            comes.waits();
            feeder.push(2);
            assert!(comes.was_woken());
            assert_eq!(comes.item(), 2);
            comes.waits();
        }
    });
}

#[test]
fn an_item_that_one_fetched_wakes_the_other() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        a.waits();
        b.waits();
        // Silently: b has nobody else to wake it.
        feeder.put(1);
        assert_eq!(a.item(), 1);
        assert!(b.was_woken(), "an item is kept for it");
        assert_eq!(b.item(), 1);
    });
}

#[test]
fn the_end_that_one_saw_wakes_the_other() {
    within_deadline(|| {
        let (feeder, source) = feed::<u8>();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        a.waits();
        b.waits();
        feeder.end_silently();
        a.ends();
        assert!(b.was_woken(), "the end has come");
        b.ends();
    });
}

#[test]
fn a_take_of_the_slower_wakes_the_faster_that_waits_for_it() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(3));
        (0..9).for_each(|item| feeder.put(item));
        (0..3).for_each(|item| assert_eq!(a.item(), item));
        a.waits();
        assert_eq!((b.item(), a.wakes()), (0, 1), "there is room for one");
        assert_eq!((b.item(), a.wakes()), (1, 1), "it was told already");
        assert_eq!([a.item(), a.item()], [3, 4]);
    });
}

#[test]
fn who_waits_for_the_source_is_not_woken_by_the_others_takes() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(3));
        feeder.put(1);
        feeder.put(2);
        assert_eq!([a.item(), a.item()], [1, 2]);
        a.waits();
        assert_eq!([b.item(), b.item()], [1, 2]);
        assert_eq!(a.wakes(), 0, "it waits for the source, and that has nothing");
    });
}

#[test]
fn a_half_that_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, _b) = halves(source, Lag::Wait(1));
        let [old, new]: [Arc<Wakes>; 2] = Default::default();
        assert!(a.poll_with(&Waker::from(old.clone())).is_pending());
        assert!(a.poll_with(&Waker::from(new.clone())).is_pending());
        assert_eq!(Arc::strong_count(&old), 1, "the old waker is not kept");
        feeder.push(1);
        assert_eq!((old.count(), new.count()), (0, 1));
    });
}

#[test]
fn a_half_that_waits_for_the_other_may_move_to_another_task() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(1));
        feeder.put(1);
        a.item();
        let [old, new]: [Arc<Wakes>; 2] = Default::default();
        assert!(a.poll_with(&Waker::from(old.clone())).is_pending());
        assert!(a.poll_with(&Waker::from(new.clone())).is_pending());
        b.item();
        assert_eq!((old.count(), new.count()), (0, 1));
    });
}

#[test]
fn a_source_that_calls_while_it_is_polled_is_polled_again() {
    within_deadline(|| {
        let (feeder, source) = feed::<u8>();
        let (mut a, _b) = halves(source, Lag::Wait(1));
        a.waits();
        let waker = feeder.waker().expect("the source was polled");
        feeder.before_poll(move || waker.wake_by_ref());
        a.was_woken();
        a.waits();
        assert!(a.was_woken(), "the call came before the waker was left: it must not be lost");
        assert!(feeder.polls() <= 4, "and is answered by the next poll, not in a loop");
    });
}

#[test]
fn both_sleep_while_the_source_has_nothing() {
    within_deadline(|| {
        let (feeder, source) = feed();
        let (mut a, mut b) = halves(source, Lag::Wait(8));
        a.waits();
        b.waits();
        feeder.push(1);
        assert_eq!((a.item(), b.item()), (1, 1));
        let mut rounds = 0;
        while rounds == 0 || a.was_woken() || b.was_woken() {
            a.waits();
            b.waits();
            rounds += 1;
            assert!(
                rounds < 10,
                "the call was answered long ago, and they are woken again and again"
            );
        }
    });
}
