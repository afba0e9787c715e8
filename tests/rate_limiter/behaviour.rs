//! What one can see from outside, with one thread at a time where that is enough. What is simple comes
//! first: the first failing test is what the learner is told.

#[path = "behaviour/allow.rs"]
mod allow;

#[path = "behaviour/rates.rs"]
mod rates;

#[path = "behaviour/line.rs"]
mod line;

#[path = "behaviour/cancel.rs"]
mod cancel;

#[path = "behaviour/set_rate.rs"]
mod set_rate;

#[path = "behaviour/foreign.rs"]
mod foreign;

#[path = "behaviour/keyed.rs"]
mod keyed;
