//! The table for a terminal: a column per thread, a row per step.

use super::Report;
use super::fold::{Line, View, cell};
use super::source::{Spot, short_names};
use super::timeline::{Kind, Row, State};
use super::verdict::Verdict;
use super::width::{clip, clip_start, columns, pad, wrap};
use crate::event::ThreadId;
use std::fmt::Write;

/// As wide as most terminals of today, and narrow enough for two side by side on a large one.
pub(super) const WIDTH: usize = 120;

/// The rows that a terminal shows of a long execution.
const ROWS: usize = 60;

/// A thread's column gets at least this much, and wraps what is longer.
const NARROWEST: usize = 12;

/// A place's column, where the threads need the room.
const NARROW_PLACE: usize = 17;

/// The source column is left out when less than this remains for it.
const LEAST_SOURCE: usize = 14;

pub(super) fn render(report: &Report, width: usize, colour: bool) -> String {
    let view = View::new(&report.timeline.rows, ROWS, &report.key_steps());
    let mut out = String::new();
    head(report, colour, &mut out);
    if !view.lines.is_empty() {
        Table::new(report, &view, width, colour).write(&mut out);
    }
    foot(report, colour, &mut out);
    out
}

fn head(report: &Report, colour: bool, out: &mut String) {
    let bold = |text: &str| paint(text, "1", colour);
    let _ = writeln!(out, "{}", bold(&report.name));
    let _ = writeln!(
        out,
        "{} {}",
        paint("✗", "31", colour),
        paint(&report.verdict.to_string(), "1;31", colour)
    );
    for line in &report.detail {
        let _ = writeln!(out, "  {line}");
    }
    let _ = writeln!(out, "  {}", paint(&report.found_by(), "2", colour));
}

fn foot(report: &Report, colour: bool, out: &mut String) {
    let width = report.blocked.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    for (name, waits) in &report.blocked {
        let name = pad(name, width);
        let _ =
            writeln!(out, "{} {}  {waits}", paint("✗", "31", colour), paint(&name, "1", colour));
    }
    if let Verdict::Leak { objects } = &report.verdict {
        for object in objects {
            let mark = paint("✗", "31", colour);
            let _ = writeln!(
                out,
                "{mark} {} ({}) was made at {}",
                object.name, object.class, object.place
            );
        }
    }
    if let Some(spot) = line_of_a_helper(&report.timeline.rows) {
        let told = "locks for several callers: `#[track_caller]` above its `fn` shows which";
        let _ = writeln!(out, "  {}", paint(&format!("{spot} {told}"), "2", colour));
    }
    let legend = match (out.contains('┃'), out.contains('┆')) {
        (true, true) => "┃ holds a lock   ┆ waits",
        (true, false) => "┃ holds a lock",
        (false, true) => "┆ waits",
        (false, false) => return,
    };
    let _ = writeln!(out, "  {}", paint(legend, "2", colour));
}

/// The line at which two threads lock, and two different locks: all its steps look alike, for it
/// stands in a helper that does not say who has called it.
fn line_of_a_helper(rows: &[Row]) -> Option<&Spot> {
    let locks = || rows.iter().filter(|row| row.code.contains(".lock()"));
    let is_shared = |spot: &Spot| {
        let here = || locks().filter(|row| row.spot == *spot);
        let differ = |key: fn(&Row) -> usize| {
            let mut keys = here().map(key);
            keys.next().is_some_and(|first| keys.any(|other| other != first))
        };
        differ(|row| row.thread) && differ(|row| row.object.unwrap_or_default())
    };
    locks().map(|row| &row.spot).find(|spot| is_shared(spot))
}

/// The table and its widths.
struct Table<'a> {
    report: &'a Report,
    view: &'a View,
    colour: bool,
    number: usize,
    threads: Vec<usize>,
    places: Vec<String>,
    place: usize,
    source: usize,
}

impl<'a> Table<'a> {
    fn new(report: &'a Report, view: &'a View, width: usize, colour: bool) -> Self {
        let rows = &report.timeline.rows;
        let places = places(rows);
        let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let number = rows.len().to_string().len().max(2);
        let mut place = widest(&mut view.rows().map(|row| columns(&places[row]))).clamp(5, 28);
        let mut source = widest(&mut view.rows().map(|row| columns(&rows[row].code)));
        let column = |thread: ThreadId| {
            let longest = widest(&mut view.cells(rows, thread).map(|cell| columns(&cell)));
            longest.max(columns(&report.threads[thread])).max(4)
        };
        let mut threads: Vec<usize> = (0..report.threads.len()).map(column).collect();
        // A long path gives way before the source does.
        if width < 60 + threads.len() * (NARROWEST + 3) {
            place = place.min(NARROW_PLACE);
        }
        // " 1 │ cell │ … │ place │ source": three columns of rule and space between any two.
        let fixed = 1 + number + 3 * (threads.len() + 2) + place;
        let room = width.saturating_sub(fixed);
        let shrink = |threads: &mut Vec<usize>, to: usize| {
            while threads.iter().sum::<usize>() > to {
                let widest = threads.iter_mut().max().expect("the sum is not 0");
                if *widest <= NARROWEST {
                    break;
                }
                *widest -= 1;
            }
        };
        shrink(&mut threads, room.saturating_sub(source.min(room / 3)));
        source = source.min(room.saturating_sub(threads.iter().sum()));
        if source < LEAST_SOURCE.min(widest(&mut view.rows().map(|row| columns(&rows[row].code)))) {
            source = 0;
        }
        Self { report, view, colour, number, threads, places, place, source }
    }

