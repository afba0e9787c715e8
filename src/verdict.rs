//! What a check found.

use serde::Serialize;

use crate::exit;
use crate::stages::Stage;

/// What is true of an answer.
#[derive(Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Every stage passed.
    Passes,
    /// A test says no.
    Fails {
        stage: Stage,
        test: String,
        /// The assertion's words; for a model, the timeline.
        says: String,
        /// Where it panicked.
        place: Option<String>,
        /// Where the test is: file and line.
        spec: String,
        /// Pictures of the failing interleaving.
        pictures: Vec<String>,
        /// What else came of the stage, if it was cut short.
        besides: Option<String>,
    },
    /// The test process died.
    Dies { stage: Stage, test: String, says: String, words: String, spec: String },
    /// No test passed for too long.
    Blocks { stage: Stage, test: String, seconds: f64, spec: String },
    /// The compiler found errors.
    DoesNotCompile { errors: String },
}

/// A stage that ran.
#[derive(Debug, Serialize)]
pub(crate) struct StageReport {
    pub(crate) stage: Stage,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// Whether it was cut short: there may be more failures.
    pub(crate) stopped: bool,
    pub(crate) seconds: f64,
}

/// A check of one pattern.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    pub(crate) exit: u8,
    pub(crate) stages: Vec<StageReport>,
}

impl Verdict {
    /// The exit code of `check`.
    pub(crate) fn exit(&self) -> u8 {
        match self {
            Self::Passes => exit::PASS,
            // The spec's own deadline has spoken.
            Self::Fails { says, .. } if says.contains("still blocked after") => exit::BLOCKED,
            Self::Fails { .. } | Self::Dies { .. } => exit::FAILS,
            Self::Blocks { .. } => exit::BLOCKED,
            Self::DoesNotCompile { .. } => exit::DOES_NOT_COMPILE,
        }
    }

    /// The test that failed.
    pub(crate) fn test(&self) -> Option<&str> {
        match self {
            Self::Fails { test, .. } | Self::Dies { test, .. } | Self::Blocks { test, .. } => {
                Some(test)
            }
            Self::Passes | Self::DoesNotCompile { .. } => None,
        }
    }
}
