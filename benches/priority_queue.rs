//! What does it cost to let the urgent overtake, and what not to let the others starve?
//!
//! `cargo bench -p benches --bench priority_queue -- --table`

use benches::{Bench, timed};
use reference::priority_queue::{Priority, PriorityQueue};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hint::black_box;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const PATIENCE: u32 = 32;

/// As large as a job of the worker pool: an `Arc`, a number, a ticket.
type Job = [u64; 4];

fn main() {
    benches::run("What does it cost to let the urgent overtake?", |bench| {
        compare(bench, "a job in, a job out: 1000 wait", 1_000, Mix::Any);
        compare(bench, "a job in, a job out: 100 000 wait", 100_000, Mix::Any);
        compare(bench, "a job in, a job out: none waits", 0, Mix::Any);
        compare(bench, "all of one priority: 1000 wait", 1_000, Mix::One);
    });
}

/// Which priorities come.
#[derive(Clone, Copy)]
enum Mix {
    /// Any of the three, in no order that a processor could learn.
    Any,
    One,
}

impl Mix {
    fn priorities(self) -> Vec<Priority> {
        let mut random = 0x9E37_79B9_u64;
        let mut next = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        match self {
            Self::Any => (0..1 << 14).map(|_| Priority::ALL[next() as usize % 3]).collect(),
            Self::One => vec![Priority::Normal; 1 << 14],
        }
    }
}

fn compare(bench: &mut Bench, name: &str, wait: u64, mix: Mix) {
    let mix = &mix.priorities();
    let group = bench.one_thread(name);
    let group =
        group.contestant("reference", |times| measure::<PriorityQueue<Job>>(times, wait, mix));
    #[cfg(feature = "yours-priority_queue")]
    let group = group.contestant("yours", |times| {
        measure::<yours::priority_queue::PriorityQueue<Job>>(times, wait, mix)
    });
    group
        .contestant("heap, same order", |times| measure::<AgeingHeap>(times, wait, mix))
        .contestant("heap, starves", |times| measure::<StrictHeap>(times, wait, mix))
        .contestant("3 VecDeque, starves", |times| measure::<StrictLines>(times, wait, mix))
        .contestant("3 tokio mpsc, starves", |times| measure::<Channels>(times, wait, mix))
        .contestant("VecDeque, no order", |times| measure::<VecDeque<Job>>(times, wait, mix))
        .run();
}

/// One in, one out, so many times, while so many wait.
fn measure<Q: Queue>(times: u64, wait: u64, mix: &[Priority]) -> Duration {
    let mut queue = Q::make();
    let mut mix = mix.iter().copied().cycle();
    let mut push = |queue: &mut Q, i| queue.push([i; 4], mix.next().expect("it has no end"));
    (0..wait).for_each(|i| push(&mut queue, i));
    timed(|| {
        for i in 0..times {
            push(&mut queue, i);
            black_box(queue.pop());
        }
    })
}

/// What takes part.
trait Queue {
    fn make() -> Self;
    fn push(&mut self, job: Job, priority: Priority);
    fn pop(&mut self) -> Option<Job>;
}

impl Queue for PriorityQueue<Job> {
    fn make() -> Self {
        Self::new(PATIENCE)
    }

    fn push(&mut self, job: Job, priority: Priority) {
        self.push(job, priority);
    }

    fn pop(&mut self) -> Option<Job> {
        Some(self.pop()?.0)
    }
}

#[cfg(feature = "yours-priority_queue")]
impl Queue for yours::priority_queue::PriorityQueue<Job> {
    fn make() -> Self {
        Self::new(PATIENCE)
    }

    fn push(&mut self, job: Job, priority: Priority) {
        self.push(job, yours::priority_queue::Priority::ALL[priority as usize]);
    }

    fn pop(&mut self) -> Option<Job> {
        Some(self.pop()?.0)
    }
}

/// A job in a heap: the least key goes first, and no two have the same.
struct Keyed<K>(K, Job);

impl<K: Ord> PartialEq for Keyed<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Ord> Eq for Keyed<K> {}

impl<K: Ord> PartialOrd for Keyed<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord> Ord for Keyed<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

/// The reference's order, out of a heap: the key is when the job is due, and its level in two bits.
struct AgeingHeap {
    heap: BinaryHeap<Reverse<Keyed<u64>>>,
    arrivals: u64,
}

impl Queue for AgeingHeap {
    fn make() -> Self {
        Self { heap: BinaryHeap::new(), arrivals: 0 }
    }

    fn push(&mut self, job: Job, priority: Priority) {
        let level = priority as u64;
        let key = (self.arrivals + level * u64::from(PATIENCE)) << 2 | level;
        self.arrivals += 1;
        self.heap.push(Reverse(Keyed(key, job)));
    }

    fn pop(&mut self) -> Option<Job> {
        Some(self.heap.pop()?.0.1)
    }
}

/// The level first, then the arrival: `Low` waits until nothing else does.
struct StrictHeap {
    heap: BinaryHeap<Keyed<(Reverse<Priority>, Reverse<u64>)>>,
    arrivals: u64,
}

impl Queue for StrictHeap {
    fn make() -> Self {
        Self { heap: BinaryHeap::new(), arrivals: 0 }
    }

    fn push(&mut self, job: Job, priority: Priority) {
        let key = (Reverse(priority), Reverse(self.arrivals));
        self.arrivals += 1;
        self.heap.push(Keyed(key, job));
    }

    fn pop(&mut self) -> Option<Job> {
        Some(self.heap.pop()?.1)
    }
}

/// The first line in which anything waits.
#[derive(Default)]
struct StrictLines([VecDeque<Job>; 3]);

impl Queue for StrictLines {
    fn make() -> Self {
        Self::default()
    }

    fn push(&mut self, job: Job, priority: Priority) {
        self.0[priority as usize].push_back(job);
    }

    fn pop(&mut self) -> Option<Job> {
        self.0.iter_mut().find_map(VecDeque::pop_front)
    }
}

/// What many a server has: a channel for each priority, and a loop that asks them in turn.
struct Channels([(UnboundedSender<Job>, UnboundedReceiver<Job>); 3]);

impl Queue for Channels {
    fn make() -> Self {
        Self(std::array::from_fn(|_| unbounded_channel()))
    }

    fn push(&mut self, job: Job, priority: Priority) {
        self.0[priority as usize].0.send(job).expect("the receiver is beside it");
    }

    fn pop(&mut self) -> Option<Job> {
        self.0.iter_mut().find_map(|(_, receiver)| receiver.try_recv().ok())
    }
}

/// The floor: what a queue costs that knows no priority.
impl Queue for VecDeque<Job> {
    fn make() -> Self {
        Self::new()
    }

    fn push(&mut self, job: Job, _: Priority) {
        self.push_back(job);
    }

    fn pop(&mut self) -> Option<Job> {
        self.pop_front()
    }
}
