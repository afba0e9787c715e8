//! How long a wait is: never more than the cap, at no attempt, by no jitter.

use std::time::Duration;

use patterns::retry::{Backoff, BackoffError, Jitter};

use crate::support::within_deadline;
use crate::{MS, SECOND, steady};

const NANO: Duration = Duration::from_nanos(1);

/// What a thousand seeds make of the delay after this attempt.
fn draws(base: Duration, cap: Duration, jitter: Jitter, attempt: u32) -> Vec<Duration> {
    let policy = Backoff::new(base, cap).unwrap().jitter(jitter).unwrap();
    (0..1000).map(|seed| policy.clone().rng(seed).delay(attempt)).collect()
}

fn share(draws: &[Duration], of: impl Fn(Duration) -> bool) -> usize {
    draws.iter().filter(|draw| of(**draw)).count()
}

#[test]
fn delays_double_up_to_the_cap() {
    within_deadline(|| {
        let delays = [0, 1, 2, 3, 4, 5, 6].map(|attempt| steady().delay(attempt).as_millis());
        assert_eq!(delays, [100, 100, 200, 400, 800, 1000, 1000]);
    });
}

#[test]
fn a_delay_is_exact_as_far_as_time_reaches() {
    within_deadline(|| {
        let policy = Backoff::new(NANO, Duration::MAX).unwrap().jitter(Jitter::None).unwrap();
        // The last power of two that a `Duration` can hold is 2^93 ns.
        for attempt in 1..=94 {
            assert_eq!(
                policy.delay(attempt).as_nanos(),
                1 << (attempt - 1),
                "after attempt {attempt}"
            );
        }
        assert_eq!(policy.delay(95), Duration::MAX);
    });
}

#[test]
fn no_attempt_is_one_too_many() {
    within_deadline(|| {
        for base in [NANO, 100 * MS, 3 * SECOND, 3600 * SECOND] {
            let policy = Backoff::new(base, 3600 * SECOND).unwrap().jitter(Jitter::None).unwrap();
            let late = (50..300).chain([1 << 16, 1 << 31, u32::MAX - 1, u32::MAX]);
            for attempt in late {
                assert_eq!(policy.delay(attempt), 3600 * SECOND, "{base:?}, attempt {attempt}");
            }
        }
    });
}

#[test]
fn a_policy_that_makes_no_sense_is_refused() {
    within_deadline(|| {
        let zero = Backoff::new(Duration::ZERO, SECOND).unwrap_err();
        assert_eq!(
            (zero, zero.to_string().as_str()),
            (BackoffError::ZeroBase, "the first wait is zero")
        );
        let below = Backoff::new(SECOND, SECOND - NANO).unwrap_err();
        let message = "the longest wait is shorter than the first";
        assert_eq!((below, below.to_string().as_str()), (BackoffError::CapBelowBase, message));
        assert!(Backoff::new(SECOND, SECOND).is_ok());
        let message = "the fraction is not within 0 and 1";
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 1.000_001] {
            let error = steady().jitter(Jitter::Fraction(bad)).unwrap_err();
            assert_eq!((error, error.to_string().as_str()), (BackoffError::BadFraction, message));
        }
        for good in [0.0, 0.1, 1.0] {
            assert!(steady().jitter(Jitter::Fraction(good)).is_ok(), "{good}");
        }
    });
}

#[test]
fn full_jitter_is_anything_from_nothing_to_the_delay() {
    within_deadline(|| {
        for attempt in [1, 3, 40] {
            let delay = steady().delay(attempt);
            let draws = draws(100 * MS, SECOND, Jitter::Full, attempt);
            assert!(draws.iter().all(|draw| *draw <= delay), "more than {delay:?}");
            for tenth in 0..10 {
                let (from, to) = (delay / 10 * tenth, delay / 10 * (tenth + 1));
                let share = share(&draws, |draw| from < draw && draw <= to);
                assert!((50..=150).contains(&share), "{share} of 1000 from {from:?} to {to:?}");
            }
        }
    });
}

#[test]
fn a_fraction_is_more_or_less() {
    within_deadline(|| {
        let draws = draws(400 * MS, 10 * SECOND, Jitter::Fraction(0.25), 2);
        assert!(draws.iter().all(|draw| (600 * MS..=1000 * MS).contains(draw)), "beyond a quarter");
        for (from, to) in [(600, 700), (700, 800), (800, 900), (900, 1000)] {
            let share = share(&draws, |draw| from * MS < draw && draw <= to * MS);
            assert!((180..=320).contains(&share), "{share} of 1000 from {from} to {to} ms");
        }
    });
}

#[test]
fn at_the_cap_a_fraction_still_spreads() {
    within_deadline(|| {
        let draws = draws(100 * MS, SECOND, Jitter::Fraction(0.5), 30);
        assert!(
            draws.iter().all(|draw| (500 * MS..=SECOND).contains(draw)),
            "above the cap, or below half"
        );
        assert!(share(&draws, |draw| draw == SECOND) < 10, "they come back together");
        assert!(share(&draws, |draw| draw > 750 * MS) > 350, "the upper half is missing");
    });
}

#[test]
fn the_smallest_and_the_largest_spans_have_jitter_too() {
    within_deadline(|| {
        for jitter in [Jitter::Full, Jitter::Fraction(0.1), Jitter::Fraction(1.0)] {
            assert!(draws(NANO, SECOND, jitter, 1).iter().all(|draw| *draw <= 2 * NANO));
            let cap = Duration::MAX;
            assert!(
                share(&draws(cap, cap, jitter, u32::MAX), |draw| draw < cap) > 900,
                "{jitter:?}"
            );
        }
        assert_eq!(
            share(&draws(SECOND, SECOND, Jitter::Fraction(0.0), 1), |draw| draw == SECOND),
            1000
        );
    });
}

#[test]
fn unless_told_otherwise_jitter_is_full() {
    within_deadline(|| {
        let policy = Backoff::new(SECOND, 8 * SECOND).unwrap();
        let draws: Vec<_> = (0..200).map(|_| policy.delay(4)).collect();
        // A chance of (3/4)^200 that this fails.
        assert!(draws.iter().any(|draw| *draw < 2 * SECOND), "nobody is back early");
        assert!(draws.iter().any(|draw| *draw > 6 * SECOND), "nobody is back late");
    });
}

#[test]
fn without_a_seed_no_two_callers_wait_alike() {
    within_deadline(|| {
        let policy = Backoff::new(1000 * SECOND, 1000 * SECOND).unwrap();
        let other = policy.clone();
        let draws: Vec<_> = (0..10).flat_map(|_| [policy.delay(1), other.delay(1)]).collect();
        let mut different = draws.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), draws.len());
    });
}

#[test]
fn with_a_seed_the_attempt_alone_decides() {
    within_deadline(|| {
        let seeded = |seed| Backoff::new(SECOND, SECOND).unwrap().rng(seed);
        let policy = seeded(7);
        let forwards: Vec<_> = (1..100).map(|attempt| policy.delay(attempt)).collect();
        let backwards: Vec<_> = (1..100).rev().map(|attempt| seeded(7).delay(attempt)).collect();
        assert!(forwards.iter().eq(backwards.iter().rev()), "the order in which they are asked");
        let other: Vec<_> = (1..100).map(|attempt| seeded(8).delay(attempt)).collect();
        let mut all = [forwards, other].concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 198, "different waits, of two seeds with 99 attempts each");
    });
}
