//! A stub says for each body what to think of, and does nothing.

use std::time::Duration;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Block, ImplItemFn, Item, ItemFn, ItemImpl, Macro, Stmt};

use super::{Findings, api};
use crate::cargo::Build;
use crate::check::build;
use crate::curriculum::Pattern;
use crate::dev::scratch;
use crate::libtest::Ending;
use crate::workbook::Workbook;

/// Reads the bodies of a stub.
pub(super) fn check(
    book: &Workbook,
    pattern: &Pattern,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    for (path, source) in &book.exercise(&pattern.id)?.files {
        let Some(file) = findings.need(api::parse(source), "mend the syntax") else { continue };
        let errors = file.items.iter().filter_map(|item| match item {
            Item::Impl(item) if of(item).as_deref() == Some("Error") => name(item),
            _ => None,
        });
        let mut bodies = Bodies {
            findings,
            file: path.display().to_string(),
            of: None,
            given: false,
            errors: errors.collect(),
        };
        bodies.visit_file(&file);
    }
    Ok(())
}

struct Bodies<'a> {
    findings: &'a mut Findings,
    file: String,
    /// The trait that is implemented around the function.
    of: Option<String>,
    /// Whether the function belongs to an error: how that reads is no exercise.
    given: bool,
    /// The types that are errors.
    errors: Vec<String>,
}

fn of(item: &ItemImpl) -> Option<String> {
    item.trait_.as_ref().and_then(|(path, ..)| api::last(path))
}

fn name(item: &ItemImpl) -> Option<String> {
    match &*item.self_ty {
        syn::Type::Path(path) => api::last(&path.path),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Bodies<'_> {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.of = of(item);
        self.given = name(item).is_some_and(|name| self.errors.contains(&name));
        visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        let name = function.sig.ident.to_string();
        match self.of.as_deref() {
            // A panic there aborts the process.
            Some("Drop") if !function.block.stmts.is_empty() => {
                let what = format!("exercises/src/{}: a stub's `drop` does something", self.file);
                self.findings.add(what, "leave its body empty: a panic there aborts");
            }
            Some("Drop" | "Debug") => {}
            _ if self.given => {}
            _ => self.body(&name, &function.block),
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.body(&function.sig.ident.to_string(), &function.block);
    }
}

impl Bodies<'_> {
    fn body(&mut self, name: &str, block: &Block) {
        // Lines before it are given.
        let todo = match block.stmts.last() {
            Some(Stmt::Macro(statement)) => says(&statement.mac),
            Some(Stmt::Expr(syn::Expr::Macro(expression), _)) => says(&expression.mac),
            _ => false,
        };
        if !todo {
            self.findings.add(
                format!(
                    "exercises/src/{}: the body of `{name}` is no `todo!` with a sentence",
                    self.file
                ),
                "write todo!(\"the observation to make\")",
            );
        }
    }
}

fn says(mac: &Macro) -> bool {
    mac.path.is_ident("todo") && mac.tokens.to_token_stream().to_string().trim().len() > 2
}

/// Runs every spec on its stub: no test may pass, and each must fail for what is not written yet.
pub(super) fn run(book: &Workbook, findings: &mut Findings) -> anyhow::Result<()> {
    let scratch = scratch::copy(book)?;
    let copy = &scratch.book;
    for pattern in &copy.curriculum.patterns {
        let id = &pattern.id;
        let executables = match build(copy, pattern, false)? {
            Build::Done(executables) => executables,
            Build::Broken { errors, .. } => {
                findings.add(format!("the stub of {id} does not compile"), errors);
                continue;
            }
        };
        for executable in executables {
            let tests: Vec<_> = executable.suite.tests.iter().map(String::as_str).collect();
            let outcome = executable.suite.run(&tests, Duration::from_secs(60))?;
            if !matches!(outcome.ending, Ending::Finished) {
                let what = format!("the spec of {id} hangs or dies on the stub");
                findings.add(what, "a stub's bodies panic, and its drops do nothing");
            }
            let unwritten = |output: &str| output.contains("not yet implemented");
            for test in &tests {
                match outcome.failed.iter().find(|failed| failed.test == *test) {
                    Some(failed) if unwritten(&failed.output) => {}
                    Some(failed) => findings.add(
                        format!("{id}: {test} fails on the stub, but not for what is unwritten"),
                        failed.output.trim(),
                    ),
                    None => findings.add(
                        format!("{id}: {test} passes on the stub"),
                        "a test that nothing fails is no test: use what it is about",
                    ),
                }
            }
        }
    }
    Ok(())
}
