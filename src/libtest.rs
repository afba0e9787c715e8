//! Test executables: which tests they hold, which of them fail, and with what words.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::Context;
use signal_hook::consts::SIGABRT;

use crate::{exit, process};

/// A test executable and the tests in it.
pub(crate) struct Suite {
    executable: PathBuf,
    /// The folder of its package: where cargo would run it.
    folder: PathBuf,
    pub(crate) tests: Vec<String>,
}

/// What a run of some tests gave.
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    pub(crate) failed: Vec<Failed>,
    pub(crate) ending: Ending,
}

/// How a run ended.
pub(crate) enum Ending {
    /// Every test has a result.
    Finished,
    /// No test passed for too long, and the run was ended. The tests without a result, in order.
    Blocked(Vec<String>),
    Died(Death),
}

/// How a test process died.
pub(crate) struct Death {
    pub(crate) test: String,
    /// What of, in a sentence.
    pub(crate) says: String,
    /// Its panics; without any, its last words.
    pub(crate) words: String,
}

/// A test that failed, and what it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) test: String,
    pub(crate) output: String,
}

impl Suite {
    /// Asks an executable for its tests.
    pub(crate) fn list(executable: PathBuf, folder: PathBuf) -> anyhow::Result<Self> {
        let mut suite = Self { executable, folder, tests: Vec::new() };
        let mut command = suite.command();
        command.args(["--list", "--format", "terse"]);
        let listed = process::run(&mut command, Duration::from_secs(10), |_| false)
            .with_context(|| format!("cannot run {}", suite.executable.display()))?;
        let lines = listed.stdout.lines().filter_map(|line| line.strip_suffix(": test"));
        suite.tests = lines.map(str::to_owned).collect();
        match listed.status {
            Some(status) if status.success() => Ok(suite),
            _ => Err(exit::environment(format!(
                "{} does not list its tests:\n{}",
                suite.executable.display(),
                listed.stderr
            ))),
        }
    }

    /// Moves the executable to where the next build leaves it alone. It is tempting to copy it, but a
    /// process that another thread starts meanwhile would hold the copy open for writing, and what
    /// is open for writing cannot be run.
    pub(crate) fn keep(&self, place: PathBuf) -> anyhow::Result<Self> {
        let ready = place.parent().map_or(Ok(()), fs::create_dir_all);
        ready
            .and_then(|()| fs::rename(&self.executable, &place))
            .with_context(|| format!("cannot write {}", place.display()))?;
        Ok(Self { executable: place, folder: self.folder.clone(), tests: self.tests.clone() })
    }

    /// Removes what was kept; what is left of it would only take room.
    pub(crate) fn remove(&self) {
        drop(fs::remove_file(&self.executable));
    }

    /// Runs some of the tests, and ends them when none passes for as long as `patience`.
    pub(crate) fn run(&self, tests: &[&str], patience: Duration) -> anyhow::Result<Outcome> {
        let finished = self.start(tests, &[], patience)?;
        let Results { passed, failed } = results(&finished.stdout, tests);
        let has_passed = |test: &str| passed.iter().any(|name| name == test);
        let has_failed = |test: &str| failed.iter().any(|failed| failed.test == test);
        // libtest starts its tests in this order: the first without a result is running.
        let unended = || -> Vec<String> {
            let left = tests.iter().filter(|test| !has_passed(test) && !has_failed(test));
            left.map(|test| (*test).to_owned()).collect()
        };
        let ending = match finished.status {
            None => Ending::Blocked(unended()),
            Some(_) if is_complete(&finished.stdout) => Ending::Finished,
            Some(status) => {
                let left: Vec<_> = tests.iter().copied().filter(|test| !has_passed(test)).collect();
                let (test, words) = self.who_died(&left, patience)?.unwrap_or_else(|| {
                    let test = last_heard(&finished.stderr, &unended());
                    (test, finished.stderr.clone())
                });
                Ending::Died(Death::new(test, status, &words))
            }
        };
        Ok(Outcome { passed: passed.len(), failed, ending })
    }

    /// After a death: the same tests one at a time, for then the last that was named has died. What
    /// libtest had captured of it is lost, so it dies once more, and all that it says is heard.
    fn who_died(
        &self,
        tests: &[&str],
        patience: Duration,
    ) -> anyhow::Result<Option<(String, String)>> {
        let again = self.start(tests, &["--test-threads", "1"], patience)?;
        if again.status.is_none() || is_complete(&again.stdout) {
            return Ok(None);
        }
        let started =
            |line: &str| Some(line.strip_prefix("test ")?.split_once(" ... ")?.0.to_owned());
        let last = again.stdout.lines().rev().find_map(started);
        let Some(test) = last.filter(|last| tests.contains(&last.as_str())) else {
            return Ok(None);
        };
        let alone = self.start(&[&test], &["--nocapture"], patience)?;
        let heard = if is_complete(&alone.stdout) { again.stderr } else { alone.stderr };
        Ok(Some((test, heard)))
    }

