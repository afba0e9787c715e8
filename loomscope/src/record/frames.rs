//! Where in the code under test a step was made.

use std::backtrace::Backtrace;
use std::path::{Path, PathBuf};

use crate::event::Frame;

/// The nearest folder above with a lock file: paths are told from there.
pub(super) fn workspace_root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let root = here.ancestors().find(|folder| folder.join("Cargo.lock").exists());
    root.unwrap_or(&here).to_path_buf()
}

/// The frames of a backtrace that lie in the code under test, innermost first.
pub(super) fn frames(backtrace: &Backtrace, root: &Path) -> Vec<Frame> {
    let backtrace = backtrace.to_string();
    let mut frames = Vec::new();
    let mut function = "";
    for line in backtrace.lines().map(str::trim) {
        let Some(place) = line.strip_prefix("at ") else {
            function = line.split_once(": ").map_or(line, |(_number, name)| name);
            continue;
        };
        if let Some((file, line)) = parse_place(place).filter(|(file, _)| is_of_interest(file)) {
            let function = function.to_owned();
            frames.push(Frame { function, file: from_root(file, root), line });
        }
    }
    frames
}

/// Splits `file:line:column`.
fn parse_place(place: &str) -> Option<(&str, u32)> {
    let mut parts = place.rsplitn(3, ':');
    let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some((file, line.parse().ok()?))
}

/// Whether a file is not the toolchain's, a dependency's or one of this crate's own.
pub(super) fn is_of_interest(file: &str) -> bool {
    let foreign = ["/rustc/", "/library/", "/registry/src/"];
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let here = std::env::current_dir().unwrap_or_default();
    file.ends_with(".rs")
        && !foreign.iter().any(|part| file.contains(part))
        && !here.join(file).starts_with(ours)
}

/// A path as the compiler gives it elsewhere: relative to the workspace, not to the package.
fn from_root(file: &str, root: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let whole: PathBuf = here.join(file).components().collect();
    whole.strip_prefix(root).unwrap_or(&whole).display().to_string()
}
