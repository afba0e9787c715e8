//! Random scripts against a queue so simple that anybody sees that it is right.

use patterns::priority_queue::{Priority, PriorityQueue};
use proptest::prelude::*;

use crate::most_overtakers;
use crate::support::{cases, within_deadline};

#[derive(Debug, Clone, Copy)]
enum Step {
    Push(Priority),
    Pop,
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => prop::sample::select(&Priority::ALL[..]).prop_map(Step::Push),
        24 => Just(Step::Pop),
        1 => Just(Step::Clear),
    ]
}

/// Patience, and what is done.
fn script() -> impl Strategy<Value = (u32, Vec<Step>)> {
    let patience = prop_oneof![4 => 0..6_u32, 1 => any::<u32>()];
    (patience, prop::collection::vec(step(), 0..120))
}

/// All that wait, in the order of arrival: whoever is served is looked for from one end to the other.
struct Naive {
    patience: u32,
    arrivals: u64,
    waiting: Vec<(u64, Priority)>,
}

impl Naive {
    fn push(&mut self, priority: Priority) -> u64 {
        self.waiting.push((self.arrivals, priority));
        self.arrivals += 1;
        self.arrivals - 1
    }

    fn next(&self) -> Option<(u64, Priority)> {
        let due = |(arrival, priority)| arrival + most_overtakers(priority, self.patience);
        self.waiting.iter().copied().min_by_key(|&waiting| (due(waiting), waiting.1))
    }

    fn pop(&mut self) -> Option<(u64, Priority)> {
        let next = self.next()?;
        self.waiting.retain(|&waiting| waiting != next);
        Some(next)
    }
}

#[test]
fn it_serves_as_the_naive_queue_does() {
    within_deadline(|| {
        proptest!(cases(256, 1), |((patience, script) in script())| {
            let mut queue = PriorityQueue::new(patience);
            let mut naive = Naive { patience, arrivals: 0, waiting: Vec::new() };
            for step in script {
                match step {
                    Step::Push(priority) => queue.push(naive.push(priority), priority),
                    Step::Pop => assert_eq!(queue.pop(), naive.pop(), "I1: who is served"),
                    Step::Clear => {
                        queue.clear();
                        naive.waiting.clear();
                    }
                }
                let seen = queue.peek().map(|(item, priority)| (*item, priority));
                assert_eq!(seen, naive.next(), "who is seen after {step:?}");
                assert_eq!(queue.len(), naive.waiting.len(), "how many wait after {step:?}");
            }
        });
    });
}

/// What is known of an item while it waits.
struct Waiting {
    item: u64,
    priority: Priority,
    /// How many it found there.
    found: u64,
    /// How many were served since, and how many of these came later than it did.
    served: u64,
    overtaken: u64,
}

/// The bound is counted here, and not derived: it holds whatever the order is made of.
#[test]
fn nobody_waits_longer_than_promised() {
    within_deadline(|| {
        proptest!(cases(256, 2), |((patience, script) in script())| {
            let mut queue = PriorityQueue::new(patience);
            let (mut waiting, mut item) = (Vec::<Waiting>::new(), 0);
            for step in script {
                if let Step::Push(priority) = step {
                    let found = queue.len() as u64;
                    queue.push(item, priority);
                    waiting.push(Waiting { item, priority, found, served: 0, overtaken: 0 });
                    item += 1;
                } else if let Some((served, _)) = queue.pop() {
                    waiting.retain(|waits| waits.item != served);
                    for waits in &mut waiting {
                        waits.served += 1;
                        waits.overtaken += u64::from(served > waits.item);
                    }
                }
                for waits in &waiting {
                    let most = most_overtakers(waits.priority, patience);
                    assert!(waits.overtaken <= most, "I3: {:?} was overtaken too often", waits.priority);
                    assert!(waits.served <= waits.found + most, "I3: too many were served before it");
                }
            }
        });
    });
}
