//! The table of a workload: a row for each contestant.

use crate::bench::Threads;
use crate::rounds::{PerOperation, Rounds};
use crate::statistics::{Verdict, median, ratio};
use std::fmt;

/// What was measured of a workload, to be printed.
pub(crate) struct Table<'a> {
    pub(crate) workload: &'a str,
    pub(crate) threads: Threads,
    pub(crate) rounds: Rounds,
    /// Each contestant's name and allocations, in the order of `rounds.nanos`.
    pub(crate) rows: Vec<(&'static str, PerOperation)>,
    /// Printed below, if there is one.
    pub(crate) remark: &'a str,
}

impl Threads {
    /// The ratio from which a difference is called a win: what two threads measure scatters more.
    fn win(self) -> f64 {
        match self {
            Self::One => 1.15,
            Self::Two => 1.40,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::One => "one thread",
            Self::Two => "two threads",
        }
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workload, threads, rounds, rows, remark } = self;
        let count = rounds.count();
        let plural = if count == 1 { "" } else { "s" };
        writeln!(f, "{workload} ({}, {count} round{plural})", threads.words())?;
        let heads = ["ns/op", "[min – max]", "ratio", "", "allocs/op", "bytes/op"];
        line(f, "", heads)?;
        let Some(reference) = rounds.nanos.first() else { return Ok(()) };
        for (number, ((name, memory), nanos)) in rows.iter().zip(&rounds.nanos).enumerate() {
            let ratio = ratio(reference, nanos);
            let verdict = match number {
                0 => "",
                _ => Verdict::of(ratio, threads.win()).word(),
            };
            let [middle, range] = time(nanos);
            let ratio = format!("{ratio:.2}");
            let [allocations, bytes] = [amount(memory.allocations), amount(memory.bytes)];
            line(f, name, [&middle, &range, &ratio, verdict, &allocations, &bytes])?;
        }
        if !remark.is_empty() {
            writeln!(f, "  {remark}")?;
        }
        if rounds.on_one_core > 0 {
            let on_one_core = rounds.on_one_core;
            writeln!(
                f,
                "  {on_one_core} of {count} rounds ran while two threads shared a core: \
                 these ratios say nothing about two cores"
            )?;
        }
        Ok(())
    }
}

/// One line, in columns.
fn line(f: &mut fmt::Formatter<'_>, name: &str, cells: [&str; 6]) -> fmt::Result {
    let [nanos, range, ratio, verdict, allocations, bytes] = cells;
    writeln!(
        f,
        "  {name:<18} {nanos:>9} {range:>19} {ratio:>7}  {verdict:<11} {allocations:>9} {bytes:>9}"
    )
}

/// The median, and the range around it.
fn time(nanos: &[f64]) -> [String; 2] {
    let least = nanos.iter().copied().fold(f64::INFINITY, f64::min);
    let most = nanos.iter().copied().fold(0.0, f64::max);
    [figure(median(nanos)), format!("[{} – {}]", figure(least), figure(most))]
}

/// Nanoseconds, with a tenth where it matters.
fn figure(nanos: f64) -> String {
    if nanos < 99.95 { format!("{nanos:.1}") } else { format!("{nanos:.0}") }
}

/// Allocations or bytes; a hundredth is all that background noise leaves.
fn amount(each: f64) -> String {
    if each < 0.005 { "0".to_owned() } else { format!("{each:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: PerOperation = PerOperation { allocations: 0.0, bytes: 0.0 };

    fn table(threads: Threads, nanos: Vec<Vec<f64>>, on_one_core: usize) -> String {
        let rows = vec![
            ("reference", NOTHING),
            ("theirs", PerOperation { allocations: 1.0, bytes: 64.0 }),
            ("another", PerOperation { allocations: 0.031, bytes: 0.001 }),
        ];
        let rounds = Rounds { nanos, on_one_core };
        Table { workload: "acquire and release", threads, rounds, rows, remark: "" }.to_string()
    }

    #[test]
    fn a_table_has_a_row_for_each_contestant() {
        let nanos = vec![vec![20.0, 21.0, 19.5], vec![40.0, 42.0, 39.0], vec![1204.0, 20.0, 20.0]];
        let expected = "\
acquire and release (one thread, 3 rounds)
                         ns/op         [min – max]   ratio              allocs/op  bytes/op
  reference               20.0       [19.5 – 21.0]    1.00                      0         0
  theirs                  40.0       [39.0 – 42.0]    2.00  faster           1.00     64.00
  another                 20.0       [20.0 – 1204]    1.03  about equal      0.03         0
";
        assert_eq!(table(Threads::One, nanos, 0), expected);
    }

    #[test]
    fn two_threads_need_a_larger_difference() {
        let nanos = vec![vec![100.0], vec![135.0], vec![69.0]];
        let two = table(Threads::Two, nanos.clone(), 0);
        assert!(two.contains("1.35  about equal") && two.contains("0.69  slower"), "{two}");
        let one = table(Threads::One, nanos, 0);
        assert!(one.contains("1.35  faster"), "{one}");
    }

    #[test]
    fn a_remark_stands_below_the_rows() {
        let rounds = Rounds { nanos: vec![vec![1.0]], on_one_core: 0 };
        let rows = vec![("reference", NOTHING)];
        let remark = "the reference also sings";
        let table = Table { workload: "sing", threads: Threads::One, rounds, rows, remark };
        assert!(table.to_string().ends_with("\n  the reference also sings\n"), "{table}");
    }

    #[test]
    fn rounds_on_a_shared_core_are_confessed() {
        let printed = table(Threads::Two, vec![vec![1.0], vec![1.0], vec![1.0]], 1);
        assert!(printed.contains("1 of 1 rounds ran while two threads shared a core"), "{printed}");
    }
}
