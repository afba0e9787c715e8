//! The parts of the log processor: [`lines`] reads entries and [`writer`] writes them, [`line`] knows what a line
//! looks like, [`process`] is the pipeline between, and [`show`] tells on standard error how it goes.

// The example and its test use a part each.
#![allow(dead_code, unreachable_pub)]

pub mod args;
pub mod line;
pub mod lines;
pub mod process;
pub mod sample;
pub mod show;
pub mod writer;

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use line::NoEntry;
use solutions::pipeline::Abandoned;

/// What can go wrong with a line, or with a file: the error of every stage.
#[derive(Debug)]
pub enum LogsError {
    /// A line is no log entry. The others of its file are read all the same.
    Line {
        /// The file's name.
        source: Arc<str>,
        /// Which line, from 1.
        number: u64,
        /// Why not.
        problem: NoEntry,
    },
    /// A file could not be opened, or read to its end.
    Read {
        /// The file's name.
        source: Arc<str>,
        /// What the system says.
        error: io::Error,
    },
    /// What was found out about a line is lost.
    Enrich(Abandoned),
    /// An entry, or several, could not be written.
    Write {
        /// Where to.
        sink: Arc<str>,
        /// What the system says.
        error: io::Error,
    },
}

impl LogsError {
    /// Whether nobody reads any more what is written: no error for who has read enough.
    pub fn is_hangup(&self) -> bool {
        matches!(self, Self::Write { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for LogsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { source, number, problem } => write!(f, "{source}:{number}: {problem}"),
            Self::Read { source, error } => write!(f, "{source}: {error}"),
            Self::Enrich(abandoned) => abandoned.fmt(f),
            Self::Write { sink, error } => write!(f, "{sink}: {error}"),
        }
    }
}

impl Error for LogsError {}
