//! Random pipelines against a naive sequential model.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use futures::{StreamExt, stream};
use patterns::pipeline::{
    CancelToken, End, Failure, Metrics, OnError, Order, Pipeline, Reason, Report, Stage,
};
use proptest::prelude::*;
use tokio::task::yield_now;

use crate::parts::{Ask, Does, E, Tray, number, settle, tasks, tray_that};
use crate::support::{Census, Payload, Polled, cases, run};

/// What happens to an entry; its number is its place in the plan.
#[derive(Debug, Clone)]
struct Entry {
    source: usize,
    /// The source gives an error in its place.
    is_error: bool,
    refused: bool,
    fails: bool,
    /// How often its source, and its work, yield before it.
    yields: (u8, u8),
}

#[derive(Debug, Clone)]
struct Plan {
    entries: Vec<Entry>,
    sources: usize,
    workers: usize,
    buffer: usize,
    order: usize,
    /// For each sink: it fails for every so manieth entry, from 2; and yields before each so often.
    sinks: Vec<(usize, u8)>,
}

fn entry() -> impl Strategy<Value = Entry> {
    (0..3_usize, 0..8_u8, 0..4_u8, 0..5_u8, (0..3_u8, 0..6_u8)).prop_map(
        |(source, is_error, refused, fails, yields)| Entry {
            source,
            is_error: is_error == 0,
            refused: refused == 0,
            fails: fails == 0,
            yields,
        },
    )
}

fn plan() -> impl Strategy<Value = Plan> {
    (
        prop::collection::vec(entry(), 0..60),
        1..4_usize,
        1..5_usize,
        1..6_usize,
        0..3_usize,
        prop::collection::vec((2..6_usize, 0..3_u8), 0..3),
    )
        .prop_map(|(entries, sources, workers, buffer, order, sinks)| Plan {
            entries,
            sources,
            workers,
            buffer,
            order,
            sinks,
        })
}

async fn yields(times: u8) {
    for _ in 0..times {
        yield_now().await;
    }
}

const KEYS: u64 = 5;

/// What can be seen of the pipeline of a plan.
struct Made {
    metrics: Metrics,
    trays: Vec<Tray<Payload>>,
    census: Census,
    /// How many entries the sources have given.
    given: Arc<AtomicU64>,
}

fn make(plan: &Plan, decide: fn(&Failure<E>) -> OnError) -> (Pipeline<Payload, Payload, E>, Made) {
    let (census, given) = (Census::default(), Arc::new(AtomicU64::new(0)));
    let mut builder = Pipeline::builder();
    for source in 0..plan.sources {
        let of_it = |(_, entry): &(usize, Entry)| entry.source % plan.sources == source;
        let entries: Vec<_> = plan.entries.clone().into_iter().enumerate().filter(of_it).collect();
        let (census, given) = (census.clone(), given.clone());
        builder = builder.source(stream::iter(entries).then(move |(n, entry)| {
            let (census, given) = (census.clone(), given.clone());
            async move {
                yields(entry.yields.0).await;
                if entry.is_error {
                    return Err("of the source");
                }
                given.fetch_add(1, SeqCst);
                Ok(census.payload(n as u64))
            }
        }));
    }
    let all: Arc<[Entry]> = Arc::from(&plan.entries[..]);
    let asked = all.clone();
    let order = match plan.order {
        0 => Order::Free,
        1 => Order::Kept,
        _ => Order::per_key(|payload: &Payload| payload.value % KEYS),
    };
    let mut stages = builder
        .filter(move |payload: &Payload| !asked[payload.value as usize].refused)
        .enrich(number(plan.workers), order, move |payload: Payload| {
            let entry = all[payload.value as usize].clone();
            async move {
                yields(entry.yields.1).await;
                if entry.fails { Err("of the work") } else { Ok(payload) }
            }
        });
    let mut trays = Vec::new();
    for &(every, waits) in &plan.sinks {
        let (tray, sink) = tray_that(move |ask, n| match ask {
            Ask::Ready if n % (usize::from(waits) + 1) > 0 => Does::Wait,
            Ask::Send if n % every == 1 => Does::Fail("of the sink"),
            _ => Does::Well,
        });
        trays.push(tray);
        stages = stages.sink(sink);
    }
    let pipeline = stages.buffer(number(plan.buffer)).on_error(decide).build();
    let metrics = pipeline.metrics();
    (pipeline, Made { metrics, trays, census, given })
}

fn values(tray: &Tray<Payload>) -> Vec<u64> {
    tray.arcs().iter().map(|payload| payload.value).collect()
}

/// Whether the two are in the same places relative to each other.
fn kept(plan: &Plan, a: u64, b: u64) -> bool {
    match plan.order {
        0 => false,
        1 => true,
        _ => a % KEYS == b % KEYS,
    }
}

