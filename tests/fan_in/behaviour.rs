//! What one thread can see.

#[path = "behaviour/fan_in.rs"]
mod fan_in;

#[path = "behaviour/fan_out.rs"]
mod fan_out;

#[path = "behaviour/fan_out_line.rs"]
mod fan_out_line;
