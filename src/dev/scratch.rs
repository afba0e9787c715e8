//! A copy of the workbook's sources, kept between runs so that builds of it are incremental.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::answer;
use crate::workbook::Workbook;

/// What no build reads, by its name in the root.
const LEFT_OUT: [&str; 5] = ["target", ".git", ".workbook", "book", "wrong"];

/// The copy, for one command at a time: another waits until this is dropped.
pub(crate) struct Scratch {
    pub(crate) book: Workbook,
    _lock: File,
}

/// Brings `target/wrong` up to date: what changed is written, what is gone is removed. The exercises
/// start as the stubs, so that a learner's broken file is in nobody's way.
pub(crate) fn copy(book: &Workbook) -> anyhow::Result<Scratch> {
    let root = book.path("target/wrong");
    fs::create_dir_all(book.path("target"))?;
    let lock = File::create(book.path("target/wrong.lock"))?;
    lock.lock().context("cannot lock target/wrong.lock")?;
    let mut wanted = BTreeSet::new();
    sources(&book.root, Path::new(""), &mut wanted)?;
    let mut old = BTreeSet::new();
    if root.exists() {
        sources(&root, Path::new(""), &mut old)?;
    }
    for gone in old.difference(&wanted) {
        fs::remove_file(root.join(gone))?;
    }
    for file in &wanted {
        answer::write_if_changed(&root.join(file), &fs::read(book.path(file))?)?;
    }
    // Never the target folder of the original: cargo tells sources apart by their paths inside the
    // workspace and their times, so it would take what was built from one for the other.
    let target = Some(root.join("target"));
    let copy = Workbook { target, ..Workbook::open(Some(root))? };
    for pattern in &copy.curriculum.patterns {
        copy.pristine(&pattern.id)?.install(&copy.path("exercises/src"), &pattern.id)?;
    }
    Ok(Scratch { book: copy, _lock: lock })
}

fn sources(root: &Path, folder: &Path, found: &mut BTreeSet<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        if folder.as_os_str().is_empty() && LEFT_OUT.iter().any(|out| *out == name) {
            continue;
        }
        let path = folder.join(&name);
        match entry.file_type()? {
            kind if kind.is_dir() => sources(root, &path, found)?,
            kind if kind.is_file() => drop(found.insert(path)),
            _ => {}
        }
    }
    Ok(())
}
