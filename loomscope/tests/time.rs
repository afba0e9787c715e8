//! Deadlines and tries: what gives up rather than wait.

use loomscope::sync::{Arc, Condvar, Mutex, RwLock};
use loomscope::time::{Duration, sleep};
use loomscope::{Model, Verdict, task, thread};

const SECOND: Duration = Duration::from_secs(1);

fn engines(name: &str) -> [Model; 2] {
    [Model::new(name), Model::new(name).random(3).interleavings(200)]
}

fn passes(body: fn()) {
    for model in engines("passes") {
        let told = model.run(body).report.map(|report| report.text(false));
        assert!(told.is_none(), "{}", told.unwrap());
    }
}

#[test]
fn the_longest_wait_is_no_overflow_of_the_clock() {
    passes(|| {
        task::block_on(sleep(SECOND));
        thread::park_timeout(Duration::MAX);
        drop(sleep(Duration::MAX));
        let (lock, changed) = (Mutex::new(()), Condvar::new());
        drop(changed.wait_timeout(lock.lock().unwrap(), Duration::MAX).unwrap());
        let guard = lock.lock().unwrap();
        drop(changed.wait_timeout_while(guard, Duration::MAX, |()| false).unwrap());
    });
}

#[test]
fn a_condition_is_asked_once_after_each_wait() {
    passes(|| {
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        let asked = |asked: &mut i32| {
            *asked += 1;
            true
        };
        let (asked, result) =
            changed.wait_timeout_while(lock.lock().unwrap(), SECOND, asked).unwrap();
        assert!(result.timed_out());
        assert_eq!(*asked, 2);
    });
}

#[test]
fn a_try_never_waits() {
    passes(|| {
        let lock = Arc::new((Mutex::new(0), RwLock::new(0)));
        let theirs = lock.clone();
        let other = thread::spawn(move || {
            drop(theirs.0.try_lock());
            drop(theirs.1.try_write());
        });
        let _guards = (lock.0.lock().unwrap(), lock.1.read().unwrap());
        other.join().unwrap();
    });
}

#[test]
fn a_try_fails_in_the_middle_of_the_shortest_critical_section() {
    for model in engines("try") {
        let outcome = model.run(|| {
            let lock = Arc::new(Mutex::new(0));
            let theirs = lock.clone();
            let other = thread::spawn(move || *theirs.lock().unwrap() += 1);
            assert!(lock.try_lock().is_ok());
            other.join().unwrap();
        });
        assert!(matches!(outcome.verdict(), Some(Verdict::Panic { .. })));
    }
}

#[test]
fn whichever_thread_sets_the_first_deadline_all_may_read_the_clock() {
    passes(|| {
        let first = task::spawn(sleep(SECOND));
        task::block_on(sleep(SECOND * 2));
        task::block_on(first).unwrap();
    });
}
