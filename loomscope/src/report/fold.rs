//! Which rows a picture shows: repetitions once, long logs from their end.

use super::timeline::{Arrow, Row};
use crate::event::ThreadId;

/// One line of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// The row with this index, and how many of its like came one after the other.
    Row { index: usize, times: usize },
    /// The last `rows` rows come `times` times in all.
    Again { rows: usize, times: usize },
    /// So many rows are left out here.
    Gap(usize),
}

/// The words of a line that is no row.
impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Line::Row { times, .. } => write!(f, "a row, {times} times"),
            Line::Again { rows, times } => write!(f, "↻ these {rows} rows, {times} times in all"),
            Line::Gap(1) => write!(f, "⋮ 1 row is left out"),
            Line::Gap(rows) => write!(f, "⋮ {rows} rows are left out"),
        }
    }
}

/// A picture's lines, and where each step went.
#[derive(Debug)]
pub(super) struct View {
    pub(super) lines: Vec<Line>,
    /// For every row: the index of the row that stands for it, if any is shown.
    shown_as: Vec<Option<usize>>,
}

/// The longest run of rows that is looked at as one round of a loop.
const LONGEST_ROUND: usize = 12;

impl View {
    /// The lines for `rows`: the last `most`, and the rows of the steps in `keep` wherever they are.
    pub(super) fn new(rows: &[Row], most: usize, keep: &[usize]) -> Self {
        let mut view = Self::folded(rows);
        view.cut(most, keep);
        view
    }

    fn folded(rows: &[Row]) -> Self {
        let mut lines = Vec::new();
        let mut shown_as = Vec::with_capacity(rows.len());
        while shown_as.len() < rows.len() {
            let at = shown_as.len();
            let (round, times) = most_repeated(&rows[at..]);
            let each = if round == 1 { times } else { 1 };
            lines.extend((at..at + round).map(|index| Line::Row { index, times: each }));
            if round > 1 {
                lines.push(Line::Again { rows: round, times });
            }
            shown_as.extend((0..round * times).map(|offset| Some(at + offset % round)));
        }
        Self { lines, shown_as }
    }

    fn cut(&mut self, most: usize, keep: &[usize]) {
        let Some(start) = self.lines.len().checked_sub(most) else { return };
        let kept = keep.iter().filter_map(|step| self.row_of(*step)).collect::<Vec<_>>();
        let mut lines = Vec::new();
        let mut gap = 0;
        for (at, line) in self.lines.iter().enumerate() {
            let stays = match line {
                Line::Row { index, .. } => at >= start || kept.contains(index),
                Line::Again { .. } | Line::Gap(_) => at >= start,
            };
            if stays && gap > 0 {
                lines.push(Line::Gap(gap));
                gap = 0;
            }
            match line {
                _ if stays => lines.push(*line),
                Line::Row { index, times } => {
                    gap += times;
                    self.shown_as
                        .iter_mut()
                        .filter(|row| **row == Some(*index))
                        .for_each(|row| *row = None);
                }
                Line::Again { rows, times } => gap += rows * (times - 1),
                Line::Gap(rows) => gap += rows,
            }
        }
        self.lines = lines;
    }

    /// The row that stands for `step`.
    pub(super) fn row_of(&self, step: usize) -> Option<usize> {
        self.shown_as.get(step.checked_sub(1)?).copied().flatten()
    }

    /// The arrows between rows that are shown, by index, each once.
    pub(super) fn arrows(&self, arrows: &[Arrow]) -> Vec<(usize, usize)> {
        let ends = |arrow: &Arrow| Some((self.row_of(arrow.from)?, self.row_of(arrow.to)?));
        let mut ends: Vec<_> =
            arrows.iter().filter_map(ends).filter(|(from, to)| from < to).collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// The texts of `thread`'s cells.
    pub(super) fn cells(&self, rows: &[Row], thread: ThreadId) -> impl Iterator<Item = String> {
        self.lines.iter().filter_map(move |line| match line {
            Line::Row { index, times } if rows[*index].thread == thread => {
                Some(cell(&rows[*index], *times))
            }
            _ => None,
        })
    }

    /// The indices of the rows that are shown.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        self.lines.iter().filter_map(|line| match line {
            Line::Row { index, .. } => Some(*index),
            Line::Again { .. } | Line::Gap(_) => None,
        })
    }
}

/// The text of a row's cell.
pub(super) fn cell(row: &Row, times: usize) -> String {
    if times > 1 { format!("{}  ×{times}", row.text) } else { row.text.clone() }
}

/// The round at the start of `rows` whose repetition saves most: its length, and how many of it.
/// Since equal rows have equal holds, a bar that goes on behind the repetition was there before.
fn most_repeated(rows: &[Row]) -> (usize, usize) {
    let mut best = (1, 1);
    let mut saved = 0;
    for round in 1..=LONGEST_ROUND.min(rows.len() / 2) {
        let same = rows.iter().zip(&rows[round..]).take_while(|(a, b)| a.same_as(b)).count();
        let times = same / round + 1;
        // Two rounds of several rows are no pattern yet.
        if (times > 2 || round == 1) && (times - 1) * round > saved {
            saved = (times - 1) * round;
            best = (round, times);
        }
    }
    best
}
