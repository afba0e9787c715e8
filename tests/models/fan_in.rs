//! Every interleaving of wakes, polls, ends and drops, for a merge and for branches.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::{FutureExt, Stream, StreamExt};
use loomscope::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use loomscope::task::{AtomicWaker, block_on};
use loomscope::{Model, thread};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/fan_in")
}

/// A source of so many items, which its feed makes ready one by one; then it ends.
fn feed(items: usize) -> (Feed, Fed) {
    let feed = Feed(Arc::new((AtomicUsize::new(0), AtomicWaker::new())));
    (Feed(feed.0.clone()), Fed { feed, given: 0, items })
}

struct Feed(Arc<(AtomicUsize, AtomicWaker)>);

impl Feed {
    /// Makes so many more items ready, or the end, where all were.
    fn give(&self, items: usize) {
        let (ready, waker) = &*self.0;
        ready.fetch_add(items, SeqCst);
        waker.wake();
    }
}

struct Fed {
    feed: Feed,
    given: usize,
    items: usize,
}

impl Stream for Fed {
    type Item = usize;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        let (ready, waker) = &*self.feed.0;
        waker.register(cx.waker());
        if ready.load(SeqCst) == self.given {
            return Poll::Pending;
        }
        self.given += 1;
        Poll::Ready((self.given <= self.items).then_some(self.given))
    }
}

mod merge {
    use patterns::fan_in::fan_in;

    use super::*;

    #[test]
    fn a_wake_up_is_never_missed() {
        model("I3: an item comes while the merge goes to sleep").check(|| {
            let (feed, fed) = feed(1);
            let mut merged = fan_in([fed]);
            let giving = thread::spawn_named("gives", move || feed.give(1));
            assert_eq!(block_on(merged.next()), Some(1));
            giving.join().unwrap();
        });
    }

    #[test]
    fn two_inputs_that_wake_at_once_are_both_heard() {
        model("I3: two bits, one task").preemptions(2).check(|| {
            let ((one, first), (two, second)) = (feed(1), feed(1));
            let mut merged = fan_in([first, second]);
            let giving = [("one", one), ("two", two)]
                .map(|(name, feed)| thread::spawn_named(name, move || feed.give(1)));
            assert_eq!(block_on(merged.next()), Some(1));
            assert_eq!(block_on(merged.next()), Some(1), "an input was not heard");
            giving.into_iter().for_each(|giving| giving.join().unwrap());
        });
    }

    #[test]
    fn a_second_item_is_heard_while_the_first_is_taken() {
        model("I2: a wake-up during the poll, or just after it").check(|| {
            let (feed, fed) = feed(2);
            let mut merged = fan_in([fed]);
            let giving = thread::spawn_named("gives", move || {
                feed.give(1);
                feed.give(1);
            });
            assert_eq!(block_on(merged.next()), Some(1));
            assert_eq!(block_on(merged.next()), Some(2));
            giving.join().unwrap();
        });
    }

    #[test]
    fn the_end_of_the_last_input_is_heard() {
        model("I5: it ends with the last").preemptions(2).check(|| {
            let ((one, first), (two, second)) = (feed(0), feed(0));
            let mut merged = fan_in([first, second]);
            let giving = [("one", one), ("two", two)]
                .map(|(name, feed)| thread::spawn_named(name, move || feed.give(1)));
            assert_eq!(block_on(merged.next()), None);
            giving.into_iter().for_each(|giving| giving.join().unwrap());
        });
    }

    #[test]
    fn a_merge_may_move_while_an_input_wakes() {
        model("I3: the task that polled last is the one to wake").check(|| {
            let (feed, fed) = feed(1);
            let mut merged = fan_in([fed]);
            let giving = thread::spawn_named("gives", move || feed.give(1));
            // Polled by one task, and then by another.
            if merged.next().now_or_never().is_none() {
                assert_eq!(block_on(merged.next()), Some(1));
            }
            giving.join().unwrap();
        });
    }

    #[test]
    fn an_input_may_wake_while_the_merge_goes() {
        model("I3: a waker that outlives the merge").check(|| {
            let (feed, fed) = feed(1);
            let mut merged = fan_in([fed]);
            let taken = merged.next().now_or_never().is_some();
            assert!(!taken);
            let giving = thread::spawn_named("gives", move || feed.give(1));
            drop(merged);
            giving.join().unwrap();
        });
    }

