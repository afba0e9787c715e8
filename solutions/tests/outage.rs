//! The example goes through the states in the order that the book shows.

#![cfg(feature = "circuit_breaker")]

// Its `main` only prints.
#[allow(dead_code)]
#[path = "../examples/outage.rs"]
mod example;

use std::cell::RefCell;

use solutions::circuit_breaker::State::{Closed, HalfOpen, Open};

#[tokio::test(start_paused = true)]
async fn the_outage_goes_through_every_state_and_ends_well() {
    let states = RefCell::new(Vec::new());
    example::outage(&|event| states.borrow_mut().push(event.state)).await;
    let mut states = states.into_inner();
    states.dedup();
    assert_eq!(states, [Closed, Open, HalfOpen, Open, HalfOpen, Closed]);
}
