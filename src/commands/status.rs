//! No command: where you are, and the next exercise checked.

use std::time::Duration;

use super::check;
use crate::cli::Check;
use crate::exit;
use crate::screen::Screen;
use crate::state::State;
use crate::words;
use crate::workbook::Workbook;

/// Always 0: it did its job. The verdict's exit codes are `check`'s.
pub(crate) fn run(book: &Workbook, screen: &Screen) -> anyhow::Result<u8> {
    let first = State::is_first_start(book);
    let state = State::load(book)?;
    let all = &book.curriculum.patterns;
    let passing = |id: &str| book.exercise(id).map(|exercise| state.of(id).passes(&exercise));
    let mut passed = 0;
    for pattern in all {
        passed += usize::from(passing(&pattern.id)?);
    }
    let Some(next) = book.next(&state)? else {
        outln!(
            "All {} have passed. {} shows them.",
            words::count(all.len(), "pattern"),
            words::command("list")
        );
        return Ok(exit::PASS);
    };
    if first {
        let welcome = format!(
            "Welcome. Each exercise is a file of documented stubs, and a spec that judges it. Now your first one \
             is checked: it fails, as it must, for nothing is written yet. Then open exercises/src/{0}.rs, read the \
             page at its top, and book/src/{0}.md, fill in a body, and start this again. The first \
             build takes a few minutes, in two parts.",
            next.id
        );
        outln!("{}", screen.wrap(&welcome, ""));
    } else {
        outln!(
            "{passed} of {} passed; {} shows them.\n",
            words::count(all.len(), "pattern"),
            words::command("list")
        );
    }
    let how = Check { id: None, all: false, json: false, timeout: Duration::from_secs(10) };
    check::one(book, screen, next, &how)?;
    Ok(exit::PASS)
}
