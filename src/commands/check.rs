//! `check`: an answer, or all of them.

use std::fs;

use crate::answer::Answer;
use crate::check::{check, timeline};
use crate::cli::Check;
use crate::curriculum::Pattern;
use crate::exit;
use crate::screen::Screen;
use crate::stages::Stage;
use crate::state::State;
use crate::verdict::{Report, StageReport, Verdict};
use crate::words;
use crate::workbook::Workbook;

/// Checks what was asked for. The exit code is the first that is not 0.
pub(crate) fn run(book: &Workbook, screen: &Screen, how: &Check) -> anyhow::Result<u8> {
    let patterns: Vec<&Pattern> = match &how.id {
        Some(id) => vec![book.curriculum.find(id)?],
        None if how.all => book.curriculum.patterns.iter().collect(),
        None => book.next(&State::load(book)?)?.into_iter().collect(),
    };
    if patterns.is_empty() && !how.json {
        outln!("Everything has passed. {} checks it all again.", words::command("check --all"));
    }
    let mut code = exit::PASS;
    for pattern in patterns {
        let report = one(book, screen, pattern, how)?;
        if how.json {
            outln!("{}", serde_json::to_string(&report)?);
        }
        if code == exit::PASS {
            code = report.exit;
        }
    }
    Ok(code)
}

/// Checks one pattern, prints what was found, and remembers it.
pub(crate) fn one(
    book: &Workbook,
    screen: &Screen,
    pattern: &Pattern,
    how: &Check,
) -> anyhow::Result<Report> {
    if !how.json {
        outln!("{}  {}", screen.bold(&pattern.id), pattern.title);
    }
    // Read before the build: a save while it runs is not what was checked.
    let exercise = book.exercise(&pattern.id)?;
    let tell = |stage: &StageReport| {
        if !how.json {
            outln!("{}", stage_line(screen, stage));
        }
    };
    let report = check(book, pattern, how.timeout, screen.colours() && !how.json, tell)?;
    remember(book, &report, &exercise.hash())?;
    keep_timeline(book, &pattern.id, &exercise, &report.verdict)?;
    if !how.json {
        outln!("\n{}", in_words(screen, &report.verdict));
        if let Some(told) = timeline(book, pattern, how.timeout, &report)? {
            keep_timeline(book, &pattern.id, &exercise, &told)?;
            out!("{}", how_it_comes_about(screen, &told));
        }
        outln!("{}", next_step(book, &pattern.id, &exercise, &report.verdict)?);
    }
    Ok(report)
}

fn remember(book: &Workbook, report: &Report, hash: &str) -> anyhow::Result<()> {
    let id = &report.id;
    State::update(book, |state| {
        state.last = Some(id.clone());
        let progress = state.patterns.entry(id.clone()).or_default();
        if let Verdict::Passes = report.verdict {
            progress.passed = Some(hash.to_owned());
        }
        let failing = report.verdict.test().map(str::to_owned);
        if !matches!(report.verdict, Verdict::DoesNotCompile { .. }) && progress.failing != failing
        {
            progress.failing = failing;
            progress.hint = 0;
        }
    })
}

/// Keeps what a failing model says of an answer, for `explain`.
fn keep_timeline(
    book: &Workbook,
    id: &str,
    exercise: &Answer,
    verdict: &Verdict,
) -> anyhow::Result<()> {
    if let Verdict::Fails { stage: Stage::Models, says, pictures, .. } = verdict {
        let folder = book.path(".workbook/last");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{id}.txt")), format!("{says}\n"))?;
        fs::write(folder.join(format!("{id}.pictures")), pictures.join("\n"))?;
        fs::write(folder.join(format!("{id}.hash")), exercise.hash())?;
    }
    Ok(())
}

