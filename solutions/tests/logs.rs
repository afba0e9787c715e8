//! The log processor as its users have it: a program with files, pipes and a Ctrl-C.

#![cfg(all(unix, feature = "pipeline"))]

#[path = "../examples/logs/mod.rs"]
mod logs;
#[path = "logs/parts.rs"]
mod parts;
#[path = "logs/program.rs"]
mod program;

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use program::{Program, drill};
use tempfile::tempdir;

/// A line of a log, with a number to know it by.
fn line(level: &str, number: usize) -> String {
    format!("2026-11-21T09:30:00Z {level} something has happened number={number}")
}

/// The numbers in lines that were written.
fn numbers<'a>(lines: impl IntoIterator<Item = &'a String>) -> Vec<usize> {
    lines.into_iter().map(|line| field(line, "number").parse().unwrap()).collect()
}

fn field<'a>(line: &'a str, key: &str) -> &'a str {
    let mut pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
    pairs.find(|(name, _)| *name == key).unwrap_or_else(|| panic!("no {key} in {line}")).1
}

fn written(folder: &Path, name: &str) -> Vec<String> {
    fs::read_to_string(folder.join(name)).unwrap().lines().map(str::to_owned).collect()
}

fn log(folder: &Path, name: &str, lines: impl IntoIterator<Item = String>) {
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    fs::write(folder.join(name), text).unwrap();
}

mod reading {
    use super::*;

    #[test]
    fn files_and_standard_input_go_to_the_screen_and_to_a_file_each_line_once() {
        drill(|| {
            for order in ["free", "kept", "source"] {
                let folder = tempdir().unwrap();
                let of = |part: usize| (0..2000).map(move |n| line("INFO", 10_000 * part + n));
                log(folder.path(), "a.log", of(1));
                log(folder.path(), "b.log", of(2));
                let args =
                    ["--order", order, "--workers", "3", "--out", "all.log", "a.log", "-", "b.log"];
                let mut program = Program::start(folder.path(), args);
                let mut stdin = program.stdin.take().unwrap();
                let feeder = std::thread::spawn(move || {
                    of(3).for_each(|line| writeln!(stdin, "{line}").unwrap())
                });
                let ended = program.end();
                feeder.join().unwrap();
                assert_eq!(ended.code, Some(0), "{order}: {}", ended.stderr);
                assert_eq!(ended.stdout, written(folder.path(), "all.log"), "{order}");

                let mut by_source: HashMap<&str, Vec<usize>> = HashMap::new();
                for line in &ended.stdout {
                    let number = field(line, "number").parse().unwrap();
                    by_source.entry(field(line, "from")).or_default().push(number);
                }
                for (source, part) in [("a.log", 1), ("b.log", 2), ("stdin", 3)] {
                    let numbers = by_source.get_mut(source).unwrap();
                    if order == "free" {
                        numbers.sort_unstable();
                    }
                    assert!(
                        numbers.iter().copied().eq((0..2000).map(|n| 10_000 * part + n)),
                        "{order}"
                    );
                }
                assert!(ended.stderr.contains("read      6000\nno entry  0\n"));
                assert!(ended.stderr.contains("written   6000 to stdout"), "{}", ended.stderr);
                assert!(ended.stderr.contains("written   6000 to all.log"), "{}", ended.stderr);
            }
        });
    }

    #[test]
    fn only_levels_that_matter_are_written() {
        drill(|| {
            let folder = tempdir().unwrap();
            let levels = ["debug", "INFO", "Warn", "ERROR"].iter().cycle();
            log(
                folder.path(),
                "a.log",
                levels.take(40).enumerate().map(|(n, level)| line(level, n)),
            );
            let ended = Program::start(folder.path(), ["--level", "warn", "a.log"]).end();
            assert_eq!(numbers(&ended.stdout), Vec::from_iter((0..40).filter(|n| n % 4 >= 2)));
            assert!(ended.stderr.contains("dropped   20\n"), "{}", ended.stderr);
        });
    }

