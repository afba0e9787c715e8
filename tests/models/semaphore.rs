//! Every interleaving of acquire, release, cancel and close, for each invariant of the semaphore.

use std::num::NonZeroUsize;
use std::sync::Arc;

use futures::FutureExt;
use loomscope::sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use loomscope::task::block_on;
use loomscope::{Model, thread};
use patterns::semaphore::{Semaphore, run_limited};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/semaphore")
}

#[test]
fn never_more_hold_than_there_are_permits() {
    model("I1: never more holders than permits").check(|| {
        let (semaphore, holders) = (Arc::new(Semaphore::new(1)), Arc::new(AtomicUsize::new(0)));
        let hold = {
            let (semaphore, holders) = (semaphore.clone(), holders.clone());
            move || {
                let permit = block_on(semaphore.acquire()).unwrap();
                let others = holders.fetch_add(1, SeqCst);
                assert_eq!(others, 0, "I1: two hold the one permit");
                holders.fetch_sub(1, SeqCst);
                drop(permit);
            }
        };
        let other = thread::spawn_named("other", hold.clone());
        hold();
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1, "I1: a permit was lost");
    });
}

#[test]
fn a_permit_is_never_taken_twice_without_waiting() {
    model("I1: what is free is taken once").check(|| {
        let semaphore = Arc::new(Semaphore::new(3));
        let theirs = semaphore.clone();
        let other = thread::spawn_named("other", move || {
            let permit = theirs.try_acquire_many(2);
            permit.is_ok_and(|permit| {
                permit.forget();
                true
            })
        });
        let ours = semaphore.try_acquire_many(2).map(|permit| permit.forget()).is_ok();
        let theirs = other.join().unwrap();
        assert!(ours ^ theirs, "I1: two of three and two of three: one of them succeeds");
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn a_release_is_never_missed() {
    model("I4: a permit comes back while another joins the line").check(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.clone().acquire_owned().now_or_never().unwrap().unwrap();
        let holder = thread::spawn_named("holder", move || drop(held));
        drop(block_on(semaphore.acquire()).unwrap());
        holder.join().unwrap();
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (1, 0));
    });
}

#[test]
fn one_release_of_two_serves_two_waiters() {
    model("I4: whoever fits is served").check(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let waiters = ["first", "second"].map(|name| {
            let semaphore = semaphore.clone();
            thread::spawn_named(name, move || block_on(semaphore.acquire()).unwrap().forget())
        });
        semaphore.add_permits(2);
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (0, 0));
    });
}

#[test]
fn two_releases_of_one_serve_a_waiter_for_two() {
    model("I4: the permits of two releases add up for the first in line").check(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let releases = ["first", "second"].map(|name| {
            let semaphore = semaphore.clone();
            thread::spawn_named(name, move || semaphore.add_permits(1))
        });
        block_on(semaphore.acquire_many(2)).unwrap().forget();
        releases.into_iter().for_each(|release| release.join().unwrap());
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (0, 0));
    });
}

#[test]
fn a_waiter_that_gives_up_loses_no_permit() {
    model("I5: a cancelled waiter gives back what it was granted").check(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.clone().acquire_owned().now_or_never().unwrap().unwrap();
        let holder = thread::spawn_named("holder", move || drop(held));
        // Polled once and dropped, as by a timeout.
        drop(semaphore.acquire().now_or_never());
        holder.join().unwrap();
        assert_eq!(
            semaphore.available_permits(),
            1,
            "I5: the permit went with the cancelled waiter"
        );
        assert_eq!(semaphore.waiting(), 0);
    });
}

#[test]
fn a_waiter_that_gives_up_passes_the_turn_on() {
    model("I5: what a cancelled waiter was granted goes to the next in line").check(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.clone().acquire_owned().now_or_never().unwrap().unwrap();
        let theirs = semaphore.clone();
        let gives_up =
            thread::spawn_named("gives up", move || drop(theirs.acquire().now_or_never()));
        let theirs = semaphore.clone();
        let waits = thread::spawn_named("waits", move || drop(block_on(theirs.acquire()).unwrap()));
        drop(held);
        gives_up.join().unwrap();
        waits.join().unwrap();
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (1, 0));
    });
}

