//! What one can see from outside, with one thread at a time where that is enough. What is simple comes
//! first: the first failing test is what the learner is told.

#[path = "behaviour/permits.rs"]
mod permits;

#[path = "behaviour/line.rs"]
mod line;

#[path = "behaviour/adding.rs"]
mod adding;

#[path = "behaviour/close.rs"]
mod close;

#[path = "behaviour/cancel.rs"]
mod cancel;

#[path = "behaviour/foreign.rs"]
mod foreign;

#[path = "behaviour/executors.rs"]
mod executors;

#[path = "behaviour/limited.rs"]
mod limited;
