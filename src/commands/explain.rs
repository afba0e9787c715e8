//! `explain`: the timeline of the model that failed last.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::exit;
use crate::screen::Screen;
use crate::state::State;
use crate::words;
use crate::workbook::Workbook;

pub(crate) fn run(
    book: &Workbook,
    screen: &Screen,
    id: Option<&str>,
    open: bool,
) -> anyhow::Result<u8> {
    let id = &book.pick(id)?.id;
    let kept = |end: &str| std::fs::read_to_string(book.path(format!(".workbook/last/{id}.{end}")));
    let Ok(timeline) = kept("txt") else {
        return Err(exit::usage(format!(
            "No model of `{id}` has failed here yet. {} runs them once behaviour, properties and stress pass; \
             when one of those fails, it shows a model that fails with it, if there is one.",
            words::command(&format!("check {id}"))
        )));
    };
    let exercise = book.exercise(id)?;
    let same = kept("hash").is_ok_and(|hash| hash == exercise.hash());
    let passes = State::load(book)?.of(id).passes(&exercise);
    match (same, passes) {
        (true, false) => {}
        (false, false) => outln!("from an earlier version of your answer\n"),
        (false, true) => outln!("from an earlier version of your answer; it passes now\n"),
        (true, true) => outln!("from an earlier check; your answer has passed since\n"),
    }
    out!("{timeline}");
    let pictures = kept("pictures").unwrap_or_default();
    let Some(page) = pictures.lines().find(|path| path.ends_with(".html")) else {
        return Ok(exit::PASS);
    };
    let page: PathBuf = book.path(page);
    outln!("{} {}", screen.dim("page:"), page.display());
    if open {
        let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        let mut command = Command::new(opener);
        command.arg(&page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
            .spawn()
            .with_context(|| format!("`{opener}` cannot be started: open the page by hand"))?;
    }
    Ok(exit::PASS)
}
