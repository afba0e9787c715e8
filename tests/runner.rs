//! The real binary, on small workbooks of its own.

#![cfg(unix)]

// Each of the two files uses its part.
#[allow(dead_code)]
#[path = "runner/book.rs"]
mod book;

mod checks {
    use std::process::{Command, Stdio};

    use super::book::{Book, appears, lives, said};

    #[test]
    fn an_answer_that_is_right_passes_every_stage() {
        let book = Book::new();
        book.solve("count");
        let said = book.run(&["check", "count"]).exits(0);
        let said = said.says(&[
            "compiles",
            "2 tests pass",
            "1 test passes",
            "passes every stage",
            "Next: ",
            "store.rs",
        ]);
        let at =
            |stage: &str| said.stdout.find(stage).unwrap_or_else(|| panic!("{stage} did not run"));
        let stages = ["builds", "behaviour", "properties", "models", "leaks"].map(at);
        assert!(stages.is_sorted(), "{}", said.stdout);
        book.run(&["list"]).exits(0).says(&["✓ count", "→ store"]);
        book.solve_with("count", "self.0 = n + self.0;");
        book.run(&["list"]).exits(0).says(&["~ count", "changed since it passed"]);
    }

    #[test]
    fn a_stub_fails_by_the_first_test_of_its_spec() {
        let book = Book::new();
        let said = book.run(&["check", "count"]).exits(1);
        said.says(&[
            "2 tests fail",
            "Nothing is zero\n",
            "behaviour::nothing_is_zero  (tests/count.rs:9)",
            "not yet implemented: where does a sum start?",
            "at exercises/src/count.rs:18:9",
            "edit exercises/src/count.rs",
            "hint count",
        ]);
    }

    #[test]
    fn the_check_stops_at_the_first_stage_that_fails() {
        let book = Book::new();
        book.solve_with("count", "if n == 9 { panic!(\"nine\") }\n self.0 += n;");
        let said =
            book.run(&["check", "count"]).exits(1).says(&["The order does not matter", "nine"]);
        assert!(!said.stdout.contains("models"), "{}", said.stdout);
    }

    #[test]
    fn an_answer_that_does_not_compile_shows_the_compilers_words_once() {
        let book = Book::new();
        book.solve_with("count", "self.1 += n;");
        let said = book.run(&["check", "count"]).exits(3);
        let said = said.says(&["does not compile", "exercises/src/count.rs", "no field `1`"]);
        assert_eq!(said.stdout.matches("error[E0609]").count(), 1, "{}", said.stdout);
        assert!(!said.stdout.contains("\n\n\nNext"), "{}", said.stdout);
    }

    #[test]
    fn an_answer_that_compiles_only_without_the_explorer_does_not_compile() {
        let book = Book::new();
        book.write(
            "models/exercises/Cargo.toml",
            &book
                .read("models/exercises/Cargo.toml")
                .replace("[lib]", "[lints.rust]\nunused_mut = \"deny\"\n\n[lib]"),
        );
        book.solve_with("count", "let mut n = n; self.0 += n;");
        book.run(&["check", "count"]).exits(3).says(&["variable does not need to be mutable"]);
    }

    #[test]
    fn a_broken_neighbour_is_in_nobodys_way() {
        let book = Book::new();
        book.solve("count");
        book.write("exercises/src/store.rs", "this is no Rust");
        book.run(&["check", "count"]).exits(0);
        book.run(&["check", "--all"]).exits(3);
    }

    #[test]
    fn an_answer_that_hangs_is_ended_with_all_that_it_started() {
        let book = Book::new();
        let pids = book.path("pids");
        book.solve_with("count", &hang(&pids.display().to_string()));
        let said = book.run(&["check", "count", "--timeout", "1"]).exits(4);
        said.says(&[
            "at least 1 fails, the run was stopped",
            "Adding is seen",
            "still blocked after 1 s in behaviour::adding_is_seen",
            "or a loop never ends.\n",
        ]);
        for pid in appears(&pids).split(' ') {
            assert!(!lives(pid), "process {pid} is still there");
        }
    }

    #[test]
    fn a_test_that_has_failed_is_shown_before_one_that_hangs() {
        let book = Book::new();
        book.solve_with("count", "self.0 += n; loop { std::thread::park() }");
        book.replace("exercises/src/count.rs", "Self(0)", "Self(1)");
        book.run(&["check", "count", "--timeout", "1"]).exits(1).says(&[
            "at least 1 fails, the run was stopped",
            "Nothing is zero",
            "nothing was added",
            "and 1 test had no result after 1 s",
        ]);
    }

