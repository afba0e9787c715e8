//! Three clients at a door that lets each of them through three times at once, and then five times a
//! second; and a worker that waits for its turn instead.
//!
//! `cargo run -p solutions --example rate_limit`

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use solutions::rate_limiter::{KeyedLimiter, Rate, RateError, RateLimiter};
use tokio::time::{Instant, sleep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RateError> {
    let (rate, burst) = (Rate::per_second(5.0)?, NonZeroU32::new(3).expect("three"));
    let capacity = NonZeroUsize::new(10_000).expect("some");

    let door = KeyedLimiter::<String>::new(rate, burst, capacity);
    for round in 1..=3 {
        for (client, asks) in [("ann", 1), ("bob", 3), ("eve", 50)] {
            let passed = (0..asks).filter(|_| door.allow(client)).count();
            println!("round {round}: {client} asks {asks} times, and passes {passed} times");
        }
        sleep(Duration::from_millis(400)).await;
    }

    let pace = RateLimiter::new(rate, burst);
    let start = Instant::now();
    for job in 1..=8 {
        pace.acquire().await;
        println!("job {job} starts after {:.1} s", start.elapsed().as_secs_f64());
        if job == 5 {
            println!("from here on twenty a second");
            pace.set_rate(Rate::per_second(20.0)?);
        }
    }
    Ok(())
}
