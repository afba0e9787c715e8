//! Placeholder.

#[expect(dead_code, reason = "the recorder that fills it comes next")]
mod event;
#[cfg_attr(not(test), expect(dead_code, reason = "the search that makes reports comes next"))]
mod report;

pub use report::{Leaked, Link, Missed, Verdict};
