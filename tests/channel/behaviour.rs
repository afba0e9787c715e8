//! What one can see from outside, with one thread at a time where that is enough.

#[path = "behaviour/cancel.rs"]
mod cancel;
#[path = "behaviour/capacity.rs"]
mod capacity;
#[path = "behaviour/close.rs"]
mod close;
#[path = "behaviour/foreign.rs"]
mod foreign;
#[path = "behaviour/line.rs"]
mod line;
#[path = "behaviour/rendezvous.rs"]
mod rendezvous;
#[path = "behaviour/select.rs"]
mod select;
#[path = "behaviour/stream.rs"]
mod stream;
#[path = "behaviour/threads.rs"]
mod threads;
