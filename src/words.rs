//! From the names that machines use to sentences.

/// The last part of a test's path as a sentence: `behaviour::a_waiter_is_woken` gives
/// "A waiter is woken".
pub(crate) fn sentence(test: &str) -> String {
    let name = test.rsplit("::").next().unwrap_or(test).replace('_', " ");
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A command of the runner, as it is typed in the current folder: `cargo run -- check semaphore` works
/// where the nearest package is the runner, the alias `cargo workbook` in the others as well.
pub(crate) fn command(arguments: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let package = here.ancestors().find(|folder| folder.join("Cargo.toml").is_file());
    let is_runner = package.is_none_or(|folder| folder.join("curriculum.toml").is_file());
    match (is_runner, arguments) {
        (true, "") => "`cargo run`".to_owned(),
        (true, _) => format!("`cargo run -- {arguments}`"),
        (false, "") => "`cargo workbook`".to_owned(),
        (false, _) => format!("`cargo workbook {arguments}`"),
    }
}

/// "1 test", "2 tests".
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_name_reads_as_a_sentence() {
        for (name, words) in [
            ("behaviour::a_waiter_is_woken", "A waiter is woken"),
            ("fifo", "Fifo"),
            ("models::semaphore::i1_never_more", "I1 never more"),
            ("", ""),
        ] {
            assert_eq!(sentence(name), words);
        }
    }
}
