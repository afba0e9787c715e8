//! Counts words, and holds only a few pieces of the text at a time: in turn, on tokio, and on rayon.
//!
//! ```console
//! $ cargo run --release -p solutions --example map_reduce
//! $ cargo run --release -p solutions --example map_reduce -- book/src/*.md
//! ```
//!
//! Without a file it makes a text of its own.

#[path = "map_reduce/mod.rs"]
mod map_reduce;

use std::cmp::Reverse;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use map_reduce::words::{Counts, Gauge, PIECE, Pieces, in_turn, on_rayon, on_tokio};
use solutions::cancel::CancelToken;
use tempfile::NamedTempFile;

#[tokio::main]
async fn main() -> ExitCode {
    match run(std::env::args_os().skip(1).map(PathBuf::from).collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut paths: Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let made = paths.is_empty().then(make_a_text).transpose()?;
    paths.extend(made.iter().map(|file| file.path().to_owned()));
    // Read once before the clock runs: the first reader of a file waits for the disk.
    let mut bytes = 0;
    for path in &paths {
        bytes += read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let workers = std::thread::available_parallelism()?;
    let token = CancelToken::new();
    let [one, tasks, threads] = [(); 3].map(|()| Gauge::default());
    let pieces = |gauge: &Gauge| Pieces::of(paths.clone(), gauge.clone());
    let (counts, alone) = timed(async { in_turn(pieces(&one)) }).await;
    let (by_tasks, tasks_time) = timed(on_tokio(pieces(&tasks), workers, &token)).await;
    let (by_threads, threads_time) = timed(async { on_rayon(pieces(&threads), workers) }).await;

    println!("{} KiB, by {workers} workers:", bytes >> 10);
    for (name, time, gauge) in [
        ("in turn", alone, one),
        ("on tokio", tasks_time, tasks),
        ("on rayon", threads_time, threads),
    ] {
        let ratio = alone.as_secs_f64() / time.as_secs_f64();
        let most = gauge.most();
        println!(
            "  {name:8}  {ratio:4.2} × as fast, at most {most} × {} KiB in memory",
            PIECE >> 10
        );
    }
    let counts = counts?;
    if by_tasks? != counts || by_threads? != counts {
        return Err("they do not agree".into());
    }
    let words: u64 = counts.values().sum();
    println!("All agree: {words} words, {} different. The most frequent:", counts.len());
    for (word, count) in most_frequent(&counts, 5) {
        println!("{count:>8}  {word}");
    }
    Ok(())
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let result = work.await;
    (result, start.elapsed())
}

fn read(path: &Path) -> io::Result<u64> {
    io::copy(&mut File::open(path)?, &mut io::sink())
}

fn most_frequent(counts: &Counts, n: usize) -> Vec<(&str, u64)> {
    let mut all: Vec<_> = counts.iter().map(|(word, count)| (word.as_str(), *count)).collect();
    all.sort_unstable_by_key(|(word, count)| (Reverse(*count), *word));
    all.truncate(n);
    all
}

/// Half a million words, a few of them frequent and most of them rare, the same in every run.
fn make_a_text() -> io::Result<NamedTempFile> {
    let file = NamedTempFile::new()?;
    let mut text = BufWriter::new(&file);
    let mut state = 1_u32;
    for word in 1..=500_000 {
        // A linear congruential generator: its upper bits are good enough for this.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let rank = f64::from(state >> 8) / f64::from(1 << 24);
        let mut syllables = 20_000_f64.powf(rank) as usize;
        while syllables > 0 {
            text.write_all(SYLLABLES[syllables % SYLLABLES.len()].as_bytes())?;
            syllables /= SYLLABLES.len();
        }
        text.write_all(if word % 12 == 0 { b".\n" } else { b" " })?;
    }
    text.flush()?;
    drop(text);
    Ok(file)
}

const SYLLABLES: [&str; 8] = ["lo", "mi", "ra", "ten", "sul", "va", "ker", "on"];
