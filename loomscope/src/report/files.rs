//! The pictures as files.

use super::Report;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The files of one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The table.
    pub text: PathBuf,
    /// The picture.
    pub svg: PathBuf,
    /// The page to step through.
    pub html: PathBuf,
}

pub(super) fn write(report: &Report, dir: &Path) -> io::Result<Written> {
    fs::create_dir_all(dir)?;
    let path = |ending: &str| dir.join(format!("{}.{ending}", slug(&report.name)));
    let written = Written { text: path("txt"), svg: path("svg"), html: path("html") };
    fs::write(&written.text, format!("{}\n{}\n", report.text(false), report.words()))?;
    fs::write(&written.svg, report.svg())?;
    fs::write(&written.html, report.html())?;
    Ok(written)
}

/// The longest file name without its ending; far below what any file system allows.
const LONGEST: usize = 80;

/// `name` as a file name: lower-case ASCII letters, digits and single dashes. A name that loses
/// letters gets a number made from the whole of it, so that two such names stay apart.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let lost = !name.is_ascii() || slug.len() > LONGEST || slug.is_empty();
    slug.truncate(LONGEST);
    let slug = slug.trim_end_matches('-');
    match (slug, lost) {
        (slug, true) => {
            format!("{slug}-{:08x}", fingerprint(name)).trim_start_matches('-').to_owned()
        }
        (slug, false) if is_reserved(slug) => format!("{slug}-model"),
        (slug, false) => slug.to_owned(),
    }
}

/// Windows keeps these for devices, whatever their ending.
fn is_reserved(slug: &str) -> bool {
    let numbered = |device| slug.strip_prefix(device).is_some_and(|n| n.len() == 1 && n != "0");
    matches!(slug, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// FNV-1a: the same on every machine and in every run.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_is_a_file_name_anywhere() {
        for (name, expected) in [
            ("I1: never more holders than permits", "i1-never-more-holders-than-permits"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\\b:c*?\"<>|", "a-b-c"),
            ("CON", "con-model"),
            ("com7", "com7-model"),
            ("company", "company"),
            ("", "811c9dc5"),
            ("…", "d38c119b"),
        ] {
            assert_eq!(slug(name), expected, "{name:?}");
        }
    }

    #[test]
    fn names_that_lose_letters_stay_apart() {
        assert_ne!(slug("größe"), slug("gräße"));
        let long = "x".repeat(300);
        assert!(slug(&long).len() < 100);
        assert_ne!(slug(&long), slug(&format!("{long}y")));
    }
}
