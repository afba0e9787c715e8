//! What the things in a picture are called.

use super::plain;
use super::source::Sources;
use crate::event::{Log, Object, Op};
use std::collections::HashMap;

/// The threads' names: as given, else `main`, `T1`, `T2`, …
pub(super) fn of_threads(log: &Log) -> Vec<String> {
    let named = |number: usize| log.threads.get(number).and_then(Option::as_deref);
    (0..count_threads(log))
        .map(|number| match (named(number), number) {
            (Some(name), _) => plain(name),
            (None, 0) => "main".to_owned(),
            (None, number) => format!("T{number}"),
        })
        .collect()
}

/// One more than the highest number that the log speaks of; a model has at least its body.
fn count_threads(log: &Log) -> usize {
    let speaks_of = |op: &Op| match op {
        Op::Spawn(other) | Op::JoinWant(other) | Op::Joined(other) | Op::Unpark(other) => *other,
        _ => 0,
    };
    let highest = log.events.iter().map(|event| event.thread.max(speaks_of(&event.op))).max();
    (highest.unwrap_or(0) + 1).max(log.threads.len())
}

/// The objects' names: as given, else guessed from the source, else class and number. Of two
/// objects with one name the second gets `'2`.
pub(super) fn of_objects(objects: &[Object], sources: &mut Sources) -> Vec<String> {
    let mut unnamed: HashMap<&str, usize> = HashMap::new();
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut tell_apart = |name: String| {
        let count = taken.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name}'{count}") }
    };
    let mut name = |object: &Object| match object.name {
        Some(name) => plain(name),
        None => guess_at(object, sources).unwrap_or_else(|| {
            let count = unnamed.entry(object.class).or_default();
            *count += 1;
            format!("{}#{count}", object.class)
        }),
    };
    objects.iter().map(|object| tell_apart(name(object))).collect()
}

fn guess_at(object: &Object, sources: &mut Sources) -> Option<String> {
    let spot = sources.spot(object.place.file(), object.place.line());
    let lines = sources.lines(&spot.file);
    guess(lines, object.place.line() as usize, object.place.column() as usize)
}

/// The name of what the constructor at `line` and `column` (both from 1) initialises.
fn guess(lines: &[String], line: usize, column: usize) -> Option<String> {
    let mut before: String = lines.get(line.checked_sub(1)?)?.chars().take(column - 1).collect();
    // A constructor that begins its line continues an earlier one: `let a = Arc::new(⏎ Mutex::…`.
    for earlier in lines[..line - 1].iter().rev().take(3) {
        if !unwrapped(&before).is_empty() {
            break;
        }
        before = format!("{} {}", earlier.split("//").next().unwrap_or_default(), before);
    }
    if let Some(name) = tuple_name(&before) {
        return Some(name);
    }
    let target = unwrapped(&before);
    if let Some(binding) = target.strip_suffix('=') {
        return bound_name(binding);
    }
    let field = target.strip_suffix(':').filter(|field| !field.ends_with(':'))?;
    last_word(field)
}

/// `text` without the constructors around the one that follows: `let a = Arc::new(` is `let a =`.
fn unwrapped(text: &str) -> &str {
    let mut text = text.trim_end();
    loop {
        let rest = text.strip_suffix("vec![").or_else(|| text.strip_suffix(['[', '&']));
        let rest = rest.or_else(|| text.strip_suffix("||")).or_else(|| text.strip_suffix("move"));
        let Some(rest) = rest.or_else(|| without_call(text)) else { return text };
        text = rest.trim_end();
    }
}

/// `… Arc::new(` without the call; only for paths that name a type, since `work(Mutex::new(0))`
/// says nothing of the mutex.
fn without_call(text: &str) -> Option<&str> {
    let rest = text.strip_suffix('(')?;
    let in_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '<' | '>');
    let outer = rest.trim_end_matches(in_path);
    let path = &rest[outer.len()..];
    let is_type = path.split(':').any(|part| part.starts_with(char::is_uppercase));
    (is_type && path != "Self" || path.is_empty()).then_some(outer)
}

/// The name in `let mut a: Mutex<u8>`, `static A: Mutex<u8>`, `self.a`.
fn bound_name(binding: &str) -> Option<String> {
    let keywords = ["let ", "static ", "const "];
    let pattern = keywords.iter().find_map(|keyword| after(binding, keyword));
    let Some(pattern) = pattern else { return last_word(binding) };
    let pattern = pattern.trim_start().trim_start_matches("mut ");
    let word: String = pattern.chars().take_while(|c| is_word(*c)).collect();
    (!word.is_empty()).then_some(word)
}

/// The name at the same position in `let (a, b) = (Mutex::new(0), Mutex::new(1))`.
fn tuple_name(before: &str) -> Option<String> {
    let (pattern, values) = after(before, "let ")?.split_once('=')?;
    let names = pattern.trim().strip_prefix('(')?.strip_suffix(')')?;
    let values = values.trim_start().strip_prefix('(')?;
    let mut depth = 0;
    let mut position = 0;
    for c in values.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => position += 1,
            _ => {}
        }
    }
    last_word(names.split(',').nth(position)?)
}

