//! What the command line asks for.

use criterion::Criterion;
use std::process::exit;
use std::time::Duration;

/// Who measures, and how.
pub(crate) enum Mode {
    /// criterion, each contestant alone.
    Criterion(Box<Criterion>),
    /// The table, all contestants in turn.
    Table(Plan),
}

/// How much trouble a table is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// How long one contestant works in one round, about.
    pub(crate) turn: Duration,
    /// How often each contestant has its turn.
    pub(crate) rounds: usize,
    /// How many rounds of a workload may be repeated because two threads shared a core.
    pub(crate) repeats: usize,
    /// How long to wait before looking again whether they still do.
    pub(crate) pause: Duration,
    /// Only workloads whose names contain this.
    pub(crate) filter: String,
}

impl Plan {
    const FULL: Self = Self::new(Duration::from_millis(20), 15, 40);
    const QUICK: Self = Self::new(Duration::from_millis(4), 5, 5);
    /// Each contestant once, for as few operations as it can do.
    const ONCE: Self = Self::new(Duration::ZERO, 1, 0);

    const fn new(turn: Duration, rounds: usize, repeats: usize) -> Self {
        Self { turn, rounds, repeats, pause: Duration::from_millis(250), filter: String::new() }
    }
}

impl Mode {
    /// Reads the command line; ends the process where it makes no sense.
    pub(crate) fn from_args() -> Self {
        let args: Vec<_> = std::env::args().skip(1).collect();
        match plan(&args) {
            Ok(Some(plan)) => Self::Table(plan),
            Ok(None) => Self::Criterion(Box::new(criterion())),
            Err(unknown) => {
                eprintln!("error: a table knows --quick, --test and a filter, not `{unknown}`");
                exit(2);
            }
        }
    }
}

/// Shorter than criterion's own setting, which would take a quarter of an hour for a bench with
/// ten workloads of eight contestants.
fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args()
}

/// The plan of a table; none where criterion is asked, which reads the arguments itself.
fn plan(args: &[String]) -> Result<Option<Plan>, &str> {
    if !args.iter().any(|arg| arg == "--table") {
        return Ok(None);
    }
    let mut plan = Plan::FULL;
    let mut filter = String::new();
    for arg in args {
        match arg.as_str() {
            // `cargo bench` adds `--bench` itself.
            "--table" | "--bench" => {}
            "--quick" => plan = Plan::QUICK,
            "--test" => plan = Plan::ONCE,
            unknown if unknown.starts_with('-') => return Err(unknown),
            word => filter = word.to_owned(),
        }
    }
    Ok(Some(Plan { filter, ..plan }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<Option<Plan>, &str>) {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        assert_eq!(plan(&args), expected);
    }

    #[test]
    fn without_table_criterion_reads_the_arguments() {
        check("", Ok(None));
        check("--bench --save-baseline before", Ok(None));
    }

    #[test]
    fn a_table_can_be_short_and_filtered() {
        check("--table --bench", Ok(Some(Plan::FULL)));
        check("--table --quick", Ok(Some(Plan::QUICK)));
        let filter = "rendezvous".to_owned();
        check("rendezvous --test --table", Ok(Some(Plan { filter, ..Plan::ONCE })));
    }

    #[test]
    fn an_unknown_flag_of_a_table_is_an_error() {
        check("--table --quik", Err("--quik"));
    }
}
