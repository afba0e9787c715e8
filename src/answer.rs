//! The source of one module: a file, a folder with a `mod.rs`, or a file with a folder beside it.

use std::collections::BTreeMap;
use std::fs;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The files of a module by their path in the source folder: `semaphore.rs`, `semaphore/word.rs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) files: BTreeMap<PathBuf, String>,
}

impl Answer {
    /// Reads the module `id` of a source folder. What does not exist has no files.
    pub(crate) fn read(folder: &Path, id: &str) -> anyhow::Result<Self> {
        let mut files = BTreeMap::new();
        let single = PathBuf::from(id).with_extension("rs");
        if folder.join(&single).is_file() {
            files.insert(single.clone(), read(&folder.join(&single))?);
        }
        read_folder(folder, Path::new(id), &mut files)?;
        Ok(Self { files })
    }

    /// The file with the module's own documentation.
    pub(crate) fn root(&self) -> Option<&Path> {
        let is_root = |path: &&PathBuf| path.components().count() == 1 || path.ends_with("mod.rs");
        self.files.keys().find(is_root).map(PathBuf::as_path)
    }

    /// The same module with its root under one name, whichever form it has: for comparing.
    pub(crate) fn parts(&self) -> BTreeMap<PathBuf, &str> {
        let root = self.root();
        let name = |path: &Path| {
            if Some(path) == root {
                PathBuf::from("mod.rs")
            } else {
                path.components().skip(1).collect()
            }
        };
        self.files.iter().map(|(path, text)| (name(path), text.as_str())).collect()
    }

    /// Replaces the module `id` of a source folder. Files that stay as they are keep their time, so
    /// that cargo sees only what changed.
    pub(crate) fn install(&self, folder: &Path, id: &str) -> anyhow::Result<()> {
        for old in Self::read(folder, id)?.files.keys() {
            if !self.files.contains_key(old) {
                let old = folder.join(old);
                fs::remove_file(&old)
                    .with_context(|| format!("cannot remove {}", old.display()))?;
            }
        }
        for (path, text) in &self.files {
            write_if_changed(&folder.join(path), text.as_bytes())?;
        }
        // Only an empty folder goes; one that still holds something has a reason to stay.
        let _ = fs::remove_dir(folder.join(id));
        Ok(())
    }

    /// The same text without the marks by which the book includes parts of it.
    pub(crate) fn without_anchors(mut self) -> Self {
        let is_text = |line: &&str| !line.trim_start().starts_with("// ANCHOR");
        for text in self.files.values_mut() {
            *text = text.split_inclusive('\n').filter(is_text).collect();
        }
        self
    }

    /// A hash of the files' text: the same for the same text, in every build of the runner.
    pub(crate) fn hash(&self) -> String {
        let mut hash = fnv::FnvHasher::default();
        for (path, text) in self.parts() {
            hash.write(path.as_os_str().as_encoded_bytes());
            hash.write(&[0]);
            hash.write(text.as_bytes());
            hash.write(&[0]);
        }
        format!("{:016x}", hash.finish())
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_folder(
    base: &Path,
    folder: &Path,
    files: &mut BTreeMap<PathBuf, String>,
) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(base.join(folder)) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            read_folder(base, &path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.insert(path.clone(), read(&base.join(&path))?);
        }
    }
    Ok(())
}

/// Writes a file, unless it is there with this content.
pub(crate) fn write_if_changed(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}
