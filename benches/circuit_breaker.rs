//! What does a circuit breaker cost, while the service is well and while it is down?
//!
//! `cargo bench -p benches --bench circuit_breaker -- --table`

use benches::circuit_breaker::{Breaker, CoarseClock, Failsafe};
use benches::{Group, race_threads, timed};
use futures::FutureExt;
use recloser::{AsyncRecloser, Recloser};
use reference::circuit_breaker::{CircuitBreaker, SystemClock};
use std::hint::black_box;
use std::time::Duration;

/// Longer than any run.
const COOLDOWN: Duration = Duration::from_secs(3600);

fn main() {
    benches::run(
        "What does a circuit breaker cost, while all is well and while it is open?",
        |bench| {
            compare(bench.one_thread("closed and well"), &Calls { threads: 1, open: false });
            compare(
                bench.two_threads("closed and well, 2 threads"),
                &Calls { threads: 2, open: false },
            );
            compare(bench.one_thread("open, rejected"), &Calls { threads: 1, open: true });
            compare(
                bench.two_threads("open, rejected, 2 threads"),
                &Calls { threads: 2, open: true },
            );
            futures(bench.one_thread("closed and well, a future"));
        },
    );
}

/// Calls that do nothing, from so many threads.
struct Calls {
    threads: u64,
    open: bool,
}

impl Calls {
    fn measure<B: Breaker>(&self, times: u64) -> Duration {
        let breaker = if self.open { B::opened(COOLDOWN) } else { B::with_cooldown(COOLDOWN) };
        let each = times / self.threads;
        let calls = || {
            for number in 0..each {
                black_box(black_box(&breaker).call(|| Ok(black_box(number))));
            }
        };
        match self.threads {
            1 => timed(calls),
            threads => race_threads(vec![calls; threads as usize]),
        }
    }
}

/// Measures every breaker there is.
fn compare<'b>(group: Group<'_, 'b>, calls: &'b Calls) {
    let group = group
        .batch(calls.threads)
        .contestant("reference", |times| calls.measure::<CircuitBreaker<SystemClock>>(times));
    let group = if calls.open {
        group.contestant("… coarse clock", |times| {
            calls.measure::<CircuitBreaker<CoarseClock>>(times)
        })
    } else {
        group
    };
    #[cfg(feature = "yours-circuit_breaker")]
    let group = group.contestant("yours", |times| {
        calls.measure::<yours::circuit_breaker::CircuitBreaker<SystemClock>>(times)
    });
    group
        .contestant("recloser", |times| calls.measure::<Recloser>(times))
        .contestant("failsafe", |times| calls.measure::<Failsafe>(times))
        .run();
}

/// A call that is a future, and ready at once.
fn futures(group: Group<'_, '_>) {
    let reference = CircuitBreaker::<SystemClock>::with_cooldown(COOLDOWN);
    let recloser = AsyncRecloser::from(Recloser::with_cooldown(COOLDOWN));
    let answer = |number| async move { Ok::<u64, ()>(black_box(number)) };
    let group = group.contestant("reference", |times| {
        timed(|| {
            for number in 0..times {
                let call = reference.call(|| answer(number));
                _ = black_box(call.now_or_never());
            }
        })
    });
    #[cfg(feature = "yours-circuit_breaker")]
    let yours = yours::circuit_breaker::CircuitBreaker::<SystemClock>::with_cooldown(COOLDOWN);
    #[cfg(feature = "yours-circuit_breaker")]
    let group = group.contestant("yours", |times| {
        timed(|| {
            for number in 0..times {
                let call = yours.call(|| answer(number));
                _ = black_box(call.now_or_never());
            }
        })
    });
    group
        .contestant("recloser", |times| {
            timed(|| {
                for number in 0..times {
                    let call = recloser.call(answer(number));
                    _ = black_box(call.now_or_never());
                }
            })
        })
        .run();
}
