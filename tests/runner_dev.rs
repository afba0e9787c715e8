//! The authors' commands, on small workbooks of their own.

#![cfg(unix)]

// Each of the two files uses its part.
#[allow(dead_code)]
#[path = "runner/book.rs"]
mod book;

use book::Book;

/// What breaks a complete workbook, and what is said of it.
type Breakage = (&'static str, fn(&Book));

#[test]
fn a_complete_workbook_has_nothing_to_mend() {
    Book::new().run(&["dev", "check"]).exits(0).says(&["2 patterns complete"]);
}

fn remove(book: &Book, path: &str) {
    std::fs::remove_file(book.path(path)).unwrap();
}

#[test]
fn each_thing_that_is_missing_or_disagrees_is_named() {
    let breakages: &[Breakage] = &[
        ("exercises/src/count.rs is missing", |b| remove(b, "exercises/src/count.rs")),
        ("exercises/pristine/count.rs is missing", |b| remove(b, "exercises/pristine/count.rs")),
        ("solutions/src/count.rs is missing", |b| remove(b, "solutions/src/count.rs")),
        ("tests/count.rs is missing", |b| remove(b, "tests/count.rs")),
        ("tests/models/count.rs is missing", |b| remove(b, "tests/models/count.rs")),
        ("benches/count.rs is missing", |b| remove(b, "benches/count.rs")),
        ("book/src/count.md is missing", |b| remove(b, "book/src/count.md")),
        ("pristine/count.rs differ", |b| {
            b.replace("exercises/src/count.rs", "what changes", "what")
        }),
        ("SUMMARY.md does not link count.md", |b| b.replace("book/src/SUMMARY.md", "count.md", "")),
        ("README.md does not name `count`", |b| b.replace("README.md", "`count`", "")),
        ("ARCHITECTURE.md does not name `count`", |b| b.replace("ARCHITECTURE.md", "`count`", "")),
        ("has no general hint", |b| b.replace("curriculum.toml", "test = \"\"", "test = \"sum\"")),
        ("the hint for `unheard_of` is shown for no test", |b| {
            b.replace("curriculum.toml", "test = \"nothing_is_zero\"", "test = \"unheard_of\"");
        }),
        ("the hint for `zero` is shown for no test", |b| {
            b.replace("curriculum.toml", "test = \"\"", "test = \"zero\"");
        }),
        ("is none of its choices", |b| b.replace("curriculum.toml", "answer = 1", "answer = 2")),
        ("has no quiz", |b| {
            let text = b.read("curriculum.toml");
            b.write("curriculum.toml", &text[..text.rfind("[[pattern.quiz]]").unwrap()]);
        }),
        ("count needs `store`, which does not come before it", |b| {
            b.replace("curriculum.toml", "needs = []", "needs = [\"store\"]");
        }),
        ("feature `all` of models/exercises/Cargo.toml", |b| {
            b.replace(
                "models/exercises/Cargo.toml",
                "\"count\", \"store\"",
                "\"store\", \"count\"",
            );
        }),
        ("solutions/Cargo.toml has no feature `store`", |b| {
            b.replace("solutions/Cargo.toml", "store = []", "");
        }),
        ("[[test]] in exercises/Cargo.toml", |b| {
            b.replace("exercises/Cargo.toml", "name = \"count\"", "name = \"other\"");
        }),
        ("the `mod` lines of solutions/src/lib.rs", |b| {
            b.replace("solutions/src/lib.rs", "pub mod store;", "");
        }),
        ("the `mod` lines of tests/models/mod.rs", |b| {
            b.replace("tests/models/mod.rs", "mod count;", "");
        }),
        ("the stub lacks `Sum::add`", |b| {
            b.replace("exercises/src/count.rs", "pub fn add", "fn add")
        }),
        ("only the stub has `Sum::other`", |b| {
            b.replace(
                "exercises/src/count.rs",
                "impl Sum {",
                "impl Sum {\n pub fn other() { todo!(\"x\") }\n",
            );
        }),
        ("`Sum::add` has another signature in the stub", |b| {
            b.replace("exercises/src/count.rs", "add(&mut self, _n: u32)", "add(&self, _n: u32)");
        }),
        ("`Sum::sum` is documented in other words", |b| {
            b.replace("exercises/src/count.rs", "/// The sum.", "/// A sum.");
        }),
        ("its module doc is documented in other words", |b| {
            b.replace("exercises/src/count.rs", "//! A sum.", "//! The sum.");
        }),
        ("the stub lacks `impl Debug for Sum`", |b| {
            b.replace("exercises/src/count.rs", "#[derive(Debug)]", "");
        }),
        ("the body of `add` is no `todo!`", |b| {
            b.replace("exercises/src/count.rs", "todo!(\"what changes?\")", "");
        }),
        ("the body of `add` is no `todo!`", |b| {
            b.replace("exercises/src/count.rs", "todo!(\"what changes?\")", "todo!()");
        }),
        ("a stub's `drop` does something", |b| {
            b.replace(
                "exercises/src/count.rs",
                "fn drop(&mut self) {}",
                "fn drop(&mut self) { todo!(\"x\") }",
            );
        }),
        ("its headings are", |b| b.replace("solutions/src/count.rs", "# Cost", "# Price")),
        ("includes ../../solutions/src/count.rs:add, which does not exist", |b| {
            b.replace("solutions/src/count.rs", "// ANCHOR: add", "");
        }),
        ("book/src/more.md includes ../none.rs, which does not exist", |b| {
            b.write("book/src/more.md", "{{#include ../none.rs}}\n");
        }),
        ("wrong/count has 2 wrong answers of 3", |b| remove(b, "wrong/count/forgets.patch")),
        ("wrong/count has 3 wrong answers of 5", |b| {
            b.replace("curriculum.toml", "Warm-ups", "Blocks")
        }),
        ("has no line `# says: …`", |b| {
            b.replace("wrong/count/forgets.patch", "# says:", "# said:")
        }),
        ("does not apply", |b| {
            b.replace("solutions/src/count.rs", "self.0 += n;", "self.0 += 1 * n;")
        }),
        ("there is no test `behaviour::unheard_of`", |b| {
            b.replace("wrong/count/adds_nothing.patch", "adding_is_seen", "unheard_of");
        }),
    ];
    for (words, break_it) in breakages {
        let book = Book::new();
        break_it(&book);
        book.run(&["dev", "check"]).exits(1).says(&[words]);
    }
}

#[test]
fn a_curriculum_that_cannot_be_read_is_told_with_its_line() {
    let book = Book::new();
    book.replace("curriculum.toml", "models = true", "models = 7");
    book.run(&["dev", "check"]).exits(7).warns(&["curriculum.toml is broken", "models = 7"]);
}

#[test]
fn every_test_must_fail_on_the_stub_for_what_is_unwritten() {
    let book = Book::new();
    book.run(&["dev", "check", "--stubs"]).exits(0);
    let passes =
        "\n#[test]\nfn always() {}\n#[test]\nfn never() { panic!(\"for another reason\") }\n";
    book.write("tests/count.rs", &(book.read("tests/count.rs") + passes));
    let said = book.run(&["dev", "check", "--stubs"]).exits(1);
    said.says(&[
        "count: always passes on the stub",
        "count: never fails on the stub, but not for what",
    ]);
}

#[test]
fn wrong_answers_are_killed_or_survive_and_no_file_is_touched() {
    let book = Book::new();
    book.write("exercises/src/count.rs", "// the learner's own, and broken\n");
    book.run(&["dev", "wrong"])
        .exits(0)
        .says(&["6 wrong answers killed, 0 survivors", "count/forgets"]);
    assert_eq!(book.read("exercises/src/count.rs"), "// the learner's own, and broken\n");
    book.replace("tests/count.rs", ">= 3", ">= 0");
    let said = book.run(&["dev", "wrong", "count"]).exits(1);
    said.says(&["count/adds_nothing  SURVIVES", "behaviour::adding_is_seen passes", "1 survivor"]);
}

#[test]
fn a_limit_leaves_wrong_answers_for_another_day_and_says_how_many() {
    let book = Book::new();
    let said = book.run(&["dev", "wrong", "--within", "0"]).exits(0);
    said.says(&["2 wrong answers killed, 0 survivors", "4 not judged, for lack of time"]);
}

#[test]
fn a_wrong_answer_must_die_as_it_says() {
    for (old, new, words) in [
        ("# says: two and three", "# says: three and two", "does not say `three and two`"),
        ("n * 0", "n * zero", "it does not compile"),
        ("n * 0", "n * 0; std::process::abort()", "does not say `two and three`"),
        ("adding_is_seen", "unheard_of", "no test is named"),
        ("self.0 += n;\n+", "self.0 += m;\n+", "does not apply"),
    ] {
        let book = Book::new();
        book.replace("wrong/count/adds_nothing.patch", old, new);
        book.run(&["dev", "wrong", "count/adds_nothing"]).exits(1).says(&["SURVIVES", words]);
    }
    let book = Book::new();
    book.replace("tests/count.rs", ">= 3", ">= 7");
    let said = book.run(&["dev", "wrong", "count/adds_nothing"]).exits(1);
    said.says(&["the reference itself fails"]);
}

#[test]
fn a_wrong_answer_can_be_looked_at() {
    let book = Book::new();
    book.write("exercises/src/count.rs", "// mine\n");
    let said = book.run(&["dev", "wrong", "count/forgets", "--into", "exercises"]).exits(0);
    said.says(&["It forgets", ".workbook/backups/count-1"]);
    assert!(book.read("exercises/src/count.rs").contains("self.0 = n;"));
    assert_eq!(book.read(".workbook/backups/count-1/count.rs"), "// mine\n");
    book.run(&["check", "count"]).exits(1).says(&["I1: the sum is five"]);
    book.run(&["dev", "wrong", "count", "--into", "exercises"]).exits(2).warns(&["ID/NAME"]);
    book.run(&["dev", "wrong", "count/unheard_of"]).exits(2);
}

#[test]
fn a_test_that_fails_now_and_then_is_found() {
    let book = Book::new();
    book.run(&["dev", "flake", "--runs", "3"]).exits(0).says(&["8 tests, 3 times each: 0 fail"]);
    let every_second = "\n#[test]\nfn now_and_then() {\n    let marker = std::path::Path::new(\"marker\");\n    \
        if std::fs::remove_file(marker).is_err() { std::fs::write(marker, \"\").unwrap(); panic!(\"by chance\") }\n}\n";
    book.write("tests/count.rs", &(book.read("tests/count.rs") + every_second));
    let said = book.run(&["dev", "flake", "--runs", "4"]).exits(1);
    said.says(&["count: now_and_then failed 2 of 4 times", "by chance"]);
}
