//! The lines of a log.

use patterns::pipeline::{Level, ParseLevelError};

#[test]
fn a_level_is_read_from_its_name_in_any_case() {
    for (level, names) in [
        (Level::Debug, ["debug", "Debug", "DEBUG"]),
        (Level::Info, ["info", "iNFO", "INFO"]),
        (Level::Warn, ["warn", "Warn", "WARN"]),
        (Level::Error, ["error", "eRRoR", "ERROR"]),
    ] {
        for name in names {
            assert_eq!(name.parse(), Ok(level), "{name}");
        }
    }
}

#[test]
fn what_is_no_level_is_told_by_its_name() {
    for text in ["", "warning", " info", "inf", "error\n"] {
        assert_eq!(text.parse::<Level>(), Err(ParseLevelError(text.into())));
    }
    let error = "verbose".parse::<Level>().unwrap_err().to_string();
    assert_eq!(error, r#"unknown level "verbose", expected debug, info, warn or error"#);
}

#[test]
fn a_level_is_shown_in_capitals_and_as_wide_as_asked() {
    let levels = [Level::Debug, Level::Info, Level::Warn, Level::Error];
    assert_eq!(levels.map(|level| level.to_string()), ["DEBUG", "INFO", "WARN", "ERROR"]);
    assert_eq!(format!("[{:>6}] [{:5}]", Level::Info, Level::Warn), "[  INFO] [WARN ]");
    assert!(levels.is_sorted(), "from the least to the most");
}
