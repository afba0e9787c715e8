//! Placeholder until the models of `channel` land.
