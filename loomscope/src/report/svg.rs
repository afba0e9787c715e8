//! The picture that stands alone: title, verdict, timeline, and what it means.

use super::Report;
use super::drawing::{body, heads};
use super::escape::escape;
use super::fold::View;
use super::layout::{CHAR, Layout};
use super::legend::{Mark, legend};
use super::width::{columns, wrap};
use std::fmt::Write;

/// The rows of a picture that is looked at as a whole.
const ROWS: usize = 60;
const LINE: usize = 19;
const MARGIN: usize = 20;

pub(super) const STYLE: &str = include_str!("picture.css");

pub(super) fn render(report: &Report) -> String {
    let view = View::new(&report.timeline.rows, ROWS, &report.key_steps());
    let layout = Layout::new(report, &view);
    let mut head = String::new();
    let top = title(report, &layout, &mut head);
    key(report, &view, &layout, &mut head);
    let mut foot = String::new();
    let heads_height = if layout.lines.is_empty() { 0 } else { 32 };
    let bottom = top + heads_height + if layout.lines.is_empty() { 0 } else { layout.height };
    let height = closing(report, &layout, bottom, &mut foot) + MARGIN;
    let width = layout.width;
    let (mut lanes, mut rows) = (String::new(), String::new());
    if !layout.lines.is_empty() {
        heads(report, &layout, true, &mut lanes);
        body(report, &view, &layout, true, &mut rows);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"loomscope\" role=\"img\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n{head}\
         <g transform=\"translate(0 {top})\">\n{lanes}</g>\n\
         <g transform=\"translate(0 {})\">\n{rows}</g>\n{foot}</svg>\n",
        escape(&format!("{}: {}", report.name, report.verdict)),
        top + heads_height,
    )
}

/// Name, verdict, and how it was found. Returns the height.
fn title(report: &Report, layout: &Layout, out: &mut String) -> usize {
    let room = (layout.width - 2 * MARGIN) / 8;
    let mut y = 34;
    let mut line = |class: &str, text: &str, step: usize, out: &mut String| {
        let text = escape(text);
        let _ = writeln!(out, "<text class=\"{class}\" x=\"{MARGIN}\" y=\"{y}\">{text}</text>");
        y += step;
    };
    line("name", &report.name, 26, out);
    for part in wrap(&report.verdict.to_string(), room) {
        line("verdict", &part, 20, out);
    }
    line("soft", &report.found_by(), 12, out);
    y
}

/// What the strokes mean, from the right margin to the left, beside the name.
fn key(report: &Report, view: &View, layout: &Layout, out: &mut String) {
    let mut x = layout.width - MARGIN;
    for (mark, words) in legend(report, view, layout).iter().rev() {
        x -= columns(words) * CHAR + 4;
        let _ = writeln!(out, "<text class=\"soft\" x=\"{x}\" y=\"32\">{}</text>", escape(words));
        let left = x - 26;
        let _ = match mark {
            Mark::Lock(colour) => writeln!(
                out,
                "<rect x=\"{}\" y=\"20\" width=\"5\" height=\"16\" rx=\"2.5\" style=\"fill:var(--lock{colour})\"/>",
                x - 13
            ),
            Mark::Waits => writeln!(out, "<path class=\"waits\" d=\"M{} 20V36\"/>", x - 10),
            Mark::Hands => arrow("hands", left, out),
            Mark::Wants => arrow("wants", left, out),
        };
        x -= if matches!(mark, Mark::Lock(_) | Mark::Waits) { 34 } else { 46 };
    }
}

fn arrow(class: &str, x: usize, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "<path class=\"{class}\" d=\"M{x} 28h18\"/><path class=\"{class} tip\" d=\"M{} 28l-7 -4v8z\"/>",
        x + 19
    )
}

/// The story, and who else waits. Returns the lower edge.
fn closing(report: &Report, layout: &Layout, top: usize, out: &mut String) -> usize {
    let mut y = top + 16;
    for part in wrap_all(&report.words(), (layout.width - 2 * MARGIN) / CHAR) {
        let _ = writeln!(out, "<text x=\"{MARGIN}\" y=\"{y}\">{}</text>", escape(&part));
        y += LINE;
    }
    for (name, waits) in report.blocked.iter().filter(|(name, _)| !report.is_told(name)) {
        let _ = writeln!(
            out,
            "<text class=\"soft\" x=\"{MARGIN}\" y=\"{y}\"><tspan font-weight=\"700\">{}</tspan> {}</text>",
            escape(name),
            escape(waits)
        );
        y += LINE;
    }
    y - LINE
}

/// All of `text`, however many lines it takes.
fn wrap_all(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("it begins with one");
        if last.is_empty() {
            last.push_str(word);
        } else if columns(last) + 1 + columns(word) <= room {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
