//! What one thread can see, from the simple to the hard.

#[path = "behaviour/log.rs"]
mod log;

#[path = "behaviour/flow.rs"]
mod flow;

#[path = "behaviour/filter.rs"]
mod filter;

#[path = "behaviour/workers.rs"]
mod workers;

#[path = "behaviour/order.rs"]
mod order;

#[path = "behaviour/sinks.rs"]
mod sinks;

#[path = "behaviour/errors.rs"]
mod errors;

#[path = "behaviour/metrics.rs"]
mod metrics;

#[path = "behaviour/room.rs"]
mod room;

#[path = "behaviour/cancel.rs"]
mod cancel;

#[path = "behaviour/neighbours.rs"]
mod neighbours;

#[path = "behaviour/panics.rs"]
mod panics;

#[path = "behaviour/abort.rs"]
mod abort;

#[path = "behaviour/offload.rs"]
mod offload;
