//! `dev wrong`: each wrong answer must be killed by the test it names.

use std::collections::{BTreeSet, VecDeque};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;

use super::patch::Patch;
use super::scratch;
use crate::answer::Answer;
use crate::cargo::{self, Build, Executable};
use crate::check::request;
use crate::exit;
use crate::libtest::{Death, Ending, Outcome, Suite};
use crate::screen::Screen;
use crate::words;
use crate::workbook::Workbook;

/// Longer than the deadline of the specs, whose own words are wanted.
const PATIENCE: Duration = Duration::from_secs(15);
/// A model of a wrong answer may explore for long.
const MODEL_PATIENCE: Duration = Duration::from_secs(60);

/// How many wrong answers are judged beside the one that is being built: those that take long mostly
/// sleep until their deadline.
const JUDGES: usize = 4;

/// Applies each wrong answer in a copy of the workbook, and prints what became of it.
///
/// With a limit, each pattern has an equal share of what is left of it, and another wrong answer is
/// the first each day.
pub(crate) fn run(
    book: &Workbook,
    screen: &Screen,
    which: Option<&str>,
    within: Option<Duration>,
) -> anyhow::Result<u8> {
    let mut patches = select(book, which)?;
    let scratch = scratch::copy(book)?;
    let copy = &scratch.book;
    let started = Instant::now();
    let mut report = Report { screen, started, killed: 0, survivors: 0, left: 0 };
    let mut patterns: Vec<_> = patches.chunk_by_mut(|one, other| one.id == other.id).collect();
    if within.is_some() {
        patterns.iter_mut().for_each(|of_one| of_one.rotate_left(today() * 7 % of_one.len()));
    }
    let count = patterns.len() as u32;
    thread::scope(|scope| {
        let mut judges = VecDeque::new();
        for (of_one, behind) in patterns.iter().zip((0..count).rev()) {
            let share = within.map(|limit| limit.saturating_sub(started.elapsed()) / (behind + 1));
            let since = Instant::now();
            let lab = Lab { book: copy, id: &of_one[0].id };
            let reference = copy.reference(lab.id)?;
            let unfit = lab.reference_fails(&reference, of_one)?;
            for (before, patch) in of_one.iter().enumerate() {
                if before > 0 && share.is_some_and(|share| since.elapsed() >= share) {
                    report.left += of_one.len() - before;
                    break;
                }
                if judges.len() == JUDGES {
                    report.tell(judges.pop_front().expect("there are some"))?;
                }
                let trial = match unfit.iter().find(|(test, _)| *test == patch.killed_by) {
                    Some((_, why)) => Err(format!("the reference itself fails: {why}")),
                    None => lab.prepare(&reference, patch)?,
                };
                judges.push_back((patch, scope.spawn(|| Trial::judge(trial))));
            }
        }
        judges.into_iter().try_for_each(|judge| report.tell(judge))?;
        Ok(report.sum())
    })
}

/// The number of the day.
fn today() -> usize {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    (since.as_secs() / (24 * 60 * 60)) as usize
}

/// A wrong answer's thread and what it will say: nothing for one that dies as it promises, else how
/// it lives; and how long it took.
type Judge<'scope, 'p> = (&'p Patch, ScopedJoinHandle<'scope, anyhow::Result<(Fate, Duration)>>);
type Fate = Result<(), String>;

/// Prints the fates as they come, and counts them.
struct Report<'s> {
    screen: &'s Screen,
    started: Instant,
    killed: usize,
    survivors: usize,
    /// Those for which there was no time.
    left: usize,
}

