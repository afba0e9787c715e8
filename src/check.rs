//! One check of one pattern: its stages in turn, up to the first that fails.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cargo::{self, Build, Executable, Request};
use crate::curriculum::Pattern;
use crate::exit;
use crate::libtest::{self, Death, Ending, Failed, Outcome, Suite};
use crate::spec::Place;
use crate::stages::Stage;
use crate::verdict::{Report, StageReport, Verdict};
use crate::words;
use crate::workbook::Workbook;

/// What a stub says when it is called.
const UNWRITTEN: &str = "not yet implemented";

/// Checks the exercise of a pattern, and tells of each stage as it ends.
pub(crate) fn check(
    book: &Workbook,
    pattern: &Pattern,
    limit: Duration,
    colours: bool,
    mut tell: impl FnMut(&StageReport),
) -> anyhow::Result<Report> {
    let mut stages = Vec::new();
    let mut ran = |stage, passed, failed, stopped, since: Instant| {
        let seconds = since.elapsed().as_secs_f64();
        let report = StageReport { stage, passed, failed, stopped, seconds };
        tell(&report);
        stages.push(report);
    };
    let started = Instant::now();
    let built = build(book, pattern, colours)?;
    let broken = matches!(built, Build::Broken { .. });
    ran(Stage::Builds, 0, usize::from(broken), false, started);
    let verdict = match built {
        Build::Broken { packages, errors } => does_not_compile(&packages, errors)?,
        Build::Done(executables) => {
            let spec = Spec { book, pattern, executables };
            spec.run(limit, |stage, outcome, since| {
                let stopped = !matches!(outcome.ending, Ending::Finished);
                ran(stage, outcome.passed, failures(outcome), stopped, since);
            })?
        }
    };
    Ok(Report { id: pattern.id.clone(), exit: verdict.exit(), verdict, stages })
}

/// For an answer that fails a test: a model that fails as well, and so tells how it comes about.
///
/// The stages stop before the models where a plain test fails; but that test shows one bad end, and
/// a timeline the way to it. A stub has no way to show.
pub(crate) fn timeline(
    book: &Workbook,
    pattern: &Pattern,
    limit: Duration,
    report: &Report,
) -> anyhow::Result<Option<Verdict>> {
    let is_plain = matches!(&report.verdict, Verdict::Fails { stage, says, .. }
        if *stage != Stage::Models && !says.contains(UNWRITTEN));
    if !is_plain || !pattern.models {
        return Ok(None);
    }
    let Build::Done(executables) = cargo::build(&request(book, &pattern.id, true, false)?)? else {
        return Ok(None);
    };
    let spec = Spec { book, pattern, executables };
    for executable in &spec.executables {
        let tests = spec.tests(Stage::Models, executable);
        if tests.is_empty() {
            continue;
        }
        let mut outcome = executable.suite.run(&tests, limit)?;
        // What ends in a stub shows nothing but the stub.
        outcome.failed.retain(|failed| {
            !pictures(&failed.output).is_empty() && !failed.output.contains(UNWRITTEN)
        });
        if let Some(failed) = spec.first(executable, outcome.failed) {
            return Ok(Some(fails(Stage::Models, &failed, spec.spec(executable, &failed.test))));
        }
    }
    Ok(None)
}

/// Builds everything of one pattern, and nothing of its neighbours. Cargo is called once for each
/// package: together, the features of what they depend on would be unified, and someone who then
/// tests one of them by hand would see half of it built anew.
pub(crate) fn build(book: &Workbook, pattern: &Pattern, colours: bool) -> anyhow::Result<Build> {
    let mut executables = Vec::new();
    for models in [false, true] {
        if models && !pattern.models {
            continue;
        }
        match cargo::build(&request(book, &pattern.id, models, colours)?)? {
            Build::Done(built) => executables.extend(built),
            broken @ Build::Broken { .. } => return Ok(broken),
        }
    }
    Ok(Build::Done(executables))
}

