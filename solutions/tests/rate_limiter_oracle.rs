//! Our limiter against `governor`, which has the same algorithm on whole nanoseconds: where an interval
//! is a whole number of them, the two agree on every answer.

#![cfg(feature = "rate_limiter")]

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter as Governor};
use solutions::rate_limiter::{ManualClock, Rate, RateLimiter};

/// Numbers without an order (splitmix64), the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[test]
fn governor_gives_the_same_answers() {
    let mut dice = Dice(1);
    for script in 0..2_000 {
        let longest = [10, 1_000, 10_000_000_000][dice.below(3) as usize];
        let interval = Duration::from_nanos(1 + dice.below(longest));
        let burst = NonZeroU32::new(1 + dice.below(7) as u32).unwrap();

        let ours = ManualClock::new();
        let limiter = RateLimiter::with_clock(Rate::new(1, interval).unwrap(), burst, ours.clone());
        let theirs = FakeRelativeClock::default();
        let quota = Quota::with_period(interval).unwrap().allow_burst(burst);
        let governor = Governor::direct_with_clock(quota, theirs.clone());

        for _ in 0..100 {
            let step = match dice.below(10) {
                0 | 1 => 0,
                2 => dice.below(100 * longest),
                _ => dice.below(2 * longest),
            };
            ours.advance(Duration::from_nanos(step));
            theirs.advance(Duration::from_nanos(step));
            let tokens = 1 + dice.below(8) as u32;
            let answer = limiter.allow_n(tokens).ok();
            let expected = governor.check_n(NonZeroU32::new(tokens).unwrap()).ok();
            let expected = expected.map(|answer| answer.is_ok());
            assert_eq!(answer, expected, "{tokens} of script {script}: {quota:?}");
        }
    }
}

#[test]
fn where_an_interval_is_no_whole_number_governor_allows_more() {
    let rate = NonZeroU32::new(700_000_000).unwrap();
    let theirs = FakeRelativeClock::default();
    let governor = Governor::direct_with_clock(Quota::per_second(rate), theirs.clone());
    let ours = ManualClock::new();
    let limiter = RateLimiter::with_clock(Rate::per_second(7e8).unwrap(), rate, ours.clone());
    assert!(governor.check_n(rate).unwrap().is_ok() && limiter.allow_n(rate.get()).unwrap());

    let hundredth = Duration::from_millis(10);
    theirs.advance(hundredth);
    ours.advance(hundredth);
    let ten_million = NonZeroU32::new(10_000_000).unwrap();
    assert!(governor.check_n(ten_million).unwrap().is_ok(), "a token in 1 ns, as at 1e9 a second");
    // Seven million came; a sixteenth of a nanosecond is too coarse by less than one percent here.
    assert!((6_950_000..=7_000_000).contains(&limiter.available()));
}