impl Report<'_> {
    fn tell(&mut self, (patch, judge): Judge<'_, '_>) -> anyhow::Result<()> {
        let (fate, took) = judge.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        let (screen, name) = (self.screen, format!("{}/{}", patch.id, patch.name));
        let time = screen.dim(&format!("{:.1} s", took.as_secs_f64()));
        match fate {
            Ok(()) => {
                self.killed += 1;
                outln!("{} {name}  killed by {}  {time}", screen.good("✓"), patch.killed_by);
            }
            Err(why) => {
                self.survivors += 1;
                outln!("{} {name}  {}  {time}", screen.bad("✗"), screen.bad("SURVIVES"));
                out!("{}", screen.wrap(&why, "    "));
            }
        }
        Ok(())
    }

    fn sum(&self) -> u8 {
        outln!(
            "{} killed, {} in {:.0} s",
            words::count(self.killed, "wrong answer"),
            words::count(self.survivors, "survivor"),
            self.started.elapsed().as_secs_f64()
        );
        if self.left > 0 {
            let rest = words::command("dev wrong");
            outln!("{} not judged, for lack of time: {rest} judges all", self.left);
        }
        if self.survivors == 0 { exit::PASS } else { exit::FAILS }
    }
}

/// Puts one wrong answer in the place of the exercise, to look at.
pub(crate) fn install(book: &Workbook, screen: &Screen, which: &str) -> anyhow::Result<u8> {
    let patches = select(book, Some(which))?;
    let [patch] = patches.as_slice() else {
        return Err(exit::usage(format!("`{which}` names several: choose one, as ID/NAME.")));
    };
    let id = &patch.id;
    let wrong = patch.apply(&book.reference(id)?)?;
    let backup = book.backup(id)?;
    book.exercise(id)?.install(&backup, id)?;
    wrong.install(&book.path("exercises/src"), id)?;
    outln!("{}\n", screen.bold(&patch.title));
    out!("{}", screen.wrap(&patch.why, "  "));
    outln!(
        "\nIt is in exercises/src now; yours is in {}. {} judges it, {} puts the stub back.",
        backup.strip_prefix(&book.root).unwrap_or(&backup).display(),
        words::command(&format!("check {id}")),
        words::command(&format!("reset {id}"))
    );
    Ok(exit::PASS)
}

fn select(book: &Workbook, which: Option<&str>) -> anyhow::Result<Vec<Patch>> {
    let (id, name) = match which.map(|which| which.split_once('/').ok_or(which)) {
        None => (None, None),
        Some(Ok((id, name))) => (Some(id), Some(name.trim_end_matches(".patch"))),
        Some(Err(id)) => (Some(id), None),
    };
    if let Some(id) = id {
        book.curriculum.find(id)?;
    }
    let mut found = Vec::new();
    for pattern in &book.curriculum.patterns {
        if id.is_none_or(|id| id == pattern.id) {
            found.extend(Patch::read_all(book, &pattern.id)?);
        }
    }
    found.retain(|patch| name.is_none_or(|name| name == patch.name));
    if found.is_empty() {
        return Err(exit::usage("There is no such wrong answer: see the folder wrong/."));
    }
    Ok(found)
}

/// The copy of the workbook in which the answers of one pattern are tried.
struct Lab<'a> {
    book: &'a Workbook,
    id: &'a str,
}

