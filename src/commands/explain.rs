//! `explain`: the timeline of the model that failed last.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::exit;
use crate::screen::Screen;
use crate::workbook::Workbook;

pub(crate) fn run(
    book: &Workbook,
    screen: &Screen,
    id: Option<&str>,
    open: bool,
) -> anyhow::Result<u8> {
    let id = &book.pick(id)?.id;
    let Ok(timeline) = std::fs::read_to_string(book.path(format!(".workbook/last/{id}.txt")))
    else {
        return Err(exit::usage(format!(
            "No model of `{id}` has failed here yet: `cargo run -- check {id}` runs them once behaviour and properties pass."
        )));
    };
    print!("{timeline}");
    let pictures = std::fs::read_to_string(book.path(format!(".workbook/last/{id}.pictures")));
    let pictures = pictures.unwrap_or_default();
    let Some(page) = pictures.lines().find(|path| path.ends_with(".html")) else {
        return Ok(exit::PASS);
    };
    let page: PathBuf = book.path(page);
    println!("{} {}", screen.dim("page:"), page.display());
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
