//! What a waiting loop says to the processor, and in models to the scheduler.

pub use std::hint::spin_loop;
