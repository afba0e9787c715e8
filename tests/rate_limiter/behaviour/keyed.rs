//! A bucket a key.

use std::num::{NonZeroU32, NonZeroUsize};

use patterns::rate_limiter::{BurstExceeded, KeyedLimiter};

use crate::scene::{DAY, SECOND, keyed, one_in};
use crate::support::within_deadline;

#[test]
fn each_key_has_a_bucket_of_its_own() {
    within_deadline(|| {
        let (limiter, clock) = keyed(SECOND, 2, 1_000);
        let ask = || [1, 2, 3].map(|key| (0..9).filter(|_| limiter.allow(&key)).count());
        assert_eq!(ask(), [2, 2, 2]);
        clock.advance(SECOND);
        assert_eq!(ask(), [1, 1, 1]);
        clock.advance(DAY);
        assert_eq!(ask(), [2, 2, 2]);
        assert_eq!((limiter.len(), limiter.is_empty()), (3, false));
    });
}

#[test]
fn a_key_takes_several_tokens_together_or_not_at_all() {
    within_deadline(|| {
        let (limiter, clock) = keyed(SECOND, 3, 1_000);
        assert_eq!(limiter.allow_n(&1, 2), Ok(true));
        assert_eq!(limiter.allow_n(&1, 2), Ok(false));
        assert_eq!(limiter.allow_n(&1, 0), Ok(true));
        clock.advance(SECOND);
        assert_eq!(limiter.allow_n(&1, 2), Ok(true));
        assert_eq!(limiter.allow_n(&2, 4), Err(BurstExceeded { asked: 4, burst: 3 }));
        assert_eq!(limiter.len(), 1, "an error makes no bucket");
    });
}

#[test]
fn a_key_may_be_borrowed() {
    within_deadline(|| {
        let (burst, capacity) = (NonZeroU32::MIN, NonZeroUsize::new(8).unwrap());
        let limiter = KeyedLimiter::<String>::new(one_in(DAY), burst, capacity);
        assert!(limiter.is_empty());
        assert_eq!(["ann", "bob", "ann"].map(|name| limiter.allow(name)), [true, true, false]);
    });
}

#[test]
fn a_hundred_thousand_keys_take_no_more_room_than_there_is() {
    within_deadline(|| {
        for capacity in [1, 10, 1_000] {
            let (limiter, clock) = keyed(SECOND, 1, capacity);
            for key in 0..100_000 {
                limiter.allow(&key);
                if key % 1_000 == 0 {
                    assert!(limiter.len() <= capacity, "{} keys of {capacity}", limiter.len());
                    clock.advance(SECOND / 10);
                }
            }
            assert!(limiter.len() <= capacity, "{} keys of {capacity}", limiter.len());
        }
    });
}

#[test]
fn a_key_that_was_refused_is_refused_whatever_others_do() {
    within_deadline(|| {
        for capacity in [1, 10, 1_000] {
            let (limiter, clock) = keyed(DAY, 2, capacity);
            assert_eq!([(); 3].map(|()| limiter.allow(&0)), [true, true, false]);
            for key in 1..10_000 {
                limiter.allow(&key);
                assert!(!limiter.allow(&0), "the flood of other keys has washed its bucket away");
            }
            clock.advance(DAY);
            assert_eq!([(); 2].map(|()| limiter.allow(&0)), [true, false], "one in a day");
        }
    });
}

#[test]
fn keys_that_have_been_idle_make_room() {
    within_deadline(|| {
        let (limiter, clock) = keyed(SECOND, 2, 100);
        for round in 0..20 {
            clock.advance(2 * SECOND);
            for key in (0..40).map(|key| round * 40 + key) {
                let tokens = (0..9).filter(|_| limiter.allow(&key)).count();
                assert_eq!(tokens, 2, "a newcomer found another's bucket, though all were idle");
            }
        }
    });
}

#[test]
fn a_busy_key_does_not_keep_the_idle_ones() {
    within_deadline(|| {
        let (limiter, clock) = keyed(SECOND, 4, 8);
        assert!((0..8).all(|key| limiter.allow(&key)));
        for _ in 0..12 {
            // One key is never idle for long, and seven are.
            clock.advance(SECOND);
            assert!(limiter.allow(&0));
        }
        let newcomers = 200..203;
        for key in newcomers {
            let tokens = (0..9).filter(|_| limiter.allow(&key)).count();
            assert_eq!(tokens, 4, "a newcomer found no room, and seven idle keys to forget");
        }
    });
}

#[test]
fn newcomers_share_a_bucket_where_there_is_no_room() {
    within_deadline(|| {
        let (limiter, clock) = keyed(SECOND, 3, 4);
        for key in 0..4 {
            (0..3).for_each(|_| assert!(limiter.allow(&key)));
        }
        let newcomers = |from: u64| (from..from + 100).filter(|key| limiter.allow(key)).count();
        assert_eq!(newcomers(1_000), 3, "one burst for all of them");
        clock.advance(SECOND);
        assert_eq!(newcomers(2_000), 1, "one rate for all of them");
        let residents = [0, 1, 2, 3].map(|key| limiter.allow(&key));
        assert_eq!(residents, [true; 4], "who has a bucket does not notice");
        clock.advance(DAY);
        assert!((3_000..3_004).all(|key| limiter.allow_n(&key, 3).unwrap()), "room again");
    });
}

#[test]
fn who_comes_out_of_the_shared_bucket_has_no_second_burst() {
    within_deadline(|| {
        // The four keys that fill the table are idle again long before the shared bucket is.
        let (limiter, clock) = keyed(SECOND, 8, 4);
        assert!((0..4).all(|key| limiter.allow(&key)));
        assert!((0..8).all(|_| limiter.allow(&9)), "from the shared bucket");
        clock.advance(SECOND);
        // There is room now, and it has a token that came since.
        assert_eq!((0..99).filter(|_| limiter.allow(&9)).count(), 1);
    });
}
