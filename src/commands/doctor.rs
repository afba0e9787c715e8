//! `doctor`: what the workbook needs on this machine.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::screen::Screen;
use crate::state::State;
use crate::words;
use crate::workbook::Workbook;
use crate::{cargo, exit};

/// A thing looked for: its name, and what was found or what to do.
type Finding = (&'static str, Result<String, String>);

pub(crate) fn run(root: Option<PathBuf>, screen: &Screen) -> anyhow::Result<u8> {
    let book = Workbook::open(root);
    let mut findings = vec![(
        "workbook",
        match &book {
            Ok(book) => Ok(book.root.display().to_string()),
            Err(error) => Err(format!("{error:#}")),
        },
    )];
    findings.extend(tools());
    if let Ok(book) = &book {
        findings.extend(inside(book));
    }
    let mut code = exit::PASS;
    for (thing, found) in findings {
        match found {
            Ok(what) => outln!("{} {thing:<13}{what}", screen.good("✓")),
            Err(what) => {
                code = exit::ENVIRONMENT;
                outln!("{} {thing:<13}{what}", screen.bad("✗"));
            }
        }
    }
    Ok(code)
}

fn tools() -> [Finding; 2] {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let install = |name: &str, error| {
        format!("{error:#}: install Rust from https://rustup.rs, with `{name}` in the PATH")
    };
    let here = std::path::Path::new(".");
    [
        ("cargo", cargo::version(cargo::command(here)).map_err(|error| install("cargo", error))),
        ("rustc", cargo::version(Command::new(rustc)).map_err(|error| install("rustc", error))),
    ]
}

fn inside(book: &Workbook) -> [Finding; 4] {
    [
        ("dependencies", dependencies(book)),
        ("sources", sources(book)),
        ("disk", writable(book)),
        ("state", state(book)),
    ]
}

/// Whether cargo resolves the workspace with what has been downloaded.
fn dependencies(book: &Workbook) -> Result<String, String> {
    let mut command = cargo::command(&book.root);
    command.args(["metadata", "--offline", "--locked", "--format-version", "1"]);
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    match output {
        Ok(output) if output.status.success() => Ok("downloaded, and as locked".to_owned()),
        Ok(output) => Err(format!(
            "run `cargo fetch` once with a network; cargo says: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Err(error.to_string()),
    }
}

fn sources(book: &Workbook) -> Result<String, String> {
    let missing: Vec<_> = book
        .curriculum
        .patterns
        .iter()
        .filter(|p| book.exercise(&p.id).is_ok_and(|exercise| exercise.files.is_empty()))
        .map(|pattern| format!("exercises/src/{}.rs", pattern.id))
        .collect();
    match missing.as_slice() {
        [] => Ok("every exercise is there".to_owned()),
        _ => Err(format!(
            "missing: {}; {} puts a stub back",
            missing.join(", "),
            words::command("reset ID")
        )),
    }
}

fn writable(book: &Workbook) -> Result<String, String> {
    let probe = book.path(".workbook/probe");
    let write = || {
        std::fs::create_dir_all(book.path(".workbook"))?;
        std::fs::write(&probe, "a build writes as much as it likes")?;
        std::fs::remove_file(&probe)
    };
    write()
        .map(|()| "the workbook can be written to".to_owned())
        .map_err(|e: std::io::Error| format!("{} cannot be written to: {e}", book.root.display()))
}

fn state(book: &Workbook) -> Result<String, String> {
    let state = State::load(book).map_err(|error| format!("{error:#}"))?;
    let passed = state.patterns.values().filter(|progress| progress.passed.is_some()).count();
    Ok(format!("{passed} passed so far"))
}
