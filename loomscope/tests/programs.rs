//! Programs with a classical mistake each, and their corrected twins: the explorer finds every
//! mistake, calls it by its name, tells it as a table that stands beside the program, and passes
//! every twin.
//!
//! `BLESS=1 cargo test -p loomscope --test programs` writes the tables anew; read what changed.

use std::path::Path;

use loomscope::{Model, Verdict};

/// A kind of verdict, without what it found.
#[derive(Debug, PartialEq)]
enum Kind {
    Panic,
    Deadlock,
    LostWakeup,
    Livelock,
    Leak,
    Race,
    NothingToExplore,
    Other,
}

fn kind(verdict: &Verdict) -> Kind {
    match verdict {
        Verdict::Panic { .. } => Kind::Panic,
        Verdict::Deadlock { .. } => Kind::Deadlock,
        Verdict::LostWakeup { .. } => Kind::LostWakeup,
        Verdict::Livelock { .. } => Kind::Livelock,
        Verdict::Leak { .. } => Kind::Leak,
        Verdict::Race { .. } => Kind::Race,
        Verdict::NothingToExplore => Kind::NothingToExplore,
        _ => Kind::Other,
    }
}

/// Runs the wrong program, and compares the verdict and the table.
fn finds(name: &str, model: Model, expected: Kind, wrong: fn()) {
    let report = model.run(wrong).report.expect("the mistake is found");
    assert_eq!(kind(report.verdict()), expected, "{}", report.text(false));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/programs/{name}.txt"));
    let table = format!("{}\n{}\n", report.text(false), report.words());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(table == kept, "{name}: the table is now\n{table}\nand was\n{kept}");
}

/// Runs the corrected twin.
fn passes(model: Model, right: fn(), exhaustive: bool) {
    let outcome = model.run(right);
    let told = outcome.report.map(|report| report.text(false));
    assert!(told.is_none(), "the twin fails:\n{}", told.unwrap());
    assert!(outcome.passes.iter().all(|pass| pass.exhausted) == exhaustive, "{:?}", outcome.passes);
}

fn model(name: &str) -> Model {
    Model::new(name).source("programs/")
}

#[path = "programs/lost_wakeup.rs"]
mod lost_wakeup;

#[test]
fn lost_wakeup_is_found() {
    finds("lost_wakeup", model("lost_wakeup"), Kind::LostWakeup, lost_wakeup::wrong);
}

#[test]
fn lost_wakeup_twin_passes() {
    passes(model("lost_wakeup"), lost_wakeup::right, true);
}

#[path = "programs/if_not_while.rs"]
mod if_not_while;

#[test]
fn if_not_while_is_found() {
    finds("if_not_while", model("if_not_while"), Kind::Panic, if_not_while::wrong);
}

#[test]
fn if_not_while_twin_passes() {
    passes(model("if_not_while"), if_not_while::right, true);
}

#[path = "programs/check_then_act.rs"]
mod check_then_act;

#[test]
fn check_then_act_is_found() {
    finds("check_then_act", model("check_then_act"), Kind::Panic, check_then_act::wrong);
}

#[test]
fn check_then_act_twin_passes() {
    passes(model("check_then_act"), check_then_act::right, true);
}

#[path = "programs/lock_order.rs"]
mod lock_order;

#[test]
fn lock_order_is_found() {
    finds("lock_order", model("lock_order"), Kind::Deadlock, lock_order::wrong);
}

#[test]
fn lock_order_twin_passes() {
    passes(model("lock_order"), lock_order::right, true);
}

#[path = "programs/panicking_leader.rs"]
mod panicking_leader;

#[test]
fn panicking_leader_is_found() {
    finds("panicking_leader", model("panicking_leader"), Kind::LostWakeup, panicking_leader::wrong);
}

#[test]
fn panicking_leader_twin_passes() {
    passes(model("panicking_leader"), panicking_leader::right, true);
}

#[path = "programs/cancelled_waiter.rs"]
mod cancelled_waiter;

#[test]
fn cancelled_waiter_is_found() {
    finds("cancelled_waiter", model("cancelled_waiter"), Kind::Panic, cancelled_waiter::wrong);
}

#[test]
fn cancelled_waiter_twin_passes() {
    passes(model("cancelled_waiter"), cancelled_waiter::right, true);
}

