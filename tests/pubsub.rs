//! What a broker promises: each message to whoever asked for it, and nobody waits for anybody.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

#[path = "pubsub/scene.rs"]
mod scene;

#[path = "pubsub/behaviour.rs"]
mod behaviour;

#[path = "pubsub/properties.rs"]
mod properties;

#[path = "pubsub/stress.rs"]
mod stress;

#[path = "pubsub/leaks.rs"]
mod leaks;
