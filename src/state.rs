//! `.workbook/state.toml`: what has passed, and how much help was taken.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::workbook::Workbook;

/// Everything the runner remembers.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// The pattern that was checked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<String>,
    #[serde(rename = "pattern")]
    pub(crate) patterns: BTreeMap<String, Progress>,
}

/// What is remembered of one pattern.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Progress {
    /// The hash of the source that passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) passed: Option<String>,
    /// Whether the reference was looked at before a pass.
    pub(crate) peeked: bool,
    /// The first test that failed in the last check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failing: Option<String>,
    /// How deep the hint for it was read.
    pub(crate) hint: usize,
}

impl Progress {
    /// Whether this very source has passed.
    pub(crate) fn passes(&self, exercise: &Answer) -> bool {
        self.passed.as_ref().is_some_and(|hash| *hash == exercise.hash())
    }
}

impl State {
    /// What is remembered of a pattern; nothing at first.
    pub(crate) fn of(&self, id: &str) -> Progress {
        self.patterns.get(id).cloned().unwrap_or_default()
    }

    /// Reads the state. A file that cannot be understood is set aside, and told of.
    pub(crate) fn load(book: &Workbook) -> anyhow::Result<Self> {
        Ok(Self::read(&book.path(".workbook/state.toml"))?.unwrap_or_default())
    }

    /// Whether nothing has ever been remembered here.
    pub(crate) fn is_first_start(book: &Workbook) -> bool {
        !book.path(".workbook/state.toml").exists()
    }

    /// Reads, changes and writes the state while no other runner does.
    pub(crate) fn update(book: &Workbook, change: impl FnOnce(&mut Self)) -> anyhow::Result<()> {
        let folder = book.path(".workbook");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        let path = folder.join("state.toml");
        let mut state = Self::read(&path)?.unwrap_or_default();
        change(&mut state);
        // Renamed into place: a reader sees the old file or the new one, and a crash leaves one.
        let fresh = folder.join("state.toml.new");
        fs::write(&fresh, toml::to_string(&state)?)?;
        fs::rename(&fresh, &path).with_context(|| format!("cannot replace {}", path.display()))
    }

    /// Changes what is remembered of one pattern.
    pub(crate) fn update_one(
        book: &Workbook,
        id: &str,
        change: impl FnOnce(&mut Progress),
    ) -> anyhow::Result<()> {
        Self::update(book, |state| change(state.patterns.entry(id.to_owned()).or_default()))
    }

    fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        match toml::from_slice(&bytes) {
            Ok(state) => Ok(Some(state)),
            Err(error) => set_aside(path, &error.to_string()).map(|()| None),
        }
    }
}

fn set_aside(path: &Path, error: &str) -> anyhow::Result<()> {
    let aside = (1_u32..)
        .map(|number| path.with_extension(format!("toml.corrupt-{number}")))
        .find(|free| !free.exists())
        .expect("some number is free");
    fs::rename(path, &aside).with_context(|| format!("cannot set {} aside", path.display()))?;
    let reason = error.lines().next().unwrap_or_default();
    eprintln!(
        "{} could not be understood ({reason}). It is kept as {}, and the workbook starts a new one.",
        path.display(),
        aside.display()
    );
    Ok(())
}