/// The models of a pattern, or the rest of its spec, with the exercise.
pub(crate) fn request(
    book: &Workbook,
    id: &str,
    models: bool,
    colours: bool,
) -> anyhow::Result<Request> {
    let package = if models { "exercises-model" } else { "exercises" };
    Ok(Request {
        root: book.root.clone(),
        package: package.into(),
        feature: Some(id.to_owned()),
        tests: if models { vec!["models".into()] } else { specs(book, id)? },
        target: book.target.clone(),
        colours,
    })
}

/// The test targets of a pattern: `ID`, and those named `ID_…` after it.
pub(crate) fn specs(book: &Workbook, id: &str) -> anyhow::Result<Vec<String>> {
    let manifest = book.path("exercises/Cargo.toml");
    let text = std::fs::read_to_string(&manifest)?;
    let manifest: toml::Table = toml::from_str(&text)
        .map_err(|error| exit::environment(format!("{} is broken: {error}", manifest.display())))?;
    let targets = manifest.get("test").and_then(toml::Value::as_array).into_iter().flatten();
    let names = targets.filter_map(|target| target.get("name")?.as_str());
    let own = names.filter(|name| book.curriculum.owner(name).is_some_and(|p| p.id == id));
    Ok(own.map(str::to_owned).collect())
}

/// An answer that does not compile is a verdict; a workbook that does not is not the answer's fault.
fn does_not_compile(packages: &[String], errors: String) -> anyhow::Result<Verdict> {
    if packages.iter().any(|package| package.starts_with("exercises")) {
        return Ok(Verdict::DoesNotCompile { errors });
    }
    Err(exit::environment(format!(
        "{errors}\n`{}` does not compile. That is not your answer: `git diff` shows what changed.",
        packages.join("`, `")
    )))
}

fn failures(outcome: &Outcome) -> usize {
    let dead = !matches!(outcome.ending, Ending::Finished) && outcome.failed.is_empty();
    outcome.failed.len() + usize::from(dead)
}

/// The built spec of a pattern.
struct Spec<'a> {
    book: &'a Workbook,
    pattern: &'a Pattern,
    executables: Vec<Executable>,
}