    #[test]
    fn what_an_input_wrote_is_seen_after_its_wake_up() {
        model("I2: a bit carries what was done before it was set").check(|| {
            // Reads with no order of its own: only the waker's makes the item visible.
            let (ready, waker) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicWaker::new()));
            let (theirs, call) = (ready.clone(), waker.clone());
            let mut registered = false;
            let input = futures::stream::poll_fn(move |cx| {
                if !registered {
                    registered = true;
                    waker.register(cx.waker());
                    return Poll::Pending;
                }
                Poll::Ready(Some(ready.load(Relaxed)))
            });
            let mut merged = fan_in([input]);
            assert!(merged.next().now_or_never().is_none());
            let giving = thread::spawn_named("gives", move || {
                theirs.store(true, Relaxed);
                call.wake();
            });
            assert_eq!(block_on(merged.next()), Some(true), "I2: woken, and the cause is not seen");
            giving.join().unwrap();
        });
    }
}

mod branches {
    use futures::stream;
    use patterns::fan_in::{Branch, fan_out};

    use super::*;

    fn two<S: Stream>(source: S, capacity: usize) -> [Branch<S>; 2] {
        fan_out(source, 2, capacity)
            .try_into()
            .unwrap_or_else(|_| unreachable!("two were asked for"))
    }

    #[test]
    fn two_branches_have_each_item_once() {
        model("I6: an item is in one place").check(|| {
            let [mut left, mut right] = two(stream::iter([1, 2]), 0);
            let other = thread::spawn_named("right", move || block_on(right.next()));
            let ours = block_on(left.next());
            let theirs = other.join().unwrap();
            assert!(
                ours.max(theirs) == Some(2) && ours.min(theirs) == Some(1),
                "{ours:?} {theirs:?}"
            );
        });
    }

    #[test]
    fn what_is_read_ahead_is_taken_once() {
        model("I6: an item in the queue is taken once").check(|| {
            let [mut left, mut right] = two(stream::iter([1, 2, 3]), 1);
            let other = thread::spawn_named("right", move || block_on(right.next()));
            let ours = [block_on(left.next()), block_on(left.next())];
            let mut all = [ours[0], ours[1], other.join().unwrap()];
            all.sort();
            assert_eq!(all, [Some(1), Some(2), Some(3)]);
        });
    }

    #[test]
    fn each_branch_has_its_items_in_the_order_of_the_source() {
        model("I6: the end puts no item behind a later one").check(|| {
            let [mut left, mut right] = two(stream::iter([1, 2]), 2);
            let other = thread::spawn_named("right", move || {
                [block_on(right.next()), block_on(right.next())]
            });
            let ours = block_on(left.next());
            let theirs = other.join().unwrap();
            assert_ne!(theirs, [Some(2), Some(1)], "I6: the first item comes after the second");
            assert!(ours.is_some() || theirs == [Some(1), Some(2)], "{ours:?} {theirs:?}");
        });
    }

    #[test]
    fn who_hears_of_the_end_finds_the_source_gone() {
        struct Ends(Arc<AtomicUsize>);
        impl Stream for Ends {
            type Item = usize;
            fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<usize>> {
                Poll::Ready(None)
            }
        }
        impl Drop for Ends {
            fn drop(&mut self) {
                self.0.fetch_add(1, Relaxed);
            }
        }
        model("I10: the source is gone before anybody hears of its end").check(|| {
            let gone = Arc::new(AtomicUsize::new(0));
            let [mut left, mut right] = two(Ends(gone.clone()), 0);
            let other = thread::spawn_named("right", move || {
                block_on(right.next());
                right
            });
            assert_eq!(block_on(left.next()), None);
            assert_eq!(gone.load(Relaxed), 1, "I10: the end has come, and the source is there");
            drop(other.join().unwrap());
        });
    }

