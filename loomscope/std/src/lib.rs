//! The plain face of loomscope's facade: std's and tokio's own types under the explorer's names.
//!
//! Code that should run under the explorer writes `use loomscope::sync::Mutex` and the like. Which
//! face that is, its manifest decides: this crate (`loomscope = { package = "loomscope-std", … }`)
//! for programs, tests and benches; the explorer itself for models. Everything here is a re-export
//! or an inline newtype, so that it costs nothing at run time.
//!
//! ```
//! use loomscope_std as loomscope;
//! use loomscope::sync::{Arc, Mutex};
//! use loomscope::thread;
//!
//! let total = Arc::new(Mutex::new(0));
//! let theirs = total.clone();
//! let adder = thread::spawn_named("adder", move || *theirs.lock().unwrap() += 1);
//! adder.join().unwrap();
//! assert_eq!(*total.lock().unwrap(), 1);
//! assert!(!loomscope::MODEL);
//! ```

pub mod cell;
pub mod collections;
pub mod hint;
pub mod sync;
pub mod task;
pub mod thread;
pub mod time;

mod model;

pub use model::{Model, model};

/// Whether this face explores schedules. For code that must differ between the two: a constant,
/// so that both arms are compiled and one of them is dropped.
pub const MODEL: bool = false;

/// Runs `make` and names the objects it creates `name` in a timeline; here, runs `make`.
#[inline]
pub fn named<T>(_name: &'static str, make: impl FnOnce() -> T) -> T {
    make()
}

/// Writes a remark into the timeline; here, nothing: the arguments are not even formatted.
#[inline]
pub fn note(_text: std::fmt::Arguments<'_>) {}
