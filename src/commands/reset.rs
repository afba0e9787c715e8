//! `reset`: the stub again, with a backup of what you wrote.

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
        println!("exercises/src/{id}.rs is the stub already.");
        return Ok(exit::PASS);
    }
    let backup = book.backup(id)?;
    yours.install(&backup, id)?;
    stub.install(&book.path("exercises/src"), id)?;
    State::update_one(book, id, |progress| {
        progress.passed = None;
        progress.failing = None;
        progress.hints.clear();
    })?;
    let backup = backup.strip_prefix(&book.root).unwrap_or(&backup).display().to_string();
    println!(
        "exercises/src/{id}.rs is the stub again. What you wrote is in {}.",
        screen.bold(&backup)
    );
    Ok(exit::PASS)
}
