//! Random policies, scripts and heartbeats over days of virtual time, against models that count one
//! step after the other.

use std::cell::RefCell;
use std::time::Duration;

use futures::FutureExt;
use patterns::retry::{
    Backoff, CancelToken, Jitter, Reason, Retry, RetryBudget, RetryError, heartbeat_with_clock,
    retry,
};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use crate::clock::Jumping;
use crate::support::{cases, within_deadline};
use crate::{MS, times};

/// The delay after this attempt: doubled one by one, and never beyond the cap.
fn doubled(base: u128, cap: u128, attempt: u32) -> u128 {
    (1..attempt.min(200)).fold(base, |delay, _| (delay * 2).min(cap))
}

fn jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![Just(Jitter::None), Just(Jitter::Full), (0.0..=1.0).prop_map(Jitter::Fraction),]
}

/// Nanoseconds, of any magnitude up to that of years.
fn magnitude() -> impl Strategy<Value = u64> {
    (0..60u32, any::<u64>()).prop_map(|(bits, random)| 1.max(random >> (63 - bits)))
}

fn within_bounds(base: u64, above: u64, attempt: u32, jitter: Jitter, seed: u64) {
    let cap = base.saturating_add(above);
    let policy = Backoff::new(Duration::from_nanos(base), Duration::from_nanos(cap)).unwrap();
    let policy = policy.jitter(jitter).unwrap().rng(seed);
    let (drawn, again) = (policy.delay(attempt).as_nanos(), policy.delay(attempt).as_nanos());
    assert_eq!(drawn, again, "one seed, one attempt");
    let delay = doubled(base.into(), cap.into(), attempt);
    let share = match jitter {
        Jitter::None => 0.0,
        Jitter::Full => return assert!(drawn <= delay, "{drawn} of {delay}"),
        Jitter::Fraction(fraction) => fraction,
    };
    // A float counts nanoseconds exactly up to 2^53.
    let slack = 1 + (delay >> 50);
    let span = (delay as f64 * share) as u128 + slack;
    let (least, most) = (delay.saturating_sub(span), (delay + span).min(cap.into()));
    let (least, most) = if share == 0.0 { (delay, delay) } else { (least, most) };
    assert!((least..=most).contains(&drawn), "{drawn} is not within {least} and {most}");
}

#[test]
fn every_delay_is_within_its_bounds() {
    within_deadline(|| {
        let config = cases(2048, 1);
        let attempt =
            prop_oneof![3 => 1..80u32, 1 => any::<u32>().prop_map(|attempt| attempt.max(1))];
        let shape = (magnitude(), magnitude(), attempt, jitter(), any::<u64>());
        proptest!(config, |((base, above, attempt, jitter, seed) in shape)| {
            within_bounds(base, above, attempt, jitter, seed);
        });
    });
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Succeeds,
    Transient,
    After(u64),
    Permanent,
}

/// What an attempt does, and how many units of time it takes for that.
fn attempt() -> impl Strategy<Value = (u64, Outcome)> {
    let outcome = prop_oneof![
        1 => Just(Outcome::Succeeds),
        12 => Just(Outcome::Transient),
        3 => (0..5000u64).prop_map(Outcome::After),
        1 => Just(Outcome::Permanent),
    ];
    (prop_oneof![Just(0), 0..2000u64], outcome)
}

/// Everything takes an even number of milliseconds, and tokens end at an odd one: there are no ties.
const UNIT: Duration = Duration::from_millis(2);

#[derive(Debug, Clone)]
struct Call {
    base: u32,
    cap: u32,
    attempts: u32,
    /// When the token is cancelled, or its deadline comes.
    cancel: Option<u32>,
    deadline: Option<u32>,
    reserve: u32,
    script: Vec<(u64, Outcome)>,
}

fn call() -> impl Strategy<Value = Call> {
    // Up to days in one call.
    let waits = prop_oneof![(1..50u32, 0..2000u32), (1000..100_000u32, 0..20_000_000u32)];
    let limits = (1..12u32, 1..12u32);
    let end = || proptest::option::weighted(0.4, prop_oneof![0..3000u32, 0..30_000_000u32]);
    let script = proptest::collection::vec(attempt(), 12);
    (waits, limits, end(), end(), script).prop_map(|(waits, limits, cancel, deadline, script)| {
        let ((base, above), (attempts, reserve)) = (waits, limits);
        Call { base, cap: base + above, attempts, cancel, deadline, reserve, script }
    })
}

type End = Result<u32, RetryError<u32>>;