    fn start(
        &self,
        tests: &[&str],
        options: &[&str],
        patience: Duration,
    ) -> anyhow::Result<process::Finished> {
        let mut command = self.command();
        command.arg("--exact").args(options).args(tests);
        let is_pass = |line: &str| line.starts_with("test ") && line.ends_with(" ... ok");
        process::run(&mut command, patience, is_pass)
            .with_context(|| format!("cannot run {}", self.executable.display()))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        // The order in which tests start and the form of their messages must be the usual ones.
        command.env_remove("RUST_TEST_SHUFFLE").env("RUST_BACKTRACE", "0");
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }
}

impl Death {
    fn new(test: String, status: ExitStatus, stderr: &str) -> Self {
        let panics = panics(stderr);
        // What the standard library adds when it gives up is about no line of the answer.
        let of_std = |panic: &&Panic| panic.place.contains("library/core/src/panicking.rs");
        let own: Vec<_> = panics.iter().filter(|panic| !of_std(panic)).collect();
        let says = match (status.signal(), own.last()) {
            // The engine's words, which say neither whose stack it is nor what to do.
            (Some(signal), _) if stderr.contains("coroutine in thread") => format!(
                "the test process died of {}: the stack of a model's thread is full\n\
                 The body of a model has 32 KiB, a thread it spawns 512. What is large goes into a `Box`:\n\
                 an array of locks, `[Mutex<_>; 16]`, is better a `Box<[Mutex<_>]>`, collected from an iterator.",
                signal_name(signal)
            ),
            (Some(SIGABRT), Some(panic)) => format!(
                "the test process was aborted: {}, in {test}\n\
                 A panic under a lock poisons it; the next `lock().unwrap()`, in a drop, panics again.",
                panic.message
            ),
            (Some(signal), _) => format!("the test process died of {}", signal_name(signal)),
            (None, _) => {
                format!("the test process died of exit code {}", status.code().unwrap_or_default())
            }
        };
        let words = match own.as_slice() {
            [] => tail(stderr, 30),
            own => own.iter().map(|p| format!("{}  at {}\n", p.message, p.place)).collect(),
        };
        Self { test, says, words }
    }
}

/// Whether libtest has come to its end, with whatever result: an answer can end the process as well.
fn is_complete(stdout: &str) -> bool {
    stdout.lines().any(|line| line.starts_with("test result: "))
}

struct Results {
    passed: Vec<String>,
    failed: Vec<Failed>,
}

/// Reads what libtest has printed. The list at its end names what failed; a test that writes past
/// the capture may have garbled the lines before it.
fn results(stdout: &str, tests: &[&str]) -> Results {
    let known = |name: &str| tests.contains(&name);
    let (mut passed, mut failed) = (Vec::new(), BTreeMap::<&str, String>::new());
    let mut section: Option<&str> = None;
    let mut lost = String::new();
    let (body, listed) = stdout.rsplit_once("\nfailures:\n").unwrap_or((stdout, ""));
    for line in body.lines() {
        let header = line.strip_prefix("---- ").and_then(|line| line.strip_suffix(" stdout ----"));
        if let Some(name) = header.filter(|name| known(name)) {
            section = Some(name);
            failed.entry(name).or_default();
        } else if let Some(name) = section {
            let output = failed.entry(name).or_default();
            output.push_str(line);
            output.push('\n');
        } else if !lost.is_empty() || line.ends_with(process::LEFT_OUT) {
            lost.push_str(line);
            lost.push('\n');
        } else if let Some((name, result)) =
            line.strip_prefix("test ").and_then(|line| line.rsplit_once(" ... "))
        {
            let name = name.strip_suffix(" - should panic").unwrap_or(name);
            if known(name) && result == "ok" {
                passed.push(name.to_owned());
            } else if known(name) && result == "FAILED" {
                failed.entry(name).or_default();
            }
        }
    }
    for name in listed.lines().filter_map(|line| line.strip_prefix("    ")) {
        if known(name) {
            failed.entry(name).or_default();
        }
    }
    // What floods may have swept away the header over its own last words.
    let output = |(test, output): (&str, String)| {
        let output = if output.is_empty() { lost.clone() } else { output };
        Failed { test: test.to_owned(), output }
    };
    Results { passed, failed: failed.into_iter().map(output).collect() }
}

/// A panic as a test's output tells it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    /// The thread's name.
    thread: String,
    /// `tests/semaphore.rs:31:9`
    pub(crate) place: String,
    pub(crate) message: String,
}

impl Failed {
    /// The panic that failed the test: a missing body before all else, then the last of the test's own
    /// thread. A test that injects panics has more of them, and one that joins a thread repeats its.
    pub(crate) fn panic(&self) -> Option<Panic> {
        let panics = panics(&self.output);
        let missing = panics.iter().position(|p| p.message.starts_with("not yet implemented"));
        let repeats = |panic: &Panic| panic.message.contains("Any { .. }");
        let own = panics.iter().rposition(|p| p.thread == self.test && !repeats(p));
        let any = || panics.iter().rposition(|p| !repeats(p));
        let chosen = missing.or(own).or_else(any).or(panics.len().checked_sub(1));
        panics.into_iter().nth(chosen?)
    }
}

