//! What one can see from outside, with one thread at a time where that is enough. What is simple comes
//! first: the first failing test is what the learner is told.

#[path = "behaviour/messages.rs"]
mod messages;

#[path = "behaviour/topics.rs"]
mod topics;

#[path = "behaviour/overflow.rs"]
mod overflow;

#[path = "behaviour/ends.rs"]
mod ends;

#[path = "behaviour/wakes.rs"]
mod wakes;

#[path = "behaviour/replay.rs"]
mod replay;

#[path = "behaviour/acks.rs"]
mod acks;

#[path = "behaviour/alive.rs"]
mod alive;

#[path = "behaviour/stats.rs"]
mod stats;

#[path = "behaviour/foreign.rs"]
mod foreign;

#[path = "behaviour/cost.rs"]
mod cost;