/// What holds at every orderly end: what was accepted has come through, in order, and it adds up.
fn judge(plan: &Plan, made: &Made, report: &Report<E>) {
    let totals = &report.totals;
    let failed_in = |stage| made.metrics.failed_in(stage);
    let given = made.given.load(SeqCst);
    assert_eq!(totals.generated, given, "what a source gave is accepted");
    let through = totals.filtered + totals.enriched + failed_in(Stage::Enrich);
    assert_eq!(totals.generated, through, "entries are lost, or there are too many");
    let errors = (0..plan.sources).map(|source| failed_in(Stage::Source(source))).sum::<u64>()
        + failed_in(Stage::Enrich)
        + (0..plan.sinks.len()).map(|sink| failed_in(Stage::Sink(sink))).sum::<u64>();
    assert_eq!((totals.failed, report.errors.len() as u64), (errors, errors.min(100)));
    for (i, tray) in made.trays.iter().enumerate() {
        let (out, every) = (values(tray), plan.sinks[i].0 as u64);
        let missed = (0..totals.enriched).filter(|n| n % every == 1).count() as u64;
        assert_eq!(out.len() as u64, totals.enriched - missed, "sink {i} has not had every entry");
        assert_eq!((totals.written[i], failed_in(Stage::Sink(i))), (out.len() as u64, missed));
        assert_eq!((tray.closed(), tray.unflushed(), tray.dropped()), (1, 0, true));
        for &n in &out {
            let entry = &plan.entries[n as usize];
            assert!(!entry.is_error && !entry.refused && !entry.fails, "{n} should not be there");
        }
        in_order(plan, &out);
    }
}

/// Whether every entry is there once, and those whose order is kept come as their source gave them.
fn in_order(plan: &Plan, out: &[u64]) {
    let source = |n: u64| plan.entries[n as usize].source % plan.sources;
    for (place, &a) in out.iter().enumerate() {
        for &b in &out[place + 1..] {
            assert_ne!(a, b, "it is written twice");
            let ordered = source(a) == source(b) && kept(plan, a, b);
            assert!(!ordered || a < b, "{b} comes after {a}: {out:?}");
        }
    }
}

proptest! {
    #![proptest_config(cases(200, 14))]

    #[test]
    fn every_entry_comes_to_the_end_that_it_should(plan in plan()) {
        run(move || async move {
            let (pipeline, made) = make(&plan, |_| OnError::Continue);
            let report = pipeline.run(CancelToken::new()).await;
            assert_eq!((report.end, tasks()), (End::Done, 0));
            let entries = || plan.entries.iter().filter(|entry| !entry.is_error);
            assert_eq!(made.given.load(SeqCst), entries().count() as u64);
            let refused = entries().filter(|entry| entry.refused);
            assert_eq!(report.totals.filtered, refused.count() as u64);
            judge(&plan, &made, &report);
        });
    }

    #[test]
    fn a_cancel_at_any_moment_loses_nothing(plan in plan(), turns in 0..300_usize) {
        run(move || async move {
            let (pipeline, made) = make(&plan, |_| OnError::Continue);
            let token = CancelToken::new();
            let running = tokio::spawn(pipeline.run(token.clone()));
            for _ in 0..turns {
                yield_now().await;
            }
            token.cancel();
            let report = running.await.unwrap();
            assert!([End::Done, End::Cancelled(Reason::Cancelled)].contains(&report.end));
            judge(&plan, &made, &report);
        });
    }

    #[test]
    fn an_error_that_stops_loses_nothing(plan in plan()) {
        run(move || async move {
            let (pipeline, made) = make(&plan, |failure| match failure.stage {
                Stage::Source(_) => OnError::Continue,
                _ => OnError::Stop,
            });
            let report = pipeline.run(CancelToken::new()).await;
            let goes_on = |failure: &Failure<_>| matches!(failure.stage, Stage::Source(_));
            let end = if report.errors.iter().all(goes_on) { End::Done } else { End::Stopped };
            assert_eq!(report.end, end);
            judge(&plan, &made, &report);
        });
    }

    #[test]
    fn a_run_that_is_dropped_at_any_moment_leaves_nothing(plan in plan(), turns in 0..200_usize) {
        run(move || async move {
            let (pipeline, Made { trays, census, .. }) = make(&plan, |_| OnError::Continue);
            let mut run = Polled::new(pipeline.run(CancelToken::new()));
            if run.poll().is_pending() {
                for _ in 0..turns {
                    yield_now().await;
                }
            }
            drop(run);
            settle().await;
            trays.iter().for_each(Tray::clear);
            assert_eq!((tasks(), census.alive()), (0, 0), "after {turns} turns");
        });
    }
}
