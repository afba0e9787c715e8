//! `list`: the patterns, and how far you are.

use crate::exit;
use crate::screen::Screen;
use crate::state::State;
use crate::workbook::Workbook;

pub(crate) fn run(book: &Workbook, screen: &Screen) -> anyhow::Result<u8> {
    let state = State::load(book)?;
    let next = book.next(&state)?.map(|pattern| pattern.id.clone());
    let width = book.curriculum.patterns.iter().map(|p| p.id.len()).max().unwrap_or(0);
    let mut part = "";
    for pattern in &book.curriculum.patterns {
        if pattern.part != part {
            part = &pattern.part;
            outln!("{}", screen.bold(part));
        }
        let progress = state.of(&pattern.id);
        let exercise = book.exercise(&pattern.id)?;
        let (mark, mut notes) = if progress.passes(&exercise) {
            (screen.good("✓"), Vec::new())
        } else if progress.passed.is_some() {
            (screen.bad("~"), vec!["changed since it passed"])
        } else if next.as_ref() == Some(&pattern.id) {
            (screen.bold("→"), Vec::new())
        } else {
            (" ".to_owned(), Vec::new())
        };
        if progress.peeked {
            notes.push("the reference was seen before");
        }
        let notes =
            if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(", ")) };
        outln!("  {mark} {:<width$}  {}{}", pattern.id, pattern.title, screen.dim(&notes));
    }
    Ok(exit::PASS)
}
