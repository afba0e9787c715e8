//! Random schedules, days of virtual time, exact arithmetic.

use std::collections::VecDeque;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use patterns::rate_limiter::{KeyedLimiter, ManualClock, Rate};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::scene::{DAY, Line, SECOND, limiter, limiter_at, one_in};
use crate::support::{cases, within_deadline};

/// What was allowed: when, in nanoseconds, and how much.
#[derive(Default)]
struct Grants(Vec<(u64, u128)>);

impl Grants {
    fn add(&mut self, now: u64, tokens: u32) {
        self.0.push((now, u128::from(tokens)));
    }

    /// Checks every stretch of time that begins and ends with a grant. `brought` is what a time has
    /// brought since the beginning, in parts of which `per_token` are a token.
    fn check(&self, burst: u32, per_token: u128, brought: impl Fn(u64) -> u128) {
        for (i, (start, _)) in self.0.iter().enumerate() {
            let mut sum = 0;
            for (end, tokens) in &self.0[i..] {
                sum += tokens;
                let limit = u128::from(burst) * per_token + brought(*end) - brought(*start);
                let stretch = end - start;
                assert!(
                    sum * per_token <= limit,
                    "{sum} tokens in {stretch} ns are more than burst + rate × time"
                );
            }
        }
    }
}

/// Steps of the clock in parts of `scale`: none, a nanosecond, about one token's time, much more.
fn steps(scale: u64) -> impl Strategy<Value = Vec<(u64, u32)>> {
    let step = prop_oneof![
        3 => Just(0),
        2 => 0..3_u64,
        6 => 0..=scale,
        2 => scale.saturating_sub(2)..=scale + 2,
        1 => 0..=20 * scale,
    ];
    vec((step, 1..4_u32), 1..120)
}

/// Plays a schedule; `numerator / denominator` is the exact rate in tokens per nanosecond.
fn play(rate: Rate, burst: u32, steps: &[(u64, u32)], numerator: u128, denominator: u128) {
    let (limiter, clock) = limiter_at(rate, burst);
    let (mut grants, mut now) = (Grants::default(), 0);
    for (step, tokens) in steps {
        clock.advance(Duration::from_nanos(*step));
        now += step;
        let tokens = (*tokens).min(burst);
        while limiter.allow_n(tokens).unwrap() {
            grants.add(now, tokens);
        }
        if limiter.allow() {
            grants.add(now, 1);
        }
    }
    grants.check(burst, denominator, |at| u128::from(at) * numerator);
}

#[test]
fn no_stretch_of_time_has_more_than_burst_and_rate() {
    within_deadline(|| {
        let rates = (1..2_000_u32, prop_oneof![Just(7_u64), Just(1_000), Just(1_000_000_007)]);
        let schedule = rates.prop_filter_map("a rate", |(tokens, time)| {
            let rate = Rate::new(tokens, Duration::from_nanos(time)).ok()?;
            Some((rate, tokens, time))
        });
        let schedule = schedule
            .prop_flat_map(|(rate, tokens, time)| {
                (Just((rate, tokens, time)), steps(1 + time / u64::from(tokens)))
            })
            .boxed();
        proptest!(cases(96, 1), |(((rate, tokens, time), steps) in schedule, burst in 1..9_u32)| {
            play(rate, burst, &steps, u128::from(tokens), u128::from(time));
        });
    });
}

#[test]
fn a_rate_that_is_a_float_is_kept_to_the_last_bit() {
    within_deadline(|| {
        let schedule = (1e-3..1e6_f64).prop_flat_map(|rate| {
            let scale = (1e9 / rate) as u64;
            (Just(rate), steps(1 + scale))
        });
        proptest!(cases(64, 2), |((tokens, steps) in schedule, burst in 1..9_u32)| {
            // A float is a whole number over a power of two: 2^63 times this one is a whole number.
            let exact = (tokens * 2_f64.powi(63)) as u128;
            let rate = Rate::per_second(tokens).unwrap();
            play(rate, burst, &steps, exact, (1 << 63) * 1_000_000_000);
        });
    });
}

#[test]
fn nothing_is_lost_in_a_whole_day() {
    within_deadline(|| {
        for (tokens, time) in [(3, SECOND), (10, 7 * SECOND), (1, 7 * SECOND / 3)] {
            let burst = 5;
            let (limiter, clock) = limiter_at(Rate::new(tokens, time).unwrap(), burst);
            // Steps that bring less than a burst, so that nothing overflows.
            let step = (time / tokens * 2).mul_f64(0.77);
            let (mut now, mut taken) = (Duration::ZERO, 0_u128);
            loop {
                while limiter.allow() {
                    taken += 1;
                }
                if now > DAY {
                    break;
                }
                clock.advance(step);
                now += step;
            }
            let came = now.as_nanos() * u128::from(tokens) / time.as_nanos();
            let most = came + u128::from(burst);
            assert!(taken <= most, "{taken} of {most}: more than burst + rate × time");
            assert!(taken + 1 >= most, "{taken} of {most}: {tokens} in {time:?} lost some");
        }
    });
}

#[derive(Debug, Clone)]
enum Step {
    Advance(u64),
    Allow(u32),
    Join(u32),
    Cancel(usize),
}

fn script() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..2_500_u64).prop_map(Step::Advance),
        1 => (0..20_000_u64).prop_map(Step::Advance),
        6 => (0..4_u32).prop_map(Step::Allow),
        5 => (0..4_u32).prop_map(Step::Join),
        2 => (0..8_usize).prop_map(Step::Cancel),
    ];
    vec(step, 1..80)
}

/// The whole limiter, one step at a time: the tokens are counted in nanoseconds.
struct Model {
    interval: u64,
    burst: u64,
    saved: u64,
    line: VecDeque<(u32, u64)>,
}

