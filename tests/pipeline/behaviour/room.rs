//! Never more on the way than there is room for.

use std::future::ready;

use futures::{SinkExt, stream};
use patterns::pipeline::{CancelToken, End, OnError, Order, Pipeline};
use tokio::sync::watch;
use tokio::task::yield_now;

use crate::parts::{E, Gauge, Tray, entries, nowhere, number, same, settle, tray};
use crate::support::run;

/// The most that may be on the way.
fn room(buffer: usize, workers: usize, sources: usize) -> u64 {
    (4 * buffer + 2 * workers + sources + 1) as u64
}

/// All orders, by a number.
fn order(n: usize) -> Order<u64> {
    match n {
        0 => Order::Free,
        1 => Order::Kept,
        _ => Order::PerKey(Box::new(|n| *n)),
    }
}

const SHAPES: [(usize, usize, usize); 5] = [(1, 1, 1), (1, 3, 2), (4, 2, 3), (8, 1, 1), (16, 4, 2)];

#[test]
fn a_slow_sink_slows_the_sources() {
    run(|| async {
        for (n, (buffer, workers, sources)) in (0..3).flat_map(|n| SHAPES.map(|shape| (n, shape))) {
            for slow in [0, 1] {
                let (trays, sinks): (Vec<_>, Vec<_>) = (0..2).map(|_| tray()).unzip();
                let mut builder = Pipeline::builder();
                for source in 0..sources as u64 {
                    builder = builder.source(entries((0..1000).map(move |n| source * 1000 + n)));
                }
                let mut stages = builder.enrich(number(workers), order(n), same);
                for sink in sinks {
                    stages = stages.sink(sink);
                }
                let pipeline = stages.buffer(number(buffer)).build();
                let metrics = pipeline.metrics();
                trays[slow].hold();
                let running = tokio::spawn(pipeline.run(CancelToken::new()));
                settle().await;
                let (taken, room) = (metrics.generated(), room(buffer, workers, sources));
                assert!(taken <= room, "{taken} accepted, room for {room}, none taken by a sink");
                assert!(taken as usize >= buffer, "there is room for more than {taken}");
                trays[slow].release();
                running.await.unwrap();
                let all = |tray: &Tray<u64>| tray.sorted().into_iter().eq(0..1000 * sources as u64);
                assert!(trays.iter().all(all));
            }
        }
    });
}

#[test]
fn slow_work_slows_the_sources() {
    run(|| async {
        for (n, (buffer, workers, sources)) in (0..3).flat_map(|n| SHAPES.map(|shape| (n, shape))) {
            let (open, gate) = watch::channel(false);
            let mut builder = Pipeline::builder();
            for _ in 0..sources {
                builder = builder.source(entries(0..200_u64));
            }
            let pipeline = builder
                .enrich(number(workers), order(n), move |n| {
                    let mut gate = gate.clone();
                    async move {
                        gate.wait_for(|open| *open).await.unwrap();
                        Ok(n)
                    }
                })
                .buffer(number(buffer))
                .build();
            let metrics = pipeline.metrics();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            settle().await;
            let (taken, room) = (metrics.generated(), room(buffer, workers, sources));
            assert!(taken <= room, "{taken} accepted, room for {room}, and no work is done");
            open.send(true).unwrap();
            assert_eq!(running.await.unwrap().totals.enriched, 200 * sources as u64);
        }
    });
}

#[test]
fn one_slow_entry_lets_only_so_many_wait_behind_it() {
    run(|| async {
        for (buffer, workers, sources) in SHAPES {
            for order in [Order::Kept, Order::PerKey(Box::new(|_| 7))] {
                let (tray, sink) = tray();
                let (open, gate) = watch::channel(false);
                let mut builder = Pipeline::builder();
                for _ in 0..sources {
                    builder = builder.source(entries(0..200_u64));
                }
                let pipeline = builder
                    .enrich(number(workers), order, move |n| {
                        let mut gate = gate.clone();
                        async move {
                            if n == 0 {
                                gate.wait_for(|open| *open).await.unwrap();
                            }
                            Ok(n)
                        }
                    })
                    .sink(sink)
                    .buffer(number(buffer))
                    .build();
                let metrics = pipeline.metrics();
                let running = tokio::spawn(pipeline.run(CancelToken::new()));
                settle().await;
                let ahead = metrics.generated() - metrics.written(0);
                let room = room(buffer, workers, sources);
                assert!(ahead <= room, "{ahead} on the way, room for {room}");
                open.send(true).unwrap();
                running.await.unwrap();
                assert_eq!(tray.len(), 200 * sources);
            }
        }
    });
}