    #[test]
    fn a_model_that_hangs_may_wait_where_the_explorer_cannot_see_it() {
        let book = Book::new();
        book.solve("count");
        book.replace("tests/models/count.rs", "sum.add(2);", "sum.add(2);\nstd::thread::park();");
        let said = book.run(&["check", "count", "--timeout", "0.2"]).exits(4);
        said.says(&["1.2 s in models::count::i1_nothing_is_lost", "the explorer cannot see"]);
    }

    #[test]
    fn a_runner_that_is_told_to_end_leaves_nothing_behind() {
        let book = Book::new();
        let pids = book.path("pids");
        book.solve_with("count", &hang(&pids.display().to_string()));
        let mut runner = book.command(&["check", "count", "--timeout", "600"]);
        let mut runner = runner.stdout(Stdio::null()).spawn().unwrap();
        let pids = appears(&pids);
        let told = Command::new("kill").arg(runner.id().to_string()).status().unwrap();
        assert!(told.success());
        assert_eq!(runner.wait().unwrap().code(), Some(143));
        for pid in pids.split(' ') {
            assert!(!lives(pid), "process {pid} is still there");
        }
    }

    /// Writes its process's id and that of a child, and waits for the child, which does not end.
    fn hang(pids: &str) -> String {
        format!(
            "self.0 += n; let mut child = std::process::Command::new(\"sleep\").arg(\"100000\").spawn().unwrap();\n\
             std::fs::write({pids:?}, format!(\"{{}} {{}}\\n\", std::process::id(), child.id())).unwrap();\n\
             child.wait().unwrap();"
        )
    }

    #[test]
    fn the_deadline_of_the_spec_itself_counts_as_blocked() {
        let book = Book::new();
        book.solve_with("count", "self.0 += n; panic!(\"still blocked after 10s in here\")");
        book.run(&["check", "count"]).exits(4);
    }

    #[test]
    fn output_that_floods_is_cut_and_judged() {
        let book = Book::new();
        book.solve_with(
            "count",
            "self.0 += n; use std::io::Write; let line = vec![b'x'; 1 << 20];\n\
             for _ in 0..64 { std::io::stdout().write_all(&line).unwrap(); std::io::stderr().write_all(&line).unwrap(); }\n\
             print!(\"{}\", \"captured \".repeat(1 << 20)); panic!(\"after the flood\")",
        );
        let said =
            book.run(&["check", "count"]).exits(1).says(&["Adding is seen", "after the flood"]);
        assert!(said.stdout.len() < 1 << 20, "{} bytes were passed on", said.stdout.len());
    }

    #[test]
    fn a_death_is_named_with_its_test() {
        for (last_words, signal) in [
            ("std::process::abort();", "SIGABRT"),
            (
                "std::process::Command::new(\"kill\").arg(\"-9\").arg(std::process::id().to_string()).status().unwrap();",
                "SIGKILL",
            ),
            ("std::process::exit(n as i32 + 40);", "exit code 42"),
        ] {
            let book = Book::new();
            book.solve_with("count", &format!("self.0 += n; {last_words}"));
            let said = book.run(&["check", "count"]).exits(1);
            said.says(&["Adding is seen", "the test process died of", signal]);
        }
    }

    #[test]
    fn an_abort_is_told_with_the_panics_that_led_to_it() {
        let book = Book::new();
        book.solve_with(
            "count",
            "self.0 += n;\n\
             static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());\n\
             struct Again;\n\
             impl Drop for Again { fn drop(&mut self) { drop(LOCK.lock().unwrap()); } }\n\
             let _again = Again;\n\
             let _held = LOCK.lock().unwrap();\n\
             panic!(\"the first of two\")",
        );
        // That another test has failed before must not hide it.
        book.replace("exercises/src/count.rs", "Self(0)", "Self(1)");
        book.run(&["check", "count"]).exits(1).says(&[
            "the run was stopped",
            "Adding is seen",
            "the test process was aborted: called `Result::unwrap()` on an `Err` value: PoisonError { .. }, \
             in behaviour::adding_is_seen",
            "A panic under a lock poisons it",
            "the first of two  at exercises/src/count.rs:",
        ]);
    }

    #[test]
    fn a_full_stack_of_a_model_is_told_with_the_way_out() {
        let book = Book::new();
        book.solve_with(
            "count",
            "eprintln!(\"coroutine in thread 'loomscope' has overflowed its stack\");\n\
             std::process::abort();",
        );
        book.run(&["check", "count"]).exits(1).says(&[
            "died of signal 6 (SIGABRT): the stack of a model's thread is full",
            "is better a `Box<[Mutex<_>]>`",
        ]);
    }

