#[path = "order.rs"]
mod order;

#[path = "shared.rs"]
mod shared;

#[path = "once.rs"]
mod once;

#[path = "clock.rs"]
mod clock;
