//! The exit codes, and the errors that carry one.

use std::fmt;

/// Everything that was asked for holds.
pub(crate) const PASS: u8 = 0;
/// A test fails, or a check of `dev` does.
pub(crate) const FAILS: u8 = 1;
/// The command line asks for what there is not.
pub(crate) const USAGE: u8 = 2;
/// The answer does not compile.
pub(crate) const DOES_NOT_COMPILE: u8 = 3;
/// The answer blocks for ever.
pub(crate) const BLOCKED: u8 = 4;
/// The machine or the workbook is at fault, not the answer.
pub(crate) const ENVIRONMENT: u8 = 7;

/// An error that knows its exit code. Any other error is one of the environment.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) words: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Failure {}

/// What was asked for does not exist, or not yet.
pub(crate) fn usage(words: impl Into<String>) -> anyhow::Error {
    Failure { code: USAGE, words: words.into() }.into()
}

/// The machine lacks something; the words say what to do.
pub(crate) fn environment(words: impl Into<String>) -> anyhow::Error {
    Failure { code: ENVIRONMENT, words: words.into() }.into()
}

/// The exit code of an error.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    error.downcast_ref::<Failure>().map_or(ENVIRONMENT, |failure| failure.code)
}
