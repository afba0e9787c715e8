//! The lists that follow the curriculum: features, modules, test targets.

use anyhow::Context;

use super::{Findings, text};
use crate::workbook::Workbook;

const MANIFESTS: [&str; 4] = [
    "solutions/Cargo.toml",
    "exercises/Cargo.toml",
    "models/solutions/Cargo.toml",
    "models/exercises/Cargo.toml",
];

pub(super) fn check(book: &Workbook, findings: &mut Findings) -> anyhow::Result<()> {
    let patterns = &book.curriculum.patterns;
    let ids: Vec<&str> = patterns.iter().map(|pattern| pattern.id.as_str()).collect();
    for (place, pattern) in patterns.iter().enumerate() {
        for need in pattern.needs.iter().filter(|need| !ids[..place].contains(&need.as_str())) {
            let what = format!("{} needs `{need}`, which does not come before it", pattern.id);
            findings
                .add(what, "a prerequisite is learnt first: change the order in curriculum.toml");
        }
    }
    for manifest in MANIFESTS {
        let table: toml::Table = toml::from_str(&text(book, manifest))
            .with_context(|| format!("{manifest} is broken"))?;
        let features = table.get("features").and_then(toml::Value::as_table);
        let all = features.and_then(|features| features.get("all")?.as_array());
        let all: Vec<_> = all.into_iter().flatten().filter_map(toml::Value::as_str).collect();
        same(findings, &format!("feature `all` of {manifest}"), &all, &ids);
        for id in &ids {
            if features.is_none_or(|features| !features.contains_key(*id)) {
                findings
                    .add(format!("{manifest} has no feature `{id}`"), format!("add `{id} = []`"));
            }
        }
        if manifest == "exercises/Cargo.toml" {
            let targets = table.get("test").and_then(toml::Value::as_array).into_iter().flatten();
            let targets = targets.filter_map(|target| target.get("name")?.as_str());
            let targets: Vec<_> = targets.filter(|name| ids.contains(name)).collect();
            same(findings, "[[test]] in exercises/Cargo.toml", &targets, &ids);
        }
    }
    let with_models: Vec<_> =
        patterns.iter().filter(|p| p.models).map(|pattern| pattern.id.as_str()).collect();
    for (file, wanted) in [
        ("solutions/src/lib.rs", &ids),
        ("exercises/src/lib.rs", &ids),
        ("tests/models/mod.rs", &with_models),
    ] {
        let source = text(book, file);
        // A module without a feature is no pattern, but something that patterns share.
        let modules = source.lines().zip(source.lines().skip(1)).filter_map(|(above, line)| {
            above.strip_prefix("#[cfg(feature")?;
            line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';')
        });
        same(findings, &format!("the `mod` lines of {file}"), &modules.collect::<Vec<_>>(), wanted);
    }
    Ok(())
}

fn same(findings: &mut Findings, what: &str, found: &[&str], wanted: &[&str]) {
    if found != wanted {
        findings.add(
            format!("{what}: {}", found.join(", ")),
            format!("the curriculum's order is: {}", wanted.join(", ")),
        );
    }
}
