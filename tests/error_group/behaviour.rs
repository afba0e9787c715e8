//! What one can see from outside, with one thread at a time where that is enough. What is simple comes
//! first: the first failing test is what the learner is told.

#[path = "behaviour/end.rs"]
mod end;

#[path = "behaviour/error.rs"]
mod error;

#[path = "behaviour/token.rs"]
mod token;

#[path = "behaviour/limit.rs"]
mod limit;

#[path = "behaviour/panic.rs"]
mod panic;

#[path = "behaviour/abort.rs"]
mod abort;
