//! What the example prints, on a clock that does not have to be waited for.

// Its `main` only prints.
#![allow(dead_code)]

#[path = "../examples/newsroom.rs"]
mod newsroom;

use newsroom::{Desk, evening};
use solutions::pubsub::Ended;

#[tokio::test(start_paused = true)]
async fn each_desk_has_what_it_asked_for() {
    let desk = |name, stories: &[u64], again, lost| {
        let (stories, end) = (stories.to_vec(), Ended::Closed);
        Desk { name, stories, again, lost, end }
    };
    let all = Vec::from_iter(1..=12);
    let expected = [
        desk("archive", &all[8..], 0, 8),
        desk("editor", &all, 0, 0),
        desk("late", &[11, 12], 0, 0),
        desk("press", &[11, 10, 12], 2, 0),
        desk("sports", &[1, 2, 3, 5, 8, 11], 0, 0),
    ];
    assert_eq!(evening().await, expected);
}
