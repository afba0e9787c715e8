//! What is left when it is over: no item, no waker, no allocation.

mod fan_in {
    use std::sync::Arc;
    use std::task::Waker;

    use patterns::fan_in::fan_in;

    use crate::feed::{Ear, feeds};
    use crate::support::{Census, Wakes, within_deadline};

    #[test]
    fn dropped_it_drops_its_inputs_and_their_items() {
        within_deadline(|| {
            let census = Census::default();
            let items = |input: u64| (0..3).map(move |item| (input, item));
            let streams = (0..3).map(|input| {
                let census = census.clone();
                futures::stream::iter(items(input).map(move |(_, item)| census.payload(item)))
            });
            let mut merged = fan_in(streams);
            for _ in 0..5 {
                drop(futures::FutureExt::now_or_never(futures::StreamExt::next(&mut merged)));
                assert_eq!(census.alive(), 0, "no item stays in the merge");
            }
            let (feeds, inputs) = feeds(2);
            feeds[1].give(census.payload(1));
            drop(fan_in(inputs));
            assert!(feeds.iter().all(|feed| feed.dropped()));
        });
    }

    #[test]
    fn no_waker_is_kept_when_it_has_gone() {
        within_deadline(|| {
            let (feeds, inputs) = feeds::<u64>(2);
            let wakes = Arc::new(Wakes::default());
            let mut merged = Ear::new(fan_in(inputs));
            assert!(merged.poll_with(&Waker::from(wakes.clone())).is_pending());
            let theirs = feeds[0].waker().unwrap();
            drop(merged);
            assert_eq!(Arc::strong_count(&wakes), 1, "an input's waker keeps the task");
            theirs.wake();
        });
    }
}

mod fan_out {
    use std::sync::Arc;
    use std::task::Waker;

    use patterns::fan_in::fan_out;

    use crate::allocations;
    use crate::feed::{Ear, feed};
    use crate::support::{Wakes, within_deadline};

    #[test]
    fn no_waker_is_kept_when_nobody_waits() {
        within_deadline(|| {
            let (feed, fed) = feed();
            let wakes = Arc::new(Wakes::default());
            let waker = Waker::from(wakes.clone());
            let kept = || Arc::strong_count(&wakes) - 2;
            let branches = fan_out(fed, 3, 1);
            let mut ears: Vec<_> = branches.into_iter().map(Ear::new).collect();
            ears.iter_mut().for_each(|ear| assert!(ear.poll_with(&waker).is_pending()));
            feed.give_all([1, 2]);
            assert_eq!((ears[0].item(), ears[1].item()), (1, 2));
            drop(ears.remove(0));
            drop(ears.remove(0));
            assert!(kept() <= 1, "one branch waits");
            drop(ears);
            assert_eq!(kept(), 0, "nobody is left to wake");
            assert!(feed.dropped());
        });
    }

    #[test]
    fn an_item_allocates_nothing() {
        within_deadline(|| {
            for capacity in [0, 4] {
                let source = futures::stream::repeat(1);
                let branches = fan_out(source, 2, capacity);
                let mut ears: Vec<_> = branches.into_iter().map(Ear::new).collect();
                (0..40).for_each(|turn| _ = ears[turn % 2].item());
                let allocations = allocations::during(|| {
                    (0..1_000).for_each(|turn| _ = ears[turn % 2].item());
                });
                assert_eq!(allocations, 0, "capacity {capacity}");
            }
        });
    }
}
