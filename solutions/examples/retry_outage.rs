//! Five hundred clients lose their server at the same moment. When are they back?
//!
//! `cargo run -p solutions --example retry_outage`
//!
//! The server is down for two seconds, and then takes thirty calls in a tenth of a second. Time is
//! virtual: the half minute is over at once.

use std::cell::RefCell;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use solutions::retry::{Backoff, CancelToken, Jitter, Retry, RetryBudget, retry};
use tokio::task::LocalSet;
use tokio::time::Instant;

const CLIENTS: usize = 500;
const DOWN: usize = 20;
const CAPACITY: usize = 30;
const MS: Duration = Duration::from_millis(1);

/// A server that counts who comes, and when.
struct Server {
    start: Instant,
    /// The attempts in each tenth of a second.
    load: RefCell<Vec<usize>>,
}

impl Server {
    fn call(&self) -> Result<(), Retry<&'static str>> {
        let tenth = (self.start.elapsed().as_millis() / 100) as usize;
        let mut load = self.load.borrow_mut();
        if load.len() <= tenth {
            load.resize(tenth + 1, 0);
        }
        load[tenth] += 1;
        if tenth < DOWN {
            Err(Retry::Transient("connection refused"))
        } else if load[tenth] > CAPACITY {
            Err(Retry::Transient("overloaded"))
        } else {
            Ok(())
        }
    }
}

fn main() {
    let times = |number| NonZeroU32::new(number).expect("not zero");
    let policy = |jitter| {
        let policy = Backoff::new(100 * MS, 2000 * MS).and_then(|policy| policy.jitter(jitter));
        policy.expect("a base below the cap, and a fraction below 1").attempts(times(20))
    };
    simulate("no jitter", policy(Jitter::None));
    simulate("a tenth more or less", policy(Jitter::Fraction(0.1)));
    simulate("full jitter", policy(Jitter::Full));
    let budget = RetryBudget::new(10, times(100));
    simulate(
        "full jitter, and a budget of 10 %, with 100 in reserve",
        policy(Jitter::Full).budget(budget),
    );
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn simulate(name: &str, policy: Backoff) {
    let server = Rc::new(Server { start: Instant::now(), load: RefCell::default() });
    let (clients, mut calls) = (LocalSet::new(), Vec::new());
    for client in 0..CLIENTS as u64 {
        // A seed of their own, so that every run prints the same.
        let (server, policy) = (server.clone(), policy.clone().rng(client));
        calls.push(clients.spawn_local(async move {
            retry(&policy, &CancelToken::new(), async |_| server.call()).await
        }));
    }
    clients.await;
    let mut served = 0;
    for call in calls {
        served += usize::from(call.await.expect("no call panics").is_ok());
    }
    print(name, served, &server.load.borrow());
}

/// A bar for each second: the busiest tenth of it.
fn print(name: &str, served: usize, load: &[usize]) {
    println!("{name}: {served} of {CLIENTS} served, {} attempts", load.iter().sum::<usize>());
    for (second, load) in load.chunks(10).enumerate() {
        let busiest = load.iter().max().expect("no chunk is empty");
        println!("{second:>4} s {busiest:>4} {}", "#".repeat(busiest / 20));
    }
    println!();
}
