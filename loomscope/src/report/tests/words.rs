//! The paragraphs, exactly.

use super::script::Script;
use super::{blocked, failing};
use crate::event::Failure;

#[test]
fn the_story_names_who_where_and_when() {
    for (report, expected) in [
        (
            blocked::lost_wakeup(),
            "main waits for ever for a notify of `cv` (step 7, exercises/src/gate.rs:10): the only notify came from opener at step 5 (exercises/src/gate.rs:4), before it waited.",
        ),
        (
            blocked::parked(),
            "main waits for ever for an unpark (step 3, src/queue.rs:2): the only unpark came from waker at step 1 (src/queue.rs:6), before it waited.",
        ),
        (
            blocked::self_deadlock(),
            "main wants `items` at step 2 (src/queue.rs:5), and holds it itself since step 1 (src/queue.rs:1). Nobody else can give it back.",
        ),
        (
            blocked::forgotten_guard(),
            "main wants `items` at step 4 (src/queue.rs:5), which thief holds since step 2 (src/queue.rs:1). But thief has ended, and can't give it back.",
        ),
        (
            failing::stale_publish(),
            "reader panics at src/publish.rs:4: assertion `left == right` failed. It saw an old value at step 6 (src/publish.rs:4): `load data = 0`, though it is 42 since step 3.",
        ),
        (failing::hand_over_hand(), "main panics at src/publish.rs:4: at once."),
        (
            failing::task_panic(),
            "worker panics at src/publish.rs:4: <b>out</b> of \"permits\" & luck. It is a task, and nobody looked at its `JoinHandle`.",
        ),
        (
            failing::livelock(40),
            "After 80 steps there is no end in sight: spinner goes on without getting anywhere. The loop gives the others a turn, but what it waits for never comes.",
        ),
        (
            failing::race(),
            "main writes at step 1, other reads at step 2, and nothing orders the two: no lock, and no release that the other acquires. `slot` may be torn.",
        ),
        (failing::empty(Failure::Deadlock), "No thread can take a step, and not all have ended."),
    ] {
        assert_eq!(report.words(), expected);
    }
}

#[test]
fn a_helper_that_locks_for_several_callers_is_told_how_to_name_them() {
    let told = |second: usize, thread: usize| {
        let mut s = Script::new("src/bank.rs", "mutex.lock().unwrap()", &["main", "other"]);
        let locks = [s.object("Mutex", "from"), s.object("Mutex", "to")];
        s.locks(0, locks[0], "lock").locks(thread, locks[second], "lock");
        let text = s.fails("bank", Failure::Deadlock).text(false);
        text.contains("src/bank.rs:1 locks for several callers: `#[track_caller]`")
    };
    assert!(told(1, 1), "two threads, two locks, one line");
    assert!(!told(0, 1), "a method that locks its own may be called by two");
    assert!(!told(1, 0), "a loop over locks has one line as well");
}
