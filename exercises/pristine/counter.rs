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

use std::io;

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
#[derive(Debug, Default)]
pub struct Counter {
    // Your fields: what can many threads change at the same time? `loomscope::sync` has it.
}

/// A part of a counter that one thread owns, for a place that counts often.
///
/// What it adds is in the counter's sum at once, and stays there when it is dropped.
#[derive(Debug)]
pub struct OwnedCell<'a> {
    counter: &'a Counter,
    // More fields, if you like. A cell that only passes on to its counter is right, too.
}

impl Counter {
    /// Makes a counter that stands at zero.
    pub fn new() -> Self {
        todo!("make a counter that stands at zero")
    }

    /// Adds `n`, from any thread; the sum wraps around at `u64::MAX`.
    pub fn add(&self, n: u64) {
        todo!("add in one step: what if another thread adds between your load and your store?")
    }

    /// Returns what has been added up to now.
    ///
    /// Exact where nobody adds meanwhile. Otherwise it holds every `add` that was finished before,
    /// and of those that run beside it some, each as a whole.
    pub fn sum(&self) -> u64 {
        todo!("read the count: is there anything that has been added and is not in it yet?")
    }

    /// Makes a cell for the thread, or the task, that will own it.
    pub fn cell(&self) -> OwnedCell<'_> {
        todo!("make a cell: how will the counter's sum know what is in it?")
    }
}

impl OwnedCell<'_> {
    /// Adds `n`, as [`Counter::add`] does.
    #[inline]
    pub fn add(&mut self, n: u64) {
        todo!("add: the counter will do, and what could be cheaper, since nobody else adds here?")
    }
}

impl Drop for OwnedCell<'_> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}

/// Counts the bytes, and keeps none.
impl io::Write for &Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        todo!("count the bytes: what does the caller of `write` want to be told?")
    }

    fn flush(&mut self) -> io::Result<()> {
        todo!("pass on what is buffered: is there anything?")
    }
}

/// Counts the bytes, and keeps none.
impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        todo!("count the bytes: can a `&Counter` do it for you?")
    }

    fn flush(&mut self) -> io::Result<()> {
        todo!("pass on what is buffered: is there anything?")
    }
}
