//! `bench`: the reference beside the best crates, and yours beside both once it passes.

use std::process::Stdio;

use crate::screen::Screen;
use crate::state::State;
use crate::workbook::Workbook;
use crate::{cargo, exit};

pub(crate) fn run(book: &Workbook, screen: &Screen, id: Option<&str>) -> anyhow::Result<u8> {
    let pattern = book.pick(id)?;
    let id = &pattern.id;
    if !book.path(format!("benches/{id}.rs")).is_file() {
        return Err(exit::usage(format!("There is no bench for `{id}`.")));
    }
    let yours = State::load(book)?.of(id).passes(&book.exercise(id)?);
    let who = match yours {
        true => "the reference, the best crates and yours",
        false => "the reference and the best crates; yours joins them once it has passed",
    };
    outln!("{}: how long do the same jobs take with {who}?\n", screen.bold(&pattern.title));
    let mut command = cargo::command(&book.root);
    command.args(["bench", "--quiet", "--package", "benches", "--bench", id]);
    if yours {
        command.arg("--features").arg(format!("yours-{id}"));
    }
    command.args(["--", "--table"]).stdout(Stdio::inherit());
    let status = command.status().map_err(|error| cargo::missing(&error))?;
    Ok(if status.success() { exit::PASS } else { exit::ENVIRONMENT })
}
