//! A bar on the terminal, with what the workers have in hand.

use std::future::pending;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::sleep;

use super::{Crawl, Ended};

/// Shows how far a crawl has come, where somebody can see it.
pub struct Bar(ProgressBar);

impl Bar {
    /// One on the terminal of stderr; where that is none, nothing is shown.
    pub fn on_stderr() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:20} {pos}/{len} {wide_msg}");
        bar.set_style(style.expect("the template is one"));
        Self(bar)
    }

    /// One that nobody sees.
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Waits until it is time to look again; for ever where nobody looks.
    pub async fn pause(&self) {
        if self.0.is_hidden() {
            pending().await
        } else {
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Shows what has been done of what is known, and what is being done.
    pub fn show(&self, pages: &Crawl, done: usize, ended: Ended) {
        if !self.0.is_hidden() {
            self.0.set_length(pages.asked());
            self.0.set_position(done as u64);
            self.0.set_message(message(pages, ended));
        }
    }

    /// Takes it off the terminal.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// What the workers have in hand, and with which attempt.
pub fn message(pages: &Crawl, ended: Ended) -> String {
    let running = pages.in_progress();
    let running = running.iter().map(|(running, target)| match running.attempt {
        1 => format!("{}{}", target.domain, target.url.path()),
        attempt => format!("{}{} (attempt {attempt})", target.domain, target.url.path()),
    });
    let running = running.collect::<Vec<_>>().join(", ");
    match ended {
        Ended::Done => running,
        Ended::Drained | Ended::Aborted => format!("stopping: {running}"),
    }
}
