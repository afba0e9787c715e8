//! A small workbook of its own for each test: two patterns, no dependencies, complete in every part.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The patterns of the fixture, in order.
const IDS: [&str; 2] = ["count", "store"];

/// A workbook in a folder that is thrown away.
pub(crate) struct Book {
    folder: TempDir,
}

/// What a command of the runner did.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    /// Fails unless the exit code is this one.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless standard output holds every one of these.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for words in words {
            assert!(self.stdout.contains(words), "`{words}` is missing in:\n{}", self.stdout);
        }
        self
    }

    /// Fails unless standard error holds every one of these.
    #[track_caller]
    pub(crate) fn warns(self, words: &[&str]) -> Self {
        for words in words {
            assert!(self.stderr.contains(words), "`{words}` is missing in:\n{}", self.stderr);
        }
        self
    }
}

impl Book {
    /// A complete workbook, with nothing solved.
    pub(crate) fn new() -> Self {
        let book = Self { folder: TempDir::new().unwrap() };
        book.write("Cargo.toml", ROOT);
        book.write("src/lib.rs", "");
        book.write("curriculum.toml", &IDS.map(curriculum).concat());
        for (folder, name) in [
            ("solutions", "solutions"),
            ("exercises", "exercises"),
            ("models/solutions", "solutions-model"),
            ("models/exercises", "exercises-model"),
        ] {
            book.write(&format!("{folder}/Cargo.toml"), &manifest(name));
        }
        for library in ["solutions/src/lib.rs", "exercises/src/lib.rs"] {
            book.write(library, &IDS.map(|id| module("pub ", id)).concat());
        }
        book.write("tests/models/mod.rs", &IDS.map(|id| module("", id)).concat());
        for package in ["solutions", "exercises"] {
            let models = format!(
                "extern crate {package}_model as patterns;\n#[path = \"../../../tests/models/mod.rs\"]\nmod models;\n"
            );
            book.write(&format!("models/{package}/tests/models.rs"), &models);
        }
        for id in IDS {
            book.write(&format!("exercises/src/{id}.rs"), STUB);
            book.write(&format!("exercises/pristine/{id}.rs"), STUB);
            book.write(&format!("solutions/src/{id}.rs"), REFERENCE);
            book.write(&format!("tests/{id}.rs"), &SPEC.replace("PATTERN", id));
            book.write(&format!("tests/models/{id}.rs"), &MODELS.replace("PATTERN", id));
            book.write(&format!("benches/{id}.rs"), "fn main() {}\n");
            book.write(
                &format!("book/src/{id}.md"),
                &format!("{{{{#include ../../solutions/src/{id}.rs:add}}}}\n"),
            );
            for name in ["adds_nothing", "forgets", "starts_at_one"] {
                book.write(&format!("wrong/{id}/{name}.patch"), &wrong(id, name));
            }
        }
        book.write("book/src/SUMMARY.md", "[Count](count.md)\n[Store](store.md)\n");
        book.write("README.md", "`count` and `store`\n");
        book.write("ARCHITECTURE.md", "`count` and `store`\n");
        book
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text that must be there.
    #[track_caller]
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "{path} does not hold `{old}`");
        self.write(path, &text.replacen(old, new, 1));
    }

    /// Writes the reference over the stub.
    pub(crate) fn solve(&self, id: &str) {
        self.write(&format!("exercises/src/{id}.rs"), REFERENCE);
    }

    /// Writes the reference over the stub, with this for the body of `add`.
    pub(crate) fn solve_with(&self, id: &str, add: &str) {
        self.write(&format!("exercises/src/{id}.rs"), &REFERENCE.replace("self.0 += n;", add));
    }

    /// The runner, about to run in the workbook.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workbook"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("CARGO_NET_OFFLINE", "true").env_remove("RUST_BACKTRACE");
        // Workbooks that share a target folder would take each other's builds for their own.
        command.env("CARGO_TARGET_DIR", self.path("target"));
        command
    }

    /// Runs the runner in the workbook.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        said(&mut self.command(arguments))
    }
}

/// Runs a command to its end. In a pipe nothing is ever coloured.
pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let said = Said {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    assert!(!said.stdout.contains('\x1b'), "colours in a pipe:\n{}", said.stdout);
    said
}

/// Whether a process lives; one that has ended and was not collected does not.
pub(crate) fn lives(pid: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
    let state = String::from_utf8(state.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

/// Waits for a file with something in it, and gives that.
pub(crate) fn appears(path: &Path) -> String {
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => std::thread::yield_now(),
        }
    }
}

fn module(visibility: &str, id: &str) -> String {
    format!("#[cfg(feature = \"{id}\")]\n{visibility}mod {id};\n")
}

fn curriculum(id: &str) -> String {
    CURRICULUM.replace("PATTERN", id)
}

