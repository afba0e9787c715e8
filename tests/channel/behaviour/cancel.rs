//! Every future, dropped at every point: before its first poll, in line, and after its call.

use std::mem::ManuallyDrop;
use std::time::Duration;

use patterns::channel::{self, TryRecvError, TrySendError};

use crate::support::{Census, Polled, run, within_deadline};

#[test]
fn a_future_dropped_before_its_first_poll_was_never_there() {
    within_deadline(|| {
        for capacity in [0, 1] {
            let census = Census::default();
            let (tx, rx) = channel::bounded(capacity);
            drop(tx.send(census.payload(1)));
            assert_eq!(census.alive(), 0, "the value went with the future");
            drop((tx.reserve(), rx.recv()));
            assert!(matches!(rx.try_recv(), Err(TryRecvError::Empty)));
            assert_eq!(tx.try_send(census.payload(2)).is_ok(), capacity == 1);
        }
    });
}

#[test]
fn a_cancelled_recv_leaves_the_line() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let [first, second, third] = [(); 3].map(|()| Polled::new(rx.recv()).pending());
        drop(second);
        tx.try_send(1).unwrap();
        assert_eq!((first.ready(), third.wakes()), (Ok(1), 0));
        tx.try_send(2).unwrap();
        assert_eq!(third.ready(), Ok(2));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn a_cancelled_recv_loses_no_value() {
    within_deadline(|| {
        for (tx, rx) in [channel::bounded(1), channel::unbounded()] {
            let recv = Polled::new(rx.recv()).pending();
            tx.try_send(7).unwrap();
            assert_eq!(recv.wakes(), 1, "it was called");
            drop(recv);
            assert_eq!(rx.try_recv(), Ok(7), "the value is there for the next");
        }
    });
}

#[test]
fn a_cancelled_recv_passes_its_call_on() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let mut waiting = [(); 4].map(|()| Polled::new(rx.recv()).pending()).into_iter();
        tx.try_send(7).unwrap();
        let mut called = waiting.next().unwrap();
        for next in waiting {
            assert_eq!((called.wakes(), next.wakes()), (1, 0));
            drop(std::mem::replace(&mut called, next));
            assert_eq!(called.wakes(), 1, "the next in line hears of it");
        }
        assert_eq!(called.ready(), Ok(7));
    });
}

#[test]
fn a_cancelled_recv_puts_no_value_behind_a_younger_one() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(3);
        let [first, second, third] = [(); 3].map(|()| Polled::new(rx.recv()).pending());
        (1..=3).for_each(|i| tx.try_send(i).unwrap());
        drop(first);
        assert_eq!(second.ready(), Ok(1));
        assert_eq!(rx.try_recv(), Ok(2), "one is promised to the third, one is free");
        assert_eq!(third.ready(), Ok(3));
    });
}

#[test]
fn a_cancelled_send_leaves_the_line() {
    within_deadline(|| {
        let census = Census::default();
        let (tx, rx) = channel::bounded(1);
        tx.try_send(census.payload(0)).unwrap();
        let [first, second, third] =
            [1, 2, 3].map(|i| Polled::new(tx.send(census.payload(i))).pending());
        drop(second);
        assert_eq!(census.alive(), 3, "its value went with it");
        assert_eq!(rx.try_recv().unwrap().value, 0);
        first.ready().unwrap();
        assert_eq!(rx.try_recv().unwrap().value, 1);
        assert_eq!(third.wakes(), 1);
        third.ready().unwrap();
        assert_eq!(rx.try_recv().unwrap().value, 3);
    });
}

#[test]
fn a_send_cancelled_after_its_call_has_sent_nothing() {
    within_deadline(|| {
        let census = Census::default();
        let (tx, rx) = channel::bounded(1);
        tx.try_send(census.payload(0)).unwrap();
        let send = Polled::new(tx.send(census.payload(1))).pending();
        drop(rx.try_recv());
        assert_eq!(send.wakes(), 1, "it was called");
        drop(send);
        assert_eq!(census.alive(), 0);
        assert!(matches!(rx.try_recv(), Err(TryRecvError::Empty)), "it has had no effect");
        assert!(tx.try_send(census.payload(2)).is_ok(), "its slot is free again");
    });
}

