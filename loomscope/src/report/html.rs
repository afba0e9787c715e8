//! The page: the timeline, and beside it the source of the step that is looked at.

use super::Report;
use super::drawing::{body, heads};
use super::escape::escape;
use super::fold::View;
use super::layout::Layout;
use super::legend::{Mark, legend};
use super::svg::STYLE;
use super::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A page scrolls, but a browser has its limits too.
const ROWS: usize = 1000;
/// The lines of source around a step that go into the page.
const NEAR: u32 = 40;

/// Nothing comes from elsewhere, and nothing goes there.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'";

pub(super) fn render(report: &Report) -> String {
    let view = View::new(&report.timeline.rows, ROWS, &report.key_steps());
    let layout = Layout::new(report, &view);
    let files = files(report, &view);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\" class=\"loomscope\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>",
        escape(&format!("{}: {}", report.name, report.verdict)),
        include_str!("page.css"),
    );
    header(report, &view, &layout, &mut out);
    if !layout.lines.is_empty() {
        let first = report.key_steps().into_iter().min().unwrap_or(report.timeline.rows.len());
        let _ = writeln!(out, "<main data-first=\"{first}\">");
        timeline(report, &view, &layout, &mut out);
        sources(report, &files, &mut out);
        let _ = writeln!(out, "</main>");
    }
    blocked(report, &mut out);
    let _ = writeln!(out, "<script>\n{}</script>\n</body>\n</html>", include_str!("page.js"));
    out
}

fn header(report: &Report, view: &View, layout: &Layout, out: &mut String) {
    let (name, verdict) = (escape(&report.name), escape(&report.verdict.to_string()));
    let (words, found) = (escape(&report.words()), escape(&report.found_by()));
    let _ = writeln!(out, "<header>\n<h1>{name}</h1>\n<p class=\"verdict\">{verdict}</p>");
    let _ = writeln!(out, "<p class=\"words\">{words}</p>\n<p class=\"found\">{found}</p>");
    let _ = write!(out, "<p class=\"legend\">");
    for (mark, words) in legend(report, view, layout) {
        let swatch = match mark {
            Mark::Lock(colour) => format!("<i style=\"background:var(--lock{colour})\"></i>"),
            Mark::Waits => "<i class=\"w\"></i>".to_owned(),
            Mark::Hands => "<i class=\"h\"></i>".to_owned(),
            Mark::Wants => "<i class=\"d\"></i>".to_owned(),
        };
        let _ = write!(out, "<span>{swatch}{}</span>", escape(&words));
    }
    let _ = writeln!(out, "</p>\n</header>");
}

fn timeline(report: &Report, view: &View, layout: &Layout, out: &mut String) {
    let (width, height) = (layout.lanes_width, layout.height);
    let _ = writeln!(
        out,
        "<div class=\"timeline\">\n<svg class=\"heads\" width=\"{width}\" height=\"32\">"
    );
    heads(report, layout, false, out);
    let _ = writeln!(out, "</svg>\n<svg width=\"{width}\" height=\"{height}\">");
    body(report, view, layout, false, out);
    let _ = writeln!(out, "</svg>\n</div>");
}

/// The lines of each file that the page shows; `true` where a step is.
type Files<'a> = BTreeMap<&'a str, BTreeMap<u32, (&'a str, bool)>>;

fn files<'a>(report: &'a Report, view: &View) -> Files<'a> {
    let mut files = Files::new();
    let rows: BTreeSet<_> = view.rows().map(|row| &report.timeline.rows[row].spot).collect();
    for spot in rows {
        let file = files.entry(&spot.file).or_default();
        for (number, line) in report.sources.around(spot, NEAR) {
            file.entry(number).or_insert((line, false)).1 |= number == spot.line;
        }
    }
    files
}

fn sources(report: &Report, files: &Files<'_>, out: &mut String) {
    let _ = writeln!(
        out,
        "<aside>\n<div class=\"now\"><p class=\"hint\"><kbd>↑</kbd> <kbd>↓</kbd> step through</p>\
         <b class=\"what\"></b><br><span class=\"who\"></span><br><span class=\"at\"></span></div>\n\
         <div class=\"files\">"
    );
    for (file, lines) in files.iter().filter(|(_, lines)| !lines.is_empty()) {
        let _ = write!(out, "<section class=\"file\"><h2>{}</h2>\n<pre>", escape(file));
        let mut expected = lines.keys().next().copied();
        for (number, (line, used)) in lines {
            if expected != Some(*number) {
                let _ = write!(out, "<span class=\"gap\" data-line=\"⋮\"></span>");
            }
            let class = if *used { " class=\"used\"" } else { "" };
            let id = anchor(report, file, *number);
            let _ = write!(
                out,
                "<span id=\"{id}\"{class} data-line=\"{number}\">{}</span>",
                escape(line)
            );
            expected = Some(number + 1);
        }
        let _ = writeln!(out, "</pre></section>");
    }
    let _ = writeln!(out, "</div>\n</aside>");
}

/// The id of a source line: the number of its file, and its own.
pub(super) fn anchor(report: &Report, file: &str, line: u32) -> String {
    let rows = &report.timeline.rows;
    let number = rows.iter().position(|row| row.spot.file == file).unwrap_or(rows.len());
    format!("s{number}-{line}")
}

fn blocked(report: &Report, out: &mut String) {
    if !matches!(report.verdict, Verdict::Deadlock { .. } | Verdict::LostWakeup { .. }) {
        return;
    }
    let _ = writeln!(out, "<ul class=\"blocked\">");
    for (name, waits) in &report.blocked {
        let _ = writeln!(out, "<li><b>{}</b> {}</li>", escape(name), escape(waits));
    }
    let _ = writeln!(out, "</ul>");
}
