//! `dev check`: is every pattern complete, and do its parts agree?

mod api;
mod files;
mod manifests;
mod prose;
mod stubs;
mod wrongs;

use crate::curriculum::Pattern;
use crate::exit;
use crate::screen::Screen;
use crate::words;
use crate::workbook::Workbook;

/// What is amiss, and what to do about it.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<(String, String)>,
}

impl Findings {
    fn add(&mut self, what: impl Into<String>, todo: impl Into<String>) {
        self.found.push((what.into(), todo.into()));
    }

    /// Notes an error as a finding, and gives what there is otherwise.
    fn need<T>(&mut self, result: anyhow::Result<T>, todo: &str) -> Option<T> {
        result.map_err(|error| self.add(format!("{error:#}"), todo)).ok()
    }
}

/// A check of one pattern.
type Check = fn(&Workbook, &Pattern, &mut Findings) -> anyhow::Result<()>;

const CHECKS: [Check; 6] =
    [files::check, api::check, stubs::check, prose::check, wrongs::check, files::check_help];

/// Prints what is amiss. `run_stubs` also builds every spec on its stub, and runs it.
pub(crate) fn run(book: &Workbook, screen: &Screen, run_stubs: bool) -> anyhow::Result<u8> {
    let mut findings = Findings::default();
    manifests::check(book, &mut findings)?;
    prose::includes(book, &mut findings)?;
    for pattern in &book.curriculum.patterns {
        for check in CHECKS {
            check(book, pattern, &mut findings)?;
        }
    }
    if run_stubs {
        stubs::run(book, &mut findings)?;
    }
    for (what, todo) in &findings.found {
        outln!("{} {what}", screen.bad("✗"));
        out!("{}", screen.wrap(todo, "    "));
    }
    let patterns = words::count(book.curriculum.patterns.len(), "pattern");
    if findings.found.is_empty() {
        outln!("{} {patterns} complete", screen.good("✓"));
        return Ok(exit::PASS);
    }
    outln!("{patterns} checked: {} to mend", words::count(findings.found.len(), "thing"));
    Ok(exit::FAILS)
}

/// A file's text; nothing where there is none, for that is `files`' to tell.
fn text(book: &Workbook, path: &str) -> String {
    std::fs::read_to_string(book.path(path)).unwrap_or_default()
}