    fn write(&self, out: &mut String) {
        let names: Vec<String> = self.report.threads.clone();
        let bold = |text: String| paint(&text, "1", self.colour);
        let cells = names
            .iter()
            .zip(&self.threads)
            .map(|(name, width)| bold(pad(&clip(name, *width), *width)));
        let last = if self.source > 0 { "source" } else { "" };
        self.rule('┬', out);
        self.line(
            " ",
            cells.collect(),
            &bold(pad("where", self.place)),
            &bold(last.to_owned()),
            out,
        );
        self.rule('┼', out);
        for line in &self.view.lines {
            match line {
                Line::Row { index, times } => {
                    self.row(*index, *times, out);
                }
                Line::Again { .. } | Line::Gap(_) => self.remark(&line.to_string(), out),
            }
        }
        self.rule('┴', out);
    }

    fn row(&self, index: usize, times: usize, out: &mut String) {
        let row = &self.report.timeline.rows[index];
        let text = cell(row, times);
        let own = wrap(&text, self.threads[row.thread]);
        for (number, part) in own.iter().enumerate() {
            let cells = (0..self.threads.len()).map(|thread| match thread == row.thread {
                true => paint(&pad(part, self.threads[thread]), colour_of(row.kind), self.colour),
                false => self.bar(thread, &row.state),
            });
            let first = number == 0;
            let step = if first { row.step.to_string() } else { String::new() };
            let place =
                if first { clip_start(&self.places[index], self.place) } else { String::new() };
            let code = if first { clip(&row.code, self.source) } else { String::new() };
            let dim = |text: &str| paint(text, "2", self.colour);
            self.line(&step, cells.collect(), &dim(&pad(&place, self.place)), &code, out);
        }
    }

    /// What another thread's cell shows beside a step: whether it holds, whether it waits.
    fn bar(&self, thread: ThreadId, state: &State) -> String {
        let held = state.holds(thread);
        let waits = state.waits(thread);
        let bar = match (held, waits) {
            (true, true) => "┃┆",
            (true, false) => "┃",
            (false, true) => "┆",
            (false, false) => "",
        };
        paint(&pad(bar, self.threads[thread]), if held { "33" } else { "31" }, self.colour)
    }

    fn line(&self, step: &str, cells: Vec<String>, place: &str, source: &str, out: &mut String) {
        let cells = cells.join(" │ ");
        let line = format!(" {step:>0$} │ {cells} │ {place} │ {source}", self.number);
        let line =
            if self.source > 0 { line.as_str() } else { line.trim_end().trim_end_matches('│') };
        let _ = writeln!(out, "{}", line.trim_end());
    }

    fn remark(&self, text: &str, out: &mut String) {
        let _ = writeln!(out, " {:>1$}   {2}", "", self.number, paint(text, "2", self.colour));
    }

    fn rule(&self, cross: char, out: &mut String) {
        let mut line = "─".repeat(self.number + 2);
        for width in self.threads.iter().chain([&self.place]) {
            let _ = write!(line, "{cross}{}", "─".repeat(width + 2));
        }
        if self.source > 0 {
            let _ = write!(line, "{cross}{}", "─".repeat(self.source + 1));
        }
        let _ = writeln!(out, "{line}");
    }
}

/// `file:line` for every row, with as little of the path as tells the files apart.
pub(super) fn places(rows: &[Row]) -> Vec<String> {
    let mut files: Vec<&str> = rows.iter().map(|row| row.spot.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    let short = short_names(&files);
    let name = |file: &str| short[files.binary_search(&file).expect("it is one of them")];
    rows.iter().map(|row| format!("{}:{}", name(&row.spot.file), row.spot.line)).collect()
}

fn colour_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Take => "33",
        Kind::Release => "2;33",
        Kind::Block | Kind::Refused => "31",
        Kind::Wake => "36",
        Kind::Read => "34",
        Kind::Write => "35",
        Kind::Stale => "1;35",
        Kind::Life => "2",
        Kind::Note => "32",
        Kind::Panic => "1;31",
    }
}

fn paint(text: &str, code: &str, colour: bool) -> String {
    if colour && !text.trim().is_empty() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