fn stage_line(screen: &Screen, report: &StageReport) -> String {
    let StageReport { stage, passed, failed, stopped, seconds } = report;
    let what = match (stage, failed) {
        (Stage::Builds, 0) => "compiles".to_owned(),
        (Stage::Builds, _) => "does not compile".to_owned(),
        (_, 0) => match passed {
            1 => "1 test passes".to_owned(),
            _ => format!("{passed} tests pass"),
        },
        (_, 1) if *stopped => "at least 1 fails, the run was stopped".to_owned(),
        _ if *stopped => format!("at least {failed} fail, the run was stopped"),
        (_, 1) => "1 test fails".to_owned(),
        _ => format!("{failed} tests fail"),
    };
    let (mark, what) = match failed {
        0 => (screen.good("✓"), what),
        _ => (screen.bad("✗"), screen.bad(&what)),
    };
    let time = screen.dim(&format!("{seconds:.1} s"));
    format!("  {mark} {:<11}{what}  {time}", stage.name())
}

/// A model's timeline, below the words of the test that failed.
fn how_it_comes_about(screen: &Screen, model: &Verdict) -> String {
    let Verdict::Fails { test, says, spec, .. } = model else { return String::new() };
    // It need not be the mistake that the test has found.
    let title = screen.bold("A model fails as well, and shows how");
    format!("{title}\n  {}: {test}  ({spec})\n\n{says}\n\n", words::sentence(test))
}

/// What to do now.
fn next_step(
    book: &Workbook,
    id: &str,
    exercise: &Answer,
    verdict: &Verdict,
) -> anyhow::Result<String> {
    let hint = match verdict {
        Verdict::Passes => return after_a_pass(book, id),
        Verdict::DoesNotCompile { .. } => String::new(),
        _ => format!(" Stuck? {}.", words::command(&format!("hint {id}"))),
    };
    let file =
        exercise.root().map_or_else(|| format!("{id}.rs"), |root| root.display().to_string());
    let check = words::command(&format!("check {id}"));
    // The chapter is for whoever has not begun.
    let read = match book.pristine(id) {
        Ok(stub) if stub.hash() == exercise.hash() => {
            format!("read book/src/{id}.md as far as \"Now write yours\", ")
        }
        _ => String::new(),
    };
    Ok(format!("Next: {read}edit exercises/src/{file}, then {check}.{hint}"))
}

fn after_a_pass(book: &Workbook, id: &str) -> anyhow::Result<String> {
    let next = match book.next(&State::load(book)?)? {
        Some(next) => {
            let run = words::command("");
            format!("Next: {}, in exercises/src/{}.rs: {run}.", next.title, next.id)
        }
        None => "That was the last one: everything has passed.".to_owned(),
    };
    let compare = words::command(&format!("diff {id}"));
    let measure = words::command(&format!("bench {id}"));
    let quiz = words::command(&format!("quiz {id}"));
    Ok(format!(
        "Compare: {compare}, and the rest of book/src/{id}.md. Measure: {measure}. Questions: {quiz}.\n{next}"
    ))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// The verdict as sentences, and what to do next.
fn in_words(screen: &Screen, verdict: &Verdict) -> String {
    let title = |test: &str| screen.bold(&words::sentence(test));
    match verdict {
        Verdict::Passes => screen.good("Your answer passes every stage."),
        Verdict::Fails { stage, test, says, place, spec, besides, .. } => {
            let says = match (stage, place) {
                // A timeline has its own shape, and names its own places.
                (Stage::Models, _) => format!("{says}\n"),
                (_, Some(place)) => format!("{}  at {place}\n", indented(says)),
                (_, None) => indented(says),
            };
            let besides = besides.as_ref().map_or(String::new(), |what| format!("  {what}\n"));
            format!("{}\n  {test}  ({spec})\n\n{says}{besides}", title(test))
        }
        Verdict::Dies { test, says, words, spec, .. } => {
            let (says, words) = (indented(says), indented(words));
            format!("{}\n  {test}  ({spec})\n\n{says}\n{words}", title(test))
        }
        Verdict::Blocks { stage, test, seconds, spec } => {
            let unseen = match stage {
                Stage::Models => {
                    ", or a call of std, futures or tokio blocks the thread where the explorer cannot see it"
                }
                Stage::Stress => ", or each step takes longer the more there is to do",
                _ => "",
            };
            let why = format!(
                "still blocked after {seconds} s in {test}\n\
                 Something waits for what never comes, or a loop never ends{unseen}."
            );
            format!("{}\n  {test}  ({spec})\n\n{}", title(test), screen.wrap(&why, "  "))
        }
        Verdict::DoesNotCompile { errors } => format!("{}\n", errors.trim_end()),
    }
}
