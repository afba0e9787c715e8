//! Panics: of the code under test, which may be a verdict, and of the engines, which always are.

use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, PanicHookInfo, catch_unwind};
use std::sync::Once;
use std::time::Duration;

use super::frames::is_of_interest;
use super::{DEAD, FAILURE, RUN, STEPS, ensure_alive, fail, is_recording, push, send, with};
use crate::engine;
use crate::event::{Failure, Frame, HIDDEN_WAY, Op, ThreadId};

/// Runs the body of a thread: a panic that leaves it is the verdict.
pub(crate) fn guard<R>(thread: ThreadId, body: impl FnOnce() -> R) -> R {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(payload) => {
            ensure_alive();
            fail(Failure::Panic { thread, message: panic_message(thread, payload.as_ref()) })
        }
    }
}

/// The message of a panic that was caught on `thread`.
pub(crate) fn panic_message(thread: ThreadId, payload: &(dyn Any + Send)) -> String {
    let message = with(|run| run.panics.remove(&thread)).flatten();
    message.unwrap_or_else(|| message_of(payload))
}

/// A panic that leaves the engine itself: without a message it is loom's sign for a full stack.
pub(super) fn message_of_engine(payload: &(dyn Any + Send)) -> String {
    if payload.is::<&str>() || payload.is::<String>() {
        return message_of(payload);
    }
    "a thread's stack is full: the body of a model has 32 KiB, a thread it spawns 512; \
     what is large, such as an array of locks, goes into a `Box`"
        .to_owned()
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic whose payload is not a message".to_owned())
}

/// What an engine's own panic says.
fn classify(message: String) -> Failure {
    // The last of them is loom's clock, in a thread that runs on alone.
    let bounds = [
        "exceeded maximum number of branches",
        "exceeded max_steps bound",
        "attempt to add with overflow",
    ];
    if message.starts_with("deadlock") {
        Failure::Deadlock
    } else if bounds.iter().any(|bound| message.contains(bound)) {
        Failure::Steps(STEPS.get())
    } else if message == "test closure did not exercise any concurrency" {
        Failure::NothingToExplore
    } else if message.contains("Causality violation") && message.contains("mut accesses") {
        Failure::Race(HIDDEN_WAY.to_owned())
    } else if message.contains("Causality violation") {
        Failure::Race(message)
    } else {
        let hint = "is an object used that another execution made, such as one in a static?";
        Failure::Panic { thread: 0, message: format!("{hint} The engine says: {message}") }
    }
}

/// Called at every step, before another thread runs. Where nobody unwinds, every panic so far has
/// been caught; where somebody does and nobody is known to, it is the current thread, by
/// `resume_unwind`, which passes the panic hook by.
pub(crate) fn follow_panics() {
    if !std::thread::panicking() {
        with(|run| run.panics.clear());
    } else if with(|run| run.panics.is_empty()) {
        let thread = engine::thread_id();
        with(|run| run.panics.insert(thread, None));
    }
}

/// Whether the current thread is unwinding, and not merely a coroutine that its OS thread ran before.
pub(crate) fn is_unwinding() -> bool {
    if !std::thread::panicking() || RUN.with_borrow(Option::is_none) {
        return std::thread::panicking();
    }
    follow_panics();
    let thread = engine::thread_id();
    with(|run| run.panics.contains_key(&thread))
}

/// Keeps panics of models quiet, and remembers what they said.
pub(super) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        // The engines put hooks of their own on top; ours replaces them, or shuttle's would print
        // at every panic of every model.
        engine::install_hooks();
        std::panic::set_hook(Box::new(move |info| {
            if RUN.with_borrow(Option::is_some) { note_panic(info) } else { usual(info) }
        }));
    });
}

fn note_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().unwrap_or(Location::caller());
    let message = message_of_hook(info);
    if ABORTS.contains(&message.as_str()) {
        DEAD.set(true);
        send(Some(FAILURE.take().unwrap_or_else(|| panicked_twice(&message))));
        // std ends the process as soon as this returns, and it cannot stay for ever: std's lock on
        // the hook, which it has, is wanted by the test harness when it ends.
        std::thread::sleep(LINGER);
    } else if is_from(place.file(), "generator") {
        // How loom's coroutines end.
    } else if is_from(place.file(), "loom") || is_from(place.file(), "shuttle") {
        // The engine is in the middle of its work: it must not be asked anything from here.
        DEAD.set(true);
        FAILURE.set(Some(classify(message)));
    } else if !DEAD.get() {
        let thread = engine::thread_id();
        if is_recording() {
            // Unlike the backtrace, the location skips what only passes a caller's mistake on.
            let (file, line) = (place.file().to_owned(), place.line());
            let frame = Frame { function: String::new(), file, line };
            let frames = if is_of_interest(place.file()) { vec![frame] } else { Vec::new() };
            push(Op::Panicked(message.clone()), None, Location::caller(), frames);
        }
        with(|run| run.panics.insert(thread, Some(message)));
    }
}

/// The panics after which std ends the process, whoever would catch them.
const ABORTS: [&str; 2] =
    ["panic in a destructor during cleanup", "panic in a function that cannot unwind"];

/// How long a process that is about to be ended so goes on for the sake of its other tests.
const LINGER: Duration = Duration::from_secs(10);

fn panicked_twice(message: &str) -> Failure {
    let thread = engine::thread_id();
    let cause = with(|run| run.panics.remove(&thread)).flatten();
    let cause = cause.map_or(String::new(), |cause| format!("{cause}: "));
    Failure::Panic { thread, message: format!("{cause}{message}, which ends a program at once") }
}

/// Whether a file is of a version of the engine's package, or of one of that package's parts.
fn is_from(file: &str, engine: &str) -> bool {
    file.split(['/', '\\']).any(|folder| {
        let Some(rest) = folder.strip_prefix(engine) else { return false };
        let version = rest.rsplit('-').next().unwrap_or_default();
        rest.starts_with('-') && version.starts_with(|first: char| first.is_ascii_digit())
    })
}

fn message_of_hook(info: &PanicHookInfo<'_>) -> String {
    info.payload_as_str().unwrap_or("a panic whose payload is not a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::is_from;

    #[test]
    fn an_engine_is_told_from_a_package_that_is_named_after_it() {
        assert!(is_from("/home/me/.cargo/registry/src/index/loom-0.7.2/src/rt/mod.rs", "loom"));
        assert!(is_from("/vendor/shuttle-engine-0.1.7/src/runtime.rs", "shuttle"));
        assert!(!is_from("crates/loom-tests/src/lib.rs", "loom"));
        assert!(!is_from("crates/loomscope-0.1.0/src/lib.rs", "loom"));
    }
}
