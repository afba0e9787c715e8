//! The harness of every bench: the reference, yours and the best crates, in one run.
//!
//! A bench file is a question and a few workloads. A workload is measured for one contestant by a
//! closure that does so many operations and says how long they took; what starts and ends outside
//! of that time (threads, runtimes, channels) is not measured.
//!
//! ```no_run
//! use benches::timed;
//! use std::hint::black_box;
//! use std::sync::{Mutex, RwLock};
//!
//! benches::run("What does a lock cost that nobody else wants?", |bench| {
//!     let (mutex, rwlock) = (Mutex::new(0), RwLock::new(0));
//!     bench
//!         .one_thread("lock and unlock")
//!         .contestant("Mutex", |times| {
//!             timed(|| (0..times).for_each(|_| *mutex.lock().unwrap() += 1))
//!         })
//!         .contestant("RwLock", |times| {
//!             timed(|| (0..times).for_each(|_| *rwlock.write().unwrap() += 1))
//!         })
//!         .run();
//! });
//! ```
//!
//! | `cargo bench -p benches --bench semaphore` | |
//! |---|---|
//! | `-- --table` | ratios: all contestants of a workload take turns, round by round, so that a slow moment of the machine hits them alike |
//! | `-- --table --quick` | the same with shorter and fewer rounds |
//! | (nothing) | criterion: each contestant alone, with history and confidence intervals |
//! | `-- --test` | everything runs once, nothing is measured |
//! | `-- nobody` | only the workloads whose names contain the word |
//! | `--features yours-semaphore` | your answer as one more contestant |
//!
//! # What the table means
//!
//! - **ns/op** is the median of the rounds, with the fastest and the slowest beside it.
//! - **ratio** is the contestant's time over the first contestant's, the reference's: above 1, the
//!   reference is faster. It is the median of the ratios *within* a round, and is called a win only
//!   from 15 % on one thread and 40 % on two; less than that is "about equal".
//! - **allocs/op** and **bytes/op** come from a pass of their own, which is not timed: the counting
//!   allocator is silent while a clock runs.
//!
//! Two threads of a virtual machine share one core for minutes at a time. Before and after a round
//! of two threads a probe says which regime it is (see [`Regime`]); a round in the wrong one
//! is repeated, and after too many of them the table says so.

pub mod cancel;
pub mod channel;
pub mod circuit_breaker;
pub mod fan_in;
pub mod keyed_map;
pub mod lru;
pub mod pipeline;
pub mod pubsub;
pub mod rate_limiter;
pub mod ride;
pub mod semaphore;
pub mod singleflight;
pub mod tee;

mod allocations;
mod bench;
mod fixtures;
mod mode;
mod regime;
mod rounds;
mod statistics;
mod table;

pub use allocations::{Counted, count_allocations};
pub use bench::{Bench, Group, run};
pub use fixtures::{clones, current_thread, race_tasks, race_threads, timed, two_workers};
pub use regime::Regime;

// A model build would be measured in vain, and cannot be by mistake: the packages that hold the
// explorer's face are others, and this holds whoever renames one.
const _: () = assert!(!reference::MODEL, "the reference is built on the explorer's face");
#[cfg(feature = "yours")]
const _: () = assert!(!yours::MODEL, "your answer is built on the explorer's face");
