//! Where entries go.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Sink;
use solutions::pipeline::Enriched;
use tokio::io::AsyncWrite;

use super::LogsError;
use super::line::Line;

/// So many bytes are written at once, where there are so many.
const CHUNK: usize = 1 << 14;

/// A sink of lines: entries that come together are written together.
///
/// After an error it takes no more: there may be half a line where the next would begin.
pub struct Writer<W> {
    name: Arc<str>,
    to: W,
    /// Lines that were taken; those before `written` are out.
    buffer: Vec<u8>,
    written: usize,
    broken: Option<io::ErrorKind>,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Writes to `to`, which goes by this name in errors.
    pub fn new(name: &str, to: W) -> Self {
        Self { name: name.into(), to, buffer: Vec::new(), written: 0, broken: None }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.buffer.len() {
            match ready!(Pin::new(&mut self.to).poll_write(cx, &self.buffer[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.written += n,
            }
        }
        self.buffer.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> Sink<Arc<Enriched>> for Writer<W> {
    type Error = LogsError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), LogsError>> {
        if let Some(kind) = self.broken {
            return Poll::Ready(Err(self.told(kind.into())));
        }
        if self.buffer.len() < CHUNK {
            return Poll::Ready(Ok(()));
        }
        let written = ready!(self.poll_write(cx));
        Poll::Ready(written.map_err(|error| self.failed(error)))
    }

    fn start_send(mut self: Pin<&mut Self>, entry: Arc<Enriched>) -> Result<(), LogsError> {
        writeln!(self.buffer, "{}", Line(&entry)).map_err(|error| self.told(error))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), LogsError>> {
        let mut flushed = ready!(self.poll_write(cx));
        if flushed.is_ok() && self.broken.is_none() {
            flushed = ready!(Pin::new(&mut self.to).poll_flush(cx));
        }
        Poll::Ready(flushed.map_err(|error| self.failed(error)))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), LogsError>> {
        ready!(self.as_mut().poll_flush(cx))?;
        if self.broken.is_some() {
            return Poll::Ready(Ok(()));
        }
        let closed = ready!(Pin::new(&mut self.to).poll_shutdown(cx));
        Poll::Ready(closed.map_err(|error| self.failed(error)))
    }
}

impl<W> Writer<W> {
    fn failed(&mut self, error: io::Error) -> LogsError {
        self.broken = Some(error.kind());
        self.buffer.clear();
        self.written = 0;
        self.told(error)
    }

    fn told(&self, error: io::Error) -> LogsError {
        LogsError::Write { sink: self.name.clone(), error }
    }
}
