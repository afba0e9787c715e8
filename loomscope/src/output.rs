//! Where the results of a check go: the test's panic, `target/loomscope`, and standard error.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::model::Pass;
use crate::report::{Report, Written};

/// Writes the pictures, and gives the text for the test's panic.
pub(crate) fn publish(report: &Report) -> String {
    let (text, words) = (report.text(false), report.words());
    let folder = folder();
    let pictures = match report.write_to(&folder) {
        Ok(Written { html, svg, .. }) => {
            format!("step through it: {}\npicture: {}", short(&html), short(&svg))
        }
        Err(error) => format!("no picture: {}: {error}", folder.display()),
    };
    format!("{text}\n{words}\n\n{pictures}\n")
}

/// The path from the folder of the target folder on: a build's own place is nobody's business.
fn short(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(3).collect();
    parts.into_iter().rev().collect::<PathBuf>().display().to_string()
}

/// Says that a bound ended the search. Past the capture of a passing test: it is no pass in silence.
pub(crate) fn note_bounds(name: &str, passes: &[Pass]) {
    let Some(last) = passes.last().filter(|pass| !pass.exhausted) else { return };
    let total: u64 = passes.iter().map(|pass| pass.interleavings).sum();
    let Pass { preemptions, .. } = last;
    let line = format!(
        "{name}: not exhausted: {total} interleavings, up to {preemptions} preemptions, all passed\n"
    );
    // Where standard error is closed there is nobody to tell.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// `target/loomscope`, wherever the target folder is: above the test's executable, or, for a doc
/// test, beside the lock file of the workspace.
fn folder() -> PathBuf {
    let above_the_test = || {
        let test = std::env::current_exe().ok()?;
        let deps = test.ancestors().find(|folder| folder.ends_with("deps"))?;
        Some(deps.parent()?.parent()?.to_path_buf())
    };
    let beside_the_lock_file = || {
        let here = std::env::current_dir().ok()?;
        let root = here.ancestors().find(|folder| folder.join("Cargo.lock").exists())?;
        Some(root.join("target"))
    };
    let target = above_the_test().or_else(beside_the_lock_file);
    target.unwrap_or_else(|| PathBuf::from("target")).join("loomscope")
}
