//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::screen::Screen;
use crate::workbook::Workbook;
use crate::{commands, dev, exit, process};

/// One concurrency pattern at a time: edit a file, and learn which interleaving breaks it.
#[derive(Parser)]
#[command(name = "workbook", version)]
struct Cli {
    /// The folder of the workbook; without it, the nearest one above the current folder.
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// The patterns, and how far you are.
    List,
    /// Checks an answer: builds, behaviour, properties, stress, models, leaks.
    Check(Check),
    /// A hint for the test that failed last; each call goes one level deeper.
    Hint { id: Option<String> },
    /// The timeline of the model that failed last, once more.
    Explain {
        id: Option<String>,
        /// Opens the page in a browser.
        #[arg(long)]
        open: bool,
    },
    /// The reference, once yours has passed.
    Solution(Peek),
    /// From yours to the reference, once yours has passed.
    Diff(Peek),
    /// Measures the reference beside the best crates, and yours once it has passed.
    Bench { id: Option<String> },
    /// Questions on a pattern.
    Quiz { id: Option<String> },
    /// Puts the stub back; what you wrote is kept as a backup.
    Reset { id: String },
    /// Looks for what the workbook needs on this machine.
    Doctor,
    /// For authors.
    #[command(subcommand)]
    Dev(Dev),
}

/// What to check, and how to tell.
#[derive(Args)]
pub(crate) struct Check {
    /// The pattern; without it, the next one.
    pub(crate) id: Option<String>,
    /// Every pattern, in turn.
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
    /// One JSON object for each pattern, and nothing else, on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// How long the tests may go without one that passes; models have six times as long.
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

#[derive(Args)]
struct Peek {
    id: Option<String>,
    /// Shows it although yours has not passed. The list remembers.
    #[arg(long)]
    peek: bool,
}

#[derive(Subcommand)]
enum Dev {
    /// Checks that every pattern is complete and that its parts agree.
    Check {
        /// Also runs every spec on its stub: each test must fail with `not yet implemented`.
        #[arg(long)]
        stubs: bool,
    },
    /// Shows that each wrong answer is killed by the test it names.
    Wrong {
        /// ID, or ID/NAME; without it, all of them.
        which: Option<String>,
        /// Installs one wrong answer over your exercise, to look at; yours is kept as a backup.
        #[arg(long, value_name = "exercises", requires = "which", value_parser = ["exercises"])]
        into: Option<String>,
        /// Judges as many as this time allows, of each pattern at least one; others on another day.
        #[arg(long, value_name = "seconds", conflicts_with = "into")]
        within: Option<u64>,
    },
    /// Runs the specs on the reference again and again: does any test ever fail?
    Flake {
        /// How often.
        #[arg(long, default_value_t = 20)]
        runs: usize,
    },
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    let limit = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if limit.is_zero() { Err("must be more than 0".to_owned()) } else { Ok(limit) }
}

/// Runs the command line, and gives its exit code.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new();
    let code = run(cli, &screen).unwrap_or_else(|error| {
        eprintln!("{error:#}");
        exit::code(&error)
    });
    ExitCode::from(code)
}

fn run(cli: Cli, screen: &Screen) -> anyhow::Result<u8> {
    process::end_children_on_signals()?;
    if let Some(Command::Doctor) = cli.command {
        return commands::doctor::run(cli.root, screen);
    }
    let book = Workbook::open(cli.root)?;
    match cli.command {
        None => commands::status::run(&book, screen),
        Some(Command::List) => commands::list::run(&book, screen),
        Some(Command::Check(check)) => commands::check::run(&book, screen, &check),
        Some(Command::Hint { id }) => commands::hint::run(&book, screen, id.as_deref()),
        Some(Command::Explain { id, open }) => {
            commands::explain::run(&book, screen, id.as_deref(), open)
        }
        Some(Command::Solution(Peek { id, peek })) => {
            commands::solution::run(&book, screen, id.as_deref(), peek)
        }
        Some(Command::Diff(Peek { id, peek })) => {
            commands::diff::run(&book, screen, id.as_deref(), peek)
        }
        Some(Command::Bench { id }) => commands::bench::run(&book, screen, id.as_deref()),
        Some(Command::Quiz { id }) => commands::quiz::run(&book, screen, id.as_deref()),
        Some(Command::Reset { id }) => commands::reset::run(&book, screen, &id),
        Some(Command::Doctor) => unreachable!("answered before the workbook is opened"),
        Some(Command::Dev(Dev::Check { stubs })) => dev::check::run(&book, screen, stubs),
        Some(Command::Dev(Dev::Wrong { which, into, within })) => match into {
            Some(_) => dev::wrong::install(&book, screen, which.as_deref().unwrap_or_default()),
            None => {
                dev::wrong::run(&book, screen, which.as_deref(), within.map(Duration::from_secs))
            }
        },
        Some(Command::Dev(Dev::Flake { runs })) => dev::flake::run(&book, screen, runs),
    }
}
