//! Count from many threads, and lose nothing.
//!
//! # Problem
//!
//! Bytes sent, requests served, items seen: many threads add, and now and then one reads the sum.
//! `n += 1` from two threads loses counts, and a lock or one shared atomic around it makes the
//! threads wait for each other in the place that is called most often.
//!
//! # From Go
//!
//! ```go
//! hits++                            // a race: load, add, store, and a count is lost
//! mu.Lock(); hits++; mu.Unlock()    // right, and everyone waits in line
//! var hits atomic.Int64             // right, and every core wants the same cache line
//! hits.Add(1)
//! ```
//!
//! Go's race detector reports the first line, if both goroutines come by while it watches.
//!
//! # In Rust
//!
//! The first line does not compile: a thread cannot change what another one sees, but through a
//! lock or an atomic. And a type can say who writes: an [`OwnedCell`] adds through `&mut self`, so
//! that it is one thread's at a time, and needs no read-modify-write.
//!
//! # Invariants
//!
//! - I1: every `add` is counted once, and as a whole.
//! - I2: a sum holds every `add` that was finished before it began, and none that begins after it
//!   ends. Of those that run beside it, it holds some: a sum is no snapshot, and where nobody adds it
//!   is exact.
//! - I3: a cell that comes or goes changes no sum.
//!
//! The sum wraps around at `u64::MAX`, as atomics do.
//!
//! # Cancellation and panics
//!
//! There is nothing to cancel, and no code of the caller's runs in here. What a cell has added is in
//! the sum at once: a panic that drops its owner loses nothing, and neither does a cell that is
//! forgotten.
//!
//! # Cost
//!
//! Nothing is allocated to add. Memory depends on how many cells are alive at the same time, never
//! on how many there have been. The reference: `add` is one read-modify-write, and threads rarely
//! meet there; a cell's `add` is one store; `sum` reads 16 words, and one a cell. About 2 KiB a
//! counter and 256 B a cell. One atomic has 8 B, and is enough until a profile says otherwise.
//!
//! # See also
//!
//! 1. `std::sync::atomic::AtomicU64`: all of this, where few threads add or they do so rarely.
//! 2. The crates `metrics` and `prometheus`, which also name, label and export what they count.
#![forbid(unsafe_code)]

use std::io;

use crossbeam_utils::CachePadded;
use loomscope::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loomscope::sync::{Arc, Mutex, MutexGuard};

/// A number that only grows; many threads add to it.
///
/// It is also an [`io::Write`] that counts bytes and keeps none of them.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::counter::Counter;
/// use std::io::Write;
/// use std::thread;
///
/// let counter = Counter::new();
/// thread::scope(|scope| {
///     scope.spawn(|| counter.add(2));
///     scope.spawn(|| counter.cell().add(3));
/// });
/// write!(&counter, "hello")?;
/// assert_eq!(counter.sum(), 10);
/// # Ok::<(), std::io::Error>(())
/// ```
// ANCHOR: types
#[derive(Debug, Default)]
pub struct Counter {
    /// What `add` has added. A thread keeps to one stripe, and no two stripes share a cache line.
    stripes: [CachePadded<AtomicU64>; STRIPES],
    /// What cells have added. Locked to make a cell, to drop one and to sum, never to add.
    words: Mutex<Words>,
}

/// A part of a counter that one thread owns, for a place that counts often.
///
/// What it adds is in the counter's sum at once, and stays there when it is dropped.
#[derive(Debug)]
pub struct OwnedCell<'a> {
    counter: &'a Counter,
    word: Word,
    /// What `word` holds: nobody else writes there, so that it need not be read back.
    total: u64,
}
// ANCHOR_END: types

/// The words of all cells.
#[derive(Debug, Default)]
struct Words {
    /// Every word there is. None ever leaves, so that a count never moves.
    all: Vec<Word>,
    /// Those without a living cell: the next one goes on where the last one ended.
    free: Vec<Word>,
}

/// Where a cell counts, on a cache line of its own.
type Word = Arc<CachePadded<AtomicU64>>;

/// Two in a model, where all threads share what is thread-local, and so they share a stripe.
const STRIPES: usize = if loomscope::MODEL { 2 } else { 16 };

impl Counter {
    /// Makes a counter that stands at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `n`, from any thread; the sum wraps around at `u64::MAX`.
    // ANCHOR: add
    pub fn add(&self, n: u64) {
        // Relaxed: a count publishes nothing but itself.
        self.stripes[stripe()].fetch_add(n, Relaxed);
    }
    // ANCHOR_END: add

    /// Returns what has been added up to now.
    ///
    /// Exact where nobody adds meanwhile. Otherwise it holds every `add` that was finished before,
    /// and of those that run beside it some, each as a whole.
    // ANCHOR: sum
    pub fn sum(&self) -> u64 {
        let words = self.words();
        let stripes = self.stripes.iter().map(|stripe| stripe.load(Relaxed));
        let cells = words.all.iter().map(|word| word.load(Relaxed));
        stripes.chain(cells).fold(0, u64::wrapping_add)
    }
    // ANCHOR_END: sum

    /// Makes a cell for the thread, or the task, that will own it.
    // ANCHOR: cell
    pub fn cell(&self) -> OwnedCell<'_> {
        let mut words = self.words();
        let word = words.free.pop().unwrap_or_else(|| {
            let word = Word::default();
            words.all.push(word.clone());
            word
        });
        // Relaxed: the lock has passed the word on, with what its last owner stored there.
        OwnedCell { counter: self, total: word.load(Relaxed), word }
    }
    // ANCHOR_END: cell

    fn words(&self) -> MutexGuard<'_, Words> {
        self.words.lock().expect("nothing panics under this lock: no code but ours runs there")
    }
}

// ANCHOR: owned
impl OwnedCell<'_> {
    /// Adds `n`, as [`Counter::add`] does.
    #[inline]
    pub fn add(&mut self, n: u64) {
        self.total = self.total.wrapping_add(n);
        // Relaxed: a count publishes nothing but itself. No read-modify-write: we are the only writer.
        self.word.store(self.total, Relaxed);
    }
}

impl Drop for OwnedCell<'_> {
    fn drop(&mut self) {
        self.counter.words().free.push(self.word.clone());
    }
}
// ANCHOR_END: owned

/// Counts the bytes, and keeps none.
impl io::Write for &Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts the bytes, and keeps none.
impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Which stripe this thread keeps to.
// ANCHOR: stripe
fn stripe() -> usize {
    thread_local! {
        static HERE: u8 = const { 0 };
    }
    // No two living threads keep their byte in the same place. The product mixes the address, of
    // which whole pages may be equal, and its upper half is mixed best.
    let address = HERE.with(|here| std::ptr::from_ref(here).addr() as u64);
    (address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize % STRIPES
}
// ANCHOR_END: stripe
