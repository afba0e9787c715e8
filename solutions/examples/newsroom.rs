//! An evening in a newsroom: three correspondents publish, four desks read. One reads everything, one
//! what it needs, one is asleep, and one has a press that jams; somebody comes late.
//!
//! `cargo run -p solutions --example newsroom`

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use solutions::pubsub::{Broker, Ended, Replay, Subscribe, Subscription};
use tokio::task::JoinSet;

/// What has come to a desk when the evening is over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Desk {
    pub(crate) name: &'static str,
    /// The stories by their numbers, in the order in which they came.
    pub(crate) stories: Vec<u64>,
    /// How many came again, as nobody had acked them.
    pub(crate) again: usize,
    pub(crate) lost: u64,
    pub(crate) end: Ended,
}

impl fmt::Display for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, stories, again, lost, end } = self;
        write!(f, "{name:8} {stories:?}, {again} again, {lost} lost; {end}")
    }
}

/// Reads until there is nothing more; `done` says whether a story is done with, or is to come again.
async fn read(
    name: &'static str,
    mut stories: Subscription<String>,
    done: impl Fn(u64, u32) -> bool,
) -> Desk {
    let (mut numbers, mut again) = (Vec::new(), 0);
    while let Some(story) = stories.recv().await {
        again += usize::from(story.attempt > 1);
        if done(story.sequence, story.attempt) {
            story.ack();
            numbers.push(story.sequence);
        }
    }
    let lost = stories.lagged();
    let end = stories.end().expect("it has given its last");
    Desk { name, stories: numbers, again, lost, end }
}

/// Publishes four stories, and lets the others run in between.
async fn correspond(broker: Broker<String>, field: &'static str) {
    for (number, news) in ["rumour", "report", "doubt", "final"].into_iter().enumerate() {
        let topic = format!("{field}.{news}");
        broker.publish(&topic, format!("{news} no. {number}")).expect("it is a topic");
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn evening() -> Vec<Desk> {
    let broker = Broker::builder().history(100).build();
    let subscribe = |options| broker.subscribe(options).expect("these are patterns");
    let mut desks = JoinSet::new();
    desks.spawn(read("editor", subscribe(Subscribe::to(">")), |_, _| true));
    let sports = Subscribe::to("sports.*").and("*.rumour");
    desks.spawn(read("sports", subscribe(sports), |_, _| true));
    // The press jams at each story with an even number, once.
    let press = Subscribe::to("*.final").ack_within(Duration::from_millis(20));
    desks.spawn(read("press", subscribe(press), |number, attempt| number % 2 == 1 || attempt == 2));
    let four = NonZeroUsize::new(4).expect("it is not zero");
    let archive = subscribe(Subscribe::to(">").name("archive").capacity(four));

    let mut fields = JoinSet::new();
    for field in ["politics", "sports", "weather"] {
        fields.spawn(correspond(broker.clone(), field));
    }
    fields.join_all().await;
    let stats = broker.stats();
    let asleep = stats.by_name("archive").expect("it has not gone");
    println!("{} stories; {} wait for the archive", stats.published, asleep.lag);

    let late = subscribe(Subscribe::to("*.doubt").and("*.final").replay(Replay::Last(2)));
    desks.spawn(read("archive", archive, |_, _| true));
    desks.spawn(read("late", late, |_, _| true));
    drop(broker);
    let mut desks = desks.join_all().await;
    desks.sort_by_key(|desk| desk.name);
    desks
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for desk in evening().await {
        println!("{desk}");
    }
}
