//! Random topics, patterns and histories, against what one would write down with a pencil.

use std::collections::BTreeSet;

use patterns::pubsub::{Broker, Ended, Overflow, Replay, Subscribe, TryRecvError};
use proptest::collection::vec;
use proptest::prelude::*;

#[path = "paper.rs"]
mod paper;

use crate::scene::{Listener, broker, matches, messages, n, with_history};
use crate::support::{cases, within_deadline};
use paper::{Paper, Wish};

fn token() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("a"), Just("b"), Just(""), Just("ä☃"), Just("a*"), Just("aa")]
}

fn topic() -> impl Strategy<Value = String> {
    let deep = vec(token(), 30..60);
    prop_oneof![9 => vec(token(), 1..5), 1 => deep].prop_map(|tokens| tokens.join("."))
}

/// A pattern that was a topic, so that it has a chance to match one.
fn pattern() -> impl Strategy<Value = String> {
    let wild = prop_oneof![2 => token(), 1 => Just("*")];
    let deep = vec(prop_oneof![token(), Just("*")], 30..60);
    let tokens = prop_oneof![9 => vec(wild, 1..5), 1 => deep];
    (tokens, prop::bool::weighted(0.25)).prop_map(|(mut tokens, rest)| {
        if rest {
            *tokens.last_mut().expect("there is one") = ">";
        }
        tokens.join(".")
    })
}

#[derive(Debug, Clone)]
enum Change {
    Come(Vec<String>),
    Go(prop::sample::Index),
    Publish(String),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => vec(pattern(), 1..4).prop_map(Change::Come),
        1 => any::<prop::sample::Index>().prop_map(Change::Go),
        4 => topic().prop_map(Change::Publish),
    ]
}

proptest! {
    #![proptest_config(cases(100, 0x70_75_62))]

    #[test]
    fn a_topic_matches_whom_it_matches_token_by_token(
        changes in vec(change(), 1..40),
        cached in 1_usize..6,
    ) {
        within_deadline(move || {
            let broker = Broker::builder().topics(n(cached)).build();
            let mut there = Vec::new();
            let (mut remembered, mut number) = (Vec::new(), 0);
            for change in changes {
                match change {
                    Change::Come(patterns) => {
                        let options = patterns[1..].iter().fold(
                            Subscribe::to(&*patterns[0]),
                            |options, pattern| options.and(pattern),
                        );
                        there.push((broker.subscribe(options).unwrap(), patterns));
                    }
                    Change::Go(_) if there.is_empty() => {}
                    Change::Go(which) => drop(there.swap_remove(which.index(there.len()))),
                    Change::Publish(topic) => remembered.push(topic),
                }
                // All that were published before are published again: some are remembered.
                for topic in remembered.iter().rev().take(3) {
                    number += 1;
                    let matched = broker.publish(topic, number).unwrap().matched;
                    let mut expected = 0;
                    for (subscription, patterns) in &mut there {
                        let fits = patterns.iter().any(|pattern| matches(pattern, topic));
                        let got = messages(subscription);
                        let got = Vec::from_iter(got.iter().map(|message| message.payload));
                        let wanted = if fits { vec![number] } else { vec![] };
                        assert_eq!(got, wanted, "{patterns:?} and {topic:?}");
                        expected += usize::from(fits);
                    }
                    assert_eq!(matched, expected, "{topic:?}");
                }
            }
        });
    }
}

/// One step of a random history; who it concerns is counted among those who are there.
#[derive(Debug, Clone)]
enum Step {
    Subscribe(Wish),
    Publish(usize),
    Receive(usize),
    Ack { who: usize, which: usize },
    Unsubscribe(usize),
    Advance(u64),
    LookAround,
}

