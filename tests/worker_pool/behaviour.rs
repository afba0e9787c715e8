//! What one can see from outside, with one thread at a time where that is enough. What is simple comes
//! first: the first failing test is what the learner is told.

#[path = "behaviour/run_all.rs"]
mod run_all;

#[path = "behaviour/run_all_ends.rs"]
mod run_all_ends;

#[path = "behaviour/submit.rs"]
mod submit;

#[path = "behaviour/line.rs"]
mod line;

#[path = "behaviour/drain.rs"]
mod drain;

#[path = "behaviour/panic.rs"]
mod panic;

#[path = "behaviour/stats.rs"]
mod stats;

#[path = "behaviour/priority.rs"]
mod priority;

#[path = "behaviour/scaling.rs"]
mod scaling;

#[path = "behaviour/rate.rs"]
mod rate;

#[path = "behaviour/retry.rs"]
mod retry;

#[path = "behaviour/breaker.rs"]
mod breaker;

#[path = "behaviour/abort.rs"]
mod abort;
