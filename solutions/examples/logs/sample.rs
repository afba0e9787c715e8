//! Logs to try it on.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::PathBuf;

use jiff::{Timestamp, ToSpan};
use tempfile::TempDir;

/// Three files in a folder that goes when this does.
pub struct Sample {
    folder: TempDir,
}

/// The name of a file, and what there is to say, in turn.
type Log = (&'static str, &'static [&'static str]);

const LOGS: [Log; 3] = [
    (
        "web.log",
        &[
            "INFO GET /cart status=200 ms=12 host=web-1",
            "DEBUG session 4711 is fresh",
            "INFO GET /cart status=200 ms=17 host=web-2",
            "WARN GET /search status=200 ms=2204 host=web-1",
            "ERROR GET /pay status=502 ms=30 host=web-2",
        ],
    ),
    (
        "db.log",
        &[
            "DEBUG checkpoint begins",
            "INFO checkpoint done ms=310",
            "WARN slow query ms=2150 table=articles",
        ],
    ),
    (
        "batch.log",
        &[
            "info report 1 is written rows=10230",
            "  at report.rs, line 17: no log entry, but part of what a panic has left behind",
            "Error report 2 is not written: no room",
        ],
    ),
];

/// How many lines each has.
const LINES: usize = 15;

impl Sample {
    /// Writes them.
    pub fn write() -> io::Result<Self> {
        let folder = TempDir::new()?;
        for (name, says) in LOGS {
            let mut text = String::new();
            let mut time: Timestamp = "2026-11-21T09:30:00Z".parse().expect("it is one");
            for said in says.iter().cycle().take(LINES) {
                time += (7 * said.len() as i64).milliseconds();
                // Lines that begin with a space have no time.
                let time = if said.starts_with(' ') { String::new() } else { format!("{time} ") };
                writeln!(text, "{time}{said}").expect("there is memory");
            }
            fs::write(folder.path().join(name), text)?;
        }
        Ok(Self { folder })
    }

    /// Their names, and where they are.
    pub fn files(&self) -> Vec<(String, PathBuf)> {
        LOGS.map(|(name, _)| (name.to_owned(), self.folder.path().join(name))).into()
    }
}
