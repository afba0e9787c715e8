//! How much a channel holds, and what it says about itself.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use futures::FutureExt;
use patterns::channel::{
    self, Closed, Receiver, Recv, RecvError, RecvTimeoutError, Reserve, Send as SendFuture,
    SendError, SendTimeoutError, Sender, Slot, TryRecvError, TrySendError,
};

use crate::allocations;
use crate::support::{Polled, run, within_deadline};

#[test]
fn a_bounded_channel_holds_exactly_its_capacity() {
    within_deadline(|| {
        for capacity in 1..=5 {
            let (tx, rx) = channel::bounded(capacity);
            for i in 0..capacity {
                tx.try_send(i).expect("there is room below the capacity");
            }
            assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)), "capacity {capacity}");
            assert_eq!(rx.try_recv(), Ok(0));
            assert_eq!(tx.try_send(9), Ok(()), "a value taken makes room for one");
            assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)), "and for one only");
        }
    });
}

#[test]
fn a_send_into_a_full_channel_waits_for_room() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(2);
        Polled::new(tx.send(1)).ready().unwrap();
        Polled::new(tx.send(2)).ready().unwrap();
        let mut third = Polled::new(tx.send(3)).pending();
        assert_eq!(third.wakes(), 0);
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(third.wakes(), 1, "the room wakes who waits for it");
        assert!(third.poll().is_ready());
        assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Ok(3)));
    });
}

#[test]
fn values_come_out_in_the_order_in_which_they_went_in() {
    within_deadline(|| {
        for (tx, rx) in [channel::bounded(3), channel::bounded(2000), channel::unbounded()] {
            for round in 0..10 {
                for i in 0..3 {
                    tx.try_send(round * 3 + i).unwrap();
                }
                for i in 0..3 {
                    assert_eq!(rx.try_recv(), Ok(round * 3 + i));
                }
            }
        }
    });
}

#[test]
fn an_unbounded_channel_never_makes_a_sender_wait() {
    within_deadline(|| {
        let (tx, rx) = channel::unbounded();
        for i in 0..10_000 {
            Polled::new(tx.send(i)).ready().unwrap();
        }
        assert_eq!((tx.len(), tx.capacity(), tx.is_full()), (10_000, None, false));
        assert!((0..10_000).all(|i| rx.try_recv() == Ok(i)));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn a_capacity_too_large_for_memory_is_reserved_as_it_is_used() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded::<u64>(usize::MAX / 2);
        tx.try_send(1).unwrap();
        assert_eq!(tx.capacity(), Some(usize::MAX / 2));
        assert_eq!(rx.try_recv(), Ok(1));
    });
}

#[test]
fn both_ends_tell_how_full_they_are() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(2);
        let facts = |tx: &Sender<u32>, rx: &Receiver<u32>| {
            assert_eq!(
                (tx.len(), tx.is_empty(), tx.is_full()),
                (rx.len(), rx.is_empty(), rx.is_full())
            );
            assert_eq!((tx.capacity(), rx.capacity()), (Some(2), Some(2)));
            (tx.len(), tx.is_empty(), tx.is_full())
        };
        assert_eq!(facts(&tx, &rx), (0, true, false));
        tx.try_send(1).unwrap();
        assert_eq!(facts(&tx, &rx), (1, false, false));
        tx.try_send(2).unwrap();
        assert_eq!(facts(&tx, &rx), (2, false, true));
        rx.try_recv().unwrap();
        assert_eq!(facts(&tx, &rx), (1, false, false));
        let slot = Polled::new(tx.reserve()).ready().unwrap();
        assert_eq!(facts(&tx, &rx), (1, false, true), "a slot that is held is not free");
        drop(slot);
        assert_eq!(facts(&tx, &rx), (1, false, false));
    });
}

#[test]
fn values_without_a_size_are_counted_like_any_other() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(2);
        tx.try_send(()).unwrap();
        tx.try_send(()).unwrap();
        assert_eq!(tx.try_send(()), Err(TrySendError::Full(())));
        let mut third = Polled::new(tx.send(())).pending();
        assert_eq!((rx.try_recv(), rx.len()), (Ok(()), 1));
        assert!(third.poll().is_ready());
        assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(()), Ok(())));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn large_values_arrive_whole() {
    run(|| async {
        for capacity in [0, 1, 3] {
            let (tx, rx) = channel::bounded(capacity);
            let producer = tokio::spawn(async move {
                for i in 0..20_u8 {
                    tx.send([i; 4096]).await.unwrap();
                }
            });
            for i in 0..20_u8 {
                assert!(rx.recv().await.unwrap().iter().all(|byte| *byte == i));
            }
            producer.await.unwrap();
        }
    });
}

