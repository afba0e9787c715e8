//! Capacity 0: nobody is done before the two have met.

use std::time::Duration;

use patterns::channel::{
    self, Closed, RecvError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};

use crate::support::{Census, Polled, run, within_deadline};

#[test]
fn a_send_ends_only_when_its_value_has_been_taken() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let send = Polled::new(tx.send(1)).pending();
        assert_eq!(send.wakes(), 0);
        let send = send.pending();
        assert_eq!(Polled::new(rx.recv()).ready(), Ok(1));
        assert_eq!(send.wakes(), 1, "it was taken");
        assert_eq!(send.ready(), Ok(()));
    });
}

#[test]
fn a_receiver_that_waits_is_not_yet_one_that_has_taken() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let recv = Polled::new(rx.recv()).pending();
        let send = Polled::new(tx.send(1)).pending();
        assert_eq!((recv.wakes(), send.wakes()), (1, 0), "the receiver is told, and has to come");
        let send = send.pending();
        assert_eq!(recv.ready(), Ok(1));
        assert_eq!(send.wakes(), 1);
        assert_eq!(send.ready(), Ok(()));
    });
}

#[test]
fn it_holds_nothing_and_is_always_full() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let facts = || (tx.len(), rx.is_empty(), tx.is_full(), rx.is_full(), rx.capacity());
        assert_eq!(facts(), (0, true, true, true, Some(0)));
        let _send = Polled::new(tx.send(1)).pending();
        assert_eq!(facts(), (0, true, true, true, Some(0)), "the value is still its sender's");
    });
}

#[test]
fn senders_in_line_are_taken_from_in_order() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let sends = [1, 2, 3].map(|i| Polled::new(tx.send(i)).pending());
        for (send, value) in sends.into_iter().zip(1..) {
            assert_eq!(send.wakes(), 0, "sender {value} is not taken from before its turn");
            assert_eq!(rx.try_recv(), Ok(value));
            assert_eq!(send.wakes(), 1);
            assert_eq!(send.ready(), Ok(()));
        }
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn try_send_needs_a_receiver_that_waits() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
        let [first, second] = [(); 2].map(|()| Polled::new(rx.recv()).pending());
        assert_eq!(tx.try_send(2), Ok(()), "the first receiver is there for it");
        assert_eq!((first.wakes(), second.wakes()), (1, 0));
        assert_eq!(tx.try_send(3), Ok(()), "and the second");
        assert_eq!(tx.try_send(4), Err(TrySendError::Full(4)), "each is promised one value");
        assert_eq!((first.ready(), second.ready()), (Ok(2), Ok(3)));
        assert_eq!(tx.try_send(5), Err(TrySendError::Full(5)), "they are gone");
    });
}

#[test]
fn a_reservation_is_a_receivers_promise() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let reserve = Polled::new(tx.reserve()).pending();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "who does not wait promises nothing");
        let reserve = reserve.pending();
        let recv = Polled::new(rx.recv()).pending();
        assert_eq!(reserve.wakes(), 1, "someone waits now");
        let slot = reserve.ready().unwrap();
        let other = Polled::new(tx.reserve()).pending();
        assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)), "one receiver, one promise");
        slot.send(1).unwrap();
        assert_eq!(recv.wakes(), 1);
        assert_eq!(recv.ready(), Ok(1));
        assert_eq!(other.wakes(), 0);
    });
}

#[test]
fn a_promise_that_is_not_used_goes_to_the_next_sender() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let [first, second] = [(); 2].map(|()| Polled::new(tx.reserve()).pending());
        let third = Polled::new(tx.send(3)).pending();
        let recv = Polled::new(rx.recv()).pending();
        assert_eq!((first.wakes(), second.wakes()), (1, 0));
        drop(first);
        assert_eq!((second.wakes(), recv.wakes()), (1, 0));
        drop(second.ready().unwrap());
        assert_eq!(recv.wakes(), 1, "the send in line has a value for it");
        assert_eq!((recv.ready(), third.ready()), (Ok(3), Ok(())));
    });
}

