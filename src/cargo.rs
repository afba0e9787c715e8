//! Builds test executables, and says whose fault it is when that fails.

use std::io::{BufRead, BufReader, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use serde::Deserialize;

use crate::exit;
use crate::libtest::{self, Suite};
use crate::words;

/// What to build.
#[derive(Default)]
pub(crate) struct Request {
    /// The root of the workspace.
    pub(crate) root: PathBuf,
    pub(crate) package: String,
    /// The only feature; without one, the default features.
    pub(crate) feature: Option<String>,
    /// The test targets.
    pub(crate) tests: Vec<String>,
    /// Where the result goes, if not to the usual place.
    pub(crate) target: Option<PathBuf>,
    /// Whether the compiler may colour its messages.
    pub(crate) colours: bool,
}

/// What came of it.
pub(crate) enum Build {
    Done(Vec<Executable>),
    /// The compiler found errors in these packages.
    Broken {
        packages: Vec<String>,
        errors: String,
    },
}

/// A test executable.
pub(crate) struct Executable {
    /// The name of the test target.
    pub(crate) name: String,
    pub(crate) suite: Suite,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    #[serde(default)]
    manifest_path: PathBuf,
    target: Option<Target>,
    executable: Option<PathBuf>,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: Option<String>,
}

/// `cargo`, the one that started the runner if there was one.
pub(crate) fn command(root: &std::path::Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// What to do about a cargo that cannot be started.
pub(crate) fn missing(error: &std::io::Error) -> anyhow::Error {
    exit::environment(format!(
        "cargo cannot be started ({error}). Install Rust from https://rustup.rs, and see that `cargo` is in the PATH."
    ))
}

/// Builds without running. An error is the environment's; an answer that does not compile is none.
pub(crate) fn build(request: &Request) -> anyhow::Result<Build> {
    let mut command = command(&request.root);
    let format = if request.colours { "json-diagnostic-rendered-ansi" } else { "json" };
    command.args(["test", "--no-run"]).arg(format!("--message-format={format}"));
    command.args(["--package", &request.package]);
    if let Some(feature) = &request.feature {
        command.args(["--no-default-features", "--features", feature]);
    }
    for test in &request.tests {
        command.args(["--test", test]);
    }
    if let Some(target) = &request.target {
        command.arg("--target-dir").arg(target);
    }
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|e| missing(&e))?;
    let stderr = child.stderr.take().expect("it is piped");
    let told = std::thread::spawn(move || tell(BufReader::new(stderr)));
    let stdout = child.stdout.take().expect("it is piped");
    let (mut executables, mut packages, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for line in BufReader::new(stdout).lines() {
        let Ok(message) = serde_json::from_str::<Message>(&line?) else { continue };
        let package = package_name(&message.package_id);
        match (message.reason.as_str(), message.message, message.executable, message.target) {
            ("compiler-message", Some(diagnostic), ..) if diagnostic.level == "error" => {
                let text = libtest::tidy(&diagnostic.rendered.unwrap_or_default());
                if !errors.contains(&text) {
                    errors.push(text);
                }
                if !packages.contains(&package) {
                    packages.push(package);
                }
            }
            ("compiler-artifact", _, Some(executable), Some(target)) => {
                let folder = message.manifest_path.parent().unwrap_or(&request.root).to_path_buf();
                executables.push((target.name, executable, folder));
            }
            _ => {}
        }
    }
    let status = child.wait()?;
    let told = told.join().expect("reading does not panic");
    if !errors.is_empty() {
        return Ok(Build::Broken { packages, errors: errors.concat() });
    }
    if !status.success() {
        return Err(exit::environment(format!(
            "cargo failed:\n{}\n{}",
            told.trim_end(),
            advice(&told)
        )));
    }
    let open = |(name, executable, folder)| {
        let suite = Suite::list(executable, folder)?;
        Ok(Executable { name, suite })
    };
    Ok(Build::Done(executables.into_iter().map(open).collect::<anyhow::Result<_>>()?))
}

/// Passes cargo's own lines on to someone who waits, and keeps them for who must know why it failed.
fn tell(lines: impl BufRead) -> String {
    let shown = std::io::stderr().is_terminal();
    let mut all = String::new();
    for line in lines.lines().map_while(Result::ok) {
        let of_interest = ["Compiling", "Downloading", "Downloaded", "Blocking"];
        if shown && of_interest.iter().any(|word| line.trim_start().starts_with(word)) {
            eprintln!("{line}");
        }
        all.push_str(&line);
        all.push('\n');
    }
    all
}

/// The name in a package id: `path+file:///book/models/exercises#exercises-model@0.1.0`, or
/// `path+file:///book/exercises#0.1.0` where the folder has the name.
fn package_name(id: &str) -> String {
    let (place, version) = id.rsplit_once('#').unwrap_or((id, ""));
    let name = version.split_once('@').map(|(name, _)| name);
    name.or(place.rsplit('/').next()).unwrap_or_default().to_owned()
}

fn advice(told: &str) -> String {
    let about_network = ["offline", "failed to download", "Could not resolve", "network"];
    if about_network.iter().any(|word| told.contains(word)) {
        "The first build needs the network once: `cargo fetch` gets everything.".to_owned()
    } else if told.contains("manifest") {
        "A manifest is broken: `git diff -- '*Cargo.toml'` shows what changed.".to_owned()
    } else {
        format!("{} looks for what is missing on this machine.", words::command("doctor"))
    }
}

/// The version that a tool prints, such as `cargo 1.95.0`.
pub(crate) fn version(mut command: Command) -> anyhow::Result<String> {
    let output = command.arg("--version").output().context("cannot be started")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_package_id_has_a_name() {
        for (id, name) in [
            ("path+file:///book/exercises#0.1.0", "exercises"),
            ("path+file:///book/models/exercises#exercises-model@0.1.0", "exercises-model"),
            ("registry+https://github.com/rust-lang/crates.io-index#libc@0.2.1", "libc"),
        ] {
            assert_eq!(super::package_name(id), name);
        }
    }
}
