//! The tables, exactly.

mod of_blocked;
mod of_failing;

use crate::report::Report;

#[track_caller]
fn check(report: &Report, expected: &str) {
    let actual = report.text(false);
    assert_eq!(actual, expected.trim_start_matches('\n'), "\n{actual}");
}
