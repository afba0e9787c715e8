//! Which topics match which patterns.

use patterns::pubsub::{Broker, MAX_LENGTH, PatternError, Subscribe, TopicError};

use crate::scene::{publish_all, taken};
use crate::support::within_deadline;

/// Sees that of these topics exactly those marked `true` match.
#[track_caller]
fn check(pattern: &str, topics: &[(&str, bool)]) {
    let broker = Broker::new();
    let mut subscription = broker.subscribe(Subscribe::to(pattern)).unwrap();
    // Twice: what is looked up may be remembered.
    for _ in 0..2 {
        for &(topic, expected) in topics {
            let matched = broker.publish(topic, topic).unwrap().matched;
            assert_eq!(matched == 1, expected, "pattern {pattern:?}, topic {topic:?}");
            assert_eq!(taken(&mut subscription).len(), matched, "{topic:?} was counted only");
        }
    }
}

#[test]
fn a_star_is_exactly_one_token() {
    within_deadline(|| {
        let topics =
            [("orders.eu", true), ("orders.", true), ("orders", false), ("orders.eu.de", false)];
        check("orders.*", &topics);
        check("*.created", &[("a.created", true), ("created", false), ("a.b.created", false)]);
        check("a.*.c", &[("a.b.c", true), ("a..c", true), ("a.c", false), ("a.b.b.c", false)]);
        check("*", &[("a", true), ("", true), ("a.b", false)]);
        check("*.*", &[("a.b", true), (".", true), ("a", false), ("a.b.c", false)]);
    });
}

#[test]
fn a_rest_is_one_token_or_more() {
    within_deadline(|| {
        let topics =
            [("orders.eu", true), ("orders.eu.de", true), ("orders.", true), ("orders", false)];
        check("orders.>", &topics);
        check(">", &[("a", true), ("", true), ("a.b.c", true)]);
        check("*.>", &[("a.b", true), ("a.b.c", true), ("a", false)]);
        check("a.*.>", &[("a.b.c", true), ("a.b.c.d", true), ("a.b", false), ("b.b.c", false)]);
    });
}

#[test]
fn a_token_may_be_empty_and_any_text() {
    within_deadline(|| {
        check("", &[("", true), (".", false), ("a", false)]);
        check("a.", &[("a.", true), ("a", false), ("a..", false)]);
        check(".a", &[(".a", true), ("a", false)]);
        check("größe.☃", &[("größe.☃", true), ("große.☃", false), ("größe.*☃", false)]);
        check("two words", &[("two words", true), ("two", false)]);
    });
}

#[test]
fn only_a_whole_token_is_a_wildcard() {
    within_deadline(|| {
        check("a*", &[("a*", true), ("ab", false), ("a", false)]);
        check("**", &[("**", true), ("a", false), ("a.b", false)]);
        check("a.b>", &[("a.b>", true), ("a.bc", false), ("a.b.c", false)]);
        check(">>.*", &[(">>.a", true), ("a.b.c", false), ("a.b", false)]);
    });
}

#[test]
fn a_message_that_matches_twice_comes_once() {
    within_deadline(|| {
        let broker = Broker::new();
        let patterns =
            Subscribe::to("orders.*").and("*.created").and(">").and("orders.created").and(">");
        let mut subscription = broker.subscribe(patterns).unwrap();
        for topic in ["orders.created", "orders.paid", "users.created", "users"] {
            assert_eq!(broker.publish(topic, topic).unwrap().matched, 1);
        }
        let topics = ["orders.created", "orders.paid", "users.created", "users"];
        assert_eq!(taken(&mut subscription), topics);
    });
}

#[test]
fn each_of_several_patterns_counts() {
    within_deadline(|| {
        let broker = Broker::new();
        let two = || Subscribe::to("a").and("b.*");
        let mut one = broker.subscribe(two()).unwrap();
        let mut reversed = broker.subscribe(Subscribe::to("b.*").and("a")).unwrap();
        let mut only = broker.subscribe(Subscribe::to("a")).unwrap();
        for (topic, number) in [("b.c", 1), ("a", 2), ("b", 3), ("a.c", 4), ("b.a", 5)] {
            broker.publish(topic, number).unwrap();
        }
        assert_eq!((taken(&mut one), taken(&mut reversed)), (vec![1, 2, 5], vec![1, 2, 5]));
        assert_eq!(taken(&mut only), [2]);
    });
}

