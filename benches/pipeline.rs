//! What does a pipeline add to the work that it does, and where should work that computes be done?
//!
//! `cargo bench -p benches --bench pipeline -- --table`

use benches::pipeline::{Cpu, Workload, by_hand, parallel, serial};
use benches::{Bench, Group, two_workers};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How many entries in a batch that is offloaded.
const CHUNK: usize = 32;

fn main() {
    let question =
        "What does a pipeline add to its work, and where should work that computes be done?";
    benches::run(question, |bench| {
        let runtime = &two_workers();
        orders(bench, runtime);
        peers(bench, runtime);
        two_sinks(bench, runtime);
        for micros in [1, 10, 100] {
            cpu(bench, runtime, Cpu::of_micros(micros));
        }
    });
}

macro_rules! with_yours {
    ($group:ident, $workload:expr, $runtime:ident) => {{
        #[cfg(feature = "yours-pipeline")]
        let $group = $group.contestant("yours", move |times| {
            $workload.measure::<benches::pipeline::Yours>($runtime, times)
        });
        $group
    }};
}

fn reference(workload: Workload, runtime: &Runtime, times: u64) -> Duration {
    workload.measure::<benches::pipeline::Reference>(runtime, times)
}

/// What an order costs.
fn orders(bench: &mut Bench, runtime: &Runtime) {
    bench
        .two_threads("an entry in each order, work that does nothing")
        .contestant("Free", |times| reference(Workload::Free, runtime, times))
        .contestant("Kept", |times| reference(Workload::Kept, runtime, times))
        .contestant("PerKey", |times| reference(Workload::PerKey, runtime, times))
        .run();
}

/// The same by hand, with the channels of others.
fn peers(bench: &mut Bench, runtime: &Runtime) {
    let group = bench.two_threads("an entry, source to 4 workers to sink, work that does nothing");
    let group = contest(group, Workload::Free, runtime);
    group
        .contestant("crossfire x2", |times| by_hand::crossfire(runtime, times, 1, plain))
        .contestant("crossfire x2, Arcs", |times| by_hand::crossfire(runtime, times, 1, Arc::new))
        .contestant("crossfire x2, by 32", |times| by_hand::crossfire_batches(runtime, times))
        .contestant("kanal x2", |times| by_hand::kanal(runtime, times))
        .contestant("tokio mpsc x2", |times| by_hand::tokio_mpsc(runtime, times))
        .contestant("buffer_unordered", |times| serial::buffer_unordered(runtime, times))
        .contestant("buffered", |times| serial::buffered(runtime, times))
        .remark(
            "The channels carry a number, unless it says Arcs, where the pipeline makes each result an Arc for \
            its sinks; and they know of no stop, no error and no panic. buffered and buffer_unordered are one \
            task: a second core does not help them, and neither does it hurt.",
        )
        .run();
}

/// A number is its own result.
fn plain(n: u64) -> u64 {
    n
}

/// Each entry to two sinks.
fn two_sinks(bench: &mut Bench, runtime: &Runtime) {
    let group = bench.two_threads("an entry to each of two sinks, work that does nothing");
    contest(group, Workload::TwoSinks, runtime)
        .contestant("crossfire x3", |times| by_hand::crossfire(runtime, times, 2, plain))
        .contestant("crossfire x3, Arcs", |times| by_hand::crossfire(runtime, times, 2, Arc::new))
        .run();
}

/// Work that computes.
fn cpu(bench: &mut Bench, runtime: &Runtime, cpu: Cpu) {
    let name = format!("an entry whose work computes for {} us", cpu.micros());
    let group = bench.two_threads(&name).batch(CHUNK as u64);
    contest(group, Workload::Inline(cpu), runtime)
        .contestant("offload, each", |times| reference(Workload::Offload(cpu), runtime, times))
        .contestant("offload, by 32", |times| {
            reference(Workload::OffloadChunks(cpu, CHUNK), runtime, times)
        })
        .contestant("rayon alone", |times| parallel(cpu, times))
        .remark(
            "The reference computes on the runtime's own threads, where nothing else runs while it does. \
            rayon alone has all entries in a slice before it begins.",
        )
        .run();
}

fn contest<'a, 'b>(
    group: Group<'a, 'b>,
    workload: Workload,
    runtime: &'b Runtime,
) -> Group<'a, 'b> {
    let group = group.contestant("reference", move |times| reference(workload, runtime, times));
    with_yours!(group, workload, runtime)
}