#[test]
fn there_is_never_more_on_the_way_at_any_moment() {
    run(|| async {
        for (n, (buffer, workers, sources)) in (0..3).flat_map(|n| SHAPES.map(|shape| (n, shape))) {
            let alive = Gauge::default();
            let mut builder = Pipeline::builder();
            for _ in 0..sources {
                let alive = alive.clone();
                builder = builder.source(entries((0..300_u64).map(move |n| (n, alive.enter()))));
            }
            let order = match n {
                0 => Order::Free,
                1 => Order::Kept,
                _ => Order::per_key(|entry: &(u64, _)| entry.0 % 3),
            };
            let pipeline = builder
                .enrich(number(workers), order, async |entry: (u64, _)| {
                    for _ in 0..entry.0 % 4 {
                        yield_now().await;
                    }
                    Ok(entry)
                })
                .sink(nowhere())
                .sink(nowhere())
                .buffer(number(buffer))
                .build();
            let written = pipeline.run(CancelToken::new()).await.totals.written;
            assert_eq!(written, [300 * sources as u64; 2]);
            let (most, room) = (alive.most() as u64, room(buffer, workers, sources));
            assert!(most <= room, "{most} at once, room for {room}");
            assert_eq!(alive.now(), 0);
        }
    });
}

#[test]
fn an_entry_that_failed_gives_its_room_back() {
    run(|| async {
        for n in 0..3 {
            let (tray, sink) = tray();
            let pipeline = Pipeline::builder()
                .source(entries(0..1000))
                .enrich(number(2), order(n), async |n| if n % 7 == 0 { Ok(n) } else { Err("no") })
                .sink(sink)
                .buffer(number(1))
                .on_error(|_| OnError::Continue)
                .build();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            settle().await;
            assert!(running.is_finished(), "it waits for room that nobody has");
            let report = running.await.unwrap();
            assert_eq!((report.end, report.totals.failed, tray.len()), (End::Done, 857, 143));
        }
    });
}

#[test]
fn room_without_end_is_not_taken_before_it_is_needed() {
    run(|| async {
        for n in 0..3 {
            let (tray, sink) = tray();
            let pipeline = Pipeline::builder()
                .source(entries(0..1000))
                .enrich(number(2), order(n), same)
                .sink(sink)
                .buffer(number(usize::MAX))
                .build();
            tray.hold();
            let metrics = pipeline.metrics();
            let running = tokio::spawn(pipeline.run(CancelToken::new()));
            settle().await;
            assert_eq!(metrics.enriched(), 1000, "there is room for all of them");
            tray.release();
            assert_eq!(running.await.unwrap().totals.written, [1000]);
        }
    });
}

#[test]
fn where_room_is_scarce_no_source_is_passed_over() {
    run(|| async {
        const SOURCES: usize = 6;
        let (token, (tray, sink)) = (CancelToken::new(), tray());
        let mut builder = Pipeline::builder();
        for source in 0..SOURCES {
            builder = builder.source(stream::repeat(Ok(source)));
        }
        let (stop, mut left) = (token.clone(), 6000);
        let sink = sink.with(move |entry| {
            left -= 1;
            if left == 0 {
                stop.cancel();
            }
            ready(Ok::<_, E>(entry))
        });
        let pipeline =
            builder.enrich(number(1), Order::Free, same).sink(sink).buffer(number(1)).build();
        pipeline.run(token).await;
        let entries = tray.entries();
        for source in 0..SOURCES {
            let of_it = entries.iter().filter(|&&of| of == source).count();
            assert!(of_it > 100, "of {} entries {of_it} are source {source}'s", entries.len());
        }
    });
}