#[test]
fn a_promise_is_void_when_the_receiver_leaves_before_it_is_seen() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let reserve = Polled::new(tx.reserve()).pending();
        let recv = Polled::new(rx.recv()).pending();
        assert_eq!(reserve.wakes(), 1);
        drop(recv);
        let reserve = reserve.pending();
        let recv = Polled::new(rx.recv()).pending();
        reserve.ready().unwrap().send(1).unwrap();
        assert_eq!(recv.ready(), Ok(1));
    });
}

#[test]
fn a_value_sent_into_a_slot_waits_for_the_next_when_its_receiver_has_left() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let recv = Polled::new(rx.recv()).pending();
        let slot = Polled::new(tx.reserve()).ready().unwrap();
        drop(recv);
        slot.send(1).expect("there is a receiver still, though it does not wait");
        assert_eq!(rx.len(), 1);
        let send = Polled::new(tx.send(2)).pending();
        assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
        assert_eq!(send.ready(), Ok(()));
    });
}

#[test]
fn a_dropped_send_takes_its_value_with_it() {
    within_deadline(|| {
        let census = Census::default();
        let (tx, rx) = channel::bounded(0);
        let send = Polled::new(tx.send(census.payload(1))).pending();
        drop(send);
        assert_eq!(census.alive(), 0);
        assert!(matches!(rx.try_recv(), Err(TryRecvError::Empty)));
    });
}

#[test]
fn a_receiver_whose_sender_was_dropped_keeps_its_place() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let [first, second] = [(); 2].map(|()| Polled::new(rx.recv()).pending());
        let send = Polled::new(tx.send(1)).pending();
        assert_eq!((first.wakes(), second.wakes()), (1, 0));
        drop(send);
        let first = first.pending();
        let send = Polled::new(tx.send(2)).pending();
        assert_eq!((first.wakes(), second.wakes()), (2, 0), "the first is still the first");
        assert_eq!((first.ready(), send.ready()), (Ok(2), Ok(())));
    });
}

#[test]
fn a_dropped_receive_leaves_the_value_with_its_sender() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let recv = Polled::new(rx.recv()).pending();
        let send = Polled::new(tx.send(1)).pending();
        drop(recv);
        let send = send.pending();
        assert_eq!((send.wakes(), rx.len()), (0, 0), "nothing has happened");
        assert_eq!(Polled::new(rx.recv()).ready(), Ok(1));
        assert_eq!(send.ready(), Ok(()));
    });
}

#[test]
fn a_send_dropped_after_the_take_has_been_sent() {
    within_deadline(|| {
        let census = Census::default();
        let (tx, rx) = channel::bounded(0);
        let send = Polled::new(tx.send(census.payload(1))).pending();
        let taken = rx.try_recv().unwrap();
        drop(send);
        assert_eq!((taken.value, census.alive()), (1, 1), "it is the receiver's, once");
    });
}

#[test]
fn close_ends_those_who_have_not_met() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let recv = Polled::new(rx.recv()).pending();
        let send = Polled::new(tx.send(1)).pending();
        let reserve = Polled::new(tx.reserve()).pending();
        assert_eq!(recv.wakes(), 1);
        tx.close();
        assert_eq!((send.wakes(), reserve.wakes()), (1, 1));
        assert_eq!(recv.ready(), Err(RecvError), "they had not met before the close");
        assert_eq!(send.ready(), Err(SendError(1)));
        assert_eq!(reserve.ready().err(), Some(Closed));
    });
}

#[test]
fn a_timed_send_takes_its_value_back() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(0);
        let late = tx.send_timeout(1, Duration::from_millis(1));
        assert_eq!(late, Err(SendTimeoutError::Timeout(1)));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn each_waits_for_the_other_in_turn() {
    run(|| async {
        let (tx, rx) = channel::bounded(0);
        let producer = tokio::spawn(async move {
            for i in 0..100 {
                tx.send(i).await.unwrap();
                assert!(tx.is_empty(), "the value before this one has been taken");
            }
        });
        for i in 0..100 {
            assert_eq!(rx.recv().await, Ok(i));
        }
        producer.await.unwrap();
    });
}
