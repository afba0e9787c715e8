//! What has come of it all: by domain, by worker, and what went wrong.

use std::collections::BTreeMap;
use std::fmt;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};
use solutions::worker_pool::{JobError, Stats};

use super::{Ended, Scraped};

/// Everything that was fetched, and what the pool has counted.
#[derive(Debug)]
pub struct Report {
    /// In the order in which they came to an end.
    pub scraped: Vec<Scraped>,
    pub stats: Stats,
    /// Links that were found and not followed: there were enough pages, or it was over.
    pub left_out: usize,
    pub ended: Ended,
}

/// The pages of a domain, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Row {
    pub pages: u64,
    pub failed: u64,
    pub rejected: u64,
    pub aborted: u64,
    /// Attempts beyond the first of each.
    pub retried: u64,
    /// The length of what was read, as text.
    pub bytes: usize,
}

impl Report {
    /// A row for each domain, by name.
    pub fn domains(&self) -> BTreeMap<&str, Row> {
        let mut rows = BTreeMap::<_, Row>::new();
        for page in &self.scraped {
            rows.entry(&*page.target.domain).or_default().count(page);
        }
        rows
    }

    /// One row for all of them, as the pool has counted.
    pub fn total(&self) -> Row {
        let Stats { processed, failed, rejected, aborted, retried, .. } = self.stats;
        let bytes = self.domains().values().map(|row| row.bytes).sum();
        Row { pages: processed, failed, rejected, aborted, retried, bytes }
    }

    fn by_domain(&self) -> Table {
        let heads = ["domain", "pages", "failed", "rejected", "aborted", "retried", "KiB"];
        let rows = self.domains().into_iter().map(|(name, row)| row.cells(name));
        table(&heads.map(str::to_owned), rows.chain([self.total().cells("all")]))
    }

    fn by_worker(&self) -> Table {
        let heads = ["worker", "pages", "failed", "busy"].map(str::to_owned);
        let rows = self.stats.workers.iter().enumerate().map(|(number, worker)| {
            let busy = format!("{} ms", worker.busy.as_millis());
            [number.to_string(), worker.processed.to_string(), worker.failed.to_string(), busy]
        });
        table(&heads, rows)
    }
}

impl Row {
    fn count(&mut self, page: &Scraped) {
        match &page.outcome.result {
            Ok(content) => {
                self.pages += 1;
                self.bytes += content.text.len();
            }
            Err(JobError::Failed(_) | JobError::Panicked(_)) => self.failed += 1,
            Err(JobError::Rejected { .. }) => self.rejected += 1,
            Err(JobError::Aborted) => self.aborted += 1,
        }
        self.retried += u64::from(page.outcome.attempts.saturating_sub(1));
    }

    fn cells(&self, name: &str) -> [String; 7] {
        let Self { pages, failed, rejected, aborted, retried, bytes } = self;
        let kib = format!("{:.1}", *bytes as f64 / 1024.0);
        let [pages, failed, rejected, aborted, retried] =
            [pages, failed, rejected, aborted, retried].map(u64::to_string);
        [name.to_owned(), pages, failed, rejected, aborted, retried, kib]
    }
}

/// A table whose first column is of names, and all others of numbers.
fn table<const N: usize>(
    heads: &[String; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(heads).add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Scraped { target, outcome } in &self.scraped {
            match &outcome.result {
                Ok(_) => {}
                // It names the URL itself.
                Err(JobError::Failed(error)) => writeln!(f, "✗ {error}")?,
                Err(JobError::Rejected { .. }) => {
                    writeln!(f, "✗ {}: its domain was given up", target.url)?;
                }
                Err(error) => writeln!(f, "✗ {}: {error}", target.url)?,
            }
        }
        writeln!(f, "{}\n{}", self.by_domain(), self.by_worker())?;
        match self.left_out {
            0 => Ok(()),
            links => writeln!(f, "Links that were not followed: {links}"),
        }
    }
}
