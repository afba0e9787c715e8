//! What one can see of `or_done` from outside, one poll at a time.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::{FutureExt, Stream, StreamExt, stream};
use patterns::or_done::{Or, OrDone, or_done};
use tokio::task::yield_now;

use crate::script::{Control, Script, script};
use crate::support::{Wakes, run, within_deadline};

/// A stream of numbers, a signal, and the loop's side of both, which is polled by hand.
struct Bench {
    stream: Control<u32>,
    done: Control<&'static str>,
    both: Pin<Box<OrDone<Script<u32>, Script<&'static str>>>>,
    wakes: Arc<Wakes>,
}

impl Bench {
    fn new() -> Self {
        let ((stream, source), (done, signal)) = (script(), script());
        Self { stream, done, both: Box::pin(or_done(source, signal)), wakes: Arc::default() }
    }

    fn poll(&mut self) -> Poll<Option<u32>> {
        let waker = Waker::from(self.wakes.clone());
        self.both.as_mut().poll_next(&mut Context::from_waker(&waker))
    }

    /// Whether the stream and the signal have been dropped.
    fn dropped(&self) -> (bool, bool) {
        (self.stream.is_dropped(), self.done.is_dropped())
    }
}

#[test]
fn it_gives_the_items_of_the_stream_in_order() {
    within_deadline(|| {
        let mut bench = Bench::new();
        for item in [1, 2, 3] {
            bench.stream.give(item);
        }
        for item in [1, 2, 3] {
            assert_eq!(bench.poll(), Poll::Ready(Some(item)));
        }
        assert_eq!(bench.poll(), Poll::Pending);
    });
}

#[test]
fn it_ends_with_the_stream() {
    within_deadline(|| {
        let mut bench = Bench::new();
        bench.stream.give(1);
        bench.stream.end();
        assert_eq!(bench.poll(), Poll::Ready(Some(1)));
        assert_eq!(bench.poll(), Poll::Ready(None));
    });
}

#[test]
fn it_ends_when_done_completes() {
    within_deadline(|| {
        let mut bench = Bench::new();
        bench.done.give("stop");
        assert_eq!(bench.poll(), Poll::Ready(None));
    });
}

#[test]
fn an_item_wakes_the_loop() {
    within_deadline(|| {
        let mut bench = Bench::new();
        assert_eq!(bench.poll(), Poll::Pending);
        bench.stream.give(1);
        assert_eq!(bench.wakes.count(), 1);
        assert_eq!(bench.poll(), Poll::Ready(Some(1)));
    });
}

#[test]
fn done_wakes_a_loop_that_waits_for_an_item() {
    within_deadline(|| {
        let mut bench = Bench::new();
        assert_eq!(bench.poll(), Poll::Pending);
        bench.done.give("stop");
        assert_eq!(bench.wakes.count(), 1, "the stream will never wake it again");
        assert_eq!(bench.poll(), Poll::Ready(None));
    });
}

#[test]
fn done_wakes_a_loop_that_has_had_items() {
    within_deadline(|| {
        let mut bench = Bench::new();
        bench.stream.give(1);
        assert_eq!(bench.poll(), Poll::Ready(Some(1)));
        assert_eq!(bench.poll(), Poll::Pending);
        bench.done.give("stop");
        assert_eq!(bench.wakes.count(), 1);
        assert_eq!(bench.poll(), Poll::Ready(None));
    });
}

#[test]
fn done_wins_a_tie() {
    within_deadline(|| {
        let mut bench = Bench::new();
        bench.stream.give(1);
        bench.done.give("stop");
        assert_eq!(bench.poll(), Poll::Ready(None), "both were ready");
    });
}

#[test]
fn no_item_is_taken_once_done_is_ready() {
    within_deadline(|| {
        let mut bench = Bench::new();
        bench.stream.give(1);
        bench.stream.give(2);
        assert_eq!(bench.poll(), Poll::Ready(Some(1)));
        bench.done.give("stop");
        assert_eq!(bench.poll(), Poll::Ready(None));
        assert_eq!(bench.stream.left(), 1, "the second item was taken, and is lost");
    });
}

#[test]
fn done_drops_both_at_once() {
    within_deadline(|| {
        let mut bench = Bench::new();
        assert_eq!(bench.poll(), Poll::Pending);
        assert_eq!(bench.dropped(), (false, false));
        bench.done.give("stop");
        assert_eq!(bench.poll(), Poll::Ready(None));
        assert_eq!(bench.dropped(), (true, true), "the loop may go on for long");
    });
}

#[test]
fn the_end_of_the_stream_drops_both_at_once() {
    within_deadline(|| {
        let mut bench = Bench::new();
        bench.stream.give(1);
        bench.stream.end();
        assert_eq!(bench.poll(), Poll::Ready(Some(1)));
        assert_eq!(bench.dropped(), (false, false));
        assert_eq!(bench.poll(), Poll::Ready(None));
        assert_eq!(bench.dropped(), (true, true), "the loop may go on for long");
    });
}

