//! The model specs, judging your answers.

extern crate exercises_model as patterns;

#[path = "../../../tests/models/mod.rs"]
mod models;