#[test]
fn a_large_request_that_gives_up_lets_the_next_through() {
    model("I4: a head that leaves makes room, while permits are added").check(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let mut large = semaphore.clone().acquire_many_owned(2);
        assert!((&mut large).now_or_never().is_none());
        let gives_up = thread::spawn_named("gives up", move || drop(large));
        let theirs = semaphore.clone();
        let adds = thread::spawn_named("adds", move || theirs.add_permits(1));
        block_on(semaphore.acquire()).unwrap().forget();
        gives_up.join().unwrap();
        adds.join().unwrap();
        assert_eq!((semaphore.available_permits(), semaphore.waiting()), (0, 0));
    });
}

#[test]
fn nobody_overtakes_the_first_in_line() {
    model("I3: a permit that comes back is the first waiter's").check(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.clone().acquire_owned().now_or_never().unwrap().unwrap();
        let mut first = semaphore.acquire();
        assert!((&mut first).now_or_never().is_none());
        let holder = thread::spawn_named("holder", move || drop(held));
        let theirs = semaphore.clone();
        let barges = thread::spawn_named("barges", move || theirs.try_acquire().is_ok());
        assert!(!barges.join().unwrap(), "I3: somebody took the permit of the first in line");
        block_on(first).unwrap().forget();
        holder.join().unwrap();
    });
}

#[test]
fn a_waiter_may_move_while_it_is_granted() {
    model("I5: a new waker in the place of the old is woken").check(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let mut acquire = semaphore.clone().acquire_owned();
        assert!((&mut acquire).now_or_never().is_none());
        let theirs = semaphore.clone();
        let adds = thread::spawn_named("adds", move || theirs.add_permits(1));
        block_on(acquire).unwrap().forget();
        adds.join().unwrap();
    });
}

#[test]
fn close_reaches_one_who_is_just_joining_the_line() {
    model("I6: after close nobody waits").check(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let theirs = semaphore.clone();
        let waiter = thread::spawn_named("waiter", move || block_on(theirs.acquire()).is_err());
        semaphore.close();
        assert!(waiter.join().unwrap(), "I6: a permit was granted after close");
        assert_eq!(semaphore.waiting(), 0);
    });
}

#[test]
fn close_and_release_lose_no_permit() {
    model("I6: a permit that comes back during close is granted or free").check(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.clone().acquire_owned().now_or_never().unwrap().unwrap();
        let holder = thread::spawn_named("holder", move || drop(held));
        let theirs = semaphore.clone();
        let waiter = thread::spawn_named("waiter", move || drop(block_on(theirs.acquire())));
        semaphore.close();
        holder.join().unwrap();
        waiter.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1, "I6: a permit was lost at close");
        assert_eq!(semaphore.waiting(), 0);
    });
}

#[test]
fn what_was_done_before_a_release_is_seen_after_the_acquire() {
    model("I1: a permit carries what its last holder did").check(|| {
        let (semaphore, work) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let (theirs, done) = (semaphore.clone(), work.clone());
        let worker = thread::spawn_named("worker", move || {
            done.store(1, Relaxed);
            theirs.add_permits(1);
        });
        block_on(semaphore.acquire()).unwrap().forget();
        assert_eq!(work.load(Relaxed), 1, "I1: the permit came without the work done under it");
        worker.join().unwrap();
    });
}

#[test]
fn limited_jobs_take_turns() {
    model("I1: no more jobs run than the limit allows").random(7).check(|| {
        let running = Arc::new(AtomicUsize::new(0));
        let jobs = (0..3).map(|_| {
            let running = running.clone();
            async move {
                assert_eq!(running.fetch_add(1, SeqCst), 0, "I1: two jobs run at once");
                running.fetch_sub(1, SeqCst);
            }
        });
        block_on(run_limited(NonZeroUsize::MIN, jobs));
        assert_eq!(running.load(SeqCst), 0);
    });
}
