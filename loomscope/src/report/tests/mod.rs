//! Every verdict and its picture, from executions written by hand: the recorder has no part in them.

mod blocked;
mod failing;
mod pictures;
mod script;
mod tables;
mod words;