impl Call {
    /// The times at which attempts begin, in units, and the end with its time in milliseconds.
    fn modelled(&self) -> (Vec<u64>, End, u64) {
        let in_ms = |end: Option<u32>| end.map(|end| u64::from(end) * 2 + 1);
        let ends = [
            (in_ms(self.cancel), Reason::Cancelled),
            (in_ms(self.deadline), Reason::DeadlineExceeded),
        ];
        let end = ends
            .into_iter()
            .filter_map(|(end, reason)| Some((end?, reason)))
            .min_by_key(|end| end.0);
        let is_over = |now: u64| end.filter(|end| end.0 < now * 2);
        let (mut now, mut begun, mut source, mut reserve) = (0, Vec::new(), None, self.reserve);
        for (index, (takes, outcome)) in self.script.iter().enumerate() {
            let attempts = index as u32 + 1;
            begun.push(now);
            now += takes;
            if let Some((at, reason)) = is_over(now) {
                return (begun, Err(RetryError::Cancelled { attempts, source, reason }), at);
            }
            let hint = match *outcome {
                Outcome::Succeeds => return (begun, Ok(attempts), now * 2),
                Outcome::Permanent => {
                    return (
                        begun,
                        Err(RetryError::Permanent { attempts, source: attempts }),
                        now * 2,
                    );
                }
                Outcome::Transient => 0,
                Outcome::After(hint) => hint,
            };
            source = Some(attempts);
            if attempts == self.attempts {
                return (begun, Err(RetryError::Exhausted { attempts, source: attempts }), now * 2);
            }
            let wait = hint + doubled(self.base.into(), self.cap.into(), attempts) as u64;
            if in_ms(self.deadline).is_some_and(|deadline| (now + wait) * 2 >= deadline) {
                let reason = Reason::DeadlineExceeded;
                return (begun, Err(RetryError::Cancelled { attempts, source, reason }), now * 2);
            }
            if reserve == 0 {
                return (
                    begun,
                    Err(RetryError::OutOfBudget { attempts, source: attempts }),
                    now * 2,
                );
            }
            if let Some((at, reason)) = is_over(now + wait) {
                return (begun, Err(RetryError::Cancelled { attempts, source, reason }), at);
            }
            reserve -= 1;
            now += wait;
        }
        unreachable!("there are no more attempts than in the script")
    }

    async fn play(self) {
        let (expected_begun, expected_end, expected_time) = self.modelled();
        let (start, begun) = (Instant::now(), RefCell::new(Vec::new()));
        let budget = RetryBudget::new(0, times(self.reserve));
        let policy = Backoff::new(self.base * UNIT, self.cap * UNIT).unwrap();
        let policy = policy.jitter(Jitter::None).unwrap().attempts(times(self.attempts));
        let policy = policy.budget(budget.clone());
        let mut token = CancelToken::new();
        if let Some(deadline) = self.deadline {
            token = token.with_timeout(deadline * UNIT + MS);
        }
        let canceller = self.cancel.map(|cancel| {
            let token = token.clone();
            tokio::spawn(async move {
                sleep(cancel * UNIT + MS).await;
                token.cancel();
            })
        });
        let end = retry(&policy, &token, async |attempt| {
            begun.borrow_mut().push((start.elapsed().as_millis() / 2) as u64);
            let (takes, outcome) = self.script[attempt as usize - 1];
            sleep(takes as u32 * UNIT).await;
            Err(match outcome {
                Outcome::Succeeds => return Ok(attempt),
                Outcome::Transient => Retry::Transient(attempt),
                Outcome::After(hint) => Retry::After(attempt, hint as u32 * UNIT),
                Outcome::Permanent => Retry::Permanent(attempt),
            })
        });
        assert_eq!(end.await, expected_end);
        assert_eq!(start.elapsed().as_millis() as u64, expected_time, "the time of the end");
        assert_eq!(begun.into_inner(), expected_begun, "the times of the attempts");
        let retries = expected_begun.len() as u32 - 1;
        assert_eq!(budget.available(), self.reserve - retries, "what is left of the budget");
        if let Some(canceller) = canceller {
            canceller.abort();
        }
    }
}

#[test]
fn any_call_runs_as_the_model_says() {
    within_deadline(|| {
        let config = cases(512, 2);
        proptest!(config, |(call in call())| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
            runtime.block_on(call.play());
        });
    });
}

/// The times at which beats begin: the clock shows every nanosecond from one tick to the next.
fn beats(period: u64, beats: &[(u64, u64)]) -> Vec<u64> {
    let (mut now, mut tick, mut begun) = (0, 0, Vec::new());
    for (late, takes) in beats {
        tick += period;
        while tick < now {
            tick += period;
        }
        now = tick + late;
        begun.push(now);
        now += takes;
    }
    begun
}

fn keeps_its_ticks(period: u64, script: &[(u64, u64)]) {
    let (late, takes): (Vec<_>, Vec<_>) = script.iter().copied().unzip();
    let clock = Jumping::late_by(late.into_iter().map(Duration::from_millis));
    let (token, mut begun) = (CancelToken::new(), Vec::new());
    let beat = || {
        begun.push(clock.elapsed().as_millis() as u64);
        clock.pass(Duration::from_millis(takes[begun.len() - 1]));
        if begun.len() == takes.len() {
            token.cancel();
        }
        std::future::ready(())
    };
    let end = heartbeat_with_clock(&clock, &token, Duration::from_millis(period), beat);
    assert_eq!(end.now_or_never(), Some(Reason::Cancelled));
    assert_eq!(begun, beats(period, script));
}

#[test]
fn a_heart_beats_for_days_at_its_ticks() {
    within_deadline(|| {
        let config = cases(128, 3);
        // Mostly on time; now and then a pause of up to a day.
        let late = || prop_oneof![20 => Just(0), 20 => 0..3u64, 1 => 0..86_400_000u64];
        let takes = || prop_oneof![20 => Just(0), 20 => 0..2000u64, 1 => 0..86_400_000u64];
        let script = proptest::collection::vec((late(), takes()), 1..300);
        proptest!(config, |(period in 1000..100_000u64, script in script)| {
            keeps_its_ticks(period, &script);
        });
    });
}