fn wish() -> impl Strategy<Value = Wish> {
    let overflow = prop_oneof![
        Just(Overflow::DropOldest),
        Just(Overflow::DropNewest),
        Just(Overflow::Disconnect)
    ];
    let replay = prop_oneof![
        2 => Just(Replay::None),
        1 => (0_usize..6).prop_map(Replay::Last),
        1 => (0_u64..12).prop_map(Replay::Since),
    ];
    let ack = proptest::option::of((1_u64..8, 1_u32..4));
    let alive = proptest::option::weighted(0.3, 1_u64..12);
    let patterns = prop_oneof![Just("a"), Just("*"), Just("b"), Just(">")];
    (patterns, 1_usize..5, overflow, replay, ack, alive).prop_map(
        |(pattern, capacity, overflow, replay, ack, alive)| Wish {
            pattern,
            capacity,
            overflow,
            replay,
            ack,
            alive,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => wish().prop_map(Step::Subscribe),
        8 => (0_usize..3).prop_map(Step::Publish),
        6 => (0_usize..6).prop_map(Step::Receive),
        4 => (0_usize..6, 0_usize..4).prop_map(|(who, which)| Step::Ack { who, which }),
        1 => (0_usize..6).prop_map(Step::Unsubscribe),
        3 => (1_u64..6).prop_map(Step::Advance),
        2 => Just(Step::LookAround),
    ]
}

struct Pair {
    real: Listener<u64>,
    paper: paper::Line,
    held: Vec<patterns::pubsub::Message<u64>>,
}

fn play(history: usize, steps: Vec<Step>) {
    use patterns::pubsub::Duration;
    let (broker, clock) = with_history(history);
    let mut paper = Paper::new(history);
    let mut all: Vec<Pair> = Vec::new();
    for step in steps {
        let told = format!("{step:?}");
        match step {
            Step::Subscribe(wish) => {
                let real = broker.subscribe(wish.options()).unwrap();
                let line = paper.subscribe(wish);
                assert_eq!(real.forgotten(), line.forgotten, "{told}");
                all.push(Pair { real, paper: line, held: Vec::new() });
            }
            Step::Publish(which) => {
                let topic = ["a", "b", "c.d"][which];
                let delivery = broker.publish(topic, 7).unwrap();
                let lines = all.iter_mut().map(|pair| &mut pair.paper);
                let told = (delivery.sequence, delivery.matched, delivery.dropped);
                let expected = paper.publish(topic, lines);
                assert_eq!(told, expected, "number, matched, dropped on {topic:?}: broker, pencil");
            }
            Step::Receive(who) => {
                let Some(pair) = all.get_mut(who) else { continue };
                let got = pair.real.try_recv();
                let said = got.as_ref().map(|message| (message.sequence, message.attempt));
                let (said, expected) =
                    (said.map_err(|&error| error), pair.paper.receive(paper.now));
                assert_eq!(said, expected, "number and attempt at {told}: broker, pencil");
                pair.held.extend(got);
            }
            Step::Ack { who, which } => {
                let Some(pair) = all.get_mut(who) else { continue };
                let Some(message) = pair.held.get(which) else { continue };
                let expected = pair.paper.ack(message.sequence);
                assert_eq!(message.ack(), expected, "{told}: message {}", message.sequence);
            }
            Step::Unsubscribe(who) => {
                let Some(pair) = all.get_mut(who) else { continue };
                let was_there = pair.paper.finish(Ended::Unsubscribed);
                assert_eq!(broker.unsubscribe(pair.real.id()), was_there, "{told}");
            }
            Step::Advance(millis) => {
                clock.advance(Duration::from_millis(millis));
                paper.now += millis;
            }
            Step::LookAround => {
                let stats = broker.stats();
                let lines = all.iter_mut().map(|pair| &mut pair.paper);
                lines.for_each(|line| line.find_dead(paper.now));
                let real = stats.subscribers.iter();
                let real = real.map(|one| (one.lag, one.unacked, one.dropped, one.redelivered));
                let listed = all.iter().filter(|pair| pair.paper.end().is_none());
                let listed = listed.map(|pair| pair.paper.account());
                let (real, listed) = (Vec::from_iter(real), Vec::from_iter(listed));
                assert_eq!(real, listed, "lag, unacked, dropped, redelivered: broker, pencil");
                assert_eq!(stats.published, paper.published, "{told}");
            }
        }
        for pair in &all {
            assert_eq!(pair.real.end(), pair.paper.end(), "end, after {told}: broker, pencil");
        }
    }
    for pair in &mut all {
        assert_eq!(pair.real.lagged(), pair.paper.dropped);
    }
    // The last handle goes: each gives what it has, and ends, or waits for acks.
    drop(broker);
    for Pair { real, paper: line, .. } in &mut all {
        line.close();
        loop {
            let (got, expected) = (real.try_recv(), line.receive(paper.now));
            let got = got.map(|message| (message.sequence, message.attempt));
            assert_eq!(got, expected, "after the last handle has gone");
            if got.is_err() {
                break;
            }
        }
        assert!(matches!(real.try_recv(), Err(TryRecvError::Empty | TryRecvError::Ended(_))));
    }
}

proptest! {
    #![proptest_config(cases(400, 0x73_75_62))]

    #[test]
    fn a_broker_does_as_one_would_with_a_pencil(
        history in 0_usize..6,
        steps in vec(step(), 1..80),
    ) {
        within_deadline(move || play(history, steps));
    }

    #[test]
    fn what_is_lost_and_what_is_given_is_all_there_was(
        capacities in vec((1_usize..9, any::<bool>()), 1..6),
        takes in vec(vec(0_usize..4, 6), 1..60),
    ) {
        within_deadline(move || {
            let (broker, _clock) = broker();
            let subscribe = |&(capacity, newest): &(usize, bool)| {
                let overflow = if newest { Overflow::DropNewest } else { Overflow::DropOldest };
                let options = Subscribe::to("a").capacity(n(capacity)).overflow(overflow);
                broker.subscribe(options).unwrap()
            };
            let mut all = Vec::from_iter(capacities.iter().map(subscribe));
            let mut given = vec![BTreeSet::new(); all.len()];
            let (mut published, mut dropped) = (0, 0);
            for row in takes {
                published += 1;
                dropped += broker.publish("a", published).unwrap().dropped as u64;
                for (i, one) in all.iter_mut().enumerate() {
                    for _ in 0..row[i] {
                        let Ok(message) = one.try_recv() else { break };
                        assert!(given[i].last().is_none_or(|&last| last < message.sequence));
                        given[i].insert(message.sequence);
                    }
                }
            }
            let mut lost = 0;
            for (i, one) in all.iter_mut().enumerate() {
                given[i].extend(messages(one).iter().map(|message| message.sequence));
                let lagged = one.lagged();
                assert_eq!(given[i].len() as u64 + lagged, published, "the {i}-th");
                lost += lagged;
            }
            assert_eq!(lost, dropped, "who published was told of each");
        });
    }
}
