//! What one thread sees, and what it does not have to wait for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock, Weak};
use std::thread;

use patterns::snapshot::{Reader, Snapshot};

use crate::support::within_deadline;

#[test]
fn it_gives_the_value_it_was_made_of() {
    within_deadline(|| {
        let snapshot = Snapshot::new("first");
        assert_eq!(*snapshot.load(), "first");
        assert_eq!(**snapshot.reader().load(), "first");
    });
}

#[test]
fn an_update_is_computed_from_the_version_before() {
    within_deadline(|| {
        let snapshot = Snapshot::new(vec![1]);
        for _ in 0..3 {
            snapshot.update(|old| [&old[..], &[old.len() + 1]].concat());
        }
        assert_eq!(*snapshot.load(), [1, 2, 3, 4]);
    });
}

#[test]
fn an_update_returns_the_new_version() {
    within_deadline(|| {
        let snapshot = Snapshot::new(1);
        let new = snapshot.update(|old| old + 1);
        assert_eq!(*new, 2);
        assert!(Arc::ptr_eq(&new, &snapshot.load()), "it is the version that loads give");
    });
}

#[test]
fn a_change_runs_once_where_nobody_interferes() {
    within_deadline(|| {
        let (snapshot, mut calls) = (Snapshot::new(1), 0);
        snapshot.update(|old| {
            calls += 1;
            *old
        });
        assert_eq!(calls, 1);
    });
}

#[test]
fn a_version_stays_as_it_is_while_it_is_held() {
    within_deadline(|| {
        let snapshot = Snapshot::new((1, -1));
        let first = snapshot.load();
        let second = snapshot.update(|old| (old.0 + 1, old.1 - 1));
        snapshot.update(|old| (old.0 + 1, old.1 - 1));
        assert_eq!((*first, *second, *snapshot.load()), ((1, -1), (2, -2), (3, -3)));
    });
}

#[test]
fn a_reader_sees_every_update() {
    within_deadline(|| {
        let snapshot = Snapshot::new(0);
        let (mut early, mut late) = (snapshot.reader(), snapshot.reader());
        for number in 1..=3 {
            snapshot.update(|old| old + 1);
            assert_eq!(**early.load(), number);
        }
        assert_eq!(**late.load(), 3, "a reader that missed two versions");
        assert_eq!(**snapshot.reader().load(), 3, "a reader made after the updates");
    });
}

#[test]
fn an_update_that_changes_nothing_is_a_new_version() {
    within_deadline(|| {
        let snapshot = Snapshot::new(1);
        let (mut reader, old) = (snapshot.reader(), snapshot.load());
        let new = snapshot.update(|old| *old);
        assert!(!Arc::ptr_eq(&old, &new));
        assert!(Arc::ptr_eq(&new, reader.load()), "the reader keeps the old one alive");
    });
}

#[test]
fn a_change_that_panics_changes_nothing() {
    within_deadline(|| {
        let snapshot = Snapshot::new(1);
        let (mut reader, before) = (snapshot.reader(), snapshot.load());
        let update = || snapshot.update(|_| panic!("the change's own"));
        assert!(catch_unwind(AssertUnwindSafe(update)).is_err());
        assert!(Arc::ptr_eq(&before, &snapshot.load()));
        assert!(Arc::ptr_eq(&before, reader.load()));
        snapshot.update(|old| old + 1);
        assert_eq!((*snapshot.load(), **reader.load()), (2, 2), "the next update is like any");
    });
}

#[test]
fn a_change_may_read_the_version_that_it_replaces() {
    within_deadline(|| {
        let snapshot = Snapshot::new(1);
        let mut reader = snapshot.reader();
        snapshot.update(|old| old + *snapshot.load() + **reader.load());
        assert_eq!(*snapshot.load(), 3);
    });
}

#[test]
fn an_update_inside_an_update_is_kept() {
    within_deadline(|| {
        let snapshot = Snapshot::new(vec!["first"]);
        let mut calls = 0;
        snapshot.update(|old| {
            calls += 1;
            if calls == 1 {
                snapshot.update(|old| [&old[..], &["inner"]].concat());
            }
            [&old[..], &["outer"]].concat()
        });
        assert_eq!(*snapshot.load(), ["first", "inner", "outer"]);
        assert_eq!(calls, 2, "the outer change runs again, on top of the inner");
    });
}

#[test]
fn nobody_waits_while_a_change_is_computed() {
    within_deadline(|| {
        let snapshot = Arc::new(Snapshot::new(vec!["first"]));
        let mut reader = snapshot.reader();
        let (entered, inside) = channel();
        let (leave, left) = channel();
        let theirs = snapshot.clone();
        let slow = thread::spawn(move || {
            theirs.update(|old| {
                entered.send(()).unwrap();
                left.recv().unwrap();
                [&old[..], &["slow"]].concat()
            })
        });
        inside.recv().unwrap();
        assert_eq!((snapshot.load().len(), reader.load().len()), (1, 1));
        snapshot.update(|old| [&old[..], &["quick"]].concat());
        assert_eq!((snapshot.load().len(), reader.load().len()), (2, 2));

        leave.send(()).unwrap();
        inside.recv().expect("the slow change runs again, on top of the quick");
        leave.send(()).unwrap();
        slow.join().unwrap();
        assert_eq!(**reader.load(), ["first", "quick", "slow"]);
    });
}

#[test]
fn a_destructor_that_panics_harms_no_one_else() {
    struct Bomb(u32);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(self.0 != 1 || thread::panicking(), "the version's own");
        }
    }
    within_deadline(|| {
        let snapshot = Snapshot::new(Bomb(1));
        let update = || drop(snapshot.update(|old| Bomb(old.0 + 1)));
        assert!(catch_unwind(AssertUnwindSafe(update)).is_err(), "the first version has gone");
        let number = catch_unwind(AssertUnwindSafe(|| snapshot.load().0));
        assert_eq!(number.ok(), Some(2), "the update is done, and reads go on");
        assert_eq!(snapshot.update(|old| Bomb(old.0 + 1)).0, 3);
    });
}

#[test]
fn a_destructor_may_use_the_snapshot() {
    /// Counts in itself how many have been dropped before.
    struct Sibling(Arc<OnceLock<Weak<Snapshot<Sibling>>>>, Arc<AtomicUsize>);
    impl Drop for Sibling {
        fn drop(&mut self) {
            if let Some(snapshot) = self.0.get().and_then(Weak::upgrade) {
                drop(snapshot.load());
                self.1.fetch_add(1, SeqCst);
            }
        }
    }
    within_deadline(|| {
        let (home, seen) = (Arc::new(OnceLock::new()), Arc::new(AtomicUsize::new(0)));
        let snapshot = Arc::new(Snapshot::new(Sibling(home.clone(), seen.clone())));
        home.set(Arc::downgrade(&snapshot)).unwrap();
        snapshot.update(|old| Sibling(old.0.clone(), old.1.clone()));
        assert_eq!(seen.load(SeqCst), 1, "the first version has read its successor");
    });
}

#[test]
fn the_types_may_cross_threads() {
    fn crosses<T: Send + Sync + Unpin>() {}
    crosses::<Snapshot<String>>();
    crosses::<Reader<'_, String>>();
    within_deadline(|| {
        let snapshot = Snapshot::new(String::from("first"));
        let mut reader = snapshot.reader();
        thread::scope(|scope| {
            scope.spawn(|| snapshot.update(|old| format!("{old}, second")));
        });
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(**reader.load(), "first, second"));
        });
    });
}