    #[test]
    fn who_waits_is_called_by_who_polls_the_source() {
        model("I9: an item that one leaves is the next one's").check(|| {
            let (feed, fed) = feed(2);
            let [mut left, mut right] = two(fed, 0);
            let other = thread::spawn_named("right", move || {
                block_on(right.next());
                // Neither polled nor dropped again before the other has its item.
                right
            });
            feed.give(2);
            let ours = block_on(left.next());
            assert!(ours.is_some());
            drop(other.join().unwrap());
        });
    }

    #[test]
    fn a_source_that_wakes_is_never_missed() {
        model("I9: the source wakes while a branch polls it").check(|| {
            let (feed, fed) = feed(1);
            let [mut left, _right] = two(fed, 0);
            let giving = thread::spawn_named("gives", move || feed.give(1));
            assert_eq!(block_on(left.next()), Some(1));
            giving.join().unwrap();
        });
    }

    #[test]
    fn the_wake_up_of_one_who_goes_is_the_next_ones() {
        model("I9: a branch goes, whether it was called or not").check(|| {
            let (feed, fed) = feed(1);
            let [mut left, mut right] = two(fed, 0);
            assert!(StreamExt::next(&mut left).now_or_never().is_none());
            let going = thread::spawn_named("goes", move || drop(left));
            let giving = thread::spawn_named("gives", move || feed.give(1));
            assert_eq!(block_on(right.next()), Some(1));
            going.join().unwrap();
            giving.join().unwrap();
        });
    }

    #[test]
    fn the_wake_up_of_a_wait_that_is_given_up_is_the_next_ones() {
        model("I9: a next goes, and its branch stays").check(|| {
            let (feed, fed) = feed(2);
            let [mut left, mut right] = two(fed, 0);
            let giving = thread::spawn_named("gives", move || feed.give(2));
            let other = thread::spawn_named("gives up", move || {
                // Polled once, and dropped, as by a timeout.
                let _ = left.next().now_or_never();
                left
            });
            assert!(block_on(right.next()).is_some());
            giving.join().unwrap();
            drop(other.join().unwrap());
        });
    }

    #[test]
    fn the_end_reaches_every_branch() {
        model("I10: nobody waits when the source has ended").check(|| {
            let (feed, fed) = feed(0);
            let [mut left, mut right] = two(fed, 0);
            let giving = thread::spawn_named("gives", move || feed.give(1));
            let other = thread::spawn_named("right", move || block_on(right.next()));
            assert_eq!(block_on(left.next()), None);
            assert_eq!(other.join().unwrap(), None);
            giving.join().unwrap();
        });
    }

    #[test]
    fn a_panic_of_the_source_ends_the_other_branch() {
        model("I10: nobody waits when the source has panicked").check(|| {
            let source = stream::poll_fn(|_| -> Poll<Option<usize>> { panic!("the source's own") });
            let polls =
                |mut branch: Branch<_>| loomscope::task::spawn(async move { branch.next().await });
            let ends = two(source, 0).map(polls).map(block_on);
            assert_eq!(ends.iter().filter(|end| end.is_err()).count(), 1, "the poller's alone");
            assert!(ends.into_iter().flatten().all(|item| item.is_none()));
        });
    }

    #[test]
    fn two_never_poll_the_source_at_once() {
        model("I8: one driver at a time").check(|| {
            let polling = AtomicBool::new(false);
            let source = stream::poll_fn(move |_| {
                assert!(!polling.swap(true, SeqCst), "I8: two poll the source");
                polling.store(false, SeqCst);
                Poll::Ready(Some(1))
            });
            let [mut left, mut right] = two(source, 0);
            let other = thread::spawn_named("right", move || block_on(right.next()));
            assert_eq!(block_on(left.next()), Some(1));
            assert_eq!(other.join().unwrap(), Some(1));
        });
    }

    #[test]
    fn the_last_two_branches_may_go_at_once() {
        model("I10: the last one drops the source").check(|| {
            let (feed, fed) = feed(1);
            let [mut left, right] = two(fed, 0);
            assert!(left.next().now_or_never().is_none());
            let other = thread::spawn_named("right", move || drop(right));
            let giving = thread::spawn_named("gives", move || feed.give(1));
            drop(left);
            other.join().unwrap();
            giving.join().unwrap();
        });
    }
}
