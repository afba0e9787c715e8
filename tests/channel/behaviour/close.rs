//! Go's close: no more sends, receivers drain, then see the end; and what dropping an end does.

use std::time::Duration;

use patterns::channel::{
    self, Closed, RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError,
    TrySendError,
};

use crate::support::{Census, Polled, run, within_deadline};

#[test]
fn close_lets_receivers_drain_and_then_see_the_end() {
    run(|| async {
        for close in [true, false] {
            let (tx, rx) = channel::bounded(3);
            for i in 0..3 {
                tx.send(i).await.unwrap();
            }
            if close {
                tx.close();
            } else {
                drop(tx);
            }
            assert_eq!(rx.recv().await, Ok(0), "what is queued outlives the close");
            assert_eq!((rx.try_recv(), rx.recv_timeout(Duration::ZERO)), (Ok(1), Ok(2)));
            for _ in 0..3 {
                assert_eq!(rx.recv().await, Err(RecvError), "the end stays");
                assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
                assert_eq!(rx.recv_blocking(), Err(RecvError));
                assert_eq!(rx.recv_timeout(Duration::MAX), Err(RecvTimeoutError::Closed));
            }
        }
    });
}

#[test]
fn only_the_first_close_closes() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded::<u8>(1);
        assert!(!tx.is_closed() && !rx.is_closed());
        assert!(tx.close(), "it was open");
        assert!(!tx.close() && !tx.clone().close(), "it is closed already, which is no error");
        assert!(tx.is_closed() && rx.is_closed());
    });
}

#[test]
fn a_send_after_the_close_fails_and_gives_the_value_back() {
    within_deadline(|| {
        for capacity in [0, 1] {
            let (tx, rx) = channel::bounded(capacity);
            let unpolled = (tx.send(1), tx.reserve());
            tx.close();
            assert_eq!(Polled::new(unpolled.0).ready(), Err(SendError(1)));
            assert_eq!(Polled::new(unpolled.1).ready().err(), Some(Closed));
            assert_eq!(Polled::new(tx.send(2)).ready(), Err(SendError(2)));
            assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
            assert_eq!(tx.send_blocking(4), Err(SendError(4)));
            assert_eq!(tx.send_timeout(5, Duration::MAX), Err(SendTimeoutError::Closed(5)));
            assert_eq!(Polled::new(tx.reserve()).ready().err(), Some(Closed));
            assert_eq!(rx.try_recv(), Err(TryRecvError::Closed), "nothing was sent");
        }
    });
}

#[test]
fn close_gives_every_waiting_sender_its_value_back() {
    within_deadline(|| {
        for capacity in [0, 1] {
            let (tx, rx) = channel::bounded(capacity);
            (0..capacity).for_each(|_| tx.try_send(0).unwrap());
            let sends = [1, 2, 3].map(|i| Polled::new(tx.send(i)).pending());
            let reserve = Polled::new(tx.reserve()).pending();
            tx.close();
            assert_eq!(reserve.wakes(), 1, "who waits to reserve is woken");
            assert_eq!(reserve.ready().err(), Some(Closed));
            for (send, value) in sends.into_iter().zip(1..) {
                assert_eq!(send.wakes(), 1, "each waiting sender is woken");
                assert_eq!(send.ready(), Err(SendError(value)));
            }
            (0..capacity).for_each(|_| assert_eq!(rx.try_recv(), Ok(0)));
            assert_eq!(rx.try_recv(), Err(TryRecvError::Closed), "they have sent nothing");
        }
    });
}

#[test]
fn close_fails_a_sender_that_was_called_and_has_not_come() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(1).unwrap();
        let send = Polled::new(tx.send(2)).pending();
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(send.wakes(), 1, "there is room for it");
        tx.close();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed), "no one waits for what it may send");
        assert_eq!(send.ready(), Err(SendError(2)));
    });
}

#[test]
fn close_wakes_every_waiting_receiver() {
    within_deadline(|| {
        for (tx, rx) in [channel::bounded::<u8>(0), channel::bounded(1), channel::unbounded()] {
            let waiting = [(); 3].map(|()| Polled::new(rx.recv()).pending());
            tx.close();
            for recv in waiting {
                assert_eq!(recv.wakes(), 1, "each waiting receiver is woken");
                assert_eq!(recv.ready(), Err(RecvError));
            }
        }
    });
}

