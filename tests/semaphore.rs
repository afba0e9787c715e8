//! Placeholder until the spec of `semaphore` lands.