#[test]
fn who_comes_and_who_goes_is_seen_by_the_next_message_on_a_known_topic() {
    within_deadline(|| {
        let broker = Broker::new();
        let known = "orders.eu.created";
        assert_eq!(broker.publish(known, 0).unwrap().matched, 0);
        assert_eq!(broker.interest(known), Ok(0));
        let patterns = [known, "orders.*.created", "*.eu.*", "orders.>", ">"];
        let mut all = Vec::new();
        for pattern in patterns {
            all.push(broker.subscribe(Subscribe::to(pattern)).unwrap());
            assert_eq!(broker.interest(known), Ok(all.len()));
            assert_eq!(broker.publish(known, 1).unwrap().matched, all.len(), "with {pattern:?}");
        }
        for (i, one) in all.iter_mut().enumerate() {
            assert_eq!(taken(one).len(), 5 - i);
        }
        for pattern in patterns {
            drop(all.remove(0));
            assert_eq!(broker.interest(known), Ok(all.len()), "without {pattern:?}");
            assert_eq!(broker.publish(known, 2).unwrap().matched, all.len());
        }
    });
}

#[test]
fn one_that_goes_leaves_the_others_with_its_pattern() {
    within_deadline(|| {
        let broker = Broker::new();
        for pattern in ["a.b", "a.*", "*.b", "a.>", ">"] {
            let subscribe = || broker.subscribe(Subscribe::to(pattern)).unwrap();
            let (mut one, other, mut deeper) = (
                subscribe(),
                subscribe(),
                broker.subscribe(Subscribe::to(format!("a.b.c.{pattern}"))).unwrap(),
            );
            assert_eq!(broker.interest("a.b"), Ok(2));
            drop(other);
            assert_eq!(broker.interest("a.b"), Ok(1));
            publish_all(&broker, "a.b", [1]);
            publish_all(&broker, "a.b.c.a.b", [2]);
            let heard = if pattern.ends_with('>') { vec![1, 2] } else { vec![1] };
            assert_eq!(taken(&mut one), heard, "{pattern:?}");
            assert_eq!(taken(&mut deeper), [2], "below {pattern:?}");
        }
    });
}

#[test]
fn a_topic_has_no_wildcards_and_is_not_too_long() {
    within_deadline(|| {
        let broker = Broker::new();
        let all = broker.subscribe(Subscribe::to(">")).unwrap();
        for topic in ["*", ">", "a.*", "*.a", "a.>", ">.a", "a.*.b"] {
            assert_eq!(broker.publish(topic, 1), Err(TopicError::Wildcard), "{topic:?}");
            assert_eq!(broker.interest(topic), Err(TopicError::Wildcard));
        }
        let long = "ä".repeat(MAX_LENGTH / 2);
        assert_eq!(broker.publish(&format!("{long}."), 1), Err(TopicError::TooLong));
        let delivery = broker.publish(&long, 1).unwrap();
        assert_eq!(delivery.sequence, 1, "what was no topic has taken no number");
        drop(all);
    });
}

#[test]
fn a_pattern_has_its_rest_at_the_end_and_is_not_too_long() {
    within_deadline(|| {
        let broker = Broker::<()>::new();
        for pattern in [">.a", "a.>.b", ">.>", ">."] {
            // The first is one; the second is not, and nothing must be left of the first.
            let options = Subscribe::to("a.*").and(pattern);
            let refused = broker.subscribe(options).err();
            assert_eq!(refused, Some(PatternError::RestNotLast), "{pattern:?}");
        }
        let long = "a.".repeat(MAX_LENGTH / 2);
        let refused = broker.subscribe(Subscribe::to(format!("{long}*"))).err();
        assert_eq!(refused, Some(PatternError::TooLong));
        assert_eq!(broker.publish("a.b", ()).unwrap().matched, 0);
        assert!(broker.stats().subscribers.is_empty());
        broker.subscribe(Subscribe::to(long)).map(drop).unwrap();
    });
}

#[test]
fn the_deepest_topic_is_matched_whatever_the_wildcards() {
    within_deadline(|| {
        let broker = Broker::new();
        let depth = MAX_LENGTH / 2;
        let topic = vec!["a"; depth].join(".");
        let pattern = |i: usize| {
            let token = |at| if at % (i + 2) == 0 { "*" } else { "a" };
            Vec::from_iter((0..depth).map(token)).join(".")
        };
        let subscribe = |i| broker.subscribe(Subscribe::to(pattern(i))).unwrap();
        let mut all = Vec::from_iter((0..20).map(subscribe));
        assert_eq!(broker.publish(&topic, 1).unwrap().matched, 20);
        assert_eq!(broker.publish(&topic[..topic.len() - 2], 2).unwrap().matched, 0);
        assert!(all.iter_mut().all(|one| taken(one) == [1]));
    });
}