#[test]
fn after_the_end_nothing_is_polled_and_nothing_comes() {
    within_deadline(|| {
        for by_done in [true, false] {
            let mut bench = Bench::new();
            if by_done {
                bench.done.give("stop")
            } else {
                bench.stream.end()
            }
            assert_eq!(bench.poll(), Poll::Ready(None));
            bench.stream.give(1);
            for _ in 0..3 {
                assert_eq!(bench.poll(), Poll::Ready(None), "the end is for good");
            }
            assert_eq!(bench.stream.left(), 1);
        }
    });
}

#[test]
fn a_waiting_loop_sleeps() {
    within_deadline(|| {
        let mut bench = Bench::new();
        for polls in 1..=3 {
            assert_eq!(bench.poll(), Poll::Pending);
            assert_eq!((bench.stream.polls(), bench.done.polls()), (polls, polls));
            assert_eq!(bench.wakes.count(), 0, "nothing has happened that it should look at");
        }
    });
}

#[test]
fn it_promises_no_item_and_no_more_than_the_stream() {
    within_deadline(|| {
        let mut bench = Bench::new();
        bench.stream.give(1);
        bench.stream.give(2);
        assert_eq!(bench.both.size_hint(), (0, Some(3)), "done may come before the first");
        bench.done.give("stop");
        assert_eq!(bench.poll(), Poll::Ready(None));
        assert_eq!(bench.both.size_hint(), (0, Some(0)));
        let endless = or_done(stream::repeat(()), pending::<()>());
        assert_eq!(endless.size_hint(), (0, None));
    });
}

#[test]
fn a_loop_that_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        for by_done in [true, false] {
            let mut bench = Bench::new();
            assert_eq!(bench.poll(), Poll::Pending);
            let old = std::mem::take(&mut bench.wakes);
            assert_eq!(bench.poll(), Poll::Pending);
            if by_done {
                bench.done.give("stop")
            } else {
                bench.stream.give(1)
            }
            assert_eq!((bench.wakes.count(), old.count()), (1, 0), "the last task is woken");
        }
    });
}

#[test]
fn a_panic_of_either_ends_it() {
    within_deadline(|| {
        for of_done in [true, false] {
            let mut bench = Bench::new();
            assert_eq!(bench.poll(), Poll::Pending);
            if of_done {
                bench.done.panic()
            } else {
                bench.stream.panic()
            }
            let panic = catch_unwind(AssertUnwindSafe(|| bench.poll()));
            assert!(panic.is_err(), "the panic goes to whoever polls");
            assert_eq!(bench.dropped(), (true, true), "neither is of use any more");
            assert_eq!(bench.poll(), Poll::Ready(None));
        }
    });
}

#[test]
fn an_endless_stream_lets_its_neighbours_run() {
    run(|| async {
        let (stop, done) = futures::channel::oneshot::channel();
        let neighbour = tokio::spawn(async move { stop.send(()) });
        let mut numbers = or_done(stream::iter(0u32..), done);
        while let Some(number) = numbers.next().await {
            assert!(number < 10_000, "the neighbour had no turn to say that it is done");
        }
        neighbour.await.unwrap().unwrap();
    });
}

#[test]
fn waiting_spends_none_of_the_budget() {
    run(|| async {
        let mut bench = Bench::new();
        for item in 0..40 {
            bench.stream.give(item);
            assert_eq!(bench.poll(), Poll::Ready(Some(item)), "waiting has spent the turn");
            for _ in 0..1000 {
                assert_eq!(bench.poll(), Poll::Pending);
            }
        }
        let spent = or_done(stream::iter([1]), pending::<()>()).next().now_or_never();
        assert_eq!(spent, Some(Some(1)), "waiting has spent the turn");
    });
}

#[test]
fn whatever_the_parts_are_it_is_too() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    fn is_unpin<T: Unpin>(value: T) -> T {
        value
    }
    is_send::<OrDone<stream::Pending<u32>, std::future::Pending<()>>>();
    is_sync::<OrDone<stream::Pending<u32>, std::future::Pending<()>>>();
    is_send::<Or<std::future::Pending<()>>>();
    is_sync::<Or<std::future::Pending<()>>>();
    run(|| async {
        let mut items = is_unpin(or_done(stream::iter([1, 2]), pending::<()>()));
        assert_eq!(items.next().await, Some(1));
        let mut moved = items;
        assert_eq!(moved.next().await, Some(2));
    });
}

#[test]
fn neither_part_needs_to_be_movable() {
    run(|| async {
        let numbers = stream::unfold(0, |n| async move {
            yield_now().await;
            Some((n, n + 1))
        });
        let done = async {
            for _ in 0..20 {
                yield_now().await;
            }
        };
        let count = or_done(numbers, done).count().await;
        assert!((1..=20).contains(&count), "{count} items before the end");
    });
}

#[path = "behaviour/or.rs"]
mod or;
