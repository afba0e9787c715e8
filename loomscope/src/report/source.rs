//! The learner's source: paths without the machine in them, and the lines they name.

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};

/// A line of source, as every output names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Spot {
    /// Relative to the workspace, with `/` between the parts.
    pub(super) file: String,
    pub(super) line: u32,
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Files read so far. A file that is not to be found has no lines, and that is all.
#[derive(Debug)]
pub(super) struct Sources {
    /// Where the search for a relative path begins; it goes on with the parents.
    start: PathBuf,
    /// The workspace: what absolute paths are cut by.
    root: PathBuf,
    files: HashMap<String, Vec<String>>,
}

impl Sources {
    /// The sources of the workspace around the current directory. Cargo runs a test in the root of
    /// its package, but compiles it in the root of the workspace.
    pub(super) fn around_here() -> Self {
        Self::from(env::current_dir().unwrap_or_default())
    }

    /// The sources of the workspace around `start`: the nearest folder with a `Cargo.lock`.
    pub(super) fn from(start: PathBuf) -> Self {
        let root = start.ancestors().find(|dir| dir.join("Cargo.lock").is_file());
        let root = root.unwrap_or(&start).to_path_buf();
        Self { start, root, files: HashMap::new() }
    }

    /// Sources that no disk holds: pairs of a path and a text.
    #[cfg(test)]
    pub(super) fn of(texts: &[(&str, &str)]) -> Self {
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        let files = texts.iter().map(|(file, text)| ((*file).to_owned(), lines(text))).collect();
        Self { start: PathBuf::new(), root: "/home/learner/workbook".into(), files }
    }

    pub(super) fn spot(&self, file: &str, line: u32) -> Spot {
        Spot { file: relative(&self.root.to_string_lossy(), file), line }
    }

    /// Whether `spot` lies in the workspace, and not in a dependency.
    pub(super) fn has(&mut self, spot: &Spot) -> bool {
        !self.lines(&spot.file).is_empty()
    }

    /// The line, trimmed; empty when the file is not there.
    pub(super) fn line(&mut self, spot: &Spot) -> String {
        let lines = self.lines(&spot.file);
        lines.get(spot.line.saturating_sub(1) as usize).map_or("", |line| line.trim()).to_owned()
    }

    /// All lines of a file.
    pub(super) fn lines(&mut self, file: &str) -> &[String] {
        if !self.files.contains_key(file) {
            let lines = self.read(file).unwrap_or_default();
            self.files.insert(file.to_owned(), lines);
        }
        &self.files[file]
    }

    /// The lines near `spot` with their numbers, of a file that has been read.
    pub(super) fn around(&self, spot: &Spot, near: u32) -> impl Iterator<Item = (u32, &str)> {
        let lines = self.files.get(&spot.file).map_or(&[][..], Vec::as_slice);
        let first = spot.line.saturating_sub(near).max(1);
        let numbered = (1..).zip(lines.iter().map(String::as_str));
        numbered.skip(first as usize - 1).take_while(move |(number, _)| *number <= spot.line + near)
    }

    fn read(&self, file: &str) -> Option<Vec<String>> {
        let path = locate(&self.start, file)?;
        let text = std::fs::read_to_string(path).ok()?;
        Some(text.lines().map(super::plain).collect())
    }
}

fn locate(start: &Path, file: &str) -> Option<PathBuf> {
    start.ancestors().map(|dir| dir.join(file)).find(|path| path.is_file())
}

/// `path` without `..`, relative to `root`; a path elsewhere loses what tells of the machine.
pub(super) fn relative(root: &str, path: &str) -> String {
    let (root, path) = (tidy(root), tidy(path));
    if let Some(inside) = path.strip_prefix(&root).and_then(|rest| rest.strip_prefix('/')) {
        return inside.to_owned();
    }
    if !is_absolute(&path) {
        return path;
    }
    // A package of the registry keeps its name and version, the standard library its crate.
    for (mark, skipped) in [("/registry/src/", 1), ("/git/checkouts/", 2), ("/rustc/", 1)] {
        if let Some((_, rest)) = path.split_once(mark) {
            return rest.split('/').skip(skipped).collect::<Vec<_>>().join("/");
        }
    }
    let parts: Vec<&str> = path.split('/').collect();
    parts[parts.len().saturating_sub(2)..].join("/")
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.as_bytes().get(1) == Some(&b':')
}

/// Resolves `.` and `..` by the letter, without asking the file system.
fn tidy(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "..")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The shortest ends of `files` that still tell them apart, in the same order.
pub(super) fn short_names<'f>(files: &[&'f str]) -> Vec<&'f str> {
    let tail = |file: &'f str, parts: usize| {
        let cut = file.rmatch_indices('/').nth(parts - 1).map_or(0, |(at, _)| at + 1);
        &file[cut..]
    };
    let unique = |file: &'f str, parts| {
        files.iter().all(|other| *other == file || tail(other, parts) != tail(file, parts))
    };
    let depth = |file: &str| file.split('/').count();
    let shortest = |file: &'f str| (1..=depth(file)).find(|parts| unique(file, *parts));
    files.iter().map(|file| tail(file, shortest(file).unwrap_or(depth(file)))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Sources, relative, short_names};

    #[test]
    fn no_path_tells_of_the_machine() {
        let root = "/home/learner/workbook";
        for (path, expected) in [
            ("exercises/src/semaphore.rs", "exercises/src/semaphore.rs"),
            ("models/exercises/../../exercises/src/semaphore.rs", "exercises/src/semaphore.rs"),
            (
                "/home/learner/workbook/models/exercises/../../exercises/src/a.rs",
                "exercises/src/a.rs",
            ),
            ("/home/learner/workbook/./src/main.rs", "src/main.rs"),
            ("/home/learner/workbook-2/src/main.rs", "src/main.rs"),
            (
                "/home/learner/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/loom-0.7.2/src/rt/mod.rs",
                "loom-0.7.2/src/rt/mod.rs",
            ),
            ("/home/learner/.cargo/git/checkouts/loom-12ab/34cd/src/lib.rs", "src/lib.rs"),
            ("/rustc/59807616e1fa/library/std/src/panicking.rs", "library/std/src/panicking.rs"),
            ("/elsewhere/deep/down/a.rs", "down/a.rs"),
            ("C:\\Users\\learner\\a.rs", "learner/a.rs"),
            ("models\\exercises\\..\\..\\exercises\\src\\a.rs", "exercises/src/a.rs"),
            ("../a.rs", "../a.rs"),
        ] {
            assert_eq!(relative(root, path), expected, "{path}");
        }
    }

    #[test]
    fn a_file_is_found_from_the_package_that_the_test_runs_in() {
        let mut sources = Sources::around_here();
        let spot = sources.spot(file!(), line!());
        assert_eq!(spot.file, "loomscope/src/report/source.rs");
        assert_eq!(sources.line(&spot), "let spot = sources.spot(file!(), line!());");
        let missing = sources.spot("no/such/file.rs", 1);
        assert_eq!(sources.line(&missing), "");
        assert!(sources.has(&spot) && !sources.has(&missing));
    }

    #[test]
    fn a_short_name_is_as_long_as_it_must_be() {
        let files = ["a/src/lib.rs", "b/src/lib.rs", "b/src/gate.rs", "lib.rs"];
        assert_eq!(short_names(&files), ["a/src/lib.rs", "b/src/lib.rs", "gate.rs", "lib.rs"]);
        assert_eq!(short_names(&["x/a/mod.rs", "x/b/mod.rs"]), ["a/mod.rs", "b/mod.rs"]);
    }
}
