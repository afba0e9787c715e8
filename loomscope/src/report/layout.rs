//! Where everything stands in a picture. Lengths are in pixels.

use super::Report;
use super::fold::{Line, View, cell};
use super::text::places;
use super::verdict::Verdict;
use super::width::{columns, wrap};
use crate::event::{ObjectId, ThreadId};

/// The width of a picture of five threads or fewer, with the source beside it.
const WIDTH: usize = 1200;
/// Of a character in a cell, on a font that is wider than most.
pub(super) const CHAR: usize = 7;
/// Of a character of source.
pub(super) const CODE_CHAR: f64 = 6.9;
const NUMBERS: usize = 44;
const NARROWEST: usize = 130;
const WIDEST: usize = 270;
/// The most characters of a place.
pub(super) const PLACE: usize = 21;
const LEAST_SOURCE: usize = 250;
/// A cell's height with one line of text, and what each further one adds.
const CELL: usize = 22;
const MORE: usize = 15;
/// Between two cells.
pub(super) const SPACE: usize = 8;
/// Of a hold bar, with the space to the next.
pub(super) const BAR: usize = 8;
/// Between a lane's cells and the next lane, without and with arrows in the picture.
const GAP: usize = 10;
const ARROW_GAP: usize = 26;
const REMARK: usize = 24;
/// Below the last row, for the ends of lanes that never end.
const TAIL: usize = 30;

/// A thread's column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    pub(super) x: usize,
    pub(super) width: usize,
    /// From `x` to its cells: room for the bars.
    pub(super) bars: usize,
    /// From its cells to the next lane: room for the arrows.
    pub(super) gap: usize,
}

impl Lane {
    pub(super) fn cell_x(&self) -> usize {
        self.x + self.bars
    }

    pub(super) fn cell_width(&self) -> usize {
        self.width - self.bars - self.gap
    }

    pub(super) fn middle(&self) -> usize {
        self.cell_x() + self.cell_width() / 2
    }
}

/// A line of the view, in its place.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) line: Line,
    /// The cell's text, wrapped.
    pub(super) text: Vec<String>,
    pub(super) y: usize,
    pub(super) height: usize,
}

impl Placed {
    pub(super) fn middle(&self) -> usize {
        self.y + self.height / 2
    }
}

/// A vertical stroke beside or in a lane, by the indices of the lines where it starts and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) thread: ThreadId,
    pub(super) lock: Option<ObjectId>,
    /// `None`: it was so before the first line.
    pub(super) from: Option<usize>,
    /// `None`: it never ended.
    pub(super) to: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Layout {
    pub(super) lanes: Vec<Lane>,
    pub(super) lines: Vec<Placed>,
    pub(super) runs: Vec<Run>,
    pub(super) places: Vec<String>,
    /// Where the lanes end.
    pub(super) lanes_width: usize,
    pub(super) source_x: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Layout {
    pub(super) fn new(report: &Report, view: &View) -> Self {
        let rows = &report.timeline.rows;
        let places = places(rows);
        let place =
            view.rows().map(|row| columns(&places[row])).max().unwrap_or(0).min(PLACE) * CHAR + 20;
        let lanes = lanes(report, view, place);
        let lanes_width = lanes.last().map_or(NUMBERS, |lane| lane.x + lane.width);
        let lines = place_lines(report, view, &lanes);
        let height = lines.last().map_or(0, |last| last.y + last.height) + TAIL;
        let source_x = lanes_width + place;
        let width = WIDTH.max(source_x + LEAST_SOURCE);
        let runs = runs(report, view);
        Self { lanes, lines, runs, places, lanes_width, source_x, width, height }
    }

    /// The line that shows the row with this index.
    pub(super) fn line_of(&self, row: usize) -> Option<&Placed> {
        self.lines
            .iter()
            .find(|placed| matches!(placed.line, Line::Row { index, .. } if index == row))
    }
}

fn lanes(report: &Report, view: &View, place: usize) -> Vec<Lane> {
    let rows = &report.timeline.rows;
    let bars = |thread: ThreadId| {
        let held = |row: usize| rows[row].state.held.iter().filter(|(t, _)| *t == thread).count();
        view.rows().map(held).max().unwrap_or(0) * BAR + 6
    };
    let any_arrows = !view.arrows(&report.timeline.arrows).is_empty();
    let links = matches!(report.verdict, Verdict::Deadlock { .. });
    let gap = if any_arrows || links { ARROW_GAP } else { GAP };
    let natural = |thread: ThreadId| {
        let longest = view.cells(rows, thread).map(|cell| columns(&cell)).max().unwrap_or(0);
        let text = longest.max(columns(&report.threads[thread]) + 2) * CHAR;
        (text + bars(thread) + gap + 20).clamp(NARROWEST, WIDEST)
    };
    let mut widths: Vec<usize> = (0..report.threads.len()).map(natural).collect();
    let room = WIDTH.saturating_sub(NUMBERS + place + LEAST_SOURCE);
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > NARROWEST) else {
            break;
        };
        *widest -= 1;
    }
    let mut x = NUMBERS;
    let place = |(thread, width): (usize, usize)| {
        let lane = Lane { x, width, bars: bars(thread), gap };
        x += width;
        lane
    };
    widths.into_iter().enumerate().map(place).collect()
}

fn place_lines(report: &Report, view: &View, lanes: &[Lane]) -> Vec<Placed> {
    let mut y = SPACE;
    let place = |line: &Line| {
        let (text, height) = match line {
            Line::Row { index, times } => {
                let row = &report.timeline.rows[*index];
                let text = cell(row, *times);
                let text = wrap(&text, (lanes[row.thread].cell_width() - 14) / CHAR);
                let height = CELL + MORE * (text.len() - 1);
                (text, height)
            }
            Line::Again { .. } | Line::Gap(_) => (vec![line.to_string()], REMARK),
        };
        let placed = Placed { line: *line, text, y, height };
        y += height + SPACE;
        placed
    };
    view.lines.iter().map(place).collect()
}

/// What is held and who waits, as strokes from line to line.
fn runs(report: &Report, view: &View) -> Vec<Run> {
    let mut open: Vec<Run> = Vec::new();
    let mut done = Vec::new();
    let mut first = true;
    for (at, line) in view.lines.iter().enumerate() {
        let Line::Row { index, .. } = line else { continue };
        let state = &report.timeline.rows[*index].state;
        let held = state.held.iter().map(|(thread, lock)| (*thread, Some(*lock)));
        let now: Vec<_> = held.chain(state.waiting.iter().map(|thread| (*thread, None))).collect();
        let (stay, over): (Vec<Run>, Vec<Run>) =
            open.into_iter().partition(|run| now.contains(&(run.thread, run.lock)));
        done.extend(over.into_iter().map(|run| Run { to: Some(at), ..run }));
        open = stay;
        for (thread, lock) in now {
            if !open.iter().any(|run| (run.thread, run.lock) == (thread, lock)) {
                // Before the first line somebody else's hold was there already.
                let own = report.timeline.rows[*index].thread == thread;
                open.push(Run { thread, lock, from: (own || !first).then_some(at), to: None });
            }
        }
        first = false;
    }
    done.extend(open);
    done.sort_by_key(|run| (run.from, run.thread, run.lock));
    done
}
