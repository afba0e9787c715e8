//! `curriculum.toml`: the patterns, in order, with their hints and quizzes.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use crate::exit;

/// The patterns in the order in which they are learnt.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Curriculum {
    #[serde(rename = "pattern")]
    pub(crate) patterns: Vec<Pattern>,
}

/// One pattern.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pattern {
    /// The stem of every file of the pattern, and its Cargo feature.
    pub(crate) id: String,
    pub(crate) part: String,
    pub(crate) title: String,
    /// Prerequisites, by id.
    pub(crate) needs: Vec<String>,
    /// Whether it has models: a pattern without synchronisation of its own has none.
    pub(crate) models: bool,
    #[serde(default, rename = "hint")]
    pub(crate) hints: Vec<Hint>,
    #[serde(default)]
    pub(crate) quiz: Vec<Question>,
}

/// Three texts, each saying more than the one before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hint {
    /// Part of a failing test's name; empty for every other test.
    pub(crate) test: String,
    pub(crate) levels: [String; 3],
}

/// A question with one right answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) ask: String,
    pub(crate) choices: Vec<String>,
    /// The right choice, from 0.
    pub(crate) answer: usize,
    pub(crate) why: String,
}

impl Curriculum {
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is broken", path.display()))
    }

    /// The pattern of that name; if there is none, an error that names the likeliest.
    pub(crate) fn find(&self, id: &str) -> anyhow::Result<&Pattern> {
        if let Some(pattern) = self.patterns.iter().find(|pattern| pattern.id == id) {
            return Ok(pattern);
        }
        let near: Vec<_> =
            self.patterns.iter().map(|p| p.id.as_str()).filter(|known| alike(id, known)).collect();
        let known = if near.is_empty() {
            let all: Vec<_> = self.patterns.iter().map(|p| p.id.as_str()).collect();
            format!("There are: {}.", all.join(", "))
        } else {
            format!("Did you mean {}?", near.join(" or "))
        };
        Err(exit::usage(format!("There is no pattern `{id}`. {known}")))
    }

    /// The pattern that owns a spec of this name: `semaphore_allocations` is the semaphore's, unless
    /// another pattern's id is a longer part of it.
    pub(crate) fn owner(&self, spec: &str) -> Option<&Pattern> {
        let owns = |id: &str| {
            spec.strip_prefix(id).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        self.patterns.iter().filter(|p| owns(&p.id)).max_by_key(|p| p.id.len())
    }
}

impl Pattern {
    /// The hint for a failing test: the longest that matches its name.
    pub(crate) fn hint_for(&self, test: &str) -> Option<&Hint> {
        self.hints
            .iter()
            .filter(|hint| test.contains(&hint.test))
            .max_by_key(|hint| hint.test.len())
    }
}

/// Whether someone who typed `typed` may have meant `known`: one contains the other, or at most
/// two letters were changed, left out or added.
fn alike(typed: &str, known: &str) -> bool {
    if typed.len() > 2 && (known.contains(typed) || typed.contains(known)) {
        return true;
    }
    let known: Vec<char> = known.chars().collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (line, letter) in typed.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in known.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[known.len()] <= 2
}
