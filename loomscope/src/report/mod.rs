//! From a recorded execution to a verdict and its pictures.

mod analysis;
mod drawing;
mod escape;
mod files;
mod fold;
mod html;
mod layout;
mod legend;
mod names;
mod phrase;
mod source;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod timeline;
mod trace;
mod verdict;
mod width;
mod words;

pub use files::Written;
pub use verdict::{Leaked, Link, Missed, Verdict};

use crate::event::{Failure, Found, Log};
use analysis::Case;
use source::Sources;
use std::io;
use std::path::Path;
use timeline::Timeline;
use trace::Tracer;

/// A failing execution, explained.
#[derive(Debug)]
pub struct Report {
    name: String,
    found: Found,
    threads: Vec<String>,
    /// The objects' names.
    names: Vec<String>,
    timeline: Timeline,
    verdict: Verdict,
    /// What a panic says below its first line: the two sides of an assertion.
    detail: Vec<String>,
    /// The threads that wait for ever, and for what.
    blocked: Vec<(String, String)>,
    sources: Sources,
}

impl Report {
    /// Reads the log, and the source files that it names.
    pub(crate) fn new(name: &str, failure: Failure, found: Found, log: Log) -> Self {
        Self::with_sources(name, &failure, found, &log, Sources::around_here())
    }

    fn with_sources(
        name: &str,
        failure: &Failure,
        found: Found,
        log: &Log,
        mut sources: Sources,
    ) -> Self {
        let threads = names::of_threads(log);
        let names = names::of_objects(&log.objects, &mut sources);
        let timeline = Tracer::new(log, &threads, &names, &mut sources).run(failure);
        let case =
            Case { log, threads: &threads, names: &names, timeline: &timeline, sources: &sources };
        let (verdict, blocked) = (case.verdict(failure), case.blocked(failure));
        Self {
            name: plain(name),
            found,
            threads,
            names,
            timeline,
            verdict,
            detail: detail(failure),
            blocked,
            sources,
        }
    }

    /// What went wrong.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The table for a terminal.
    pub fn text(&self, colour: bool) -> String {
        text::render(self, text::WIDTH, colour)
    }

    /// The failure told in a short paragraph.
    pub fn words(&self) -> String {
        words::tell(self)
    }

    /// The timeline as a picture.
    pub fn svg(&self) -> String {
        svg::render(self)
    }

    /// The timeline as a page to step through.
    pub fn html(&self) -> String {
        html::render(self)
    }

    /// Writes table, picture and page into `dir`, which is made where it is missing.
    ///
    /// # Errors
    ///
    /// Where `dir` cannot be made, or a file cannot be written.
    pub fn write_to(&self, dir: &Path) -> io::Result<Written> {
        files::write(self, dir)
    }

    /// Whether the verdict, and so the story, speaks of this thread.
    fn is_told(&self, name: &str) -> bool {
        match &self.verdict {
            Verdict::Deadlock { links } => links.iter().any(|link| link.thread == name),
            Verdict::LostWakeup { thread, .. } => thread == name,
            _ => false,
        }
    }

    /// How the failure was found, in a line.
    fn found_by(&self) -> String {
        if let Verdict::Stuck(_) = self.verdict {
            return format!("found by {}", self.found.engine);
        }
        let Found { engine, execution, preemptions, seed, replayed } = &self.found;
        let mut parts = vec![format!("found by {engine} in interleaving {execution}")];
        match preemptions {
            Some(0) => parts.push("no preemption".to_owned()),
            Some(1) => parts.push("at most 1 preemption".to_owned()),
            Some(most) => parts.push(format!("at most {most} preemptions")),
            None => {}
        }
        if let Some(seed) = seed {
            parts.push(format!("seed {seed}"));
        }
        if !replayed {
            parts.push("the replay went another way".to_owned());
        }
        parts.join(" · ")
    }

    /// The steps that the verdict speaks of.
    fn key_steps(&self) -> Vec<usize> {
        match &self.verdict {
            Verdict::Deadlock { links } => links
                .iter()
                .flat_map(|link| link.held_since.into_iter().chain([link.step]))
                .collect(),
            Verdict::LostWakeup { step, missed, .. } => {
                missed.iter().map(|missed| missed.step).chain([*step]).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The lines of a panic's message below the first, without those that are empty.
fn detail(failure: &Failure) -> Vec<String> {
    let (Failure::Panic { message, .. } | Failure::TaskPanic { message, .. }) = failure else {
        return Vec::new();
    };
    let lines = message.lines().filter(|line| !line.trim().is_empty());
    lines.skip(1).take(20).map(plain).collect()
}

/// `text` on one line and without what a terminal or a page could take for a command.
fn plain(text: &str) -> String {
    let is_command = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let tame = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() || is_command(c) => '·',
        c => c,
    };
    text.chars().map(tame).collect()
}
