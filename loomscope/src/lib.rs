//! A schedule explorer that explains: the failing interleaving of your code as a timeline.
//!
//! A concurrent program is tried in every order in which its threads can take their steps, few
//! preemptions first. Where one of them fails, it is replayed with everything recorded, and told as
//! a table with a column per thread: which step took which lock, read which value, woke whom, and
//! where each of them stands in your source.
//!
//! ```should_panic
//! use loomscope::sync::Arc;
//! use loomscope::sync::atomic::{AtomicU32, Ordering::SeqCst};
//! use loomscope::{Model, thread};
//!
//! Model::new("two increments make two").check(|| {
//!     let count = Arc::new(AtomicU32::new(0));
//!     let theirs = count.clone();
//!     let adder = thread::spawn_named("adder", move || {
//!         let now = theirs.load(SeqCst);
//!         theirs.store(now + 1, SeqCst); // another increment may lie between the two
//!     });
//!     let now = count.load(SeqCst);
//!     count.store(now + 1, SeqCst);
//!     adder.join().unwrap();
//!     assert_eq!(count.load(SeqCst), 2);
//! });
//! ```
//!
//! It panics like any other test, and the panic is the timeline:
//!
//! ```text
//! ✗ panic: main: assertion `left == right` failed
//!   found by loom in interleaving 2 · at most 1 preemption
//! ────┬─────────────────────────────────────────┬─────────────────┬───────────┬───────────────────────────────────────────
//!     │ main                                    │ adder           │ where     │ source
//! ────┼─────────────────────────────────────────┼─────────────────┼───────────┼───────────────────────────────────────────
//!   1 │ spawns adder                            │                 │ sum.rs:8  │ let adder = thread::spawn_named("adder", …
//!   2 │ load count = 0                          │                 │ sum.rs:12 │ let now = count.load(SeqCst);
//!   3 │                                         │ load count = 0  │ sum.rs:9  │ let now = theirs.load(SeqCst);
//!   4 │                                         │ store count = 1 │ sum.rs:10 │ theirs.store(now + 1, SeqCst); // another…
//!   5 │                                         │ ends            │ sum.rs:8  │ let adder = thread::spawn_named("adder", …
//!   6 │ store count = 1                         │                 │ sum.rs:13 │ count.store(now + 1, SeqCst);
//!   7 │ joins adder                             │                 │ sum.rs:14 │ adder.join().unwrap();
//!   8 │ load count = 1                          │                 │ sum.rs:15 │ assert_eq!(count.load(SeqCst), 2);
//!   9 │ PANIC: assertion `left == right` failed │                 │ sum.rs:15 │ assert_eq!(count.load(SeqCst), 2);
//! ────┴─────────────────────────────────────────┴─────────────────┴───────────┴───────────────────────────────────────────
//! ```
//!
//! # The facade
//!
//! Code under test uses [`sync`], [`thread`], [`task`], [`time`], [`cell`], [`hint`] and
//! [`collections`] instead of std's and tokio's own. The crate `loomscope-std` has the same names
//! as re-exports of those; which of the two a package depends on, under the name `loomscope`, is all
//! that differs between a model and a program. `Arc` and `Weak` are std's in both: what an
//! execution leaves behind is found by a registry of the traced objects, with the line that made
//! each, but races on reference counts are not explored.
//!
//! # What is explored
//!
//! [`Model::check`] searches exhaustively, by [loom](https://docs.rs/loom), within 0, then 1, 2 and
//! 3 preemptions: the first counterexample is the simplest. loom has room for five threads; a model
//! with more takes random schedules of [shuttle](https://docs.rs/shuttle), with [`Model::random`].
//! Loads may be stale, as far as their orderings allow. Time is virtual: a deadline may fire at any
//! schedule point. A bound that ends a search early is reported, never a pass in silence.

pub mod cell;
pub mod collections;
pub mod hint;
pub mod sync;
pub mod task;
pub mod thread;
pub mod time;

mod engine;
mod event;
mod model;
mod output;
mod record;
mod report;

pub use model::{Model, Outcome, Pass, model};
pub use report::{Leaked, Link, Missed, Report, Verdict, Written};

/// Whether this face explores schedules. For code that must differ between the two: a constant,
/// so that both arms are compiled and one of them is dropped.
pub const MODEL: bool = true;

/// Runs `make` and names the objects it creates `name` in a timeline.
pub fn named<T>(name: &'static str, make: impl FnOnce() -> T) -> T {
    record::with_name(name, make)
}

/// Writes a remark into the timeline; formatted only in the execution that is explained.
#[track_caller]
pub fn note(text: std::fmt::Arguments<'_>) {
    if record::is_recording() {
        record::emit(event::Op::Note(text.to_string()), None, std::panic::Location::caller());
    }
}

/// The examples of the README are compiled like any other.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
