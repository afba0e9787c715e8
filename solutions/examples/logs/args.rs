//! The arguments.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use solutions::pipeline::{Level, LogEntry, Order};

/// Reads logs, drops what does not matter, finds out more about the rest, and writes it on.
#[derive(Debug, Parser)]
#[command(
    name = "logs",
    after_help = "A line is a log entry if it looks like this:\n\
    2026-11-21T09:30:00Z WARN the cart is slow ms=1200 host=web-1"
)]
pub struct Args {
    /// The least level that matters: debug, info, warn or error.
    #[arg(long, default_value = "debug", value_name = "LEVEL")]
    pub level: Level,

    /// How many entries are worked on at once.
    #[arg(long, default_value = "4", value_name = "N")]
    pub workers: NonZeroUsize,

    /// In which order entries are written.
    #[arg(long, value_enum, default_value = "kept")]
    pub order: Ordered,

    /// Writes into this file, too.
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// The files; `-` is standard input. Without any: a few logs made for the purpose.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// The name of an [`Order`].
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Ordered {
    /// As they get done.
    Free,
    /// As they were read, whichever file they are from.
    Kept,
    /// As they were read from their file; other files may overtake.
    Source,
}

impl From<Ordered> for Order<LogEntry> {
    fn from(order: Ordered) -> Self {
        match order {
            Ordered::Free => Self::Free,
            Ordered::Kept => Self::Kept,
            Ordered::Source => Self::per_key(|entry: &LogEntry| entry.source.clone()),
        }
    }
}
