//! `reset`: the stub again, with a backup of what you wrote.

use std::path::PathBuf;

use crate::exit;
use crate::screen::Screen;
use crate::state::State;
use crate::workbook::Workbook;

pub(crate) fn run(book: &Workbook, screen: &Screen, id: &str) -> anyhow::Result<u8> {
    let id = &book.curriculum.find(id)?.id;
    let stub = book.pristine(id)?;
    if stub.files.is_empty() {
        return Err(exit::environment(format!("exercises/pristine/{id}.rs is missing.")));
    }
    let yours = book.exercise(id)?;
    if yours == stub {
        outln!("exercises/src/{id}.rs is the stub already.");
        return Ok(exit::PASS);
    }
    let backup = book.backup(id)?;
    yours.install(&backup, id)?;
    stub.install(&book.path("exercises/src"), id)?;
    State::update_one(book, id, |progress| {
        progress.passed = None;
        progress.failing = None;
        progress.hint = 0;
    })?;
    outln!("exercises/src/{id}.rs is the stub again.");
    let backup = backup.strip_prefix(&book.root).unwrap_or(&backup).display().to_string();
    if !yours.files.is_empty() {
        outln!("What you wrote is in {}. To have it back:", screen.bold(&backup));
        outln!("  cd {:?}", book.root);
        let single = PathBuf::from(id).with_extension("rs");
        if !yours.files.contains_key(&single) {
            outln!("  rm exercises/src/{}", single.display());
        }
        outln!("  cp -R {backup}/. exercises/src/");
    }
    Ok(exit::PASS)
}
