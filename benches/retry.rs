//! What does a policy cost when nothing fails, and what does a retry cost apart from its wait?
//!
//! `cargo bench -p benches --bench retry -- --table`

use backon::{ExponentialBuilder, Retryable};
use benches::{Bench, Group, current_thread, race_threads};
use std::future::{Future, ready};
use std::hint::black_box;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::yield_now;

/// Waits that nobody waits for: each contestant has a clock, or a sleeper, that is ready at once.
const BASE: Duration = Duration::from_millis(100);
const CAP: Duration = Duration::from_secs(10);
/// The number of the attempt that succeeds, where the first does not.
const LAST: u32 = 4;

/// What a backoff that never waits has to be read with.
const REMARK: &str = "backon knows neither of cancellation nor of a budget, and has a generator of its own \
    for each call; ours asks the thread's.";

fn main() {
    benches::run("What does a policy cost when nothing fails, and a retry?", |bench| {
        let runtime = &current_thread();
        let at_once = bench.one_thread("a call that succeeds at once");
        compare(at_once, runtime, |_| ready(Ok(())));
        let waits = bench.one_thread("a call that waits once, and succeeds");
        compare(waits, runtime, |_| async {
            yield_now().await;
            Ok(())
        });
        let retries = bench.one_thread("a call with three retries that need not wait");
        compare(retries, runtime, |attempt| ready(if attempt < LAST { Err(()) } else { Ok(()) }));
        budgets(bench);
    });
}

/// How long so many calls take, one after the other.
fn by_turns<F: Future<Output = bool>>(
    runtime: &Runtime,
    times: u64,
    call: impl Fn() -> F,
) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        for _ in 0..times {
            assert!(black_box(call().await));
        }
        start.elapsed()
    })
}

/// The same for the reference and for yours, which differ in their types.
macro_rules! patterns {
    ($name:ident, $patterns:ident) => {
        mod $name {
            use std::future::Future;
            use std::num::NonZeroU32;
            use std::time::Duration;

            use tokio::runtime::Runtime;
            use tokio::time::Instant;
            use $patterns::retry::{
                Backoff, CancelToken, Clock, Jitter, Retry, RetryBudget, retry,
            };

            use super::{BASE, CAP, by_turns};

            struct NoWait(Instant);

            impl Clock for NoWait {
                fn now(&self) -> Instant {
                    self.0
                }

                async fn sleep_until(&self, _: Instant) {}
            }

            /// So many calls of `op`, with or without jitter and a budget that is full.
            pub(crate) fn calls<F: Future<Output = Result<(), ()>>>(
                (runtime, times): (&Runtime, u64),
                jitter: bool,
                budget: bool,
                op: impl Fn(u32) -> F + Copy,
            ) -> Duration {
                let jitter = if jitter { Jitter::Full } else { Jitter::None };
                let policy =
                    Backoff::new(BASE, CAP).and_then(|policy| policy.jitter(jitter)).unwrap();
                let mut policy = policy.with_clock(NoWait(Instant::now()));
                if budget {
                    policy = policy.budget(self::budget());
                }
                let token = CancelToken::new();
                by_turns(runtime, times, async || {
                    let attempt = async |attempt| op(attempt).await.map_err(Retry::Transient);
                    retry(&policy, &token, attempt).await.is_ok()
                })
            }

            /// A budget with retries for all who ask.
            pub(crate) fn budget() -> RetryBudget {
                RetryBudget::new(100, NonZeroU32::MAX)
            }
        }
    };
}

patterns!(ours, reference);
#[cfg(feature = "yours-retry")]
patterns!(theirs, yours);

/// Calls of `op` by all contestants.
fn compare<'b, F, Op>(group: Group<'_, 'b>, runtime: &'b Runtime, op: Op)
where
    F: Future<Output = Result<(), ()>>,
    Op: Fn(u32) -> F + Copy + 'b,
{
    let group = group
        .contestant("reference", move |times| ours::calls((runtime, times), false, false, op))
        .contestant("reference, jitter", move |times| {
            ours::calls((runtime, times), true, false, op)
        })
        .contestant("reference, budget", move |times| {
            ours::calls((runtime, times), false, true, op)
        });
    #[cfg(feature = "yours-retry")]
    let group =
        group.contestant("yours", move |times| theirs::calls((runtime, times), false, false, op));
    group
        .contestant("backon", move |times| with_backon(runtime, times, policy(), op))
        .contestant("backon, jitter", move |times| {
            with_backon(runtime, times, policy().with_jitter(), op)
        })
        .contestant("a bare loop", move |times| {
            by_turns(runtime, times, async || {
                let mut attempt = 1;
                while op(attempt).await.is_err() {
                    attempt += 1;
                }
                true
            })
        })
        .remark(REMARK)
        .run();
}

fn policy() -> ExponentialBuilder {
    ExponentialBuilder::new().with_min_delay(BASE).with_max_delay(CAP).with_max_times(4)
}

fn with_backon<F: Future<Output = Result<(), ()>>>(
    runtime: &Runtime,
    times: u64,
    policy: ExponentialBuilder,
    op: impl Fn(u32) -> F + Copy,
) -> Duration {
    by_turns(runtime, times, async || {
        let mut attempts = 0;
        let attempt = || {
            attempts += 1;
            op(attempts)
        };
        attempt.retry(policy).sleep(|_| ready(())).await.is_ok()
    })
}

/// A budget that all calls share: what two threads do to it while nothing fails, and when all does.
fn budgets(bench: &mut Bench) {
    let (full, used) = (ours::budget(), ours::budget());
    bench
        .two_threads("a budget: a call pays in, by two threads")
        .contestant("full", |times| by_two(times, || full.deposit()))
        .contestant("not full, and a retry", |times| {
            by_two(times, || {
                used.deposit();
                assert!(used.withdraw());
            })
        })
        .run();
}

fn by_two(times: u64, step: impl Fn() + Sync) -> Duration {
    let step = &step;
    let bodies =
        [times / 2, times - times / 2].map(|times| move || (0..times).for_each(|_| step()));
    race_threads(Vec::from(bodies))
}
