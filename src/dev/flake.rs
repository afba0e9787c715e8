//! `dev flake`: a test that fails once in a hundred runs is found here, not in front of a learner.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cargo::{self, Build, Request};
use crate::check::specs;
use crate::exit;
use crate::libtest::{Death, Ending};
use crate::screen::Screen;
use crate::words;
use crate::workbook::Workbook;

/// Runs every spec on the reference, `runs` times.
pub(crate) fn run(book: &Workbook, screen: &Screen, runs: usize) -> anyhow::Result<u8> {
    let mut tests = Vec::new();
    for pattern in &book.curriculum.patterns {
        tests.extend(specs(book, &pattern.id)?);
    }
    let package = "concurrency-workbook".to_owned();
    let request = Request { root: book.root.clone(), package, tests, ..Request::default() };
    let executables = match cargo::build(&request)? {
        Build::Done(executables) => executables,
        Build::Broken { errors, .. } => return Err(exit::environment(errors)),
    };
    let mut failures = BTreeMap::<String, (usize, String)>::new();
    for _ in 0..runs {
        for executable in &executables {
            let all: Vec<_> = executable.suite.tests.iter().map(String::as_str).collect();
            let outcome = executable.suite.run(&all, Duration::from_secs(15))?;
            let mut count = |test: String, words: String| {
                let test = format!("{}: {test}", executable.name);
                failures.entry(test).or_insert((0, words)).0 += 1;
            };
            match outcome.ending {
                Ending::Finished => {}
                Ending::Blocked(tests) => {
                    count(tests.into_iter().next().unwrap_or_default(), "it does not end".into());
                }
                Ending::Died(Death { test, says, words }) => {
                    count(test, format!("{says}\n{words}"))
                }
            }
            for failed in outcome.failed {
                count(failed.test, failed.output);
            }
        }
    }
    let total: usize = executables.iter().map(|executable| executable.suite.tests.len()).sum();
    for (test, (times, output)) in &failures {
        outln!("{} {test} failed {times} of {runs} times", screen.bad("✗"));
        out!("{}", screen.wrap(output.trim(), "    "));
    }
    outln!("{}, {runs} times each: {} fail", words::count(total, "test"), failures.len());
    Ok(if failures.is_empty() { exit::PASS } else { exit::FAILS })
}