#[path = "programs/object_cycle.rs"]
mod object_cycle;

#[test]
fn object_cycle_is_found() {
    finds("object_cycle", model("object_cycle"), Kind::Leak, object_cycle::wrong);
}

#[test]
fn object_cycle_twin_passes() {
    passes(model("object_cycle"), object_cycle::right, true);
}

#[path = "programs/spin.rs"]
mod spin;

#[test]
fn spin_is_found() {
    finds("spin", model("spin"), Kind::Livelock, spin::wrong);
}

#[test]
fn spin_twin_passes() {
    passes(model("spin"), spin::right, true);
}

#[path = "programs/stale_publish.rs"]
mod stale_publish;

#[test]
fn stale_publish_is_found() {
    finds("stale_publish", model("stale_publish"), Kind::Panic, stale_publish::wrong);
}

#[test]
fn stale_publish_twin_passes() {
    passes(model("stale_publish"), stale_publish::right, true);
}

#[path = "programs/double_checked.rs"]
mod double_checked;

#[test]
fn double_checked_is_found() {
    finds("double_checked", model("double_checked"), Kind::Race, double_checked::wrong);
}

#[test]
fn double_checked_twin_passes() {
    passes(model("double_checked"), double_checked::right, true);
}

#[path = "programs/deadline.rs"]
mod deadline;

#[test]
fn deadline_is_found() {
    finds("deadline", model("deadline"), Kind::Panic, deadline::wrong);
}

#[test]
fn deadline_twin_passes() {
    passes(model("deadline"), deadline::right, true);
}

#[path = "programs/unjoined_task.rs"]
mod unjoined_task;

#[test]
fn unjoined_task_is_found() {
    finds("unjoined_task", model("unjoined_task"), Kind::Panic, unjoined_task::wrong);
}

#[test]
fn unjoined_task_twin_passes() {
    passes(model("unjoined_task"), unjoined_task::right, true);
}

#[path = "programs/try_lock.rs"]
mod try_lock;

#[test]
fn try_lock_is_found() {
    finds("try_lock", model("try_lock"), Kind::Panic, try_lock::wrong);
}

#[test]
fn try_lock_twin_passes() {
    passes(model("try_lock"), try_lock::right, true);
}

#[path = "programs/parked.rs"]
mod parked;

#[test]
fn parked_is_found() {
    finds("parked", model("parked"), Kind::LostWakeup, parked::wrong);
}

#[test]
fn parked_twin_passes() {
    passes(model("parked"), parked::right, true);
}

#[path = "programs/hidden_way.rs"]
mod hidden_way;

#[test]
fn hidden_way_is_found() {
    finds("hidden_way", model("hidden_way"), Kind::Race, hidden_way::wrong);
}

#[test]
fn hidden_way_twin_passes() {
    passes(model("hidden_way"), hidden_way::right, true);
}

#[path = "programs/untraced.rs"]
mod untraced;

#[test]
fn untraced_is_found() {
    finds("untraced", model("untraced"), Kind::NothingToExplore, untraced::wrong);
}

#[test]
fn untraced_twin_passes() {
    passes(model("untraced"), untraced::right, true);
}

#[path = "programs/crowd.rs"]
mod crowd;

#[test]
fn crowd_is_found() {
    finds("crowd", model("crowd").random(7), Kind::Panic, crowd::wrong);
}

#[test]
fn crowd_twin_passes() {
    passes(model("crowd").random(7).interleavings(50), crowd::right, false);
}

#[test]
fn a_model_that_fails_leaves_the_other_tests_of_the_binary_alone() {
    for _ in 0..3 {
        assert!(model("again").run(lock_order::wrong).report.is_some());
        assert!(model("again").run(lock_order::right).report.is_none());
    }
}

#[test]
fn a_search_that_a_bound_ended_says_so() {
    let outcome = model("bounded").interleavings(256).run(if_not_while::right);
    assert!(outcome.report.is_none());
    assert!(!outcome.passes.last().unwrap().exhausted, "{:?}", outcome.passes);
}

#[test]
#[should_panic(expected = "room for 5 threads")]
fn too_many_threads_are_refused_with_what_to_do() {
    model("too many").check(crowd::right);
}