impl Spec<'_> {
    fn run(
        &self,
        limit: Duration,
        mut tell: impl FnMut(Stage, &Outcome, Instant),
    ) -> anyhow::Result<Verdict> {
        let mut any = false;
        for stage in Stage::TESTS {
            for executable in &self.executables {
                let tests = self.tests(stage, executable);
                if tests.is_empty() {
                    continue;
                }
                any = true;
                let since = Instant::now();
                let patience = stage.patience(limit);
                let outcome = executable.suite.run(&tests, patience)?;
                tell(stage, &outcome, since);
                if let Some(verdict) = self.verdict(stage, executable, outcome, patience)? {
                    return Ok(verdict);
                }
            }
        }
        if any { Ok(Verdict::Passes) } else { Err(self.nothing()) }
    }

    /// The tests of a stage in one executable. The models of all patterns share theirs.
    fn tests<'e>(&self, stage: Stage, executable: &'e Executable) -> Vec<&'e str> {
        let model = format!("models::{}::", self.pattern.id);
        let suite: &Suite = &executable.suite;
        let all = suite.tests.iter().map(String::as_str);
        all.filter(|test| Stage::of(test) == stage)
            .filter(|test| executable.name != "models" || test.starts_with(&model))
            .collect()
    }

    fn verdict(
        &self,
        stage: Stage,
        executable: &Executable,
        outcome: Outcome,
        patience: Duration,
    ) -> anyhow::Result<Option<Verdict>> {
        let spec = |test: &str| self.spec(executable, test);
        Ok(Some(match outcome.ending {
            Ending::Blocked(unended) => {
                let seconds = patience.as_secs_f64();
                if let Some(failed) = self.first_told(executable, outcome.failed, patience)? {
                    let mut verdict = fails(stage, &failed, spec(&failed.test));
                    if let Verdict::Fails { besides, .. } = &mut verdict {
                        let tests = words::count(unended.len(), "test");
                        let mut told = format!("and {tests} had no result after {seconds} s");
                        if let Some(first) = unended.first() {
                            told.push_str(&format!(", the first of them {first}"));
                        }
                        *besides = Some(told);
                    }
                    return Ok(Some(verdict));
                }
                let test = unended.into_iter().next().unwrap_or_default();
                Verdict::Blocks { stage, spec: spec(&test), test, seconds }
            }
            Ending::Died(Death { test, says, words }) => {
                Verdict::Dies { stage, spec: spec(&test), test, says, words }
            }
            Ending::Finished => {
                let Some(failed) = self.first(executable, outcome.failed) else { return Ok(None) };
                fails(stage, &failed, spec(&failed.test))
            }
        }))
    }

    /// The first failing test of a run that was cut short. What libtest had captured of it is lost: it
    /// runs once more, alone. One that does not end this time is the last that is waited for.
    fn first_told(
        &self,
        executable: &Executable,
        mut failed: Vec<Failed>,
        patience: Duration,
    ) -> anyhow::Result<Option<Failed>> {
        failed.sort_by_cached_key(|failed| self.order(executable, &failed.test));
        for Failed { test, .. } in failed {
            let outcome = executable.suite.run(&[&test], patience)?;
            match outcome.ending {
                Ending::Finished if !outcome.failed.is_empty() => {
                    return Ok(outcome.failed.into_iter().next());
                }
                Ending::Blocked(_) => break,
                _ => {}
            }
        }
        Ok(None)
    }

    /// The first failing test in the order of the spec: its author begins with what is simple.
    fn first(&self, executable: &Executable, failed: Vec<Failed>) -> Option<Failed> {
        failed.into_iter().min_by_key(|failed| self.order(executable, &failed.test))
    }

    /// What tests sort by; those that are not found come last.
    fn order(&self, executable: &Executable, test: &str) -> (bool, Option<Vec<usize>>) {
        let place = self.place(executable, test);
        (place.is_none(), place.map(|place| place.lines))
    }

    fn spec(&self, executable: &Executable, test: &str) -> String {
        match self.place(executable, test) {
            Some(Place { file, lines }) => {
                format!("{}:{}", file.display(), lines.last().unwrap_or(&1))
            }
            None => self.spec_file(executable).display().to_string(),
        }
    }

    fn place(&self, executable: &Executable, test: &str) -> Option<Place> {
        let model = format!("models::{}::", self.pattern.id);
        let test = test.strip_prefix(&model).unwrap_or(test);
        Place::find(&self.book.root, &self.spec_file(executable), test)
    }

    fn spec_file(&self, executable: &Executable) -> PathBuf {
        let stem = match executable.name.as_str() {
            "models" => Path::new("tests/models").join(&self.pattern.id),
            name => Path::new("tests").join(name),
        };
        let file = stem.with_extension("rs");
        if self.book.path(&file).is_file() { file } else { stem.join("mod.rs") }
    }

    fn nothing(&self) -> anyhow::Error {
        let id = &self.pattern.id;
        exit::environment(format!(
            "The spec of `{id}` holds no test, so nothing can be said of your answer: see tests/{id}.rs."
        ))
    }
}

fn fails(stage: Stage, failed: &Failed, spec: String) -> Verdict {
    let panic = failed.panic();
    let pictures = pictures(&failed.output);
    let (says, place) = match panic {
        Some(panic) => (panic.message, Some(panic.place)),
        None if failed.output.trim().is_empty() => ("it failed without a word".to_owned(), None),
        None => (libtest::tail(failed.output.trim(), 60), None),
    };
    let test = failed.test.clone();
    Verdict::Fails { stage, test, says, place, spec, pictures, besides: None }
}

/// The paths under `target/loomscope` that the explorer has printed.
fn pictures(output: &str) -> Vec<String> {
    let words = output.split_whitespace().map(|word| word.trim_end_matches(['.', ',']));
    let mut paths: Vec<_> = words
        .filter(|word| word.contains("loomscope/"))
        .filter(|word| [".html", ".svg", ".txt"].iter().any(|end| word.ends_with(end)))
        .map(str::to_owned)
        .collect();
    paths.dedup();
    paths
}
