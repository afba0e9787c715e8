//! What one can see from outside, with one thread at a time where that is enough. What is simple comes
//! first: the first failing test is what the learner is told.

#[path = "behaviour/capacity.rs"]
mod capacity;

#[path = "behaviour/close.rs"]
mod close;

#[path = "behaviour/line.rs"]
mod line;

#[path = "behaviour/rendezvous.rs"]
mod rendezvous;

#[path = "behaviour/stream.rs"]
mod stream;

#[path = "behaviour/threads.rs"]
mod threads;

#[path = "behaviour/select.rs"]
mod select;

#[path = "behaviour/cancel.rs"]
mod cancel;

#[path = "behaviour/foreign.rs"]
mod foreign;
