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
        let read = progress.hints.entry(hint.test.clone()).or_default();
        *read = (*read + 1).min(hint.levels.len());
        level = *read;
    })?;
    let about = failing.map_or(String::new(), |test| format!(" · {}", words::sentence(&test)));
    println!("{}{about} · hint {level} of {}\n", screen.bold(id), hint.levels.len());
    print!("{}", screen.wrap(&hint.levels[level - 1], "  "));
    if level == hint.levels.len() {
        println!(
            "\nThat was the last one. `cargo run -- solution {id} --peek` shows the reference."
        );
    } else {
        println!("\nTry it: `cargo run -- check {id}`. The same command again says more.");
    }
    Ok(exit::PASS)
}
