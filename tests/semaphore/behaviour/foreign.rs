//! Wakers that misbehave.

use std::mem::ManuallyDrop;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::{future::Future, pin::pin};

use futures::FutureExt;
use patterns::semaphore::{AcquireOwned, Closed, OwnedPermit, Semaphore};

use crate::support::{Polled, panic_of, within_deadline};

/// A waker that does what it is told, when it is woken.
struct OnWake<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync + 'static> OnWake<F> {
    fn waker(act: F) -> Waker {
        Waker::from(Arc::new(Self(act)))
    }
}

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// A waker that gives its permit back when it is dropped.
struct Holding(#[expect(dead_code, reason = "held for its drop")] OwnedPermit);

impl Wake for Holding {
    fn wake(self: Arc<Self>) {}
}

// An answer that panics under its lock would panic again when these futures are dropped, and a
// second panic would abort the whole run: so they are not dropped.

#[test]
fn a_waker_that_panics_keeps_nobody_else_asleep() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let bad = OnWake::waker(|| panic!("a bad waker"));
        let mut first = ManuallyDrop::new(semaphore.clone().acquire_owned());
        assert!(first.poll_unpin(&mut Context::from_waker(&bad)).is_pending());
        let acquire = semaphore.clone().acquire_owned();
        let mut second = ManuallyDrop::new(Polled::new(acquire).pending());
        let message = panic_of(|| semaphore.add_permits(2));
        assert_eq!(message, "a bad waker", "the panic goes on in the thread that released");
        assert_eq!(second.wakes(), 1, "the second fits too, whatever the first one's waker does");
        assert!(second.poll().is_ready());
        assert!(first.poll_unpin(&mut Context::from_waker(Waker::noop())).is_ready());
    });
}

#[test]
fn a_waker_that_panics_at_close_keeps_nobody_else_asleep() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let bad = OnWake::waker(|| panic!("a bad waker"));
        let mut first = ManuallyDrop::new(semaphore.clone().acquire_owned());
        assert!(first.poll_unpin(&mut Context::from_waker(&bad)).is_pending());
        let acquire = semaphore.clone().acquire_owned();
        let mut second = ManuallyDrop::new(Polled::new(acquire).pending());
        assert_eq!(panic_of(|| semaphore.close()), "a bad waker");
        assert_eq!(second.wakes(), 1, "the second is told, whatever the first one's waker does");
        assert!(matches!(second.poll(), Poll::Ready(Err(Closed))));
    });
}

#[test]
fn a_waker_that_panics_in_a_thread_that_panics_aborts_nothing() {
    const CHILD: &str = "SEMAPHORE_SPEC_CHILD";
    const NAME: &str =
        "behaviour::foreign::a_waker_that_panics_in_a_thread_that_panics_aborts_nothing";
    if std::env::var_os(CHILD).is_none() {
        // An abort would take all other tests with it: it may happen in a process of its own.
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", NAME]).env(CHILD, "1").output().unwrap();
        let words = String::from_utf8_lossy(&output.stdout);
        assert!(words.contains("1 passed"), "the process ended with {}: {words}", output.status);
        return;
    }
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.try_acquire().unwrap();
        let bad = OnWake::waker(|| panic!("a bad waker"));
        let mut waiter = ManuallyDrop::new(semaphore.clone().acquire_owned());
        assert!(waiter.poll_unpin(&mut Context::from_waker(&bad)).is_pending());
        let message = panic_of(|| {
            let _held = held;
            panic!("the holder's own");
        });
        assert_eq!(message, "the holder's own");
        assert!(waiter.poll_unpin(&mut Context::from_waker(Waker::noop())).is_ready());
    });
}

#[test]
fn a_waker_may_use_the_semaphore_that_calls_it() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let other = Arc::new(Mutex::new(Some(semaphore.clone().acquire_many_owned(3))));
        let (theirs, line) = (semaphore.clone(), other.clone());
        let waker = OnWake::waker(move || {
            // Polls another acquire, drops it, and releases: all inside the wake.
            let mut other = line.lock().unwrap().take().expect("woken once");
            assert!((&mut other).now_or_never().is_none());
            assert_eq!(theirs.waiting(), 1);
            drop(other);
            assert_eq!(theirs.waiting(), 0);
            theirs.add_permits(1);
        });
        let mut waiter = pin!(semaphore.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        semaphore.add_permits(1);
        assert_eq!(semaphore.available_permits(), 1, "added by the waker");
        assert!(matches!(waiter.now_or_never(), Some(Ok(_))));
    });
}

#[test]
fn a_waker_may_use_the_semaphore_that_closes() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let theirs = semaphore.clone();
        let waker = OnWake::waker(move || {
            assert_eq!((theirs.is_closed(), theirs.waiting()), (true, 0));
            theirs.add_permits(1);
        });
        let mut waiter = pin!(semaphore.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        semaphore.close();
        assert_eq!(semaphore.available_permits(), 1, "added by the waker");
    });
}

#[test]
fn a_waker_may_finish_its_acquire_on_the_spot() {
    within_deadline(|| {
        // An executor that polls inside the wake: the permit is passed down the whole line.
        let semaphore = Arc::new(Semaphore::new(0));
        let line: Arc<OnceLock<Vec<Mutex<AcquireOwned>>>> = Arc::default();
        let done = Arc::new(AtomicUsize::new(0));
        let acquires: Vec<_> = (0..3).map(|_| semaphore.clone().acquire_owned()).collect();
        let wakers: Vec<_> = (0..3)
            .map(|i| {
                let (line, done) = (Arc::downgrade(&line), done.clone());
                OnWake::waker(move || {
                    let line: Arc<OnceLock<Vec<Mutex<AcquireOwned>>>> =
                        Weak::upgrade(&line).unwrap();
                    let mut acquire = line.get().unwrap()[i].lock().unwrap();
                    let permit = (&mut *acquire).now_or_never().expect("it was woken");
                    done.fetch_add(1, SeqCst);
                    drop(permit);
                })
            })
            .collect();
        let acquires = acquires.into_iter().zip(&wakers).map(|(mut acquire, waker)| {
            assert!(acquire.poll_unpin(&mut Context::from_waker(waker)).is_pending());
            Mutex::new(acquire)
        });
        assert!(line.set(acquires.collect()).is_ok());
        semaphore.add_permits(1);
        assert_eq!(done.load(SeqCst), 3);
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn a_waker_is_never_dropped_under_the_lock() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let hold = || {
            let permit = Polled::new(semaphore.clone().acquire_owned()).ready().unwrap();
            Waker::from(Arc::new(Holding(permit)))
        };
        // Replaced by another waker, dropped with its acquire, dropped by the close: each time
        // its drop gives a permit back, and that takes the lock when somebody waits.
        let mut waiter = Box::pin(semaphore.acquire_many(2));
        let first = hold();
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&first)).is_pending());
        drop(first);
        assert!(waiter.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(semaphore.available_permits(), 1, "the waker that was replaced is gone");
        drop(waiter);

        let second = hold();
        let mut waiter = Box::pin(semaphore.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&second)).is_pending());
        drop(second);
        drop(waiter);
        assert_eq!(semaphore.available_permits(), 1, "the acquire's waker went with it");

        let third = hold();
        let mut waiter = Box::pin(semaphore.acquire());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&third)).is_pending());
        drop(third);
        semaphore.close();
        assert_eq!(semaphore.available_permits(), 1, "the close has dropped the waker");
    });
}
