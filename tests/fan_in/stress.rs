//! Real threads: nothing is lost, nothing comes twice, nobody waits for ever.

mod fan_in {
    use std::thread;

    use futures::executor::block_on;
    use futures::stream::StreamExt;
    use patterns::fan_in::fan_in;

    use crate::feed::feeds;
    use crate::support::within_deadline;

    #[test]
    fn items_that_many_threads_give_all_come_and_in_order() {
        within_deadline(|| {
            const THREADS: usize = 4;
            const ITEMS: usize = 2_000;
            let (feeds, inputs) = feeds(THREADS);
            let give = |feed: crate::feed::Feed<usize>| {
                thread::spawn(move || {
                    (0..ITEMS).for_each(|item| feed.give(item));
                    feed.end();
                })
            };
            let threads: Vec<_> = feeds.into_iter().map(give).collect();
            let tagged = inputs.into_iter().enumerate();
            let tagged = tagged.map(|(from, input)| input.map(move |item| (from, item)));
            let mut next = [0; THREADS];
            block_on(fan_in(tagged).for_each(|(from, item)| {
                assert_eq!(item, next[from], "input {from}");
                next[from] += 1;
                std::future::ready(())
            }));
            assert_eq!(next, [ITEMS; THREADS]);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
}

mod fan_out {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
    use std::task::Poll;
    use std::thread;

    use futures::executor::block_on;
    use futures::future::{Either, select};
    use futures::stream::{self, StreamExt};
    use patterns::fan_in::{Branch, fan_out};

    use crate::feed::{Fed, feed};
    use crate::support::within_deadline;

    const ITEMS: usize = 4_000;

    #[test]
    fn the_source_is_polled_by_one_branch_at_a_time() {
        within_deadline(|| {
            let (polling, count) = (AtomicBool::new(false), AtomicUsize::new(0));
            let source = stream::poll_fn(move |_| {
                assert!(!polling.swap(true, SeqCst), "two poll it at once");
                let item = count.fetch_add(1, SeqCst);
                polling.store(false, SeqCst);
                Poll::Ready((item < ITEMS).then_some(item))
            });
            let collect =
                |branch: Branch<_>| thread::spawn(|| block_on(branch.collect::<Vec<_>>()));
            let threads: Vec<_> = fan_out(source, 3, 2).into_iter().map(collect).collect();
            let mut items: Vec<_> =
                threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
            items.sort_unstable();
            assert!(items.into_iter().eq(0..ITEMS));
        });
    }

    /// Listens until the end, and gives each wait up if the other future is quicker.
    async fn listen(mut branch: Branch<Fed<usize>>, sum: Arc<AtomicUsize>) {
        for turn in 0.. {
            let mut yields = turn % 3;
            let other = std::future::poll_fn(|cx| {
                if yields == 0 {
                    return Poll::Ready(());
                }
                yields -= 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            });
            let item = match select(branch.next(), other).await {
                Either::Left((item, _)) => item,
                Either::Right(((), next)) if turn % 2 == 0 => next.await,
                Either::Right(_) => continue,
            };
            match item {
                Some(item) => sum.fetch_add(item, SeqCst),
                None => return,
            };
        }
    }

    #[test]
    fn waits_that_are_given_up_lose_no_item_and_no_wake_up() {
        within_deadline(|| {
            for capacity in [0, 3] {
                let (feed, fed) = feed();
                let sum = Arc::new(AtomicUsize::new(0));
                let threads: Vec<_> = fan_out(fed, 3, capacity)
                    .into_iter()
                    .map(|branch| (branch, sum.clone()))
                    .map(|(branch, sum)| thread::spawn(move || block_on(listen(branch, sum))))
                    .collect();
                (0..ITEMS).for_each(|item| feed.give(item));
                feed.end();
                threads.into_iter().for_each(|thread| thread.join().unwrap());
                assert_eq!(sum.load(SeqCst), (0..ITEMS).sum(), "capacity {capacity}");
            }
        });
    }
}
