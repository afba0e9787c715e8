//! Many tasks on two threads.

use futures::channel::{mpsc, oneshot};
use futures::{SinkExt, StreamExt};
use patterns::or_done::{or, or_done};
use tokio::task::yield_now;

use crate::support::{Census, run_on};

#[test]
fn every_loop_ends_wherever_the_signal_meets_it() {
    run_on(2, || async {
        for round in 0..300 {
            let (mut items, source) = mpsc::channel(1);
            let (stop, done) = oneshot::channel::<()>();
            let producer = tokio::spawn(async move {
                for item in 0.. {
                    if items.send(item).await.is_err() {
                        return item;
                    }
                }
                unreachable!("nobody takes so many")
            });
            let consumer = tokio::spawn(async move {
                let mut source = or_done(source, done);
                let mut expected = 0;
                while let Some(item) = source.next().await {
                    assert_eq!(item, expected);
                    expected += 1;
                }
                expected
            });
            for _ in 0..round % 7 {
                yield_now().await;
            }
            drop(stop);
            let (sent, received) = (producer.await.unwrap(), consumer.await.unwrap());
            assert!(received <= sent, "{received} of {sent}");
        }
    });
}

#[test]
fn one_of_many_wins_and_nobody_is_left() {
    run_on(2, || async {
        let census = Census::default();
        for round in 0..200 {
            let (stops, signals): (Vec<_>, Vec<_>) =
                (0..16).map(|_| oneshot::channel::<usize>()).unzip();
            let signals: Vec<_> = signals
                .into_iter()
                .map(|signal| {
                    let payload = census.payload(0);
                    async move {
                        let _payload = payload;
                        signal.await
                    }
                })
                .collect();
            // Every other time only one of them ever speaks.
            let (speak, silent): (Vec<_>, Vec<_>) = stops
                .into_iter()
                .enumerate()
                .partition(|(which, _)| round % 2 == 0 || *which == round / 2 % 16);
            let senders: Vec<_> = speak
                .into_iter()
                .map(|(which, stop)| tokio::spawn(async move { stop.send(which).is_ok() }))
                .collect();
            let winner = or(signals).await.expect("a sender speaks before it goes");
            assert!(winner < 16);
            assert_eq!(census.alive(), 0, "a loser outlives the race");
            assert!(silent.iter().all(|(_, stop)| stop.is_canceled()), "a loser still listens");
            for sender in senders {
                let _won_or_late = sender.await.unwrap();
            }
        }
    });
}
