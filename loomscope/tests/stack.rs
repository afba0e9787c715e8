//! A stack that is full fails the model, and nothing else.

use std::hint::black_box;

use loomscope::sync::{Arc, Mutex};
use loomscope::{Model, thread};

/// Uses some KiB of stack for each call.
fn recurse(depth: usize) -> usize {
    let frame = black_box([depth; 512]);
    if depth == 0 { 0 } else { recurse(depth - 1) + usize::from(frame[7] == 0) }
}

fn recurse_in_a_thread(depth: usize) -> loomscope::Outcome {
    Model::new("recursion").preemptions(0).run(move || {
        let sum = Arc::new(Mutex::new(0));
        let theirs = sum.clone();
        thread::spawn(move || *theirs.lock().unwrap() += recurse(depth)).join().unwrap();
    })
}

#[test]
fn a_spawned_thread_has_room() {
    assert!(recurse_in_a_thread(50).report.is_none());
}

#[test]
fn a_full_stack_is_a_verdict() {
    let report = recurse_in_a_thread(1_000_000).report.expect("it recurses for ever");
    assert!(report.text(false).contains("stack is full"), "{}", report.text(false));
    assert!(recurse_in_a_thread(1).report.is_none(), "and the next model runs on");
}
