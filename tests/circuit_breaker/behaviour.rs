//! What one can see from outside, one thread at a time. What is simple comes first: the first failing
//! test is what the learner is told.

#[path = "behaviour/closed.rs"]
mod closed;

#[path = "behaviour/open.rs"]
mod open;

#[path = "behaviour/half_open.rs"]
mod half_open;

#[path = "behaviour/eras.rs"]
mod eras;

#[path = "behaviour/ends.rs"]
mod ends;
