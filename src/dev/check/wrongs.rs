//! The wrong answers: enough of them, each a patch that applies and names a test.

use super::{Findings, files};
use crate::curriculum::Pattern;
use crate::dev::patch::Patch;
use crate::dev::wrong;
use crate::workbook::Workbook;

pub(super) fn check(
    book: &Workbook,
    pattern: &Pattern,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let id = &pattern.id;
    let patches = wrong::files(&wrong::folder(book, id))?;
    let enough = if pattern.part == "Warm-ups" { 3 } else { 5 };
    if patches.len() < enough {
        findings.add(
            format!("wrong/{id} has {} wrong answers of {enough}", patches.len()),
            "add the classical mistakes, each with the test that kills it",
        );
    }
    let reference = book.reference(id)?;
    let tests = files::tests(book, id)?;
    for path in patches {
        let header = "a header has `# title:`, `# killed-by:`, `# says:` and `# why:`";
        let Some(patch) = findings.need(Patch::read(&path, id), header) else { continue };
        findings
            .need(patch.apply(&reference), "make the patch again, against the reference as it is");
        if !tests.contains(&patch.killed_by) {
            findings.add(
                format!("wrong/{id}/{}: there is no test `{}`", patch.name, patch.killed_by),
                "name the test by its path, such as `behaviour::a_cancelled_waiter_gives_its_permit_back`",
            );
        }
    }
    Ok(())
}
