//! What does a ride cost, from the stand to the departure?
//!
//! `cargo bench -p benches --bench ride -- --table`

use benches::ride::{Oneshots, Semaphores, Stand};
use benches::{Group, current_thread, race_tasks, two_workers};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

fn main() {
    benches::run("What does a ride cost, from the stand to the departure?", |bench| {
        let (one, two) = (&current_thread(), &two_workers());
        let crowd = |runtime, camps, riders| Crowd { runtime, camps, riders };
        compare(bench.one_thread("4 riders of one camp, one thread"), crowd(one, 1, 4));
        compare(bench.one_thread("16 riders of two camps, one thread"), crowd(one, 2, 16));
        compare(bench.two_threads("16 riders of two camps"), crowd(two, 2, 16));
        compare(bench.two_threads("64 riders of two camps"), crowd(two, 2, 64));
    });
}

/// Measures every stand there is: nanoseconds a rider.
fn compare(group: Group<'_, '_>, crowd: Crowd<'_>) {
    let group = group
        .batch(Crowd::EVEN)
        .contestant("reference", move |rides| crowd.measure::<reference::ride::Ride>(rides));
    #[cfg(feature = "yours-ride")]
    let group = group.contestant("yours", move |rides| crowd.measure::<yours::ride::Ride>(rides));
    group
        .contestant("oneshots", move |rides| crowd.measure::<Oneshots>(rides))
        .contestant("semaphores", move |rides| crowd.measure::<Semaphores>(rides))
        .run();
}

/// Tasks that ride again and again, evenly of one camp or two.
#[derive(Clone, Copy)]
struct Crowd<'a> {
    runtime: &'a Runtime,
    camps: usize,
    riders: usize,
}

impl Crowd<'_> {
    /// With so many rides of each camp, and a multiple of it, nobody is left over: a car takes an
    /// even number of each.
    const EVEN: u64 = 8;

    fn measure<S: Stand>(self, rides: u64) -> Duration {
        let stand = Arc::new(S::open());
        let each = (rides / self.camps as u64).next_multiple_of(4) as i64;
        let tickets: Arc<[AtomicI64; 2]> = Arc::new([AtomicI64::new(each), AtomicI64::new(each)]);
        let drivers = Arc::new(AtomicU64::new(0));
        let rider = |rider: usize| {
            let (stand, tickets, drivers) = (stand.clone(), tickets.clone(), drivers.clone());
            let camp = rider % self.camps;
            async move {
                while tickets[camp].fetch_sub(1, Ordering::Relaxed) > 0 {
                    let drives = stand.board(camp).await;
                    drivers.fetch_add(u64::from(drives), Ordering::Relaxed);
                }
            }
        };
        let time = race_tasks(self.runtime, (0..self.riders).map(rider).collect());
        let rides = each as u64 * self.camps as u64;
        assert_eq!(drivers.load(Ordering::Relaxed), rides / 4, "a driver for each car");
        time
    }
}