    #[test]
    fn a_line_that_is_no_entry_is_told_with_its_number_and_the_others_go_on() {
        drill(|| {
            let folder = tempdir().unwrap();
            let odd = [
                "",
                "yesterday INFO all was well",
                "2026-11-21T09:30:00Z LOUD number=9",
                "2026-11-21T09:30:00Z INFO",
            ];
            let lines = [line("INFO", 1)].into_iter().chain(odd.map(str::to_owned));
            log(folder.path(), "a.log", lines.chain([line("INFO", 2)]));
            let ended = Program::start(folder.path(), ["a.log"]).end();
            assert_eq!(numbers(&ended.stdout), [1, 2]);
            assert_eq!(ended.code, Some(0));
            let told = [
                "a.log:3: \"yesterday\" is no time such as 2026-11-21T09:30:00Z\n",
                "a.log:4: unknown level \"LOUD\", expected debug, info, warn or error\n",
                "a.log:5: there is no message\n",
                "read      2\nno entry  3\n",
            ];
            let told: Vec<_> = told.iter().map(|words| ended.stderr.find(words)).collect();
            assert!(told.is_sorted() && told[0].is_some(), "{}", ended.stderr);
        });
    }

    #[test]
    fn of_a_flood_of_such_lines_some_are_told_and_all_are_counted() {
        drill(|| {
            let folder = tempdir().unwrap();
            log(folder.path(), "a.log", (0..500).map(|_| "what?".to_owned()));
            let ended = Program::start(folder.path(), ["a.log"]).end();
            assert!(ended.stderr.contains("no entry  500\n"), "{}", ended.stderr);
            assert_eq!(ended.stderr.matches("is no time").count(), 20);
            assert!(!ended.stderr.contains(['\r', '\x1b']), "this is no terminal");
        });
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_and_the_others_are_read() {
        drill(|| {
            let folder = tempdir().unwrap();
            log(folder.path(), "a.log", [line("INFO", 1)]);
            let ended = Program::start(folder.path(), ["missing.log", ".", "a.log"]).end();
            assert_eq!(numbers(&ended.stdout), [1]);
            assert_eq!(ended.code, Some(2));
            for told in ["missing.log: No such file", ".: Is a directory"] {
                assert_eq!(ended.stderr.matches(told).count(), 1, "{}", ended.stderr);
            }
        });
    }

    #[test]
    fn nobody_has_to_listen_to_what_it_tells() {
        drill(|| {
            let folder = tempdir().unwrap();
            let mut program = Program::start(folder.path(), ["-"]);
            drop(program.stderr.take());
            program.feed(["no".to_owned(), line("INFO", 1)]);
            drop(program.stdin.take());
            let ended = program.end();
            assert_eq!((ended.code, numbers(&ended.stdout)), (Some(0), vec![1]));
        });
    }

    #[test]
    fn without_a_file_it_makes_some_and_leaves_nothing_behind() {
        drill(|| {
            let folder = tempdir().unwrap();
            let ended = Program::start(folder.path(), ["--level", "info"]).end();
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            assert!(ended.stderr.contains("read      40\nno entry  5\n"), "{}", ended.stderr);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        });
    }
}

mod refusing {
    use super::*;

    #[test]
    fn arguments_that_make_no_sense_are_told() {
        drill(|| {
            let folder = tempdir().unwrap();
            log(folder.path(), "a.log", [line("INFO", 1)]);
            let refused: [(&[&str], &str); 5] = [
                (&["--level", "loud"], "unknown level \"loud\""),
                (&["--workers", "0"], "invalid value '0'"),
                (&["--order", "never"], "invalid value 'never'"),
                (&["--out", "no/such/folder", "a.log"], "no/such/folder: No such file"),
                (&["--out", "./a.log", "a.log"], "./a.log: it is one of the files to read"),
            ];
            for (args, words) in refused {
                let ended = Program::start(folder.path(), args).end();
                assert_eq!(ended.code, Some(2), "{args:?}");
                assert!(ended.stderr.contains(words), "{args:?}: {}", ended.stderr);
                assert!(ended.stdout.is_empty());
            }
            assert_eq!(numbers(&written(folder.path(), "a.log")), [1], "it is as it was");
        });
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told() {
        drill(|| {
            let folder = tempdir().unwrap();
            log(folder.path(), "a.log", (0..5000).map(|n| line("INFO", n)));
            let ended = Program::start(folder.path(), ["--out", "/dev/full", "a.log"]).end();
            assert_eq!(ended.code, Some(1), "{}", ended.stderr);
            assert_eq!(ended.stderr.matches("/dev/full: ").count(), 1, "{}", ended.stderr);
            assert!(ended.stderr.contains("/dev/full: No space left"), "{}", ended.stderr);
            assert!(ended.stderr.contains("written   at most "), "{}", ended.stderr);
            let lines = ended.stdout.len();
            assert!(numbers(&ended.stdout).into_iter().eq(0..lines), "what was read is written");
            assert!(lines < 5000, "there is no point in reading on");
        });
    }
}

mod stopping {
    use super::*;

