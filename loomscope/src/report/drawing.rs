//! The timeline's strokes: lanes, bars, arrows and cells.

use super::Report;
use super::escape::escape;
use super::fold::{Line, View};
use super::html::anchor;
use super::layout::{BAR, CODE_CHAR, Layout, PLACE, Placed, Run, SPACE};
use super::legend::{lock_colour, locks};
use super::timeline::Row;
use super::verdict::Verdict;
use super::width::{clip, clip_start};
use crate::event::ThreadId;
use std::fmt::Write;

/// The threads' names over their lanes; in a row 32 high.
pub(super) fn heads(report: &Report, layout: &Layout, source: bool, out: &mut String) {
    for (lane, name) in layout.lanes.iter().zip(&report.threads) {
        let name = clip(name, lane.width / 8);
        let _ = writeln!(
            out,
            "<text class=\"thread\" x=\"{}\" y=\"20\">{}</text>",
            lane.middle(),
            escape(&name)
        );
    }
    let width = if source { layout.width } else { layout.lanes_width };
    if source {
        let (place, code) = (layout.lanes_width + 8, layout.source_x);
        let _ = writeln!(out, "<text class=\"soft\" x=\"{place}\" y=\"20\">where</text>");
        let _ = writeln!(out, "<text class=\"soft\" x=\"{code}\" y=\"20\">source</text>");
    }
    let _ = writeln!(out, "<path class=\"head\" d=\"M0 31.5H{width}\"/>");
}

/// The rows under the heads.
pub(super) fn body(report: &Report, view: &View, layout: &Layout, source: bool, out: &mut String) {
    let drawing = Drawing { report, view, layout, source };
    drawing.stripes(out);
    drawing.lanes(out);
    layout.runs.iter().for_each(|run| drawing.run(run, out));
    drawing.arrows(out);
    layout.lines.iter().for_each(|placed| drawing.line(placed, out));
    drawing.ends(out);
}

struct Drawing<'a> {
    report: &'a Report,
    view: &'a View,
    layout: &'a Layout,
    source: bool,
}

