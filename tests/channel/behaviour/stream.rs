//! A receiver as a stream: it is told of every value, and promised none.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::{Stream, StreamExt};
use patterns::channel::{self, Receiver, TryRecvError};

use crate::support::{Polled, Wakes, run, within_deadline};

/// One poll of the stream, with a waker that counts.
fn poll<T>(stream: &mut Receiver<T>, wakes: &Arc<Wakes>) -> Poll<Option<T>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(&Waker::from(wakes.clone())))
}

#[test]
fn a_stream_gives_every_value_and_then_ends() {
    run(|| async {
        for capacity in [0, 1, 7] {
            let (tx, rx) = channel::bounded(capacity);
            tokio::spawn(async move {
                for i in 0..20 {
                    tx.send(i).await.unwrap();
                }
            });
            assert!(rx.collect::<Vec<_>>().await.into_iter().eq(0..20), "capacity {capacity}");
        }
    });
}

#[test]
fn a_dropped_next_strands_no_value() {
    within_deadline(|| {
        let (tx, mut rx) = channel::bounded(1);
        let other = rx.clone();
        let next = Polled::new(rx.next()).pending();
        tx.try_send(1).unwrap();
        assert_eq!(next.wakes(), 1);
        drop(next);
        assert_eq!(Polled::new(other.recv()).ready(), Ok(1), "the stream was promised nothing");
    });
}

#[test]
fn a_stream_takes_no_value_from_those_in_line() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let (mut stream, wakes) = (rx.clone(), Arc::default());
        assert!(poll(&mut stream, &wakes).is_pending());
        let recv = Polled::new(rx.recv()).pending();
        tx.try_send(1).unwrap();
        assert_eq!((recv.wakes(), wakes.count()), (1, 1), "the stream is woken, too");
        assert!(poll(&mut stream, &wakes).is_pending(), "the value is promised");
        assert_eq!(recv.ready(), Ok(1));
    });
}

#[test]
fn a_stream_hears_of_a_value_that_was_given_back() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let recv = Polled::new(rx.recv()).pending();
        let (mut stream, wakes) = (rx.clone(), Arc::default());
        tx.try_send(1).unwrap();
        assert!(poll(&mut stream, &wakes).is_pending(), "the value is promised");
        drop(recv);
        assert_eq!(wakes.count(), 1, "it is free now");
        assert_eq!(poll(&mut stream, &wakes), Poll::Ready(Some(1)));
    });
}

#[test]
fn every_stream_is_woken_by_a_value() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let mut streams = [rx.clone(), rx.clone(), rx];
        let wakes: [Arc<Wakes>; 3] = Default::default();
        for (stream, wakes) in streams.iter_mut().zip(&wakes) {
            assert!(poll(stream, wakes).is_pending());
        }
        tx.try_send(1).unwrap();
        assert_eq!(wakes.each_ref().map(|wakes| wakes.count()), [1; 3], "any of them may come");
        assert_eq!(poll(&mut streams[2], &wakes[2]), Poll::Ready(Some(1)));
        assert!(poll(&mut streams[0], &wakes[0]).is_pending());
        tx.try_send(2).unwrap();
        let counts = wakes.each_ref().map(|wakes| wakes.count());
        assert_eq!(counts, [2, 1, 1], "woken once, until it asks again");
    });
}

#[test]
fn a_stream_that_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        let (tx, mut rx) = channel::bounded(1);
        let [old, new]: [Arc<Wakes>; 2] = Default::default();
        assert!(poll(&mut rx, &old).is_pending());
        assert!(poll(&mut rx, &new).is_pending());
        tx.try_send(1).unwrap();
        assert_eq!((old.count(), new.count()), (0, 1));
        assert_eq!(Arc::strong_count(&old), 1, "the old waker is not kept");
    });
}

#[test]
fn close_wakes_streams_and_ends_them() {
    within_deadline(|| {
        let (tx, mut rx) = channel::bounded::<u8>(1);
        let wakes = Arc::default();
        assert!(poll(&mut rx, &wakes).is_pending());
        tx.close();
        assert_eq!(wakes.count(), 1);
        assert_eq!(poll(&mut rx, &wakes), Poll::Ready(None));
        assert_eq!(poll(&mut rx, &wakes), Poll::Ready(None), "the end stays");
    });
}

#[test]
fn a_stream_sees_the_end_when_another_takes_the_last_value() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let recv = Polled::new(rx.recv()).pending();
        tx.try_send(1).unwrap();
        tx.close();
        let (mut stream, wakes) = (rx.clone(), Arc::default());
        assert!(poll(&mut stream, &wakes).is_pending(), "the last value is promised");
        assert_eq!(recv.ready(), Ok(1));
        assert_eq!(wakes.count(), 1, "the end has come");
        assert_eq!(poll(&mut stream, &wakes), Poll::Ready(None));
    });
}

#[test]
fn a_stream_sees_the_end_when_the_last_slot_is_dropped() {
    within_deadline(|| {
        let (tx, mut rx) = channel::bounded::<u8>(1);
        let slot = Polled::new(tx.reserve()).ready().unwrap();
        tx.close();
        let wakes = Arc::default();
        assert!(poll(&mut rx, &wakes).is_pending());
        drop(slot);
        assert_eq!(wakes.count(), 1);
        assert_eq!(poll(&mut rx, &wakes), Poll::Ready(None));
    });
}

#[test]
fn a_waiting_stream_is_a_partner_at_a_rendezvous() {
    within_deadline(|| {
        let (tx, mut rx) = channel::bounded(0);
        let wakes = Arc::default();
        let reserve = Polled::new(tx.reserve()).pending();
        assert!(poll(&mut rx, &wakes).is_pending());
        assert_eq!(reserve.wakes(), 1, "a stream waits for a value");
        reserve.ready().unwrap().send(1).unwrap();
        assert_eq!(wakes.count(), 1);
        assert_eq!(poll(&mut rx, &wakes), Poll::Ready(Some(1)));

        let send = Polled::new(tx.send(2)).pending();
        assert_eq!(poll(&mut rx, &wakes), Poll::Ready(Some(2)));
        assert_eq!(send.ready(), Ok(()));
    });
}

#[test]
fn a_dropped_receiver_takes_its_registration_along() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let (mut stream, wakes) = (rx.clone(), Arc::default());
        assert!(poll(&mut stream, &wakes).is_pending());
        drop(stream);
        assert_eq!(Arc::strong_count(&wakes), 1, "its waker is not kept");
        assert!(tx.try_send(1).is_err(), "and nobody waits");
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}
