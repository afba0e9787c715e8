#[path = "behaviour/order.rs"]
mod order;

#[path = "behaviour/shared.rs"]
mod shared;

#[path = "behaviour/once.rs"]
mod once;

#[path = "behaviour/clock.rs"]
mod clock;
