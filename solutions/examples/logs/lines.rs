//! Where entries come from.

use std::io;
use std::mem;
use std::sync::Arc;

use futures::future::Either;
use futures::{Stream, StreamExt, stream};
use solutions::pipeline::LogEntry;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::LogsError;
use super::line::{NoEntry, parse};

/// The longest line that is read, in bytes, its end included. Of what is longer, no more than this is in memory at
/// once.
pub const LONGEST: usize = 1 << 16;

/// The entries of a file, which is opened when the first is asked for. A line that is no entry is an error in its
/// place. Where opening or reading fails, that is the last.
pub fn lines<R: AsyncRead + Unpin>(
    source: Arc<str>,
    open: impl Future<Output = io::Result<R>>,
) -> impl Stream<Item = Result<LogEntry, LogsError>> {
    let opened = stream::once(open).map(move |opened| match opened {
        Ok(file) => Either::Left(Lines::of(source.clone(), file).stream()),
        Err(error) => {
            let failed = LogsError::Read { source: source.clone(), error };
            Either::Right(stream::once(async { Err(failed) }))
        }
    });
    opened.flatten()
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn stream(self) -> impl Stream<Item = Result<LogEntry, LogsError>> {
        stream::unfold(self, async |mut lines| Some((lines.next().await?, lines)))
    }

    async fn next(&mut self) -> Option<Result<LogEntry, LogsError>> {
        loop {
            if let Err(error) = self.read().await? {
                self.file = None;
                return Some(Err(LogsError::Read { source: self.source.clone(), error }));
            }
            let whole = self.line.ends_with(b"\n") || self.line.len() < LONGEST;
            if mem::replace(&mut self.amid, !whole) {
                continue; // the rest of a line that has been told
            }
            self.number += 1;
            let line = String::from_utf8_lossy(&self.line);
            let parsed = match line.trim() {
                "" => continue,
                _ if !whole => Err(NoEntry::TooLong(LONGEST)),
                line => parse(&self.source, line),
            };
            let (source, number) = (&self.source, self.number);
            let told = |problem| LogsError::Line { source: source.clone(), number, problem };
            return Some(parsed.map_err(told));
        }
    }
}

/// The lines of one file.
struct Lines<R> {
    source: Arc<str>,
    /// None after it has failed.
    file: Option<BufReader<R>>,
    line: Vec<u8>,
    /// Of the line that was read last, from 1.
    number: u64,
    /// Whether the next to be read is the rest of a line that was too long.
    amid: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn of(source: Arc<str>, file: R) -> Self {
        let file = Some(BufReader::with_capacity(LONGEST, file));
        Self { source, file, line: Vec::new(), number: 0, amid: false }
    }

    /// Reads a line, or as much as is allowed of it; nothing is left at the end.
    async fn read(&mut self) -> Option<io::Result<()>> {
        self.line.clear();
        let mut file = self.file.as_mut()?.take(LONGEST as u64);
        match file.read_until(b'\n', &mut self.line).await {
            Ok(0) => None,
            Ok(_) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        }
    }
}
