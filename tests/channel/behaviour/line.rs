//! Who is served before whom, and who is woken when.

use std::sync::Arc;

use patterns::channel::{self, TryRecvError, TrySendError};

use crate::support::{Polled, run, within_deadline};

#[test]
fn receivers_are_called_in_the_order_in_which_they_asked() {
    within_deadline(|| {
        for (tx, rx) in [channel::bounded(1), channel::bounded(4), channel::unbounded()] {
            let waiting = [(); 4].map(|()| Polled::new(rx.recv()).pending());
            for (value, recv) in waiting.into_iter().enumerate() {
                tx.try_send(value).unwrap();
                assert_eq!(recv.wakes(), 1, "it is the turn of receiver {value}");
                assert_eq!(recv.ready(), Ok(value));
            }
        }
    });
}

#[test]
fn a_value_wakes_one_receiver_and_no_more() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(4);
        let waiting = [(); 4].map(|()| Polled::new(rx.recv()).pending());
        let woken = |all: &[Polled<_>; 4]| all.each_ref().map(|recv: &Polled<_>| recv.wakes());
        tx.try_send(1).unwrap();
        assert_eq!(woken(&waiting), [1, 0, 0, 0]);
        tx.try_send(2).unwrap();
        assert_eq!(woken(&waiting), [1, 1, 0, 0], "the first has been called already");
        tx.try_send(3).unwrap();
        assert_eq!(woken(&waiting), [1, 1, 1, 0]);
    });
}

#[test]
fn senders_are_called_in_the_order_in_which_they_asked() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(0).unwrap();
        let waiting = [1, 2, 3, 4].map(|i| Polled::new(tx.send(i)).pending());
        for (before, send) in waiting.into_iter().enumerate() {
            assert_eq!(rx.try_recv(), Ok(before));
            assert_eq!(send.wakes(), 1, "it is the turn of sender {}", before + 1);
            assert_eq!(send.ready(), Ok(()));
        }
        assert_eq!(rx.try_recv(), Ok(4));
    });
}

#[test]
fn sends_and_reservations_stand_in_one_line() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(0).unwrap();
        let first = Polled::new(tx.reserve()).pending();
        let second = Polled::new(tx.send(2)).pending();
        let third = Polled::new(tx.reserve()).pending();
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!((first.wakes(), second.wakes(), third.wakes()), (1, 0, 0));
        first.ready().unwrap().send(1).unwrap();
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!((second.wakes(), third.wakes()), (1, 0));
        second.ready().unwrap();
        assert_eq!(rx.try_recv(), Ok(2));
        third.ready().unwrap().send(3).unwrap();
        assert_eq!(rx.try_recv(), Ok(3));
    });
}

#[test]
fn who_comes_later_does_not_overtake_a_receiver_in_line() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(2);
        let first = Polled::new(rx.recv()).pending();
        tx.try_send(1).unwrap();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "the value is promised");
        let late = Polled::new(rx.recv()).pending();
        tx.try_send(2).unwrap();
        assert_eq!((first.ready(), late.ready()), (Ok(1), Ok(2)));
    });
}

#[test]
fn who_comes_later_does_not_overtake_a_sender_in_line() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(0).unwrap();
        let first = Polled::new(tx.send(1)).pending();
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)), "the slot is promised");
        let late = Polled::new(tx.send(2)).pending();
        assert_eq!(first.ready(), Ok(()));
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(late.ready(), Ok(()));
    });
}

#[test]
fn values_are_taken_in_order_whoever_comes_for_them_first() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(3);
        let [first, second] = [(); 2].map(|()| Polled::new(rx.recv()).pending());
        (1..=3).for_each(|i| tx.try_send(i).unwrap());
        assert_eq!(rx.try_recv(), Ok(1), "two of three are promised: one is free, the oldest");
        assert_eq!(second.ready(), Ok(2));
        assert_eq!(first.ready(), Ok(3));
    });
}

#[test]
fn a_poll_in_between_keeps_the_place() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let first = Polled::new(rx.recv()).pending();
        let second = Polled::new(rx.recv()).pending();
        let first = first.pending();
        tx.try_send(1).unwrap();
        assert_eq!((first.wakes(), second.wakes()), (1, 0), "the first is still the first");
        tx.try_send(2).unwrap_err();
        let third = Polled::new(tx.send(2)).pending();
        let fourth = Polled::new(tx.send(3)).pending();
        let third = third.pending();
        assert_eq!(first.ready(), Ok(1));
        assert_eq!((third.wakes(), fourth.wakes()), (1, 0));
    });
}

#[test]
fn a_future_that_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let mut recv = Polled::new(rx.recv()).pending();
        let left_behind = recv.move_to_another_task();
        let recv = recv.pending();
        tx.try_send(1).unwrap();
        assert_eq!((left_behind.count(), recv.wakes()), (0, 1), "the last waker counts");

        let mut send = Polled::new(tx.send(2)).pending();
        let left_behind = send.move_to_another_task();
        let send = send.pending();
        assert_eq!(recv.ready(), Ok(1));
        assert_eq!((left_behind.count(), send.wakes()), (0, 1));
        assert_eq!(send.ready(), Ok(()));
        assert_eq!(Arc::strong_count(&left_behind), 1, "the old waker is not kept");
    });
}

#[test]
fn as_many_receivers_as_there_are_wait_at_once() {
    run(|| async {
        let (tx, rx) = channel::bounded(2);
        let all_have_one = Arc::new(tokio::sync::Barrier::new(16));
        let jobs = (0..16).map(|_| {
            let (rx, all_have_one) = (rx.clone(), all_have_one.clone());
            tokio::spawn(async move {
                let value: u32 = rx.recv().await.unwrap();
                all_have_one.wait().await;
                value
            })
        });
        let jobs: Vec<_> = jobs.collect();
        for i in 0..16 {
            tx.send(i).await.unwrap();
        }
        let mut values = Vec::new();
        for job in jobs {
            values.push(job.await.unwrap());
        }
        values.sort_unstable();
        assert!(values.into_iter().eq(0..16), "each value went to one of them");
    });
}

#[test]
fn a_channel_that_is_always_ready_lets_its_neighbours_run() {
    use futures::StreamExt;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    const ENOUGH: usize = 10_000;
    /// Repeats `step`, which never waits, until a neighbour has run.
    async fn until_noticed(mut step: impl AsyncFnMut()) -> usize {
        let noticed = Arc::new(AtomicBool::new(false));
        let flag = noticed.clone();
        let neighbour = tokio::spawn(async move { flag.store(true, SeqCst) });
        let mut steps = 0;
        while !noticed.load(SeqCst) && steps < ENOUGH {
            step().await;
            steps += 1;
        }
        neighbour.await.unwrap();
        steps
    }
    run(|| async {
        let (tx, rx) = channel::unbounded();
        let mut stream = rx.clone();
        (0..2 * ENOUGH).for_each(|i| tx.try_send(i).unwrap());
        let steps = [
            ("recv", until_noticed(async || _ = rx.recv().await).await),
            ("next", until_noticed(async || _ = stream.next().await).await),
            ("send", until_noticed(async || _ = tx.send(0).await).await),
            ("reserve", until_noticed(async || _ = tx.reserve().await).await),
        ];
        for (what, steps) in steps {
            assert!(steps <= 1000, "{what}: no neighbour ran within {steps} steps");
        }
    });
}