#[test]
fn a_send_cancelled_after_its_call_passes_the_slot_on() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(0).unwrap();
        let [first, second, third] = [1, 2, 3].map(|i| Polled::new(tx.send(i)).pending());
        rx.try_recv().unwrap();
        drop(first);
        assert_eq!((second.wakes(), third.wakes()), (1, 0), "the next in line hears of it");
        drop(second);
        assert_eq!(third.ready(), Ok(()));
        assert_eq!(rx.try_recv(), Ok(3));
    });
}

#[test]
fn a_cancelled_reservation_passes_the_slot_on() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(0).unwrap();
        let [first, second, third] = [(); 3].map(|()| Polled::new(tx.reserve()).pending());
        drop(second);
        rx.try_recv().unwrap();
        assert_eq!((first.wakes(), third.wakes()), (1, 0));
        drop(first);
        assert_eq!(third.wakes(), 1, "the next in line hears of it");
        third.ready().unwrap().send(1).unwrap();
        assert_eq!(rx.try_recv(), Ok(1));
    });
}

#[test]
fn a_dropped_slot_is_free_again() {
    within_deadline(|| {
        let (tx, _rx) = channel::bounded(1);
        let slot = Polled::new(tx.reserve()).ready().unwrap();
        assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)), "the slot is held");
        let waiting = Polled::new(tx.send(2)).pending();
        drop(slot);
        assert_eq!(waiting.wakes(), 1, "the slot goes to who waits");
        assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
        drop(waiting);
        assert_eq!(tx.try_send(1), Ok(()));
    });
}

#[test]
fn a_reserved_value_never_enters_the_future() {
    run(|| async {
        let (tx, rx) = channel::bounded(1);
        tx.send(1).await.unwrap();
        let value = 2;
        for _ in 0..3 {
            let late = tokio::time::timeout(Duration::from_millis(5), tx.reserve()).await;
            assert!(late.is_err(), "there is no slot");
        }
        assert_eq!(rx.recv().await, Ok(1));
        tx.reserve().await.unwrap().send(value).unwrap();
        assert_eq!(rx.recv().await, Ok(2));
    });
}

#[test]
fn a_future_may_be_dropped_after_it_ended() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let mut first = Polled::new(rx.recv()).pending();
        tx.try_send(1).unwrap();
        assert!(first.poll().is_ready());
        // Not dropped where this fails: an answer that has given its place away may panic then.
        let mut second = ManuallyDrop::new(Polled::new(rx.recv()).pending());
        drop(first);
        tx.try_send(2).unwrap();
        assert_eq!(second.wakes(), 1, "the place is another's by now");
        assert!(second.poll().is_ready());

        tx.try_send(3).unwrap();
        let mut first = Polled::new(tx.send(4)).pending();
        assert_eq!(rx.try_recv(), Ok(3));
        assert!(first.poll().is_ready());
        let mut second = ManuallyDrop::new(Polled::new(tx.send(5)).pending());
        drop(first);
        assert_eq!(rx.try_recv(), Ok(4));
        assert_eq!(second.wakes(), 1, "the place is another's by now");
        assert!(second.poll().is_ready());
    });
}

#[test]
fn a_timeout_around_recv_loses_nothing() {
    run(|| async {
        let (tx, rx) = channel::bounded(1);
        let producer = tokio::spawn(async move {
            for i in 0..50 {
                tokio::time::sleep(Duration::from_millis(i % 7)).await;
                tx.send(i).await.unwrap();
            }
        });
        let mut received = Vec::new();
        loop {
            match tokio::time::timeout(Duration::from_millis(3), rx.recv()).await {
                Ok(Ok(value)) => received.push(value),
                Ok(Err(_)) => break,
                Err(_late) => {}
            }
        }
        producer.await.unwrap();
        assert!(received.into_iter().eq(0..50));
    });
}
