//! The page at the top of a module has its headings, and the chapters include what exists.

use anyhow::Context;

use super::{Findings, api, text};
use crate::curriculum::Pattern;
use crate::workbook::Workbook;

const HEADINGS: [&str; 7] =
    ["Problem", "From Go", "In Rust", "Invariants", "Cancellation and panics", "Cost", "See also"];

pub(super) fn check(
    book: &Workbook,
    pattern: &Pattern,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let id = &pattern.id;
    let reference = book.reference(id)?;
    if let Some(root) = reference.root()
        && let Some(file) = findings.need(api::parse(&reference.files[root]), "mend the syntax")
    {
        let docs = api::docs(&file.attrs);
        let headings = headings(&docs);
        if headings != HEADINGS {
            findings.add(
                format!(
                    "solutions/src/{}: its headings are {}",
                    root.display(),
                    headings.join(", ")
                ),
                format!("in this order: {}", HEADINGS.join(", ")),
            );
        }
    }
    Ok(())
}

/// Whether every chapter includes what exists, those that belong to no pattern too.
pub(super) fn includes(book: &Workbook, findings: &mut Findings) -> anyhow::Result<()> {
    let files = std::fs::read_dir(book.path("book/src")).context("the book has no chapters")?;
    let mut names: Vec<_> = files
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".md"))
        .collect();
    names.sort();
    names.iter().for_each(|name| includes_of(book, name, findings));
    Ok(())
}

fn includes_of(book: &Workbook, name: &str, findings: &mut Findings) {
    let chapter = text(book, &format!("book/src/{name}"));
    for include in chapter.split("{{#").skip(1).filter_map(|rest| rest.split_once("}}")) {
        let Some((_, path)) = include.0.split_once("include ") else { continue };
        let (file, anchor) = path.trim().split_once(':').unwrap_or((path.trim(), ""));
        let source = std::fs::read_to_string(book.path("book/src").join(file));
        let holds = |source: &str| {
            anchor.is_empty()
                || source
                    .lines()
                    .any(|line| line.trim_end().ends_with(&format!("ANCHOR: {anchor}")))
        };
        if !source.is_ok_and(|source| holds(&source)) {
            findings.add(
                format!("book/src/{name} includes {path}, which does not exist"),
                "put `// ANCHOR: name` and `// ANCHOR_END: name` around the lines",
            );
        }
    }
}

fn headings(docs: &str) -> Vec<&str> {
    let mut in_code = false;
    let outside = docs.lines().map(str::trim).filter(|line| {
        in_code ^= line.starts_with("```");
        !in_code
    });
    outside.filter_map(|line| line.strip_prefix("# ")).collect()
}
