//! `solution`: the reference, once it can spoil nothing.

use crate::curriculum::Pattern;
use crate::exit;
use crate::screen::Screen;
use crate::state::State;
use crate::words;
use crate::workbook::Workbook;

pub(crate) fn run(
    book: &Workbook,
    screen: &Screen,
    id: Option<&str>,
    peek: bool,
) -> anyhow::Result<u8> {
    let pattern = book.pick(id)?;
    unlock(book, pattern, peek)?;
    for (path, text) in &book.reference(&pattern.id)?.without_anchors().files {
        outln!("{}\n", screen.bold(&format!("solutions/src/{}", path.display())));
        outln!("{}", text.trim_end());
    }
    Ok(exit::PASS)
}

/// Lets the reference be seen: after a pass, or after a peek, which is remembered.
pub(crate) fn unlock(book: &Workbook, pattern: &Pattern, peek: bool) -> anyhow::Result<()> {
    let id = &pattern.id;
    let progress = State::load(book)?.of(id);
    if progress.passed.is_some() || progress.peeked {
        return Ok(());
    }
    if !peek {
        return Err(exit::usage(format!(
            "Yours has not passed yet: {}. `--peek` shows the reference all the same; the list remembers.",
            words::command(&format!("check {id}"))
        )));
    }
    State::update_one(book, id, |progress| progress.peeked = true)
}
