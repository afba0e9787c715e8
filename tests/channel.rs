//! Placeholder until the spec of `channel` lands.