#[test]
fn the_types_may_cross_threads_and_the_futures_may_move() {
    fn crosses<T: Send + Sync>() {}
    fn moves<T: Unpin>() {}
    within_deadline(|| {
        type OneThreadAtATime = std::cell::Cell<u8>;
        crosses::<(Sender<OneThreadAtATime>, Receiver<OneThreadAtATime>)>();
        crosses::<(SendFuture<'static, u8>, Reserve<'static, u8>, Slot<'static, u8>)>();
        crosses::<Recv<'static, u8>>();
        type Pinned = std::marker::PhantomPinned;
        moves::<(Sender<Pinned>, Receiver<Pinned>)>();
        moves::<(SendFuture<'static, Pinned>, Reserve<'static, Pinned>, Recv<'static, Pinned>)>();
        drop(channel::bounded::<Pinned>(1));
    });
}

#[test]
fn errors_say_what_happened() {
    fn says(error: impl Error, words: &str) {
        assert_eq!(error.to_string(), words);
        assert!(!format!("{error:?}").is_empty());
    }
    /// Not even `Debug`, as values need not be.
    struct Plain;
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(Plain).unwrap();
        says(tx.try_send(Plain).unwrap_err(), "sending on a full channel");
        says(tx.send_timeout(Plain, Duration::ZERO).unwrap_err(), "the time to send was over");
        assert!(rx.try_recv().is_ok());
        says(rx.try_recv().err().unwrap(), "receiving on an empty channel");
        says(rx.recv_timeout(Duration::ZERO).err().unwrap(), "the time to receive was over");
        tx.close();
        says(tx.try_send(Plain).unwrap_err(), "sending on a closed channel");
        says(tx.send_timeout(Plain, Duration::ZERO).unwrap_err(), "sending on a closed channel");
        says(tx.send_blocking(Plain).unwrap_err(), "sending on a closed channel");
        says(Polled::new(tx.reserve()).ready().unwrap_err(), "the channel is closed");
        says(rx.try_recv().err().unwrap(), "receiving on a closed and empty channel");
        says(rx.recv_blocking().err().unwrap(), "receiving on a closed and empty channel");
        let error = rx.recv_timeout(Duration::ZERO).err().unwrap();
        says(error, "receiving on a closed and empty channel");
    });
}

#[test]
fn every_error_of_a_send_gives_the_value_back() {
    within_deadline(|| {
        let (tx, _rx) = channel::bounded(1);
        tx.try_send(0).unwrap();
        assert_eq!(tx.try_send(1).unwrap_err().into_inner(), 1);
        assert_eq!(tx.send_timeout(2, Duration::ZERO).unwrap_err().into_inner(), 2);
        let waiting = Polled::new(tx.send(3)).pending();
        tx.close();
        assert_eq!(waiting.ready().unwrap_err().into_inner(), 3);
        assert_eq!(tx.try_send(4), Err(TrySendError::Closed(4)));
        assert_eq!(tx.send_timeout(5, Duration::ZERO), Err(SendTimeoutError::Closed(5)));
        assert_eq!(tx.send_blocking(6), Err(SendError(6)));
    });
}

#[test]
fn ends_and_futures_can_be_printed() {
    fn prints(what: &impl Debug, name: &str) {
        let text = format!("{what:?}");
        assert!(text.starts_with(name), "{text} should begin with {name}");
    }
    within_deadline(|| {
        struct Plain;
        let (tx, rx) = channel::bounded::<Plain>(1);
        prints(&tx, "Sender");
        prints(&rx, "Receiver");
        prints(&tx.send(Plain), "Send");
        prints(&rx.recv(), "Recv");
        prints(&tx.reserve(), "Reserve");
        prints(&Polled::new(tx.reserve()).ready().unwrap(), "Slot");
        let errors = (Closed, RecvError, TryRecvError::Empty, RecvTimeoutError::Timeout);
        assert!(format!("{errors:?}").contains("Closed"));
    });
}

#[test]
fn a_value_that_need_not_wait_is_sent_without_an_allocation() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(4);
        let allocations = allocations::during(|| {
            for i in 0..1000 {
                assert_eq!(tx.send(i).now_or_never(), Some(Ok(())));
                assert_eq!(rx.try_recv(), Ok(i));
            }
        });
        assert_eq!(allocations, 0, "the ring is reserved");
    });
}

#[test]
fn a_line_that_was_as_long_before_allocates_nothing() {
    within_deadline(|| {
        for capacity in [0, 1] {
            let (tx, rx) = channel::bounded(capacity);
            let round = || {
                let (mut one, mut two) = (rx.recv(), rx.recv());
                assert!((&mut one).now_or_never().is_none() && (&mut two).now_or_never().is_none());
                let mut sends = (tx.send(1), tx.send(2), tx.send(3));
                let _ = ((&mut sends.0).now_or_never(), (&mut sends.1).now_or_never());
                let _ = (&mut sends.2).now_or_never();
                assert_eq!(one.now_or_never(), Some(Ok(1)));
                drop(two);
            };
            round();
            let allocations = allocations::during(|| (0..100).for_each(|_| round()));
            assert_eq!(allocations, 0, "places are used again");
        }
    });
}
