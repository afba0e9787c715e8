//! Random scripts beside a list of what was loaded.

use std::sync::Arc;

use patterns::snapshot::Snapshot;
use proptest::prelude::*;

use crate::support::{Census, Payload, cases, within_deadline};

#[derive(Debug, Clone)]
enum Step {
    Update(u64),
    Load,
    Read(usize),
    Forget(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u64>().prop_map(Step::Update),
        Just(Step::Load),
        any::<usize>().prop_map(Step::Read),
        any::<usize>().prop_map(Step::Forget),
    ]
}

/// Two readers, and a list of what was loaded, each with the value it must keep.
fn play(script: &[Step]) {
    let census = Census::default();
    let snapshot = Snapshot::new(census.payload(0));
    let mut current = 0;
    let mut readers = [snapshot.reader(), snapshot.reader()];
    let mut held: Vec<(u64, Arc<Payload>)> = Vec::new();
    for step in script {
        match *step {
            Step::Update(value) => {
                snapshot.update(|old| {
                    assert_eq!(old.value, current);
                    census.payload(value)
                });
                current = value;
            }
            Step::Load => held.push((current, snapshot.load())),
            Step::Read(which) => assert_eq!(readers[which % 2].load().value, current),
            Step::Forget(which) if !held.is_empty() => {
                held.swap_remove(which % held.len());
            }
            Step::Forget(_) => {}
        }
        assert!(held.iter().all(|(value, version)| version.value == *value));
    }
    readers.iter_mut().for_each(|reader| drop(reader.load().clone()));
    held.clear();
    assert_eq!(census.alive(), 1, "only the current version is left");
}

#[test]
fn reads_give_the_last_update_and_versions_keep_their_value() {
    within_deadline(|| {
        let config = cases(128, 1);
        let script = proptest::collection::vec(step(), 0..40);
        proptest!(config, |(script in script)| play(&script));
    });
}
