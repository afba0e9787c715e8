//! Placeholder until the models of `wait_group` land.
