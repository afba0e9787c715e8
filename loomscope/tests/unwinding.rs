//! Panics in odd places: each is an ordinary verdict, and what is caught does no harm.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::process::{Command, Stdio};

use loomscope::cell::UnsafeCell;
use loomscope::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loomscope::sync::{Arc, Mutex, Once, PoisonError};
use loomscope::{Model, Verdict, task, thread};

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("bomb");
    }
}

/// Locks when it is dropped.
struct Locks(Arc<Mutex<u32>>);

impl Drop for Locks {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }
}

fn caught(body: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(body)).is_err());
}

/// Passes on both engines.
fn passes(body: fn()) {
    for model in [Model::new("passes"), Model::new("passes").random(3).interleavings(100)] {
        let told = model.run(body).report.map(|report| report.text(false));
        assert!(told.is_none(), "{}", told.unwrap());
    }
}

/// Fails on both engines, with `message`.
fn panics(message: &str, body: fn()) {
    for model in [Model::new("panics"), Model::new("panics").random(3)] {
        match model.run(body).verdict() {
            Some(Verdict::Panic { message: told, .. }) => assert!(told.contains(message), "{told}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_resumed_panic_poisons_like_any_other() {
    passes(|| {
        let (lock, once) = (Mutex::new(0), Once::new());
        caught(|| {
            let _guard = lock.lock().unwrap();
            resume_unwind(Box::new("resumed"));
        });
        assert!(lock.is_poisoned());
        caught(|| once.call_once(|| resume_unwind(Box::new("resumed"))));
        assert!(!once.is_completed());
    });
}

#[test]
fn a_thread_is_panicking_only_while_it_unwinds_itself() {
    passes(|| {
        let lock = Arc::new(Mutex::new(0));
        let theirs = lock.clone();
        let other = thread::spawn(move || {
            caught(|| {
                let _locks_twice = (Locks(theirs.clone()), Locks(theirs));
                panic!("caught");
            });
        });
        for _ in 0..2 {
            drop(lock.lock().unwrap());
            assert!(!thread::panicking());
        }
        other.join().unwrap();
        assert!(!lock.is_poisoned());
    });
}

#[test]
fn a_cell_is_free_again_after_a_panic_during_its_access() {
    passes(|| {
        let cell = UnsafeCell::new(0);
        caught(|| cell.with_mut(|_| panic!("caught")));
        cell.with_mut(|_| ());
    });
}

#[test]
fn an_aborted_task_whose_future_panics_when_dropped_has_panicked() {
    passes(|| {
        let task = task::spawn(async {
            let _bomb = Bomb;
            pending::<()>().await;
        });
        task.abort();
        assert!(task::block_on(task).is_err());
    });
}

#[test]
fn a_scope_waits_for_threads_that_its_threads_started() {
    passes(|| {
        let count = AtomicUsize::new(0);
        thread::scope(|scope| {
            let count = &count;
            scope.spawn(move || {
                scope.spawn(move || {
                    scope.spawn(move || count.fetch_add(1, Relaxed));
                    count.fetch_add(1, Relaxed);
                });
            });
        });
        assert_eq!(count.load(Relaxed), 2);
    });
}

#[test]
fn a_scope_waits_for_its_threads_when_its_body_panics() {
    passes(|| {
        let lock = Mutex::new(0);
        caught(|| {
            thread::scope(|scope| {
                scope.spawn(|| *lock.lock().unwrap() += 1);
                panic!("caught");
            });
        });
        assert_eq!(*lock.lock().unwrap(), 1);
    });
}

#[test]
fn a_thread_may_be_joined_while_its_scope_waits_for_it() {
    passes(|| {
        thread::scope(|scope| {
            let first = scope.spawn(|| 1);
            scope.spawn(move || assert_eq!(first.join().unwrap(), 1));
        });
        let first = thread::spawn(|| 1);
        thread::spawn(move || assert_eq!(first.join().unwrap(), 1));
    });
}

#[test]
fn a_panic_that_says_deadlock_is_a_panic() {
    panics("deadlock!", || panic!("deadlock! of my own"));
    panics("not a message", || panic_any(1));
}

#[test]
fn destructors_that_lock_run_while_a_thread_unwinds() {
    panics("boom", || {
        let lock = Arc::new(Mutex::new(0));
        let theirs = lock.clone();
        let other = thread::spawn(move || {
            let _locks = Locks(theirs.clone());
            let _guard = theirs.lock().unwrap();
            panic!("boom");
        });
        drop(lock.lock());
        other.join().unwrap();
    });
}

#[test]
fn a_deadlock_in_a_destructor_of_an_unwinding_thread_is_a_deadlock() {
    for model in [Model::new("destructor"), Model::new("destructor").random(3)] {
        let outcome = model.run(|| {
            let lock = Arc::new(Mutex::new(0));
            let _guard = lock.lock().unwrap();
            let _locks = Locks(lock.clone());
            panic!("boom");
        });
        assert!(matches!(outcome.verdict(), Some(Verdict::Deadlock { .. })));
    }
}

#[test]
fn an_object_of_another_execution_is_refused_with_its_cause() {
    static KEPT: std::sync::OnceLock<AtomicUsize> = std::sync::OnceLock::new();
    let keep = || {
        KEPT.get_or_init(|| AtomicUsize::new(0)).fetch_add(1, Relaxed);
    };
    let first = Model::new("first").run(keep);
    assert!(first.report.unwrap().text(false).contains("✗ leak: "));
    let second = Model::new("second").random(3).run(keep);
    let second = second.report.unwrap().text(false);
    assert!(second.contains("another execution made"), "{second}");
}

/// The program of the next test, which ends its process.
#[test]
#[ignore = "ends the process: run by the next test"]
fn panics_twice() {
    Model::new("twice").check(|| {
        let _bomb = Bomb;
        panic!("first");
    });
}

#[test]
fn a_second_panic_is_a_verdict_before_it_ends_the_process() {
    use std::io::{BufRead, BufReader};

    let test = std::env::current_exe().unwrap();
    let mut child = Command::new(test)
        .args(["--exact", "panics_twice", "--ignored", "--nocapture"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let verdict = "panic: main: bomb: panic in a destructor during cleanup";
    assert!(told.into_iter().any(|line| line.contains(verdict)));
    child.kill().unwrap();
    child.wait().unwrap();
}
