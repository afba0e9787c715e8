//! What one can see from outside, with one thread at a time. What is simple comes first.

#[path = "behaviour/items.rs"]
mod items;

#[path = "behaviour/lag.rs"]
mod lag;

#[path = "behaviour/wakes.rs"]
mod wakes;

#[path = "behaviour/going.rs"]
mod going;

#[path = "behaviour/foreign.rs"]
mod foreign;