    #[test]
    fn an_answer_cannot_pass_by_ending_the_process() {
        let book = Book::new();
        book.solve_with("count", "std::process::exit(0)");
        book.run(&["check", "count"]).exits(1).says(&["the test process died of exit code 0"]);
    }

    #[test]
    fn a_failing_model_shows_its_timeline_and_explain_shows_it_again() {
        let book = Book::new();
        book.run(&["explain", "count"])
            .exits(2)
            .warns(&["No model of `count` has failed here yet", "properties and stress pass"]);
        book.solve_with("count", "self.0 = n;");
        let timeline = "i1\n✗ panic: main: I1: the sum is five\n──┬──────\n1 │ adds\n";
        let said = book.run(&["check", "count"]).exits(1);
        said.says(&[
            timeline,
            "models::count::i1_nothing_is_lost  (tests/models/count.rs:4)",
            "i1.svg",
        ]);
        let page = book.path("target/loomscope/i1.html");
        let said = book.run(&["explain"]).exits(0).says(&[timeline, &page.display().to_string()]);
        assert!(said.stdout.starts_with("i1"), "{}", said.stdout);
        book.solve("count");
        let earlier = "from an earlier version of your answer";
        book.run(&["explain"]).exits(0).says(&[&format!("{earlier}\n\ni1"), timeline]);
        book.run(&["check", "count"]).exits(0);
        book.run(&["explain"]).exits(0).says(&[&format!("{earlier}; it passes now\n"), timeline]);
    }

    #[test]
    fn a_failing_test_is_followed_by_a_model_that_fails_with_it() {
        let book = Book::new();
        book.solve_with("count", "self.0 = 0 * n;");
        let timeline = "1 │ adds\n";
        let said = book.run(&["check", "count"]).exits(1).says(&["two and three", timeline]);
        assert!(said.stdout.find("two and three") < said.stdout.find(timeline));
        book.run(&["explain"]).exits(0).says(&[timeline]);
        book.run(&["reset", "count"]).exits(0);
        assert!(!book.run(&["check", "count"]).exits(1).stdout.contains(timeline));
    }

    #[test]
    fn json_is_one_object_a_pattern() {
        let book = Book::new();
        book.solve("count");
        let said = book.run(&["check", "--all", "--json"]).exits(1);
        let lines: Vec<serde_json::Value> =
            said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((&lines[0]["id"], &lines[0]["verdict"]), (&"count".into(), &"passes".into()));
        assert_eq!((&lines[1]["verdict"], &lines[1]["exit"]), (&"fails".into(), &1.into()));
        assert_eq!(lines[1]["test"], "behaviour::nothing_is_zero");
        assert_eq!(lines[1]["stages"][1]["stage"], "behaviour");
    }

    #[test]
    fn a_spec_without_tests_passes_nobody() {
        let book = Book::new();
        book.write("tests/count.rs", "//! Nothing yet.\n");
        book.write("tests/models/count.rs", "");
        book.run(&["check", "count"]).exits(7).warns(&["holds no test"]);
    }

    #[test]
    fn what_the_machine_lacks_is_no_verdict() {
        let book = Book::new();
        let said = said(book.command(&["check", "count"]).env("CARGO", "/nowhere/cargo"));
        said.exits(7).warns(&["cargo cannot be started", "rustup.rs"]);
        book.write("solutions/Cargo.toml", "[package");
        book.run(&["check", "count"]).exits(7).warns(&["A manifest is broken"]);
    }

    #[test]
    fn an_unknown_pattern_is_answered_with_the_likeliest() {
        let book = Book::new();
        book.run(&["check", "coutn"])
            .exits(2)
            .warns(&["There is no pattern `coutn`", "Did you mean count?"]);
        book.run(&["check", "xyz"]).exits(2).warns(&["There are: count, store."]);
        book.run(&["chek"]).exits(2);
        book.run(&["check", "--timeout", "0"]).exits(2);
    }
}

mod progress {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::book::{Book, said};

    #[test]
    fn the_first_start_says_that_failing_is_expected() {
        let book = Book::new();
        let said = book.run(&[]).exits(0);
        said.says(&[
            "Welcome",
            "it fails, as it must",
            "exercises/src/count.rs",
            "Nothing is zero",
            "Next: read book/src/count.md as far as \"Now write yours\", edit exercises/src/count.rs",
        ]);
        let said = book.run(&[]).exits(0).says(&["0 of 2 patterns passed", "Nothing is zero"]);
        assert!(!said.stdout.contains("Welcome"));
        book.solve("count");
        book.solve("store");
        book.run(&[]).exits(0).says(&["passes every stage", "the rest of book/src/count.md"]);
        book.run(&[]).exits(0).says(&["1 of 2 patterns passed", "everything has passed"]);
        book.run(&[]).exits(0).says(&["All 2 patterns have passed"]);
    }