    #[test]
    fn what_was_read_before_ctrl_c_is_written_everywhere_once() {
        drill(|| {
            let folder = tempdir().unwrap();
            let mut program = Program::start(folder.path(), ["--out", "all.log", "-"]);
            let mut stdin = program.stdin.take().unwrap();
            // It feeds until nobody reads any more.
            let feeder = std::thread::spawn(move || {
                (0..).map_while(|n| writeln!(stdin, "{}", line("INFO", n)).ok()).count()
            });
            let mut lines: Vec<_> = (0..3000).map(|_| program.read()).collect();
            program.interrupt();
            let ended = program.end();
            assert!(feeder.join().unwrap() >= 3000);
            lines.extend(ended.stdout);
            assert_eq!(ended.code, Some(130), "{}", ended.stderr);
            assert!(numbers(&lines).into_iter().eq(0..lines.len()), "each once, as it was read");
            assert_eq!(lines, written(folder.path(), "all.log"));
            let says = format!("read      {}, cancelled\n", lines.len());
            assert!(ended.stderr.contains(&says), "{says}, not {}", ended.stderr);
            assert!(ended.stderr.contains(&format!("written   {} to all.log", lines.len())));
        });
    }

    #[test]
    fn a_line_is_written_while_the_next_is_waited_for_and_ctrl_c_ends_the_wait() {
        drill(|| {
            let folder = tempdir().unwrap();
            let mut program = Program::start(folder.path(), ["-"]);
            for n in 0..3 {
                program.feed([line("INFO", n)]);
                assert_eq!(numbers([&program.read()]), [n]);
            }
            program.interrupt();
            let stdin = program.stdin.take();
            let ended = program.end();
            drop(stdin);
            assert_eq!((ended.code, ended.stdout.len()), (Some(130), 0), "{}", ended.stderr);
            assert!(ended.stderr.contains("written   3 to stdout"), "{}", ended.stderr);
        });
    }

    #[test]
    fn a_second_ctrl_c_ends_it_though_nobody_reads_what_it_writes() {
        drill(|| {
            let folder = tempdir().unwrap();
            let mut program = Program::start(folder.path(), ["-"]);
            // More than a pipe holds, and no more than the pipeline does.
            let long = "x".repeat(8192);
            program.feed((0..40).map(|n| format!("{} {long}", line("INFO", n))));
            program.feed(["now".to_owned()]);
            assert!(program.told().starts_with("stdin:41: "), "everything before that was read");
            program.interrupt();
            assert!(program.told().starts_with("interrupted: "));
            program.interrupt();
            let (stdin, stdout) = (program.stdin.take(), program.stdout.take());
            let ended = program.end();
            drop((stdin, stdout));
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""), "it says no more");
        });
    }

    #[test]
    fn a_reader_that_has_read_enough_ends_it_well() {
        drill(|| {
            let folder = tempdir().unwrap();
            let mut program = Program::start(folder.path(), ["--out", "all.log", "-"]);
            let mut stdin = program.stdin.take().unwrap();
            let feeder = std::thread::spawn(move || {
                (0..).map_while(|n| writeln!(stdin, "{}", line("INFO", n)).ok()).count()
            });
            assert_eq!(numbers([&program.read()]), [0]);
            drop(program.stdout.take());
            let ended = program.end();
            feeder.join().unwrap();
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            assert!(!ended.stderr.contains("panicked") && !ended.stderr.contains("roken pipe"));
            let lines = written(folder.path(), "all.log");
            assert!(numbers(&lines).into_iter().eq(0..lines.len()), "each once, as it was read");
            let says = format!("read      {}, up to the stop\n", lines.len());
            assert!(ended.stderr.contains(&says), "{says}, not {}", ended.stderr);
        });
    }
}
