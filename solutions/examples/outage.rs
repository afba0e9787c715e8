//! A service goes down for a while; a breaker goes through its states.
//!
//! `cargo run -p solutions --example outage`
//!
//! One call a second. A well service answers in 0.2 s, one that is down lets you wait 1.5 s. Time is
//! tokio's, and paused: it jumps from one event to the next.

use std::num::NonZeroU32;
use std::time::Duration;

use futures::future::join_all;
use solutions::circuit_breaker::{CallError, CircuitBreaker, State};
use tokio::time::{Instant, sleep, sleep_until};

/// From when to when the service is down, in seconds.
const DOWN: std::ops::Range<u64> = 3..14;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    println!("    time  breaker    what happened");
    outage(&|Event { at, state, what }| {
        let state = match state {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half-open",
        };
        println!("{:>6.1} s  {state:<9}  {what}", at.as_secs_f64());
    })
    .await;
}

/// What happened, and the state of the breaker then.
pub(crate) struct Event {
    at: Duration,
    pub(crate) state: State,
    what: String,
}

/// Calls a service once a second, before, during and after its outage, and tells of each call.
pub(crate) async fn outage(tell: &dyn Fn(Event)) {
    let breaker = CircuitBreaker::builder()
        .failure_threshold(NonZeroU32::new(3).expect("three is more than none"))
        .cooldown(Duration::from_secs(4))
        .build();
    let start = Instant::now();
    let tell = |what| tell(Event { at: start.elapsed(), state: breaker.state(), what });
    let client = async |second: u64| {
        sleep_until(start + Duration::from_secs(second)).await;
        let called = breaker.call(|| {
            if breaker.state() == State::HalfOpen {
                tell(format!("call {second} goes out: the probe"));
            }
            answer(second)
        });
        tell(match called.await {
            Ok(()) => format!("call {second} has succeeded"),
            Err(CallError::Inner(error)) => format!("call {second} has failed: {error}"),
            Err(CallError::Open { retry_in: Duration::ZERO }) => {
                format!("call {second} is rejected: the probe is still out")
            }
            Err(CallError::Open { retry_in }) => {
                let seconds = retry_in.as_secs_f64();
                format!("call {second} is rejected: retry in {seconds:.1} s")
            }
        });
    };
    join_all((0..20).map(client)).await;
}

/// What the service does with a call of this second.
async fn answer(second: u64) -> Result<(), &'static str> {
    if DOWN.contains(&second) {
        sleep(Duration::from_millis(1500)).await;
        return Err("timed out");
    }
    sleep(Duration::from_millis(200)).await;
    Ok(())
}