fn panics(output: &str) -> Vec<Panic> {
    let mut panics: Vec<Panic> = Vec::new();
    let mut inside = false;
    for line in output.lines() {
        if let Some((thread, place)) = header(line) {
            inside = true;
            let place = tidy(place.trim_end_matches(':'));
            panics.push(Panic { thread: thread.to_owned(), place, message: String::new() });
        } else if line.starts_with("note: run with `RUST_BACKTRACE")
            || line == "stack backtrace:"
            || line == "thread caused non-unwinding panic. aborting."
        {
            inside = false;
        } else if inside && let Some(panic) = panics.last_mut() {
            panic.message.push_str(line);
            panic.message.push('\n');
        }
    }
    for panic in &mut panics {
        panic.message.truncate(panic.message.trim_end().len());
    }
    panics
}

/// Which of the tests that were running spoke last before the process died, as each runs in a thread
/// of its name; without a word the first, which was started before the others.
fn last_heard(stderr: &str, running: &[String]) -> String {
    let names =
        stderr.lines().rev().filter_map(|line| line.strip_prefix("thread '")?.split_once('\''));
    let mut heard = names.filter_map(|(name, _)| running.iter().find(|test| *test == name));
    heard.next().or(running.first()).cloned().unwrap_or_default()
}

/// `thread 'NAME' (123) panicked at PLACE:`
fn header(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.strip_prefix("thread '")?.split_once('\'')?;
    let (_, place) = rest.split_once(" panicked at ")?;
    Some((thread, place))
}

/// Paths as the compiler knows them, seen from the workbook: a spec is compiled from another package.
pub(crate) fn tidy(text: &str) -> String {
    text.replace("models/exercises/../../", "")
        .replace("models/exercises/tests/../../../", "")
        .replace("exercises/../", "")
}

/// The last lines of an output.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn signal_name(signal: i32) -> String {
    let name = signal_hook::low_level::signal_name(signal).unwrap_or("unknown");
    format!("signal {signal} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_libtest_is_read() {
        let stdout = "\nrunning 4 tests\ntest a::fine ... ok\ntest a::wrong ... FAILED\n\
            test a::loud ... FAILED\ntest a::raises - should panic ... ok\n\nfailures:\n\n\
            ---- a::loud stdout ----\n---- not a test stdout ----\n\n---- a::wrong stdout ----\n\n\
            thread 'a::wrong' (7) panicked at exercises/../tests/a.rs:3:5:\nthe words\n  right: 2\n\
            note: run with `RUST_BACKTRACE=1` environment variable\n\n\nfailures:\n    a::loud\n    a::wrong\n\n\
            test result: FAILED. 2 passed; 2 failed\n";
        let Results { passed, failed } =
            results(stdout, &["a::fine", "a::wrong", "a::loud", "a::raises"]);
        assert_eq!(passed, ["a::fine", "a::raises"]);
        let names: Vec<_> = failed.iter().map(|failed| failed.test.as_str()).collect();
        assert_eq!(names, ["a::loud", "a::wrong"]);
        assert_eq!(failed[0].output, "---- not a test stdout ----\n\n");
        let panic = failed[1].panic().unwrap();
        assert_eq!(panic.place, "tests/a.rs:3:5");
        assert_eq!(panic.message, "the words\n  right: 2");
    }

    #[test]
    fn who_spoke_last_has_died() {
        let running = ["a::hangs", "a::dies"].map(str::to_owned);
        for (stderr, test) in [
            ("thread 'a::dies' (7) panicked at a.rs:1:1:\npanic in a destructor\n", "a::dies"),
            ("\nthread 'a::dies' (7) has overflowed its stack\nfatal runtime error\n", "a::dies"),
            ("thread 'a::ended' (7) panicked at a.rs:1:1:\nhere\n", "a::hangs"),
            ("", "a::hangs"),
        ] {
            assert_eq!(last_heard(stderr, &running), test);
        }
        assert_eq!(last_heard("", &[]), "");
    }

    #[test]
    fn the_panic_that_failed_the_test_is_found_among_others() {
        let panic = |thread: &str, words: &str| {
            format!("\nthread '{thread}' (1) panicked at src/a.rs:1:1:\n{words}\n")
        };
        for (panics, words) in [
            (vec![panic("t", "injected"), panic("t", "the count is off")], "the count is off"),
            (vec![panic("worker", "lost a value"), panic("t", "Err(Any { .. })")], "lost a value"),
            (
                vec![panic("w", "not yet implemented: x"), panic("t", "no value")],
                "not yet implemented: x",
            ),
            (vec![panic("t", "mine"), panic("worker", "woken too late")], "mine"),
        ] {
            let failed = Failed { test: "t".into(), output: panics.concat() };
            assert_eq!(failed.panic().unwrap().message, words);
        }
    }
}