fn after<'t>(text: &'t str, keyword: &str) -> Option<&'t str> {
    text.rfind(keyword).map(|at| &text[at + keyword.len()..])
}

fn last_word(text: &str) -> Option<String> {
    let text = text.trim_end();
    let word = &text[text.trim_end_matches(is_word).len()..];
    (!word.is_empty()).then(|| word.to_owned())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::{guess, of_objects, of_threads};
    use crate::event::{Event, Log, Object, Op};
    use crate::report::source::Sources;
    use std::panic::Location;

    /// The guess for the constructor at the mark `^`, which stands for nothing.
    fn check(source: &str, expected: Option<&str>) {
        let lines: Vec<String> = source.lines().map(str::to_owned).collect();
        let line = lines.iter().position(|line| line.contains('^')).expect("a mark");
        let column = lines[line].chars().position(|c| c == '^').expect("a mark");
        let lines: Vec<String> = lines.iter().map(|line| line.replace('^', "")).collect();
        assert_eq!(guess(&lines, line + 1, column + 1).as_deref(), expected, "{source}");
    }

    #[test]
    fn a_name_is_what_the_constructor_initialises() {
        for (source, expected) in [
            ("let state = ^Mutex::new(0);", Some("state")),
            ("let mut state: Mutex<u8> = ^Mutex::new(0);", Some("state")),
            ("let a = Arc::new(^Mutex::new(0));", Some("a")),
            ("let a = std::sync::Arc::new(CachePadded::new(^AtomicU8::new(0)));", Some("a")),
            ("let a = Arc::new(\n    ^Mutex::new(0),\n);", Some("a")),
            ("let a =\n    // why\n    ^Mutex::new(0);", Some("a")),
            (
                "Self { permits: ^AtomicUsize::new(n), closed: AtomicBool::new(false) }",
                Some("permits"),
            ),
            (
                "Self { permits: AtomicUsize::new(n), closed: ^AtomicBool::new(false) }",
                Some("closed"),
            ),
            ("Self {\n    waiters: ^Mutex::new(Vec::new()),\n}", Some("waiters")),
            ("Self {\n    waiters: Arc::new(^Mutex::new(Vec::new())),\n}", Some("waiters")),
            ("static ONCE: Once = ^Once::new();", Some("ONCE")),
            ("static MAP: LazyLock<Mutex<u8>> = LazyLock::new(|| ^Mutex::new(0));", Some("MAP")),
            ("self.slot = Some(^Mutex::new(0));", Some("slot")),
            ("let cells = vec![^AtomicU8::new(0)];", Some("cells")),
            ("let (from, to) = (^Mutex::new(1), Mutex::new(2));", Some("from")),
            ("let (from, to) = (Mutex::new(f(1, 2)), ^Mutex::new(2));", Some("to")),
            ("let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(^Mutex::new(2)));", Some("b")),
            ("let größe = ^AtomicU8::new(0);", Some("größe")),
            ("Self(^Mutex::new(0))", None),
            ("work(^Mutex::new(0));", None),
            ("let handle = work(^Mutex::new(0));", None),
            ("fn make() -> Mutex<u8> { ^Mutex::new(0) }", None),
            ("let t = thread::spawn(move || ^block_on(f));", None),
            ("^block_on(f);", None),
        ] {
            check(source, expected);
        }
    }

    #[test]
    fn a_place_outside_the_file_has_no_name() {
        assert_eq!(guess(&[], 7, 3), None);
        assert_eq!(guess(&["let a = 1;".to_owned()], 1, 400), None);
    }

    #[track_caller]
    fn made(class: &'static str, name: Option<&'static str>) -> Object {
        Object { class, place: Location::caller(), name, alive: true }
    }

    #[test]
    fn objects_are_told_apart() {
        let mut objects = vec![made("Mutex", Some("given"))];
        for _ in 0..2 {
            let twin = made("Mutex", None);
            objects.push(twin);
        }
        objects.extend([made("Mutex", None), made("Condvar", None), made("Mutex", None)]);
        let names = of_objects(&objects, &mut Sources::around_here());
        assert_eq!(names, ["given", "twin", "twin'2", "Mutex#1", "Condvar#1", "Mutex#2"]);
    }

    #[test]
    fn threads_without_a_name_have_a_number() {
        let event =
            |op| Event { thread: 1, op, object: None, place: Location::caller(), frames: vec![] };
        let threads = vec![None, Some("worker".to_owned())];
        let log = Log { events: vec![event(Op::Spawn(3))], threads, ..Log::default() };
        assert_eq!(of_threads(&log), ["main", "worker", "T2", "T3"]);
        assert_eq!(of_threads(&Log::default()), ["main"]);
    }
}
