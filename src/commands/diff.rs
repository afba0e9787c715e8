//! `diff`: from yours to the reference.

use std::collections::BTreeSet;

use super::solution;
use crate::exit;
use crate::screen::Screen;
use crate::workbook::Workbook;

pub(crate) fn run(
    book: &Workbook,
    screen: &Screen,
    id: Option<&str>,
    peek: bool,
) -> anyhow::Result<u8> {
    let pattern = book.pick(id)?;
    solution::unlock(book, pattern, peek)?;
    let (yours, reference) = (book.exercise(&pattern.id)?, book.reference(&pattern.id)?);
    let (yours, reference) = (yours.parts(), reference.parts());
    let parts: BTreeSet<_> = yours.keys().chain(reference.keys()).collect();
    for part in parts {
        let text = |of: &std::collections::BTreeMap<_, &str>| {
            of.get(part).copied().unwrap_or("").to_owned()
        };
        let (old, new) = (text(&yours), text(&reference));
        if old == new {
            continue;
        }
        println!(
            "{}",
            screen.bold(&format!("yours → reference  {}/{}", pattern.id, part.display()))
        );
        for line in diffy::create_patch(&old, &new).to_string().lines().skip(2) {
            let line = match line.chars().next() {
                Some('+') => screen.good(line),
                Some('-') => screen.bad(line),
                Some('@') => screen.dim(line),
                _ => line.to_owned(),
            };
            println!("{line}");
        }
    }
    Ok(exit::PASS)
}