impl Lab<'_> {
    /// The named tests that the reference does not pass, and why.
    fn reference_fails(
        &self,
        reference: &Answer,
        patches: &[Patch],
    ) -> anyhow::Result<Vec<(String, String)>> {
        self.install(reference)?;
        let tests: BTreeSet<&str> = patches.iter().map(|patch| patch.killed_by.as_str()).collect();
        let mut unfit = Vec::new();
        for models in [false, true] {
            let wanted: Vec<_> =
                tests.iter().copied().filter(|test| is_model(test) == models).collect();
            if wanted.is_empty() {
                continue;
            }
            let built = self.build(models)?;
            for test in wanted {
                if let Some(why) = self.why_not_passed(&built, test)? {
                    unfit.push((test.to_owned(), why));
                }
            }
        }
        Ok(unfit)
    }

    fn why_not_passed(&self, built: &Build, test: &str) -> anyhow::Result<Option<String>> {
        let executables = match built {
            Build::Broken { errors, .. } => return Ok(Some(errors.clone())),
            Build::Done(executables) => executables,
        };
        let Some(outcome) = self.run(executables, test)? else {
            return Ok(Some(format!("no test is named `{test}`")));
        };
        Ok(match (&outcome.ending, outcome.failed.first()) {
            (Ending::Finished, None) => None,
            (_, failed) => Some(failed.map_or("it does not end".into(), |f| f.output.clone())),
        })
    }

    /// Builds a wrong answer and keeps what was built, since the next build writes over it. The
    /// error says why it cannot be judged.
    fn prepare<'p>(
        &self,
        reference: &Answer,
        patch: &'p Patch,
    ) -> anyhow::Result<Result<Trial<'p>, String>> {
        let wrong = match patch.apply(reference) {
            Ok(wrong) => wrong,
            Err(error) => return Ok(Err(format!("{error:#}"))),
        };
        self.install(&wrong)?;
        let executables = match self.build(is_model(&patch.killed_by))? {
            Build::Done(executables) => executables,
            Build::Broken { errors, .. } => {
                return Ok(Err(format!("it does not compile:\n{errors}")));
            }
        };
        let Some(executable) = holder(&executables, &patch.killed_by) else {
            return Ok(Err(format!("no test is named `{}`", patch.killed_by)));
        };
        let place = self.book.path("target/judged").join(format!("{}-{}", self.id, patch.name));
        Ok(Ok(Trial { patch, suite: executable.suite.keep(place)? }))
    }

    /// Puts an answer in the place of the exercise of the copy.
    fn install(&self, answer: &Answer) -> anyhow::Result<()> {
        answer.install(&self.book.path("exercises/src"), self.id)
    }

    fn build(&self, models: bool) -> anyhow::Result<Build> {
        cargo::build(&request(self.book, self.id, models, false)?)
    }

    fn run(&self, executables: &[Executable], test: &str) -> anyhow::Result<Option<Outcome>> {
        let Some(executable) = holder(executables, test) else { return Ok(None) };
        executable.suite.run(&[test], patience(test)).map(Some)
    }
}

/// A wrong answer that was built, and waits for its test.
struct Trial<'p> {
    patch: &'p Patch,
    suite: Suite,
}

impl Trial<'_> {
    fn judge(trial: Result<Self, String>) -> anyhow::Result<(Fate, Duration)> {
        let since = Instant::now();
        let fate = match trial {
            Ok(trial) => trial.run()?,
            Err(why) => Err(why),
        };
        Ok((fate, since.elapsed()))
    }

    fn run(&self) -> anyhow::Result<Fate> {
        let Patch { killed_by, says, .. } = self.patch;
        let outcome = self.suite.run(&[killed_by], patience(killed_by))?;
        self.suite.remove();
        let output = match (outcome.ending, outcome.failed.into_iter().next()) {
            (Ending::Finished, Some(failed)) => failed.output,
            (Ending::Finished, None) => return Ok(Err(format!("{killed_by} passes"))),
            (Ending::Blocked(_), _) => {
                return Ok(Err("it hangs, past the spec's own deadline".into()));
            }
            (Ending::Died(Death { says, words, .. }), _) => format!("{says}\n{words}"),
        };
        if output.contains(says) {
            return Ok(Ok(()));
        }
        Ok(Err(format!("it fails, but does not say `{says}`:\n{}", output.trim())))
    }
}

fn holder<'e>(executables: &'e [Executable], test: &str) -> Option<&'e Executable> {
    executables.iter().find(|executable| executable.suite.tests.iter().any(|name| name == test))
}

fn patience(test: &str) -> Duration {
    if is_model(test) { MODEL_PATIENCE } else { PATIENCE }
}

/// Whether a test belongs to the model specs.
pub(super) fn is_model(test: &str) -> bool {
    test.starts_with("models::")
}

/// The wrong answers' folder of a pattern.
pub(super) fn folder(book: &Workbook, id: &str) -> PathBuf {
    book.path(Path::new("wrong").join(id))
}

/// The patches in a folder, in the order of their names.
pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "patch") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
