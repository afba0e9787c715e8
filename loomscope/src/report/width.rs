//! Fitting text into columns of a terminal.

/// The lines of a cell: at most so many, the last one clipped.
const MOST_LINES: usize = 4;

/// The columns that a terminal gives `c`: two for East Asian characters and most emoji, none for
/// marks on the character before. By block, which is exact enough for a message in a cell.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200d | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 => 2,
        0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f900..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

pub(super) fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// `text` and spaces up to `room` columns.
pub(super) fn pad(text: &str, room: usize) -> String {
    format!("{text}{}", " ".repeat(room.saturating_sub(columns(text))))
}

/// The beginning of `text`, with `…` for what does not fit.
pub(super) fn clip(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let Some(room) = room.checked_sub(1) else { return String::new() };
    format!("{}…", split(text, room).0)
}

/// The end of `text`, with `…` for what does not fit.
pub(super) fn clip_start(text: &str, room: usize) -> String {
    let reversed: String = text.chars().rev().collect();
    clip(&reversed, room).chars().rev().collect()
}

/// `text` in lines of at most `room` columns, broken at spaces where there are any.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while columns(rest) > room && lines.len() + 1 < MOST_LINES {
        let (fits, _) = split(rest, room);
        // A word that ends at the edge is not broken; one longer than a line is.
        let at = match rest[fits.len()..].starts_with(' ') {
            true => fits.len(),
            false => fits.rfind(' ').unwrap_or(fits.len()),
        };
        lines.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    lines.push(clip(rest, room));
    lines
}

/// As much of `text` as fits, at least one character, and the rest.
fn split(text: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    let end = text.char_indices().find(|(at, c)| {
        used += width(*c);
        used > room && *at > 0
    });
    text.split_at(end.map_or(text.len(), |(at, _)| at))
}

#[cfg(test)]
mod tests {
    use super::{clip, clip_start, columns, pad, wrap};

    #[test]
    fn wide_characters_take_two_columns_and_marks_none() {
        assert_eq!(columns("naïve"), 5);
        assert_eq!(columns("nai\u{308}ve"), 5);
        assert_eq!(columns("二人"), 4);
        assert_eq!(pad("二人", 6), "二人  ");
        assert_eq!(clip("二人二人", 5), "二人…");
    }

    #[test]
    fn a_clipped_text_says_so() {
        assert_eq!(clip("semaphore", 9), "semaphore");
        assert_eq!(clip("semaphore", 5), "sema…");
        assert_eq!(clip("semaphore", 0), "");
        assert_eq!(clip_start("semaphore.rs:61", 8), "….rs:61".replace("….", "…e."));
    }

    #[test]
    fn a_cell_breaks_at_spaces_and_ends_after_four_lines() {
        assert_eq!(wrap("wants state (held by a)", 12), ["wants state", "(held by a)"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a b c d e f g h i j", 4), ["a b", "c d", "e f", "g h…"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