impl Model {
    fn advance(&mut self, by: u64) {
        self.saved = (self.saved + by).min(self.burst * self.interval);
    }

    fn take(&mut self, tokens: u64) -> bool {
        let enough = self.saved >= tokens * self.interval;
        if enough {
            self.saved -= tokens * self.interval;
        }
        enough
    }

    fn allow(&mut self, tokens: u64) -> bool {
        tokens == 0 || (self.line.is_empty() && self.take(tokens))
    }

    /// Who is served now, in order.
    fn serve(&mut self) -> Vec<u32> {
        let mut served = Vec::new();
        while let Some((name, tokens)) = self.line.front().copied()
            && self.take(tokens)
        {
            self.line.pop_front();
            served.push(name);
        }
        served
    }
}

#[test]
fn any_script_runs_as_the_sequential_model_says() {
    within_deadline(|| {
        let shape = (1..1_500_u64, 3..6_u32);
        proptest!(cases(160, 3), |((interval, burst) in shape, script in script())| {
            let (limiter, clock) = limiter(Duration::from_nanos(interval), burst);
            let saved = u64::from(burst) * interval;
            let line = VecDeque::new();
            let mut model = Model { interval, burst: burst.into(), saved, line };
            let (mut line, mut names) = (Line::default(), 0..);
            for step in script {
                let mut expected = Vec::new();
                match step {
                    Step::Advance(by) => {
                        clock.advance(Duration::from_nanos(by));
                        model.advance(by);
                    }
                    Step::Allow(tokens) => {
                        let answer = limiter.allow_n(tokens).unwrap();
                        assert_eq!(answer, model.allow(tokens.into()), "{step:?}");
                    }
                    Step::Join(tokens) => {
                        let name = names.next().unwrap();
                        let limiter = &limiter;
                        line.join(name, async move { limiter.acquire_n(tokens).await.unwrap() });
                        if model.allow(tokens.into()) {
                            expected.push(name);
                        } else {
                            model.line.push_back((name, tokens.into()));
                        }
                    }
                    Step::Cancel(which) => {
                        let name = model.line.get(which).map(|(name, _)| *name);
                        if let Some(name) = name {
                            line.cancel(name);
                            model.line.remove(which);
                        }
                    }
                }
                expected.extend(model.serve());
                assert_eq!(line.served(), expected, "served after {step:?}");
                assert_eq!(limiter.waiting(), model.line.len(), "in line after {step:?}");
                let tokens = u64::from(limiter.available());
                assert_eq!(tokens, model.saved / interval, "tokens after {step:?}");
            }
        });
    });
}

#[test]
fn no_change_of_the_rate_gives_or_takes_tokens() {
    const INTERVALS: [u64; 6] = [1, 2, 3, 5, 700, 1_000_000];
    /// Parts of a token: each of the rates brings a whole number of them in a nanosecond.
    const PARTS: u128 = 2 * 3 * 5 * 7_000_000;
    within_deadline(|| {
        let change = (0..INTERVALS.len(), 0..40_u64, any::<bool>());
        proptest!(cases(128, 4), |(changes in vec(change, 1..100), burst in 20..60_u32)| {
            let (limiter, clock) = limiter(Duration::from_nanos(INTERVALS[0]), burst);
            let (mut grants, mut total) = (Grants::default(), 0_u128);
            // What has been brought, at each time that has been.
            let (mut now, mut brought) = (0, vec![0_u128]);
            let mut interval = INTERVALS[0];
            for (next, steps, changes) in changes {
                while limiter.allow() {
                    grants.add(now, 1);
                    total += 1;
                }
                if changes {
                    interval = INTERVALS[next];
                    limiter.set_rate(one_in(Duration::from_nanos(interval)));
                }
                // Never so many that the bucket overflows.
                let steps = steps.min(u64::from(burst) * interval / 2);
                clock.advance(Duration::from_nanos(steps));
                now += steps;
                for _ in 0..steps {
                    brought.push(brought.last().unwrap() + PARTS / u128::from(interval));
                }
            }
            while limiter.allow() {
                grants.add(now, 1);
                total += 1;
            }
            grants.check(burst, PARTS, |at| brought[at as usize]);
            let most = u128::from(burst) * PARTS + brought[now as usize];
            // A change may round down, by far less than a hundredth of a token each.
            assert!((total + 2) * PARTS > most, "{total} tokens, and {} came", most / PARTS);
        });
    });
}

#[test]
fn no_key_has_more_than_its_burst_and_rate() {
    within_deadline(|| {
        let ask = (0..12_u64, prop_oneof![6 => Just(0), 4 => 0..1_500_u64, 1 => 0..9_000_u64]);
        let asks = vec(ask, 1..300);
        proptest!(cases(128, 5), |(asks in asks, capacity in 1..8_usize, burst in 1..5_u32)| {
            let clock = ManualClock::new();
            let rate = one_in(Duration::from_nanos(1_000));
            let (depth, room) = (NonZeroU32::new(burst), NonZeroUsize::new(capacity));
            let limiter =
                KeyedLimiter::with_clock(rate, depth.unwrap(), room.unwrap(), clock.clone());
            let (mut grants, mut now) = ([(); 12].map(|()| Grants::default()), 0);
            for (key, step) in asks {
                clock.advance(Duration::from_nanos(step));
                now += step;
                if limiter.allow(&key) {
                    grants[key as usize].add(now, 1);
                }
                assert!(limiter.len() <= capacity, "{} keys of {capacity}", limiter.len());
            }
            for key in grants {
                key.check(burst, 1_000, u128::from);
            }
        });
    });
}
