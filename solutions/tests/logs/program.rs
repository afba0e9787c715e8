//! The built program, with pipes in place of a terminal.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long a test may take before it counts as blocked. Far more than any of them needs.
const DEADLINE: Duration = Duration::from_secs(20);

/// Runs a test under the deadline.
pub(crate) fn drill(body: impl FnOnce() + Send + 'static) {
    let (done, outcome) = channel();
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let test = thread::Builder::new().name(name).spawn(move || {
        body();
        let _ = done.send(());
    });
    let test = test.expect("the system can start another thread");
    match outcome.recv_timeout(DEADLINE) {
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("still blocked"),
        // It has ended, well or with its panic.
        _ => test.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
    }
}

/// A run of the program.
pub(crate) struct Program {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<BufReader<ChildStdout>>,
    pub(crate) stderr: Option<BufReader<ChildStderr>>,
}

/// How a run ended, and what had not been read by then.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn start<A: AsRef<Path>>(folder: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let mut child = Command::new(binary())
            .args(args.into_iter().map(|arg| arg.as_ref().to_owned()))
            .current_dir(folder)
            .env("TMPDIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().map(BufReader::new));
        let stderr = child.stderr.take().map(BufReader::new);
        Self { child, stdin, stdout, stderr }
    }

    /// Writes lines to its standard input.
    pub(crate) fn feed(&mut self, lines: impl IntoIterator<Item = String>) {
        let stdin = self.stdin.as_mut().expect("it is open");
        for line in lines {
            writeln!(stdin, "{line}").expect("it reads");
        }
    }

    /// The next line of its standard output.
    pub(crate) fn read(&mut self) -> String {
        line_of(self.stdout.as_mut().expect("it is open"))
    }

    /// The next line of its standard error.
    pub(crate) fn told(&mut self) -> String {
        line_of(self.stderr.as_mut().expect("it is open"))
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it still runs");
    }

    /// Reads the rest, and waits for its end. Its standard input stays open, if it is.
    pub(crate) fn end(mut self) -> Ended {
        let stdout = self.stdout.take();
        let lines = thread::spawn(move || {
            stdout.map_or_else(Vec::new, |stdout| stdout.lines().map(Result::unwrap).collect())
        });
        let mut stderr = String::new();
        if let Some(mut from) = self.stderr.take() {
            from.read_to_string(&mut stderr).unwrap();
        }
        let stdout = lines.join().unwrap();
        Ended { code: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

/// A test that fails leaves no program behind.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line_of(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    assert!(line.ends_with('\n'), "it has ended");
    line.trim_end().to_owned()
}

/// Where cargo has built the example: `cargo test` has, unless only this test was asked for.
fn binary() -> PathBuf {
    const BUILD: &str = "cargo build -p solutions --example logs";
    let here = std::env::current_exe().unwrap();
    let target = here.parent().and_then(Path::parent).expect("target/PROFILE/deps");
    let built = target.join("examples").join("logs");
    let age = |path: &Path| fs::metadata(path).and_then(|file| file.modified());
    let Ok(built_at) = age(&built) else { panic!("the example is missing: `{BUILD}`") };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for part in fs::read_dir(examples.join("logs")).unwrap() {
        let stale = age(&part.unwrap().path()).unwrap() > built_at;
        assert!(!stale, "the example is older than its source: `{BUILD}`");
    }
    built
}
