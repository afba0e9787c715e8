//! How often each word is there: in turn, on tokio, and on rayon.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::vec;

use futures::{Stream, stream};
use rayon::ThreadPoolBuilder;
use rayon::iter::{ParallelBridge, ParallelIterator};
use solutions::cancel::CancelToken;
use tokio::task::spawn_blocking;

use super::{Stopped, map_reduce};

/// How much is read at a time, in bytes: a piece is seldom longer, by the word that it breaks off in.
pub const PIECE: usize = 1 << 16;

/// No word is as long as this, in bytes: what is, is no text, and would be read as a whole.
pub const LONGEST: usize = 1 << 20;

/// The words, in lower case, and how often each was there.
pub type Counts = HashMap<String, u64>;

/// The text of one file after another, in pieces that end where a word does.
pub struct Pieces {
    paths: vec::IntoIter<PathBuf>,
    open: Option<(PathBuf, File)>,
    /// What was read, and belongs to the next piece.
    rest: Vec<u8>,
    gauge: Gauge,
}

/// A piece of a text; it is counted until it is dropped.
pub struct Piece {
    bytes: Vec<u8>,
    gauge: Gauge,
}

impl Pieces {
    /// Reads these files; each piece is counted by the gauge.
    pub fn of(paths: Vec<PathBuf>, gauge: Gauge) -> Self {
        Self { paths: paths.into_iter(), open: None, rest: Vec::new(), gauge }
    }

    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let Some((_, file)) = &mut self.open else {
                let Some(path) = self.paths.next() else { return Ok(None) };
                let file = File::open(&path).map_err(|error| told(&path, &error))?;
                self.open = Some((path, file));
                continue;
            };
            let read = file.by_ref().take(PIECE as u64).read_to_end(&mut self.rest);
            let ended = read.map_err(|error| self.failed(&error))? == 0;
            if ended {
                self.open = None;
            }
            let space = self.rest.iter().rposition(u8::is_ascii_whitespace);
            let end = if ended { self.rest.len() } else { space.unwrap_or(0) };
            if end > 0 {
                let rest = self.rest.split_off(end);
                return Ok(Some(std::mem::replace(&mut self.rest, rest)));
            }
            if self.rest.len() > LONGEST {
                let error = io::Error::other(format!("a word of more than {LONGEST} bytes"));
                return Err(self.failed(&error));
            }
        }
    }

    /// Gives the open file up.
    fn failed(&mut self, error: &io::Error) -> io::Error {
        self.rest.clear();
        let (path, _) = self.open.take().expect("it is open where reading fails");
        told(&path, error)
    }

    /// The same, for tasks. No system tells when a file can be read without waiting: as in `tokio::fs`, a
    /// thread that may block does it.
    pub fn stream(self) -> impl Stream<Item = io::Result<Piece>> + Send + 'static {
        stream::unfold(self, async |mut pieces| {
            let read = spawn_blocking(move || (pieces.next(), pieces)).await;
            let (piece, pieces) = read.expect("reading does not panic");
            Some((piece?, pieces))
        })
    }
}

/// A file that fails is told, and the next one is read.
impl Iterator for Pieces {
    type Item = io::Result<Piece>;

    fn next(&mut self) -> Option<io::Result<Piece>> {
        let gauge = &self.gauge.clone();
        self.read().map(|bytes| bytes.map(|bytes| gauge.piece(bytes))).transpose()
    }
}

fn told(path: &std::path::Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The words of one piece.
pub fn count(piece: &Piece) -> Counts {
    let mut counts = Counts::new();
    let text = String::from_utf8_lossy(&piece.bytes);
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    for word in words.filter(|word| !word.is_empty()) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    counts
}

/// Both together: what is less is added to what is more.
pub fn merge(mut more: Counts, mut less: Counts) -> Counts {
    if more.len() < less.len() {
        std::mem::swap(&mut more, &mut less);
    }
    for (word, count) in less {
        *more.entry(word).or_default() += count;
    }
    more
}

/// Counts one piece after another.
pub fn in_turn(mut pieces: Pieces) -> io::Result<Counts> {
    pieces.try_fold(Counts::new(), |all, piece| Ok(merge(all, count(&piece?))))
}

// ANCHOR: both
/// Counts on the tasks of a runtime.
pub async fn on_tokio(
    pieces: Pieces,
    workers: NonZeroUsize,
    token: &CancelToken,
) -> Result<Counts, Stopped<io::Error>> {
    // A piece takes about a millisecond. That is long for a task that others wait for, and here nobody does.
    let map = async |piece| Ok(count(&piece));
    Ok(map_reduce(pieces.stream(), workers, token, map, merge).await?.unwrap_or_default())
}

/// Counts on the threads of a pool, which take one piece after another from the same iterator.
pub fn on_rayon(pieces: Pieces, workers: NonZeroUsize) -> io::Result<Counts> {
    let pool =
        ThreadPoolBuilder::new().num_threads(workers.get()).build().map_err(io::Error::other)?;
    let counts = || pieces.par_bridge().map(|piece| Ok(count(&piece?)));
    pool.install(|| counts().try_reduce(Counts::new, |a, b| Ok(merge(a, b))))
}
// ANCHOR_END: both

/// How many pieces there are at once.
#[derive(Clone, Default)]
pub struct Gauge(Arc<Level>);

/// `Relaxed` throughout: nothing but these numbers is read after them.
#[derive(Default)]
struct Level {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    fn piece(&self, bytes: Vec<u8>) -> Piece {
        let now = self.0.now.fetch_add(1, Relaxed) + 1;
        self.0.most.fetch_max(now, Relaxed);
        Piece { bytes, gauge: self.clone() }
    }

    /// The largest number that there was.
    pub fn most(&self) -> usize {
        self.0.most.load(Relaxed)
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.gauge.0.now.fetch_sub(1, Relaxed);
    }
}
