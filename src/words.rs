//! From the names that machines use to sentences.

/// The last part of a test's path as a sentence: `behaviour::a_waiter_is_woken` gives
/// "A waiter is woken".
pub(crate) fn sentence(test: &str) -> String {
    let name = test.rsplit("::").next().unwrap_or(test).replace('_', " ");
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
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
