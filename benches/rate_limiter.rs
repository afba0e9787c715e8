//! What does it cost to allow a request, and to refuse one?
//!
//! `cargo bench -p benches --bench rate_limiter -- --table`

use benches::rate_limiter::{Governor, Limiter, Locked, MakeClock, Quanta, RatelimitStill, Still};
use benches::{Bench, Group, race_threads, timed};
use governor::clock::{FakeRelativeClock, QuantaClock};
use governor::{Quota, RateLimiter as AnyGovernor};
use loomscope::time::SystemClock;
use ratelimit::{Ratelimiter, StdClock};
use reference::rate_limiter::{KeyedLimiter, Rate};
use std::hint::black_box;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// More tokens than a run takes.
const ENOUGH: NonZeroU32 = NonZeroU32::new(1 << 30).unwrap();
const HOUR: Duration = Duration::from_secs(3_600);

fn main() {
    benches::run("What does it cost to allow a request, and to refuse one?", |bench| {
        for (threads, threads_do) in [(1, "one thread"), (2, "two threads")] {
            for (answer, is) in [(Answer::Yes, "allowed"), (Answer::No, "refused")] {
                let work = Work { answer, threads };
                each_by_its_own_clock(bench, work, &format!("{threads_do}, {is}"));
                by_a_clock_for_free(bench, work, &format!("{threads_do}, {is}, time stands still"));
            }
        }
        for (threads, name) in [(1, "one thread"), (2, "two threads")] {
            keyed(bench, threads, &format!("1000 keys, {name}"));
        }
    });
}

#[derive(Clone, Copy)]
enum Answer {
    Yes,
    No,
}

#[derive(Clone, Copy)]
struct Work {
    answer: Answer,
    threads: u64,
}

impl Work {
    fn measure<L: Limiter>(self, times: u64) -> Duration {
        let limiter = match self.answer {
            Answer::Yes => L::with_interval(Duration::from_nanos(1), ENOUGH),
            Answer::No => L::with_interval(HOUR, NonZeroU32::MIN),
        };
        if let Answer::No = self.answer {
            assert!(limiter.allow(), "the only token for an hour");
        }
        race(self.threads, times, |_| _ = black_box(limiter.allow()))
    }
}

/// So many calls in all, on so many threads.
fn race(threads: u64, times: u64, call: impl Fn(u64) + Sync) -> Duration {
    let call = &call;
    match threads {
        1 => timed(|| (0..times).for_each(call)),
        _ => race_threads(
            (0..threads).map(|_| move || (0..times / threads).for_each(call)).collect(),
        ),
    }
}

fn group<'a, 'b>(bench: &'a mut Bench, threads: u64, name: &str) -> Group<'a, 'b> {
    match threads {
        1 => bench.one_thread(name),
        _ => bench.two_threads(name).batch(threads),
    }
}

type Ours<C> = reference::rate_limiter::RateLimiter<C>;
#[cfg(feature = "yours-rate_limiter")]
type Yours<C> = yours::rate_limiter::RateLimiter<C>;

/// Adds ours on a clock, and yours.
fn ours<'a, 'b, C: MakeClock>(
    group: Group<'a, 'b>,
    work: Work,
    name: &'static str,
) -> Group<'a, 'b> {
    let group = group.contestant(name, move |times| work.measure::<Ours<C>>(times));
    #[cfg(feature = "yours-rate_limiter")]
    let group = group.contestant("yours", move |times| work.measure::<Yours<C>>(times));
    group
}

fn each_by_its_own_clock(bench: &mut Bench, work: Work, name: &str) {
    let group = ours::<SystemClock>(group(bench, work.threads, name), work, "reference");
    group
        .contestant("reference, quanta's clock", |times| work.measure::<Ours<Quanta>>(times))
        .contestant("governor (quanta)", |times| work.measure::<Governor<QuantaClock>>(times))
        .contestant("ratelimit", |times| work.measure::<Ratelimiter<StdClock>>(times))
        .contestant("a lock", |times| work.measure::<Locked<false>>(times))
        .run();
}

fn by_a_clock_for_free(bench: &mut Bench, work: Work, name: &str) {
    let group = ours::<Still>(group(bench, work.threads, name), work, "reference");
    group
        .contestant("governor", |times| work.measure::<Governor<FakeRelativeClock>>(times))
        .contestant("ratelimit", |times| work.measure::<Ratelimiter<RatelimitStill>>(times))
        .contestant("a lock", |times| work.measure::<Locked<true>>(times))
        .run();
}

/// Keys that are all known, and always allowed.
fn keyed(bench: &mut Bench, threads: u64, name: &str) {
    const KEYS: u64 = 1_000;
    let ours = |times| {
        let rate = Rate::new(1, Duration::from_nanos(1)).expect("a rate");
        let limiter = KeyedLimiter::with_clock(
            rate,
            ENOUGH,
            NonZeroUsize::new(16 * KEYS as usize).expect("some"),
            Quanta::make(),
        );
        race(threads, times, |i| _ = black_box(limiter.allow(&(i % KEYS))))
    };
    let governor = |times| {
        let quota = Quota::with_period(Duration::from_nanos(1)).expect("a rate");
        let limiter = AnyGovernor::hashmap(quota.allow_burst(ENOUGH));
        race(threads, times, |i| _ = black_box(limiter.check_key(&(i % KEYS)).is_ok()))
    };
    group(bench, threads, name)
        .contestant("reference, quanta's clock", ours)
        .contestant("governor, one map (quanta)", governor)
        .run();
}