#[test]
fn no_receiver_sees_the_end_while_a_value_is_promised_to_another() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let first = Polled::new(rx.recv()).pending();
        let second = Polled::new(rx.recv()).pending();
        tx.try_send(1).unwrap();
        tx.close();
        assert_eq!(first.wakes(), 1);
        let second = second.pending();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "there is a value, though not for us");
        drop(first);
        assert_eq!(second.wakes(), 1, "the value is the second's now");
        assert_eq!(second.ready(), Ok(1));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    });
}

#[test]
fn who_takes_the_last_value_of_a_closed_channel_wakes_the_others() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let first = Polled::new(rx.recv()).pending();
        let others = [(); 2].map(|()| Polled::new(rx.recv()).pending());
        tx.try_send(1).unwrap();
        tx.close();
        assert_eq!(first.ready(), Ok(1));
        for other in others {
            assert_eq!(other.wakes(), 1, "the end is for everyone");
            assert_eq!(other.ready(), Err(RecvError));
        }
    });
}

#[test]
fn the_last_sender_closes_and_no_earlier_one() {
    run(|| async {
        let (tx, rx) = channel::bounded(1);
        let clones = [tx.clone(), tx.clone()];
        drop(tx);
        let mut waiting = Polled::new(rx.recv()).pending();
        let [one, two] = clones;
        drop(one);
        assert!(waiting.poll().is_pending() && !rx.is_closed(), "a sender is left");
        two.send(1).await.unwrap();
        drop(two);
        assert!(rx.is_closed());
        assert_eq!(waiting.ready(), Ok(1), "what it sent before it left arrives");
        assert_eq!(rx.recv().await, Err(RecvError));
    });
}

#[test]
fn the_last_receiver_fails_the_senders() {
    within_deadline(|| {
        for capacity in [0, 1] {
            let (tx, rx) = channel::bounded(capacity);
            (0..capacity).for_each(|_| tx.try_send(0).unwrap());
            let other = rx.clone();
            drop(rx);
            let waiting = Polled::new(tx.send(1)).pending();
            assert!(!tx.is_closed(), "a receiver is left");
            drop(other);
            assert_eq!(waiting.wakes(), 1, "nobody will take it");
            assert_eq!(waiting.ready(), Err(SendError(1)));
            assert!(tx.is_closed());
            assert_eq!(tx.try_send(2), Err(TrySendError::Closed(2)));
            assert!(!tx.close(), "it is closed already");
        }
    });
}

#[test]
fn the_last_receiver_drops_what_is_queued() {
    within_deadline(|| {
        let census = Census::default();
        let (tx, rx) = channel::unbounded();
        (0..5).for_each(|i| tx.try_send(census.payload(i)).unwrap());
        let other = rx.clone();
        drop(rx);
        assert_eq!(census.alive(), 5, "a receiver is left to take them");
        drop(other);
        assert_eq!((census.alive(), tx.len()), (0, 0), "not kept until the senders leave, too");
    });
}

#[test]
fn a_slot_outstanding_at_the_close_may_still_be_filled() {
    within_deadline(|| {
        for capacity in [1, 2] {
            let (tx, rx) = channel::bounded(capacity);
            let slot = Polled::new(tx.reserve()).ready().unwrap();
            tx.close();
            let waiting = Polled::new(rx.recv()).pending();
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "the end has not come");
            slot.send(1).expect("the slot was reserved before the close");
            assert_eq!(waiting.wakes(), 1);
            assert_eq!(waiting.ready(), Ok(1));
            assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        }
    });
}

#[test]
fn a_slot_dropped_after_the_close_lets_the_end_come() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded::<u8>(2);
        let slots = [(); 2].map(|()| Polled::new(tx.reserve()).ready().unwrap());
        tx.close();
        let waiting = [(); 2].map(|()| Polled::new(rx.recv()).pending());
        let [one, two] = slots;
        drop(one);
        let waiting = waiting.map(Polled::pending);
        drop(two);
        for recv in waiting {
            assert_eq!(recv.wakes(), 1, "the last slot brings the end");
            assert_eq!(recv.ready(), Err(RecvError));
        }
    });
}

#[test]
fn a_slot_fails_only_where_the_last_receiver_left() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(2);
        let slots = [(); 2].map(|()| Polled::new(tx.reserve()).ready().unwrap());
        let [one, two] = slots;
        tx.close();
        assert_eq!(one.send(1), Ok(()), "a close is no reason");
        drop(rx);
        assert_eq!(two.send(2), Err(SendError(2)), "there is nobody to take it");
    });
}
