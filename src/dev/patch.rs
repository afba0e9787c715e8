//! A wrong answer: a header that says what kills it, and a patch against the reference.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use diffy::patch_set::{FileOperation, ParseOptions, PatchSet};

use super::wrong;
use crate::answer::Answer;
use crate::workbook::Workbook;

/// One file of `wrong/`.
#[derive(Debug)]
pub(crate) struct Patch {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) title: String,
    /// The test that must fail.
    pub(crate) killed_by: String,
    /// Part of what that test must print.
    pub(crate) says: String,
    pub(crate) why: String,
    diff: String,
}

impl Patch {
    /// All wrong answers of a pattern, in the order of their names.
    pub(crate) fn read_all(book: &Workbook, id: &str) -> anyhow::Result<Vec<Self>> {
        let files = wrong::files(&wrong::folder(book, id))?;
        files.iter().map(|file| Self::read(file, id)).collect()
    }

    pub(crate) fn read(path: &Path, id: &str) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let field = |name: &str| {
            let key = format!("# {name}:");
            let value = text.lines().take_while(|line| line.starts_with('#'));
            let mut value = value.filter_map(|line| line.strip_prefix(&key));
            value
                .next()
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
                .ok_or_else(|| anyhow!("{} has no line `{key} …`", path.display()))
        };
        let diff: String =
            text.split_inclusive('\n').skip_while(|line| line.starts_with('#')).collect();
        Ok(Self {
            id: id.to_owned(),
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            title: field("title")?,
            killed_by: field("killed-by")?,
            says: field("says")?,
            why: field("why")?,
            diff,
        })
    }

    /// The reference with the mistake in it.
    pub(crate) fn apply(&self, reference: &Answer) -> anyhow::Result<Answer> {
        let mut wrong = reference.clone();
        let mut parts = 0;
        for part in PatchSet::parse(&self.diff, ParseOptions::unidiff()) {
            let part = part.with_context(|| format!("{}/{} is no patch", self.id, self.name))?;
            let operation = part.operation().strip_prefix(1);
            let FileOperation::Modify { modified, .. } = operation else {
                bail!("{}/{} may only change files that exist", self.id, self.name);
            };
            let file = Path::new(modified.as_ref()).strip_prefix("solutions/src");
            let file = file.with_context(|| format!("{modified} is not in solutions/src"))?;
            let old =
                wrong.files.get(file).with_context(|| format!("{modified} does not exist"))?;
            let text = part.patch().as_text().context("a binary patch")?;
            let new = diffy::apply(old, text).map_err(|error| {
                anyhow!("{}/{} does not apply to {modified}: {error}", self.id, self.name)
            })?;
            wrong.files.insert(file.to_path_buf(), new);
            parts += 1;
        }
        if parts == 0 || wrong == *reference {
            bail!("{}/{} changes nothing", self.id, self.name);
        }
        Ok(wrong)
    }
}
