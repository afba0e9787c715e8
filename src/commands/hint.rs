//! `hint`: three levels, one deeper at each call, chosen by the test that failed last.

use crate::exit;
use crate::screen::Screen;
use crate::state::State;
use crate::words;
use crate::workbook::Workbook;

pub(crate) fn run(book: &Workbook, screen: &Screen, id: Option<&str>) -> anyhow::Result<u8> {
    let pattern = book.pick(id)?;
    let id = &pattern.id;
    let failing = State::load(book)?.of(id).failing;
    let Some(hint) = pattern.hint_for(failing.as_deref().unwrap_or("")) else {
        return Err(exit::usage(format!("There is no hint for `{id}`.")));
    };
    let mut level = 0;
    State::update_one(book, id, |progress| {
        level = (progress.hint + 1).min(hint.levels.len());
        progress.hint = level;
    })?;
    let about = failing.map_or(String::new(), |test| format!(" · {}", words::sentence(&test)));
    outln!("{}{about} · hint {level} of {}\n", screen.bold(id), hint.levels.len());
    out!("{}", screen.wrap(&hint.levels[level - 1], "  "));
    if level == hint.levels.len() {
        outln!(
            "\nThat was the last one. {} shows the reference.",
            words::command(&format!("solution {id} --peek"))
        );
    } else {
        let check = words::command(&format!("check {id}"));
        outln!("\nTry it: {check}. The same command again says more.");
    }
    Ok(exit::PASS)
}
