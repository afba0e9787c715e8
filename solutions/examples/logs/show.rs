//! What the user is told on standard error.

use std::convert::Infallible;
use std::fmt;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};
use solutions::pipeline::{End, Failure, Metrics, OnError, Report, Stage};
use tokio::time::interval;

use super::LogsError;

/// So many lines that are no entries are shown; all are counted.
const SHOWN: u64 = 20;

/// Shows what happens, and remembers what the exit code has to say.
///
/// `Relaxed` throughout: who asks at the end has waited for the run, and that orders it.
pub struct Show {
    /// Draws nothing where standard error is no terminal.
    bar: ProgressBar,
    outputs: Vec<Named>,
    no_entries: AtomicU64,
    unread: AtomicBool,
    unwritten: AtomicBool,
}

/// An output.
struct Named {
    name: String,
    /// Whether it has failed: what it took before may be lost.
    failed: AtomicBool,
}

impl Show {
    /// For outputs of these names.
    pub fn new(outputs: Vec<String>) -> Self {
        let named = |name| Named { name, failed: AtomicBool::default() };
        let outputs = outputs.into_iter().map(named).collect();
        // Where the entries are on the screen, they are progress enough.
        let target = match stdout().is_terminal() {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let bar = ProgressBar::new_spinner();
        bar.set_draw_target(target);
        let (no_entries, [unread, unwritten]) = Default::default();
        Self { bar, outputs, no_entries, unread, unwritten }
    }

    // ANCHOR: on_error
    /// Tells of an error. Only where nothing can be written any more, there is no point in going on.
    pub fn error(&self, failure: &Failure<LogsError>) -> OnError {
        if let Stage::Sink(output) | Stage::Flush(output) = failure.stage {
            self.outputs[output].failed.store(true, Relaxed);
        }
        match &failure.error {
            error if error.is_hangup() => return OnError::Stop,
            LogsError::Line { .. } => match self.no_entries.fetch_add(1, Relaxed) {
                n if n < SHOWN => self.say(&failure.error),
                SHOWN => self.say(&"more lines are no entries, and are only counted"),
                _ => {}
            },
            LogsError::Read { .. } => {
                self.unread.store(true, Relaxed);
                self.say(&failure.error);
            }
            LogsError::Enrich(_) => self.say(&failure.error),
            LogsError::Write { .. } => {
                // The first says it for all entries behind it.
                if !self.unwritten.swap(true, Relaxed) {
                    self.say(&failure.error);
                }
                return OnError::Stop;
            }
        }
        OnError::Continue
    }
    // ANCHOR_END: on_error

    /// Tells of a Ctrl-C.
    pub fn interrupted(&self) {
        self.say(&"interrupted: writing what has been read (once more to end at once)");
    }

    /// Says it to whoever listens. To have nobody who does is no reason to panic, as `eprintln!` would.
    fn say(&self, what: &dyn fmt::Display) {
        // The bar makes room for the line; where there is no bar, it is just a line.
        self.bar.suspend(|| drop(writeln!(stderr(), "{what}")));
    }

    /// Shows how far it is, until it is dropped.
    pub async fn progress(&self, metrics: &Metrics) -> Infallible {
        let mut ticks = interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            let (read, dropped) = (metrics.generated(), metrics.filtered());
            let (enriched, written) = (metrics.enriched(), metrics.written(0));
            self.bar.set_message(format!(
                "{read} read, {dropped} dropped, {enriched} enriched, {written} written"
            ));
            self.bar.tick();
        }
    }

    /// Says how it went.
    pub fn summary(&self, report: &Report<LogsError>) {
        self.bar.finish_and_clear();
        let totals = &report.totals;
        let end = match report.end {
            End::Done => String::new(),
            End::Stopped => ", up to the stop".to_owned(),
            End::Cancelled(reason) => format!(", {reason}"),
        };
        self.say(&format_args!("read      {}{end}", totals.generated));
        self.say(&format_args!("no entry  {}", self.no_entries.load(Relaxed)));
        self.say(&format_args!("dropped   {}", totals.filtered));
        self.say(&format_args!("enriched  {}", totals.enriched));
        for (written, output) in totals.written.iter().zip(&self.outputs) {
            let most = if output.failed.load(Relaxed) { "at most " } else { "" };
            self.say(&format_args!("written   {most}{written} to {}", output.name));
        }
    }

    /// Whether something could not be written that somebody wanted to read.
    pub fn unwritten(&self) -> bool {
        self.unwritten.load(Relaxed)
    }

    /// Whether a file could not be read.
    pub fn unread(&self) -> bool {
        self.unread.load(Relaxed)
    }
}
