//! Where a test stands in the files of its spec.

use std::path::{Path, PathBuf};

/// A place in a spec.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file, below the workbook.
    pub(crate) file: PathBuf,
    /// The lines of the modules around the test, from outside, and its own: places sort by them as
    /// a reader meets the tests.
    pub(crate) lines: Vec<usize>,
}

impl Place {
    /// Follows the modules of `test` from `file` on. The modules of `name.rs` are in `name/`.
    pub(crate) fn find(root: &Path, file: &Path, test: &str) -> Option<Self> {
        let mut file = file.to_path_buf();
        let mut folder = match file.ends_with("mod.rs") {
            true => file.parent()?.to_path_buf(),
            false => file.with_extension(""),
        };
        let mut text = std::fs::read_to_string(root.join(&file)).ok()?;
        let (mut lines, mut path) = (Vec::new(), test.split("::").peekable());
        while let Some(name) = path.next() {
            if path.peek().is_none() {
                lines.push(line_of(&text, |line| line.contains(&format!("fn {name}(")))?);
                return Some(Self { file, lines });
            }
            let elsewhere = |line: &str| line.trim() == format!("mod {name};");
            if let Some(line) = line_of(&text, elsewhere) {
                lines.push(line);
                file = folder.join(name).with_extension("rs");
                folder.push(name);
                text = std::fs::read_to_string(root.join(&file)).ok()?;
            } else {
                lines.push(line_of(&text, |line| line.trim() == format!("mod {name} {{"))?);
            }
        }
        None
    }
}

fn line_of(text: &str, is_it: impl Fn(&str) -> bool) -> Option<usize> {
    text.lines().position(is_it).map(|line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_found_in_its_file_and_sorts_as_it_is_read() {
        let root = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let file = root.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        write("tests/a.rs", "mod z;\n\nmod b {\n    fn one() {}\n}\n");
        write("tests/a/z.rs", "mod c;\nfn two() {}\n");
        write("tests/a/z/c.rs", "\n\nfn three() {}\n");
        let place = |test| Place::find(root.path(), Path::new("tests/a.rs"), test);
        for (test, file, lines) in [
            ("b::one", "tests/a.rs", vec![3, 4]),
            ("z::two", "tests/a/z.rs", vec![1, 2]),
            ("z::c::three", "tests/a/z/c.rs", vec![1, 1, 3]),
        ] {
            assert_eq!(place(test), Some(Place { file: file.into(), lines }));
        }
        assert_eq!(place("b::four"), None);
    }
}