    #[test]
    fn a_workbook_is_found_from_inside_and_by_name() {
        let book = Book::new();
        let inside = book.path("exercises/src");
        said(book.command(&["list"]).current_dir(&inside)).exits(0).says(&["count"]);
        said(book.command(&["hint", "count"]).current_dir(&inside))
            .exits(0)
            .says(&["`cargo workbook check count`"]);
        book.run(&["hint", "count"]).exits(0).says(&["`cargo run -- check count`"]);
        let elsewhere = tempfile::tempdir().unwrap();
        let root = book.path("").display().to_string();
        said(book.command(&["list"]).current_dir(elsewhere.path())).exits(7).warns(&["--root"]);
        said(book.command(&["list", "--root", &root]).current_dir(elsewhere.path())).exits(0);
    }

    #[test]
    fn hints_go_deeper_and_are_about_the_test_that_failed() {
        let book = Book::new();
        book.run(&["hint", "count"]).exits(0).says(&["look at add", "hint 1 of 3"]);
        book.run(&["check", "count"]).exits(1);
        for words in ["look at new", "where does it start", "write Self(0)", "write Self(0)"] {
            book.run(&["hint"]).exits(0).says(&[words, "Nothing is zero"]);
        }
        book.solve_with("count", "self.0 = 0 * n;");
        book.run(&["check", "count"]).exits(1);
        book.run(&["hint"]).exits(0).says(&["look at add", "hint 1 of 3"]);
        book.run(&["check", "count"]).exits(1);
        book.run(&["hint"]).exits(0).says(&["the sum stays", "hint 2 of 3"]);
        book.solve_with("count", "if n == 9 { panic!() }\n self.0 += n;");
        book.run(&["check", "count"]).exits(1);
        book.run(&["hint"]).exits(0).says(&["The order does not matter", "hint 1 of 3"]);
    }

    #[test]
    fn the_reference_is_shown_after_a_pass_or_a_peek_that_is_remembered() {
        let book = Book::new();
        for command in ["solution", "diff"] {
            book.run(&[command, "count"]).exits(2).warns(&["has not passed yet", "--peek"]);
        }
        let said = book.run(&["solution", "count", "--peek"]).exits(0).says(&["self.0 += n;"]);
        assert!(!said.stdout.contains("ANCHOR"), "{}", said.stdout);
        book.run(&["list"]).exits(0).says(&["the reference was seen before"]);
        book.run(&["diff", "count"])
            .exits(0)
            .says(&["+        self.0 += n;", "-        todo!(\"what changes?\")"]);
        book.solve("count");
        book.run(&["diff", "count"]).exits(0).says(&["Yours is the reference."]);
        book.solve("store");
        book.run(&["check", "store"]).exits(0);
        book.run(&["solution", "store"]).exits(0);
        assert!(!book.run(&["list"]).stdout.contains("store  A sum that is kept  ("));
    }

    #[test]
    fn a_file_is_compared_with_the_root_of_a_folder_and_the_rest_is_counted() {
        let book = Book::new();
        let reference = book.read("solutions/src/count.rs");
        std::fs::remove_file(book.path("solutions/src/count.rs")).unwrap();
        book.write("solutions/src/count/mod.rs", &reference);
        book.write("solutions/src/count/deep.rs", "// one\n// two\n");
        let said = book.run(&["diff", "count", "--peek"]).exits(0);
        let said = said.says(&[
            "yours → reference  count/mod.rs",
            "+        self.0 += n;",
            "only in the reference: count/deep.rs, 2 lines",
        ]);
        assert!(!said.stdout.contains("// one"), "{}", said.stdout);
        assert!(!said.stdout.contains("ANCHOR"), "{}", said.stdout);
    }

    #[test]
    fn a_reader_that_leaves_is_no_failure() {
        let book = Book::new();
        for arguments in [&["diff", "count", "--peek"][..], &["list"], &["hint", "count"]] {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let output = book.command(arguments).stdout(writer).stderr(Stdio::piped()).output();
            let output = output.unwrap();
            assert_eq!(output.status.code(), Some(0), "{arguments:?}");
            assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
        }
    }

