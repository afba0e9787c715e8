//! What one can see from outside, with one thread at a time. What is simple comes first.

#[path = "behaviour/sharing.rs"]
mod sharing;

#[path = "behaviour/end.rs"]
mod end;

#[path = "behaviour/forget.rs"]
mod forget;

#[path = "behaviour/cancel.rs"]
mod cancel;

#[path = "behaviour/panic.rs"]
mod panic;

#[path = "behaviour/foreign.rs"]
mod foreign;
