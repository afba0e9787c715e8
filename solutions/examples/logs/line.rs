//! What a line of a log looks like, before and after.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;

use fnv::FnvHasher;
use jiff::Timestamp;
use solutions::pipeline::{Enriched, LogEntry, ParseLevelError};

/// Makes an entry of a line: a time, a level, and a message, with space between them.
pub fn parse(source: &Arc<str>, line: &str) -> Result<LogEntry, NoEntry> {
    let (time, rest) = word(line);
    let (level, message) = word(rest);
    let timestamp: Timestamp = time.parse().map_err(|_| NoEntry::Time(time.to_owned()))?;
    let level = level.parse().map_err(NoEntry::Level)?;
    if message.is_empty() {
        return Err(NoEntry::Empty);
    }
    let (message, source) = (message.to_owned(), source.clone());
    Ok(LogEntry { timestamp: timestamp.into(), level, message, source })
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// The pairs `key=value` in a message.
pub fn pairs(message: &str) -> BTreeMap<String, String> {
    let pairs = message.split_whitespace().filter_map(|word| word.split_once('='));
    let pairs = pairs.filter(|(key, value)| !key.is_empty() && !value.is_empty());
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// A number that is the same for all messages that differ only in their digits: which of a million lines say the same?
pub fn kind(message: &str) -> u64 {
    let mut hash = FnvHasher::default();
    for byte in message.bytes() {
        hash.write_u8(if byte.is_ascii_digit() { b'0' } else { byte });
    }
    hash.finish()
}

/// Shows an entry in one line: as it was, and behind a bar what was found out.
pub struct Line<'a>(pub &'a Enriched);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Enriched { entry, fields } = self.0;
        let time = Timestamp::try_from(entry.timestamp).map_err(|_| fmt::Error)?;
        write!(f, "{time} {:5} {} |", entry.level, entry.message)?;
        for (key, value) in fields {
            if !entry.message.contains(&format!("{key}={value}")) {
                write!(f, " {key}={value}")?;
            }
        }
        Ok(())
    }
}

/// Why a line is no log entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoEntry {
    /// This is no time.
    Time(String),
    /// The second word is no level.
    Level(ParseLevelError),
    /// There is no message.
    Empty,
    /// It is longer than so many bytes.
    TooLong(usize),
}

impl fmt::Display for NoEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(word) => write!(f, "{word:?} is no time such as 2026-11-21T09:30:00Z"),
            Self::Level(error) => error.fmt(f),
            Self::Empty => f.write_str("there is no message"),
            Self::TooLong(limit) => write!(f, "a line of more than {limit} bytes"),
        }
    }
}

impl Error for NoEntry {}
