//! Go's `select` is `tokio::select!` here: whichever branch loses has had no effect.

use futures::StreamExt;
use patterns::channel::{self, RecvError, TryRecvError, TrySendError};

use crate::support::{run, run_on};

#[test]
fn select_over_receives_of_several_channels_loses_nothing() {
    run_on(2, || async {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            [0, 1, 3].into_iter().map(channel::bounded).unzip();
        for (channel, tx) in senders.into_iter().enumerate() {
            tokio::spawn(async move {
                for i in 0..500 {
                    tx.send((channel, i)).await.unwrap();
                }
            });
        }
        let [a, b, c] = receivers.try_into().expect("three channels");
        let mut next = [0; 3];
        let (mut a_open, mut b_open, mut c_open) = (true, true, true);
        while a_open || b_open || c_open {
            let received = tokio::select! {
                value = a.recv(), if a_open => { a_open = value.is_ok(); value }
                value = b.recv(), if b_open => { b_open = value.is_ok(); value }
                value = c.recv(), if c_open => { c_open = value.is_ok(); value }
            };
            if let Ok((channel, i)) = received {
                assert_eq!(i, next[channel], "each value of channel {channel} once, in order");
                next[channel] += 1;
            }
        }
        assert_eq!(next, [500; 3]);
    });
}

#[test]
fn select_over_sends_to_several_channels_sends_each_value_once() {
    run_on(2, || async {
        let (a, from_a) = channel::bounded(1);
        let (b, from_b) = channel::bounded(2);
        let counters = [from_a, from_b].map(|rx| tokio::spawn(rx.collect::<Vec<u32>>()));
        let mut chosen = [Vec::new(), Vec::new()];
        for i in 0..1000 {
            tokio::select! {
                sent = a.send(i) => { sent.unwrap(); chosen[0].push(i); }
                sent = b.send(i) => { sent.unwrap(); chosen[1].push(i); }
            }
        }
        drop((a, b));
        for (counter, chosen) in counters.into_iter().zip(chosen) {
            assert_eq!(counter.await.unwrap(), chosen, "exactly what its branch has sent");
        }
    });
}

#[test]
fn select_over_reservations_is_exact_even_at_a_rendezvous() {
    run_on(2, || async {
        let (a, from_a) = channel::bounded(0);
        let (b, from_b) = channel::bounded(0);
        let counters = [from_a, from_b].map(|rx| {
            tokio::spawn(async move {
                let mut values = Vec::new();
                while let Ok(value) = rx.recv().await {
                    values.push(value);
                }
                values
            })
        });
        let mut chosen = [Vec::new(), Vec::new()];
        for i in 0..500 {
            tokio::select! {
                slot = a.reserve() => { slot.unwrap().send(i).unwrap(); chosen[0].push(i); }
                slot = b.reserve() => { slot.unwrap().send(i).unwrap(); chosen[1].push(i); }
            }
        }
        drop((a, b));
        for (counter, chosen) in counters.into_iter().zip(chosen) {
            assert_eq!(counter.await.unwrap(), chosen, "exactly what its branch has sent");
        }
    });
}

#[test]
fn select_over_a_send_and_a_receive_loses_nothing() {
    run_on(2, || async {
        let (tx, inner_rx) = channel::bounded(1);
        let (inner_tx, rx) = channel::bounded(1);
        // Hands every value back, until the first channel ends.
        tokio::spawn(async move {
            while let Ok(value) = inner_rx.recv().await {
                inner_tx.send(value).await.unwrap();
            }
        });
        let (mut sent, mut received) = (0_u32, 0_u32);
        while received < 1000 {
            tokio::select! {
                outcome = tx.send(sent), if sent < 1000 => { outcome.unwrap(); sent += 1; }
                value = rx.recv() => { assert_eq!(value, Ok(received)); received += 1; }
            }
        }
        assert_eq!((sent, received), (1000, 1000));
    });
}

#[test]
fn a_branch_that_is_guarded_off_is_a_nil_channel() {
    run(|| async {
        let (a_tx, a) = channel::bounded(4);
        let (b_tx, b) = channel::bounded(4);
        (1..=3).for_each(|i| a_tx.try_send(i).unwrap());
        b_tx.try_send(10).unwrap();
        let a_is_on = false;
        let got = tokio::select! {
            value = a.recv(), if a_is_on => value,
            value = b.recv() => value,
        };
        assert_eq!((got, a.len()), (Ok(10), 3), "what is off is not even asked");
        let none_is_on = tokio::select! {
            _ = a.recv(), if a_is_on => false,
            else => true,
        };
        assert!(none_is_on);
    });
}

#[test]
fn try_operations_are_the_default_branch() {
    run(|| async {
        let (tx, rx) = channel::bounded(1);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(tx.try_send(1), Ok(()));
        assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
        let first_ready = tokio::select! {
            biased;
            value = rx.recv() => Some(value),
            () = std::future::ready(()) => None,
        };
        assert_eq!(first_ready, Some(Ok(1)), "a ready branch goes before the default");
        let default = tokio::select! {
            biased;
            value = rx.recv() => Some(value),
            () = std::future::ready(()) => None,
        };
        assert_eq!(default, None);
        tx.close();
        assert_eq!(rx.recv().await, Err(RecvError));
    });
}
