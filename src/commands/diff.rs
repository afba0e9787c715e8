//! `diff`: from yours to the reference.

use super::solution;
use crate::exit;
use crate::screen::Screen;
use crate::words;
use crate::workbook::Workbook;

pub(crate) fn run(
    book: &Workbook,
    screen: &Screen,
    id: Option<&str>,
    peek: bool,
) -> anyhow::Result<u8> {
    let pattern = book.pick(id)?;
    solution::unlock(book, pattern, peek)?;
    let yours = book.exercise(&pattern.id)?.without_anchors();
    let reference = book.reference(&pattern.id)?.without_anchors();
    let (yours, mut others) = (yours.parts(), reference.parts());
    let mut only_yours = Vec::new();
    let mut same = true;
    // The root has one name in both, so a single file is compared with the root of a folder.
    for (part, old) in yours {
        let Some(new) = others.remove(&part) else {
            only_yours.push((part, old));
            continue;
        };
        if old != new {
            same = false;
            let title = format!("yours → reference  {}/{}", pattern.id, part.display());
            outln!("{}", screen.bold(&title));
            show(screen, old, new);
        }
    }
    same &= only_yours.is_empty() && others.is_empty();
    for (whose, parts) in [("yours", only_yours), ("the reference", others.into_iter().collect())] {
        for (part, text) in parts {
            let lines = words::count(text.lines().count(), "line");
            outln!("only in {whose}: {}/{}, {lines}", pattern.id, part.display());
        }
    }
    if same {
        outln!("Yours is the reference.");
    }
    Ok(exit::PASS)
}

fn show(screen: &Screen, old: &str, new: &str) {
    for line in diffy::create_patch(old, new).to_string().lines().skip(2) {
        let line = match line.chars().next() {
            Some('+') => screen.good(line),
            Some('-') => screen.bad(line),
            Some('@') => screen.dim(line),
            _ => line.to_owned(),
        };
        outln!("{line}");
    }
}
