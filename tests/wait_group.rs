//! Placeholder until the spec of `wait_group` lands.
