//! The numbers that the example prints, on a clock that does not have to be waited for.

// Its `main` only prints.
#![allow(dead_code)]

#[path = "../examples/one_fetch.rs"]
mod one_fetch;

use one_fetch::{Tally, crowd};

#[tokio::test(start_paused = true)]
async fn fifty_callers_and_one_fetch() {
    let one_for_all = Tally { own: 1, shared: 49, gave_up: 0, asked: 1, answered: 1 };
    assert_eq!(crowd(50, 0).await, one_for_all);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_survives_those_who_give_up() {
    let driven_on = Tally { own: 0, shared: 40, gave_up: 10, asked: 1, answered: 1 };
    assert_eq!(crowd(50, 10).await, driven_on);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_nobody_waits_for_ends() {
    let dropped = Tally { own: 0, shared: 0, gave_up: 50, asked: 1, answered: 0 };
    assert_eq!(crowd(50, 50).await, dropped);
}
