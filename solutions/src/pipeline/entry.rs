//! The log that the exercise is about: what goes in, and what comes out.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use loomscope::sync::Arc;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When it was written.
    pub timestamp: SystemTime,
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// Who says it: one allocation for all entries of a source.
    pub source: Arc<str>,
}

/// How much a log entry matters, from the least to the most.
///
/// It is read from its name in capital or small letters, and shown in capitals.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::pipeline::Level;
///
/// assert!(Level::Info < Level::Error);
/// assert_eq!("warn".parse(), Ok(Level::Warn));
/// assert_eq!(format!("[{:5}]", Level::Warn), "[WARN ]");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever looks for a bug.
    Debug,
    /// What happens as it should.
    Info,
    /// What somebody should look at some time.
    Warn,
    /// What somebody should look at now.
    Error,
}

impl Level {
    const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    const fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        let named = |level: &Self| level.name().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(named).ok_or_else(|| ParseLevelError(text.to_owned()))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no level of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseLevelError(
    /// What was there instead.
    pub String,
);

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown level {:?}, expected debug, info, warn or error", self.0)
    }
}

impl Error for ParseLevelError {}

/// A log entry, and what was found out about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enriched {
    /// The entry, as it was.
    pub entry: LogEntry,
    /// What was found out, by name.
    pub fields: BTreeMap<String, String>,
}
