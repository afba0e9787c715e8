//! Where everything of the workbook is.

use std::path::{Path, PathBuf};

use crate::answer::Answer;
use crate::curriculum::{Curriculum, Pattern};
use crate::exit;
use crate::state::State;

/// A workbook on disk.
pub(crate) struct Workbook {
    pub(crate) root: PathBuf,
    pub(crate) curriculum: Curriculum,
    /// Where its builds go, if not to the usual place.
    pub(crate) target: Option<PathBuf>,
}

impl Workbook {
    /// Opens the workbook in `root`, or the nearest one above the current folder.
    pub(crate) fn open(root: Option<PathBuf>) -> anyhow::Result<Self> {
        let root = match root {
            Some(root) => std::path::absolute(root)?,
            None => nearest(&std::env::current_dir()?)?,
        };
        let curriculum = root.join("curriculum.toml");
        if !curriculum.is_file() {
            let words = format!("{} has no curriculum.toml: it is no workbook.", root.display());
            return Err(exit::environment(words));
        }
        Ok(Self { curriculum: Curriculum::load(&curriculum)?, root, target: None })
    }

    /// A path of the workbook.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// What the learner wrote.
    pub(crate) fn exercise(&self, id: &str) -> anyhow::Result<Answer> {
        Answer::read(&self.path("exercises/src"), id)
    }

    /// The stub.
    pub(crate) fn pristine(&self, id: &str) -> anyhow::Result<Answer> {
        Answer::read(&self.path("exercises/pristine"), id)
    }

    /// The reference.
    pub(crate) fn reference(&self, id: &str) -> anyhow::Result<Answer> {
        Answer::read(&self.path("solutions/src"), id)
    }

    /// The first pattern whose exercise, as it stands, has not passed.
    pub(crate) fn next(&self, state: &State) -> anyhow::Result<Option<&Pattern>> {
        for pattern in &self.curriculum.patterns {
            if !state.of(&pattern.id).passes(&self.exercise(&pattern.id)?) {
                return Ok(Some(pattern));
            }
        }
        Ok(None)
    }

    /// The pattern that was asked for, or the one checked last, or the next one.
    pub(crate) fn pick(&self, id: Option<&str>) -> anyhow::Result<&Pattern> {
        if let Some(id) = id {
            return self.curriculum.find(id);
        }
        let state = State::load(self)?;
        if let Some(last) = &state.last
            && let Ok(pattern) = self.curriculum.find(last)
        {
            return Ok(pattern);
        }
        let next = self.next(&state)?.or(self.curriculum.patterns.last());
        next.ok_or_else(|| exit::environment("curriculum.toml lists no pattern."))
    }

    /// A free name in `.workbook/backups`, made of `stem` and a number.
    pub(crate) fn backup(&self, stem: &str) -> anyhow::Result<PathBuf> {
        let folder = self.path(".workbook/backups");
        std::fs::create_dir_all(&folder)?;
        for number in 1_u32.. {
            let free = folder.join(format!("{stem}-{number}"));
            match std::fs::create_dir(&free) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                made => return made.map(|()| free).map_err(Into::into),
            }
        }
        unreachable!("four thousand million backups fill a disk first")
    }
}

fn nearest(from: &Path) -> anyhow::Result<PathBuf> {
    let found = from.ancestors().find(|folder| folder.join("curriculum.toml").is_file());
    found.map(Path::to_path_buf).ok_or_else(|| {
        exit::environment(format!(
            "There is no curriculum.toml in {} or above it: start the runner inside the workbook, or name it with --root.",
            from.display()
        ))
    })
}
