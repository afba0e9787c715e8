//! Every part of a pattern exists.

use std::ptr;

use super::{Findings, text};
use crate::answer::Answer;
use crate::check::specs;
use crate::curriculum::Pattern;
use crate::workbook::Workbook;

pub(super) fn check(
    book: &Workbook,
    pattern: &Pattern,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let id = &pattern.id;
    let mut wanted = vec![
        (
            format!("exercises/src/{id}.rs"),
            "write the stub: the docs of the reference, a todo! for each body",
        ),
        (format!("exercises/pristine/{id}.rs"), "copy the stub to it: `reset` takes it from there"),
        (format!("solutions/src/{id}.rs"), "write the reference"),
        (format!("tests/{id}.rs"), "write the spec"),
        (format!("benches/{id}.rs"), "write the bench"),
        (format!("book/src/{id}.md"), "write the chapter"),
    ];
    if pattern.models {
        wanted.push((format!("tests/models/{id}.rs"), "write the models, or say `models = false`"));
    }
    for (file, todo) in wanted {
        let folder = file.trim_end_matches(".rs").to_owned() + "/mod.rs";
        if !book.path(&file).is_file() && !book.path(&folder).is_file() {
            findings.add(format!("{file} is missing"), todo);
        }
    }
    if book.exercise(id)? != book.pristine(id)? {
        findings.add(
            format!("exercises/src/{id}.rs and exercises/pristine/{id}.rs differ"),
            "on this branch the exercises are stubs: copy the one you mean over the other",
        );
    }
    if !text(book, "book/src/SUMMARY.md").contains(&format!("({id}.md)")) {
        findings.add(format!("book/src/SUMMARY.md does not link {id}.md"), "add its line");
    }
    for file in ["README.md", "ARCHITECTURE.md"] {
        if !text(book, file).contains(&format!("`{id}`")) {
            findings.add(format!("{file} does not name `{id}`"), "add it to the map");
        }
    }
    Ok(())
}

/// Hints and quiz: they are there, and can be reached.
pub(super) fn check_help(
    book: &Workbook,
    pattern: &Pattern,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let id = &pattern.id;
    let tests = tests(book, id)?;
    if !pattern.hints.iter().any(|hint| hint.test.is_empty()) {
        let todo = "add one with `test = \"\"`, for every test without a hint of its own";
        findings.add(format!("{id} has no general hint"), todo);
    }
    for hint in &pattern.hints {
        // The longest that matches is shown: another may stand before it at every test.
        let is_shown = |test: &String| pattern.hint_for(test).is_some_and(|it| ptr::eq(it, hint));
        if !tests.iter().any(is_shown) {
            let what = format!("{id}: the hint for `{}` is shown for no test", hint.test);
            findings.add(what, "name more of a test's name than the hint that is shown for it");
        }
    }
    if pattern.quiz.is_empty() {
        findings.add(format!("{id} has no quiz"), "add a [[pattern.quiz]] to curriculum.toml");
    }
    for question in &pattern.quiz {
        if question.answer >= question.choices.len() || question.choices.len() < 2 {
            let what = format!("{id}: the answer to “{}” is none of its choices", question.ask);
            findings.add(what, "`answer` counts from 0; two choices at least");
        }
    }
    Ok(())
}

/// The functions of a pattern's specs by their paths' likely form, `behaviour::name`; a helper
/// among them does no harm.
pub(super) fn tests(book: &Workbook, id: &str) -> anyhow::Result<Vec<String>> {
    let mut tests = Vec::new();
    let mut read = |folder: &str, stem: &str, outer: &[&str]| -> anyhow::Result<()> {
        for (path, source) in Answer::read(&book.path(folder), stem)?.files {
            // `channel/behaviour/cancel.rs` is the module `behaviour::cancel`.
            let module = path.with_extension("");
            let inner = module.iter().skip(1).map(|part| part.to_string_lossy().into_owned());
            let module: Vec<_> = outer.iter().map(|part| (*part).to_owned()).chain(inner).collect();
            tests.extend(functions(&source, &module.join("::")));
        }
        Ok(())
    };
    read("tests/models", id, &["models", id])?;
    for spec in specs(book, id)? {
        read("tests", &spec, &[])?;
    }
    Ok(tests)
}

/// The functions in a source, each behind the modules it stands in.
fn functions(source: &str, outer: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut module = outer.to_owned();
    for line in source.lines() {
        let words = line.trim_start();
        if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
            module = [outer, name]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("::");
        } else if line == "}" {
            module = outer.to_owned();
        } else if let Some((name, _)) =
            words.strip_prefix("fn ").and_then(|rest| rest.split_once('('))
        {
            found.push(if module.is_empty() {
                name.to_owned()
            } else {
                format!("{module}::{name}")
            });
        }
    }
    found
}
