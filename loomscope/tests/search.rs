//! Where a search ends, and what it says of that.

use std::sync::Arc;
use std::time::Duration;

use loomscope::cell::UnsafeCell;
use loomscope::sync::Mutex;
use loomscope::{Model, Pass, Verdict, thread};

/// Two threads that lock three times each.
fn turns() {
    let lock = Arc::new(Mutex::new(0));
    let theirs = lock.clone();
    let other = thread::spawn(move || (0..3).for_each(|_| *theirs.lock().unwrap() += 1));
    (0..3).for_each(|_| *lock.lock().unwrap() += 1);
    other.join().unwrap();
    assert_eq!(*lock.lock().unwrap(), 6);
}

fn passes(model: Model) -> Vec<Pass> {
    let outcome = model.run(turns);
    assert!(outcome.report.is_none());
    outcome.passes
}

#[test]
fn a_search_is_exhausted_exactly_where_its_bound_was_enough() {
    let whole = passes(Model::new("whole"));
    assert!(whole.iter().all(|pass| pass.exhausted));
    let longest = whole.iter().map(|pass| pass.interleavings).max().unwrap();
    let enough = usize::try_from(longest).unwrap();
    assert_eq!(passes(Model::new("enough").interleavings(enough)), whole);
    let last = *passes(Model::new("too few").interleavings(enough - 1)).last().unwrap();
    assert_eq!((last.interleavings, last.exhausted), (longest - 1, false));
}

#[test]
fn a_search_without_time_says_which_bound_it_did_not_try() {
    let hurried = passes(Model::new("hurried").budget(Duration::ZERO));
    let (tried, untried) = (hurried[0], hurried[1]);
    assert_eq!(tried, Pass { preemptions: 0, interleavings: 1, exhausted: true });
    assert_eq!(untried, Pass { preemptions: 1, interleavings: 0, exhausted: false });
}

#[test]
fn a_random_search_passes_where_there_is_one_schedule() {
    let outcome = Model::new("alone").random(7).run(|| drop(Mutex::new(1).lock()));
    assert!(outcome.report.is_none(), "{:?}", outcome.verdict());
}

#[test]
fn a_random_search_sees_two_writers_of_one_cell() {
    struct Shared(UnsafeCell<u32>);
    // SAFETY: the accesses touch nothing; that they may overlap is what the model is to find.
    unsafe impl Sync for Shared {}

    let outcome = Model::new("cell").random(7).run(|| {
        let shared = Arc::new(Shared(UnsafeCell::new(0)));
        let theirs = shared.clone();
        let other = thread::spawn(move || theirs.0.with_mut(|_| ()));
        shared.0.with_mut(|_| ());
        other.join().unwrap();
    });
    assert!(matches!(outcome.verdict(), Some(Verdict::Race { .. })), "{:?}", outcome.verdict());
}