impl Drawing<'_> {
    fn stripes(&self, out: &mut String) {
        let width = if self.source { self.layout.width } else { self.layout.lanes_width };
        for (at, placed) in self.layout.lines.iter().enumerate() {
            let Line::Row { index, .. } = placed.line else { continue };
            let (y, height) = (placed.y - SPACE / 2, placed.height + SPACE);
            let odd = if at % 2 == 0 { " odd" } else { "" };
            let _ = writeln!(
                out,
                "<rect class=\"stripe{odd}\" data-row=\"{index}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
            );
        }
    }

    fn lanes(&self, out: &mut String) {
        for (thread, lane) in self.layout.lanes.iter().enumerate() {
            let end = self.end_of(thread).unwrap_or(self.layout.height - 14);
            let _ = writeln!(out, "<path class=\"lane\" d=\"M{} 0V{end}\"/>", lane.middle());
        }
    }

    /// Where a thread that has ended ends.
    fn end_of(&self, thread: ThreadId) -> Option<usize> {
        let rows = &self.report.timeline.rows;
        let last =
            rows.iter().rfind(|row| row.thread == thread).filter(|row| row.text == "ends")?;
        self.layout.line_of(self.view.row_of(last.step)?).map(Placed::middle)
    }

    /// A bar beside the lane while a lock is held; dots on the lane while its thread waits.
    fn run(&self, run: &Run, out: &mut String) {
        let lane = self.layout.lanes[run.thread];
        let top = run.from.map_or(0, |at| self.layout.lines[at].middle());
        let bottom = run.to.map_or(self.layout.height - 14, |at| self.layout.lines[at].middle());
        let Some(lock) = run.lock else {
            let _ =
                writeln!(out, "<path class=\"waits\" d=\"M{} {top}V{bottom}\"/>", lane.middle());
            return;
        };
        let colour = lock_colour(&locks(self.layout), lock);
        let (x, height) = (lane.x + 3 + BAR * self.slot(run), bottom - top);
        let holder = escape(&self.report.threads[run.thread]);
        let name = escape(&self.report.names[lock]);
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{top}\" width=\"{}\" height=\"{height}\" rx=\"2.5\" style=\"fill:var(--lock{colour})\">\
             <title>{holder} holds {name}</title></rect>",
            BAR - 3
        );
    }

    /// How many bars of the same thread began before this one and stand beside it.
    fn slot(&self, run: &Run) -> usize {
        let end = |run: &Run| run.to.unwrap_or(usize::MAX);
        let beside = |other: &&Run| {
            let both_locks = other.lock.is_some() && other.thread == run.thread;
            let earlier = (other.from, other.lock) < (run.from, run.lock);
            both_locks && earlier && run.from.unwrap_or(0) < end(other)
        };
        self.layout.runs.iter().filter(beside).count()
    }

    fn arrows(&self, out: &mut String) {
        for (from, to) in self.view.arrows(&self.report.timeline.arrows) {
            self.arrow("hands", from, to, out);
        }
        match &self.report.verdict {
            Verdict::Deadlock { links } => {
                for link in links {
                    let since = link.held_since.and_then(|step| self.view.row_of(step));
                    if let Some((from, to)) = self.view.row_of(link.step).zip(since) {
                        self.arrow("wants", from, to, out);
                    }
                }
            }
            Verdict::LostWakeup { missed: Some(missed), step, .. } => {
                if let Some((from, to)) = self.view.row_of(missed.step).zip(self.view.row_of(*step))
                {
                    self.miss(from, to, out);
                }
            }
            _ => {}
        }
    }

    /// A curve between the near edges of two cells.
    fn arrow(&self, class: &str, from: usize, to: usize, out: &mut String) {
        let Some((start, end)) = self.layout.line_of(from).zip(self.layout.line_of(to)) else {
            return;
        };
        let (a, b) = (self.thread(from), self.thread(to));
        if a == b {
            return;
        }
        let (left, right) = (
            |lane: usize| self.layout.lanes[lane].cell_x(),
            |lane: usize| self.layout.lanes[lane].cell_x() + self.layout.lanes[lane].cell_width(),
        );
        let (x1, x2, bend) =
            if a < b { (right(a), left(b) - 1, 26) } else { (left(a), right(b) + 1, -26) };
        let (y1, y2) = (start.middle(), end.middle());
        let (c1, c2) = (x1 as i64 + bend, x2 as i64 - bend);
        let _ = writeln!(
            out,
            "<path class=\"{class}\" d=\"M{x1} {y1}C{c1} {y1} {c2} {y2} {x2} {y2}\"/>"
        );
        let back = if a < b { -7 } else { 7 };
        let _ = writeln!(out, "<path class=\"{class} tip\" d=\"M{x2} {y2}l{back} -4v8z\"/>");
    }

    /// From a wake-up to the lane of the one who should have heard it, where nobody waited.
    fn miss(&self, from: usize, to: usize, out: &mut String) {
        let Some(start) = self.layout.line_of(from) else { return };
        let (from, to) = (self.layout.lanes[self.thread(from)], self.layout.lanes[self.thread(to)]);
        let (x1, x2, y) = (from.middle(), to.middle(), start.middle());
        let gap = if x1 < x2 { x2 - 9 } else { x2 + 9 };
        let _ = writeln!(out, "<path class=\"misses\" d=\"M{x1} {y}H{gap}\"/>");
        let _ = writeln!(
            out,
            "<path class=\"cross\" d=\"M{} {}l9 9m0 -9l-9 9\"/>",
            x2 as i64 - 4,
            y as i64 - 4
        );
    }

    fn line(&self, placed: &Placed, out: &mut String) {
        match placed.line {
            Line::Row { index, .. } => self.row(index, placed, out),
            Line::Again { .. } | Line::Gap(_) => {
                let x = self.layout.lanes.first().map_or(0, |lane| lane.x + 4);
                let (y, text) = (placed.middle() + 4, escape(&placed.text.join(" ")));
                let _ = writeln!(out, "<text class=\"remark\" x=\"{x}\" y=\"{y}\">{text}</text>");
            }
        }
    }

    fn row(&self, index: usize, placed: &Placed, out: &mut String) {
        let row = &self.report.timeline.rows[index];
        let lane = self.layout.lanes[row.thread];
        let (x, y, middle) = (lane.cell_x(), placed.y, placed.middle() + 4);
        let _ = writeln!(
            out,
            "<g class=\"row {}\" data-row=\"{index}\"{}>",
            self.classes(row),
            self.data(row)
        );
        if self.source {
            let _ = writeln!(out, "<title>{}</title>", escape(&self.tip(row)));
        }
        let _ = writeln!(out, "<text class=\"step\" x=\"34\" y=\"{middle}\">{}</text>", row.step);
        let (width, height) = (lane.cell_width(), placed.height);
        let _ = writeln!(
            out,
            "<rect class=\"cell\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
        );
        for (number, part) in placed.text.iter().enumerate() {
            let y = y + 15 + 15 * number;
            let _ = writeln!(
                out,
                "<text class=\"what\" x=\"{}\" y=\"{y}\">{}</text>",
                x + 9,
                escape(part)
            );
        }
        if self.source {
            let place = clip_start(&self.layout.places[index], PLACE);
            let room = (self.layout.width - self.layout.source_x - 12) as f64 / CODE_CHAR;
            let code = clip(&row.code, room as usize);
            let _ = writeln!(
                out,
                "<text class=\"place\" x=\"{}\" y=\"{middle}\">{}</text>",
                self.layout.lanes_width + 8,
                escape(&place)
            );
            let _ = writeln!(
                out,
                "<text class=\"code\" x=\"{}\" y=\"{middle}\">{}</text>",
                self.layout.source_x,
                escape(&code)
            );
        }
        let _ = writeln!(out, "</g>");
    }

    fn classes(&self, row: &Row) -> String {
        let mut classes = row.kind.class().to_owned();
        if self.report.key_steps().contains(&row.step) {
            classes.push_str(" key");
        }
        if matches!(&self.report.verdict, Verdict::LostWakeup { missed: Some(m), .. } if m.step == row.step)
        {
            classes.push_str(" missed");
        }
        classes
    }

    /// What the page's panel shows of a row; the picture that stands alone has a tip instead.
    fn data(&self, row: &Row) -> String {
        if self.source {
            return String::new();
        }
        let line = anchor(self.report, &row.spot.file, row.spot.line);
        let thread = &self.report.threads[row.thread];
        let pairs: [(&str, &str); 5] = [
            ("thread", thread),
            ("what", &row.text),
            ("spot", &row.spot.to_string()),
            ("inside", &row.function),
            ("line", &line),
        ];
        let attribute = |(key, value): (&str, &str)| format!(" data-{key}=\"{}\"", escape(value));
        format!(" data-step=\"{}\"{}", row.step, pairs.map(attribute).concat())
    }

    /// The step, its function, and the source around it.
    fn tip(&self, row: &Row) -> String {
        let Row { step, text, spot, function, .. } = row;
        let mut tip = format!("step {step}, {}: {text}\n{spot}", self.report.threads[row.thread]);
        if !function.is_empty() {
            let _ = write!(tip, " in {function}");
        }
        for (number, line) in self.report.sources.around(spot, 2) {
            let mark = if number == spot.line { '▸' } else { ' ' };
            let _ = write!(tip, "\n{mark}{number:>4}  {line}");
        }
        tip
    }

    /// A stop at the end of every lane whose thread waits for ever.
    fn ends(&self, out: &mut String) {
        let forever = self.layout.runs.iter().filter(|run| run.lock.is_none() && run.to.is_none());
        for run in forever.filter(|_| !self.report.blocked.is_empty()) {
            let (x, y) = (self.layout.lanes[run.thread].middle(), self.layout.height - 12);
            let _ = writeln!(out, "<circle class=\"stop\" cx=\"{x}\" cy=\"{y}\" r=\"8\"/>");
            let _ =
                writeln!(out, "<path class=\"cross\" d=\"M{} {}l6 6m0 -6l-6 6\"/>", x - 3, y - 3);
        }
    }

    fn thread(&self, row: usize) -> ThreadId {
        self.report.timeline.rows[row].thread
    }
}
