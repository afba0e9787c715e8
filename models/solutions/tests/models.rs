//! The model specs, judging the reference.

extern crate solutions_model as patterns;

#[path = "../../../tests/models/mod.rs"]
mod models;
