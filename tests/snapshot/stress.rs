//! Writers and readers on real threads.

use std::sync::Barrier;
use std::thread;

use patterns::snapshot::Snapshot;

use crate::support::within_deadline;

#[test]
fn no_update_is_lost_and_no_reader_goes_back() {
    within_deadline(|| {
        const UPDATES: u64 = 5_000;
        let (snapshot, start) = (Snapshot::new((0, 0)), Barrier::new(4));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..UPDATES {
                        snapshot.update(|old| (old.0 + 1, old.1 + 2));
                    }
                });
            }
            scope.spawn(|| {
                start.wait();
                rises(UPDATES, || *snapshot.load());
            });
            let mut reader = snapshot.reader();
            start.wait();
            rises(UPDATES, || **reader.load());
        });
        assert_eq!(*snapshot.load(), (2 * UPDATES, 4 * UPDATES), "updates were lost");
    });
}

/// Reads so often, and says that all pairs are of one version and none is older than the last.
fn rises(times: u64, mut read: impl FnMut() -> (u64, u64)) {
    let mut last = 0;
    for _ in 0..times {
        let (number, twice) = read();
        assert_eq!(twice, 2 * number, "half of a version");
        assert!(number >= last, "{number} was read after {last}");
        last = number;
    }
}
