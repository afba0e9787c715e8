//! A run that is dropped takes everything with it.

use patterns::pipeline::{CancelToken, Order, Pipeline};
use tokio::sync::watch;
use tokio::task::yield_now;

use crate::parts::{Ask, Does, entries, feed, number, settle, tasks, tray, tray_that};
use crate::support::{Census, Payload, Polled, run};

#[test]
fn a_run_that_is_dropped_leaves_no_task_and_no_entry() {
    run(|| async {
        for order in [0, 1, 2] {
            let census = Census::default();
            let ((feed, source), (tray, sink)) = (feed(), tray());
            let (_open, gate) = watch::channel(false);
            tray.hold();
            feed.give((0..100).map(|n| census.payload(n)));
            let pipeline = Pipeline::builder()
                .source(source)
                .enrich(
                    number(2),
                    match order {
                        0 => Order::Free,
                        1 => Order::Kept,
                        _ => Order::per_key(|payload: &Payload| payload.value),
                    },
                    move |payload: Payload| {
                        let mut gate = gate.clone();
                        async move {
                            if payload.value == 4 {
                                gate.wait_for(|open| *open).await.unwrap();
                            }
                            Ok(payload)
                        }
                    },
                )
                .sink(sink)
                .buffer(number(4))
                .build();
            let run = Polled::new(pipeline.run(CancelToken::new())).pending();
            settle().await;
            assert!(feed.taken() > 0, "it runs");
            drop(run);
            settle().await;
            assert_eq!(tasks(), 0, "a task is left");
            assert!(feed.dropped() && tray.dropped());
            assert_eq!(tray.closed(), 0, "an orderly end would be a lie");
            drop(feed);
            assert_eq!(census.alive(), 0, "an entry is left");
        }
    });
}

#[test]
fn a_run_that_is_dropped_at_any_of_its_steps_leaves_nothing() {
    run(|| async {
        for steps in 0.. {
            let census = Census::default();
            let makes = census.clone();
            let (tray, sink) = tray_that(|ask, n| match ask {
                Ask::Send => Does::Well,
                _ if n % 3 == 2 => Does::Well,
                _ => Does::Wait,
            });
            let pipeline = Pipeline::builder()
                .source(entries((0..9).map(move |n| makes.payload(n))))
                .enrich(number(2), Order::Kept, async |payload: Payload| {
                    for _ in 0..payload.value % 3 {
                        yield_now().await;
                    }
                    Ok(payload)
                })
                .sink(sink)
                .buffer(number(2))
                .build();
            let mut run = Polled::new(pipeline.run(CancelToken::new()));
            let mut over = false;
            for _ in 0..steps {
                over = run.poll().is_ready();
                if over {
                    break;
                }
                yield_now().await;
            }
            drop(run);
            settle().await;
            tray.clear();
            assert_eq!((tasks(), census.alive()), (0, 0), "dropped after {steps} steps");
            assert!(tray.dropped());
            if over {
                assert!(steps > 5, "it has waited nowhere");
                return;
            }
        }
    });
}
