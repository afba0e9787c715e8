//! One file a command.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod hint;
pub(crate) mod list;
pub(crate) mod quiz;
pub(crate) mod reset;
pub(crate) mod solution;
pub(crate) mod status;