    #[test]
    fn reset_puts_the_stub_back_and_keeps_what_was_written() {
        let book = Book::new();
        let stub = book.read("exercises/src/count.rs");
        book.run(&["reset", "count"]).exits(0).says(&["is the stub already"]);
        book.write("exercises/src/count.rs", "// mine\n");
        let said = book.run(&["reset", "count"]).exits(0).says(&[".workbook/backups/count-1"]);
        assert_eq!(book.read("exercises/src/count.rs"), stub);
        assert_eq!(book.read(".workbook/backups/count-1/count.rs"), "// mine\n");
        restore(&said.stdout);
        assert_eq!(book.read("exercises/src/count.rs"), "// mine\n");
    }

    #[test]
    fn reset_takes_a_folder_away_and_keeps_it_too() {
        let book = Book::new();
        std::fs::remove_file(book.path("exercises/src/count.rs")).unwrap();
        book.write("exercises/src/count/mod.rs", "mod part;\n");
        book.write("exercises/src/count/part.rs", "// mine\n");
        let said = book.run(&["reset", "count"]).exits(0);
        assert!(!book.path("exercises/src/count").exists());
        assert_eq!(book.read("exercises/src/count.rs"), book.read("exercises/pristine/count.rs"));
        assert_eq!(book.read(".workbook/backups/count-1/count/part.rs"), "// mine\n");
        restore(&said.stdout);
        assert!(!book.path("exercises/src/count.rs").exists());
        assert_eq!(book.read("exercises/src/count/part.rs"), "// mine\n");
    }

    /// Types the commands that `reset` has printed.
    fn restore(said: &str) {
        let commands: Vec<_> = said.lines().filter(|line| line.starts_with("  ")).collect();
        assert!(commands.len() >= 2, "{said}");
        let shell = Command::new("sh").args(["-e", "-c", &commands.join("\n")]).status().unwrap();
        assert!(shell.success(), "{said}");
    }

    #[test]
    fn a_corrupt_state_is_set_aside() {
        let book = Book::new();
        book.write(".workbook/state.toml", "passed = [[[");
        book.run(&["list"]).exits(0).warns(&["could not be understood", "state.toml.corrupt-1"]);
        assert_eq!(book.read(".workbook/state.toml.corrupt-1"), "passed = [[[");
        book.run(&["solution", "count", "--peek"]).exits(0);
        book.run(&["list"]).exits(0).says(&["seen before"]);
    }

    #[test]
    fn runners_at_the_same_time_lose_nothing() {
        let book = Book::new();
        let start =
            |arguments: &[&str]| book.command(arguments).stdout(Stdio::null()).spawn().unwrap();
        let mut runners = Vec::new();
        for _ in 0..8 {
            runners.push(start(&["solution", "count", "--peek"]));
            runners.push(start(&["solution", "store", "--peek"]));
            runners.push(start(&["hint", "count"]));
        }
        for mut runner in runners {
            assert!(runner.wait().unwrap().success());
        }
        let said = book.run(&["list"]).exits(0);
        assert_eq!(said.stdout.matches("seen before").count(), 2, "{}", said.stdout);
        book.run(&["hint", "count"]).exits(0).says(&["hint 3 of 3"]);
    }

    #[test]
    fn a_quiz_is_answered_through_a_pipe() {
        let book = Book::new();
        for (answers, words) in [
            ("b\n", vec!["Right.", "Count.", "1 of 1 right."]),
            ("9\nA\n", vec!["a or b, please.", "No: b.", "0 of 1 right."]),
            ("", vec!["Stopped after 0 of 1."]),
        ] {
            let mut quiz = book.command(&["quiz", "count"]);
            let mut quiz = quiz.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            quiz.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
            let output = String::from_utf8(quiz.wait_with_output().unwrap().stdout).unwrap();
            for words in words {
                assert!(output.contains(words), "`{words}` is missing in:\n{output}");
            }
        }
    }

    #[test]
    fn the_doctor_names_what_is_missing() {
        let book = Book::new();
        book.run(&["list"]).exits(0);
        let missing = book.run(&["doctor"]).exits(7);
        missing.says(&["✓ cargo", "✗ dependencies", "cargo fetch"]);
        // A build writes the lock file that the fixture lacks.
        book.run(&["check", "count"]).exits(1);
        book.run(&["doctor"]).exits(0).says(&["✓ dependencies", "✓ state"]);
        std::fs::remove_file(book.path("exercises/src/store.rs")).unwrap();
        book.run(&["doctor"]).exits(7).says(&["missing: exercises/src/store.rs"]);
    }

    #[test]
    fn a_bench_that_does_not_exist_is_not_run() {
        let book = Book::new();
        std::fs::remove_file(book.path("benches/count.rs")).unwrap();
        book.run(&["bench", "count"]).exits(2).warns(&["There is no bench for `count`"]);
    }
}
