//! Reads logs, drops what does not matter, finds out more about the rest, and writes it on: the pipeline at work.
//!
//! ```console
//! $ cargo run -p solutions --example logs
//! $ cargo run -p solutions --example logs -- --level warn --out warnings.log web.log db.log
//! $ tail -f web.log | cargo run -p solutions --example logs -- --level error -
//! ```
//!
//! Without a file it writes sample logs into a temporary folder, and reads those. Ctrl-C stops the reading; what
//! has been read is still written. A second one ends at once.
//!
//! The exit code is 0 when everything was read, also where lines were no log entries, or where the reader of the
//! output had read enough; 1 where something could not be written; 2 where an argument makes no sense or a file could
//! not be read; 130 after Ctrl-C.

#[path = "logs/mod.rs"]
mod logs;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, exit};
use std::sync::Arc;

use clap::Parser;
use futures::StreamExt;
use logs::args::Args;
use logs::lines::lines;
use logs::process::{Output, Plan, Source, pipeline};
use logs::sample::Sample;
use logs::show::Show;
use logs::writer::Writer;
use solutions::pipeline::{CancelToken, End};
use tokio::fs::File;
use tokio::io::{stdin, stdout};
use tokio::signal::unix::{SignalKind, signal};

const UNWRITTEN: u8 = 1;
const UNREAD: u8 = 2;
/// As a shell says that a program was interrupted.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    // On bad arguments this ends the program, with words and with 2.
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new().expect("the system can start threads");
    let code = runtime.block_on(run(args)).unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "{error}");
        UNREAD
    });
    // A thread may be waiting for the next line of standard input, and nothing wakes it.
    runtime.shutdown_background();
    ExitCode::from(code)
}

async fn run(args: Args) -> Result<u8, Box<dyn Error>> {
    let sample = args.files.is_empty().then(Sample::write).transpose()?;
    let named = |path: PathBuf| (path.display().to_string(), path);
    let files = args.files.into_iter().map(named).collect();
    let files = sample.as_ref().map_or(files, Sample::files);
    let mut outputs = vec![Box::pin(Writer::new("stdout", stdout())) as Output];
    let mut names = vec!["stdout".to_owned()];
    if let Some(path) = &args.out {
        outputs.push(Box::pin(output(path, &files)?));
        names.push(path.display().to_string());
    }
    let show = Arc::new(Show::new(names));
    let token = CancelToken::new();
    interrupts(token.clone(), show.clone())?;

    let plan = Plan { level: args.level, workers: args.workers, order: args.order.into() };
    let sources = files.into_iter().map(source).collect();
    let told = show.clone();
    let pipeline = pipeline(plan, sources, outputs, move |failure| told.error(failure));
    let metrics = pipeline.metrics();
    let report = tokio::select! {
        report = pipeline.run(token) => report,
        never = show.progress(&metrics) => match never {},
    };
    show.summary(&report);
    Ok(match report.end {
        _ if show.unwritten() => UNWRITTEN,
        _ if show.unread() => UNREAD,
        End::Cancelled(_) => INTERRUPTED,
        _ => 0,
    })
}

// ANCHOR: interrupts
/// From here on Ctrl-C cancels the token, and a second one ends the program.
fn interrupts(token: CancelToken, show: Arc<Show>) -> io::Result<()> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        interrupts.recv().await;
        show.interrupted();
        token.cancel();
        interrupts.recv().await;
        exit(INTERRUPTED.into());
    });
    Ok(())
}
// ANCHOR_END: interrupts

fn source((name, path): (String, PathBuf)) -> Source {
    if path.as_os_str() == "-" {
        return lines("stdin".into(), async { Ok(stdin()) }).boxed();
    }
    lines(name.into(), File::open(path)).boxed()
}

/// Opens the file that is written, which is none of those that are read.
fn output(path: &Path, files: &[(String, PathBuf)]) -> Result<Writer<File>, String> {
    let name = path.display();
    let here = fs::canonicalize(path).ok();
    if here.is_some() && files.iter().any(|(_, file)| fs::canonicalize(file).ok() == here) {
        return Err(format!("{name}: it is one of the files to read"));
    }
    let file = fs::File::create(path).map_err(|error| format!("{name}: {error}"))?;
    Ok(Writer::new(&name.to_string(), File::from_std(file)))
}
