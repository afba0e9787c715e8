//! Placeholder until the models of `semaphore` land.
