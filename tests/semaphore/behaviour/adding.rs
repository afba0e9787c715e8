//! Adding permits, and forgetting them.

use std::sync::Arc;

use patterns::semaphore::Semaphore;

use crate::support::{Polled, panic_of, within_deadline};

const MAX: usize = Semaphore::MAX_PERMITS;

#[test]
fn added_permits_are_free_also_when_closed() {
    within_deadline(|| {
        for (permits, added) in [(0, 0), (0, 3), (2, 0), (3, 1)] {
            let open = Semaphore::new(permits);
            open.add_permits(added);
            assert_eq!((open.available_permits(), open.is_closed()), (permits + added, false));
            assert_eq!(open.waiting(), 0);

            let closed = Semaphore::new(permits);
            closed.close();
            closed.add_permits(added);
            assert_eq!((closed.available_permits(), closed.is_closed()), (permits + added, true));
        }
    });
}

#[test]
fn added_permits_wake_as_many_as_fit() {
    within_deadline(|| {
        let semaphore = Semaphore::new(0);
        let line = [2, 1, 1, 3].map(|need| Polled::new(semaphore.acquire_many(need)).pending());
        semaphore.add_permits(4);
        assert_eq!(line.each_ref().map(Polled::wakes), [1, 1, 1, 0]);
        semaphore.add_permits(4);
        assert_eq!(line.each_ref().map(Polled::wakes), [1, 1, 1, 1], "nobody is woken twice");
        assert_eq!(semaphore.available_permits(), 1);
        for waiter in line {
            waiter.ready().unwrap().forget();
        }
    });
}

#[test]
fn there_may_be_as_many_permits_as_the_limit_allows() {
    within_deadline(|| {
        assert_eq!(Semaphore::new(MAX).available_permits(), MAX);
        let semaphore = Semaphore::new(0);
        semaphore.add_permits(MAX - 1);
        semaphore.add_permits(1);
        let all = semaphore.try_acquire_many(MAX).unwrap();
        assert_eq!(semaphore.available_permits(), 0);
        drop(all);
        assert_eq!(semaphore.available_permits(), MAX);
    });
}

#[test]
fn more_permits_than_the_limit_are_refused_with_a_panic() {
    within_deadline(|| {
        let full = Semaphore::new(MAX);
        let refused = [
            panic_of(|| _ = Semaphore::new(MAX + 1)),
            panic_of(|| full.add_permits(1)),
            panic_of(|| full.add_permits(usize::MAX)),
            panic_of(|| drop(full.acquire_many(MAX + 1))),
            panic_of(|| drop(full.try_acquire_many(usize::MAX))),
        ];
        for message in refused {
            assert!(
                message.contains("MAX_PERMITS"),
                "the panic should name MAX_PERMITS: {message}"
            );
        }
        assert_eq!(full.available_permits(), MAX, "what was refused has changed nothing");
    });
}

#[test]
fn permits_that_are_held_count_towards_the_limit() {
    within_deadline(|| {
        let semaphore = Semaphore::new(MAX);
        let held = semaphore.try_acquire_many(MAX).unwrap();
        let refused = panic_of(|| semaphore.add_permits(1));
        assert!(refused.contains("MAX_PERMITS"), "the panic should name MAX_PERMITS: {refused}");
        drop(held);
        assert_eq!(semaphore.available_permits(), MAX);
    });
}

#[test]
fn a_forgotten_permit_never_comes_back() {
    within_deadline(|| {
        let semaphore = Arc::new(Semaphore::new(MAX));
        semaphore.try_acquire_many(2).unwrap().forget();
        Polled::new(semaphore.clone().acquire_owned()).ready().unwrap().forget();
        assert_eq!(semaphore.available_permits(), MAX - 3);
        assert_eq!(Arc::strong_count(&semaphore), 1, "only the permit is forgotten");
        semaphore.add_permits(3);
        assert_eq!(semaphore.available_permits(), MAX, "forgotten ones make room for new ones");
    });
}
