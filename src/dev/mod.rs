//! For authors: is every pattern complete, is every wrong answer killed, is every test steady?

pub(crate) mod check;
pub(crate) mod flake;
mod patch;
mod scratch;
pub(crate) mod wrong;
