//! What one can see from outside, with one thread. What is simple comes first: the first failing test
//! is what the learner is told.

#[path = "behaviour/attempts.rs"]
mod attempts;

#[path = "behaviour/delays.rs"]
mod delays;

#[path = "behaviour/cancellation.rs"]
mod cancellation;

#[path = "behaviour/budget.rs"]
mod budget;

#[path = "behaviour/heartbeat.rs"]
mod heartbeat;
