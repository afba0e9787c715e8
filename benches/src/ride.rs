//! The stands that take part, behind one trait. Nobody has published one: beside the reference there
//! are the two that one would write first, on tokio's parts. Neither of them survives a rider who
//! gives up.

use std::array;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Barrier, Mutex, Semaphore, oneshot};

/// A stand, as far as the workloads need one. Camps are 0 and 1.
pub trait Stand: Send + Sync + 'static {
    /// One where nobody waits.
    fn open() -> Self;
    /// Waits for a car and leaves with it; says whether this rider drives.
    fn board(&self, camp: usize) -> impl Future<Output = bool> + Send;
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident) => {
        impl Stand for $workbook::ride::Ride {
            fn open() -> Self {
                Self::new()
            }

            async fn board(&self, camp: usize) -> bool {
                use $workbook::ride::Camp;
                Self::board(self, [Camp::Crab, Camp::Gopher][camp]).await.driver
            }
        }
    };
}

workbook!(reference);
#[cfg(feature = "yours-ride")]
workbook!(yours);

/// A line of oneshots a camp, and a barrier for each car.
#[derive(Default)]
pub struct Oneshots {
    lines: Mutex<[VecDeque<oneshot::Sender<Arc<Barrier>>>; 2]>,
}

impl Stand for Oneshots {
    fn open() -> Self {
        Self::default()
    }

    async fn board(&self, camp: usize) -> bool {
        let (call, called) = oneshot::channel();
        let mut lines = self.lines.lock().await;
        lines[camp].push_back(call);
        let seats = seats(lines.each_ref().map(VecDeque::len));
        if seats != [0, 0] {
            let car = Arc::new(Barrier::new(4));
            for (line, seats) in lines.iter_mut().zip(seats) {
                for call in line.drain(..seats) {
                    let _ = call.send(car.clone());
                }
            }
        }
        drop(lines);
        let car = called.await.expect("nobody gives up");
        car.wait().await.is_leader()
    }
}

/// The textbook: a semaphore for each camp, one car at a time at the kerb, and one barrier.
pub struct Semaphores {
    waiting: [AtomicU64; 2],
    lines: [Semaphore; 2],
    kerb: Semaphore,
    barrier: Barrier,
}

impl Stand for Semaphores {
    fn open() -> Self {
        Self {
            waiting: Default::default(),
            lines: array::from_fn(|_| Semaphore::new(0)),
            kerb: Semaphore::new(1),
            barrier: Barrier::new(4),
        }
    }

    async fn board(&self, camp: usize) -> bool {
        let kerb = self.kerb.acquire().await.expect("nobody closes it");
        // Changed by whoever has the kerb.
        self.waiting[camp].fetch_add(1, Ordering::Relaxed);
        let seats = seats(self.waiting.each_ref().map(|n| n.load(Ordering::Relaxed) as usize));
        let captain = (seats != [0, 0]).then_some(kerb);
        for ((waiting, line), seats) in self.waiting.iter().zip(&self.lines).zip(seats) {
            waiting.fetch_sub(seats as u64, Ordering::Relaxed);
            line.add_permits(seats);
        }
        self.lines[camp].acquire().await.expect("nobody closes it").forget();
        self.barrier.wait().await;
        captain.is_some()
    }
}

/// How many of each camp a car takes, if so many wait.
fn seats([crabs, gophers]: [usize; 2]) -> [usize; 2] {
    match (crabs, gophers) {
        (2.., 2..) => [2, 2],
        (4.., _) => [4, 0],
        (_, 4..) => [0, 4],
        _ => [0, 0],
    }
}