fn manifest(name: &str) -> String {
    let mut text = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[features]\n\
         default = [\"all\"]\nall = [\"count\", \"store\"]\ncount = []\nstore = []\n\n[lib]\n"
    );
    match name {
        "exercises" => {
            text.push_str("name = \"patterns\"\n");
            for id in IDS {
                text.push_str(&format!(
                    "\n[[test]]\nname = \"{id}\"\npath = \"../tests/{id}.rs\"\nrequired-features = [\"{id}\"]\n"
                ));
            }
        }
        "exercises-model" => text.push_str("path = \"../../exercises/src/lib.rs\"\n"),
        "solutions-model" => text.push_str("path = \"../../solutions/src/lib.rs\"\n"),
        _ => {}
    }
    text
}

fn wrong(id: &str, name: &str) -> String {
    let (old, new, test, says) = match name {
        "starts_at_one" => (
            "        Self(0)",
            "        Self(1)",
            "behaviour::nothing_is_zero",
            "nothing was added",
        ),
        "adds_nothing" => (
            "        self.0 += n;",
            "        self.0 += n * 0;",
            "behaviour::adding_is_seen",
            "two and three",
        ),
        _ => (
            "        self.0 += n;",
            "        self.0 = n;",
            "models::PATTERN::i1_nothing_is_lost",
            "I1: the sum",
        ),
    };
    let line = REFERENCE.lines().position(|line| line == old).unwrap() + 1;
    format!(
        "# title: It {name}\n# killed-by: {test}\n# says: {says}\n# why: It happens.\n\
         --- a/solutions/src/{id}.rs\n+++ b/solutions/src/{id}.rs\n@@ -{line} +{line} @@\n-{old}\n+{new}\n"
    )
    .replace("PATTERN", id)
}

const ROOT: &str = r#"
[workspace]
resolver = "3"
members = ["solutions", "exercises", "models/solutions", "models/exercises"]

[package]
name = "concurrency-workbook"
version = "0.1.0"
edition = "2024"
autobenches = false

[dev-dependencies]
patterns = { package = "solutions", path = "solutions" }

[profile.dev]
debug = false
incremental = false
"#;

const CURRICULUM: &str = r#"
[[pattern]]
id = "PATTERN"
part = "Warm-ups"
title = "A sum that is kept"
needs = []
models = true

[[pattern.hint]]
test = ""
levels = ["look at add", "the sum stays", "write self.0 += n"]

[[pattern.hint]]
test = "nothing_is_zero"
levels = ["look at new", "where does it start", "write Self(0)"]

[[pattern.quiz]]
ask = "What is two and three?"
choices = ["four", "five"]
answer = 1
why = "Count."
"#;

const REFERENCE: &str = r#"//! A sum.
//!
//! # Problem
//! # From Go
//! # In Rust
//! # Invariants
//! # Cancellation and panics
//! # Cost
//! # See also

/// A sum of what was added.
#[derive(Debug)]
pub struct Sum(u32);

impl Sum {
    /// Nothing was added.
    pub fn new() -> Self {
        Self(0)
    }

    // ANCHOR: add
    /// Adds to the sum.
    pub fn add(&mut self, n: u32) {
        self.0 += n;
    }
    // ANCHOR_END: add

    /// The sum.
    pub fn sum(&self) -> u32 {
        self.0
    }
}

impl Drop for Sum {
    fn drop(&mut self) {
        self.0 = 0;
    }
}
"#;

const STUB: &str = r#"//! A sum.
//!
//! # Problem
//! # From Go
//! # In Rust
//! # Invariants
//! # Cancellation and panics
//! # Cost
//! # See also

/// A sum of what was added.
#[derive(Debug)]
pub struct Sum(u32);

impl Sum {
    /// Nothing was added.
    pub fn new() -> Self {
        todo!("where does a sum start?")
    }

    /// Adds to the sum.
    pub fn add(&mut self, _n: u32) {
        todo!("what changes?")
    }

    /// The sum.
    pub fn sum(&self) -> u32 {
        todo!("what is kept?")
    }
}

impl Drop for Sum {
    fn drop(&mut self) {}
}
"#;

/// The first test is not the first by name.
const SPEC: &str = r#"//! The spec of PATTERN.

use patterns::PATTERN::Sum;

mod behaviour {
    use super::*;

    #[test]
    fn nothing_is_zero() {
        assert_eq!(Sum::new().sum(), 0, "nothing was added");
    }

    #[test]
    fn adding_is_seen() {
        let mut sum = Sum::new();
        sum.add(2);
        sum.add(3);
        assert!(sum.sum() >= 3, "two and three");
    }
}

mod properties {
    use super::*;

    #[test]
    fn the_order_does_not_matter() {
        let mut sum = Sum::new();
        for n in 0..10 {
            sum.add(n);
        }
        assert!(sum.sum() >= 9, "ten numbers");
    }
}

mod leaks {
    #[test]
    fn nothing_stays() {
        drop(super::Sum::new());
    }
}
"#;

/// As the explorer tells it: a table in the panic, and then the pictures.
const MODELS: &str = r#"use patterns::PATTERN::Sum;

#[test]
fn i1_nothing_is_lost() {
    let mut sum = Sum::new();
    sum.add(2);
    sum.add(3);
    if sum.sum() != 5 {
        panic!(
            "i1\n✗ panic: main: I1: the sum is five\n──┬──────\n1 │ adds\n\n\
             step through it: target/loomscope/i1.html\npicture: target/loomscope/i1.svg\n"
        );
    }
}
"#;
