//! Every interleaving of two who use one key.

use std::sync::Arc;

use loomscope::{Model, thread};
use patterns::keyed_map::KeyedMap;

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/keyed_map")
}

/// Adds to the key's value, which is 0 where there is none.
fn add(map: &KeyedMap<u32, u32>, key: u32, n: u32) {
    map.update(key, |value| Some(value.unwrap_or(0) + n));
}

#[test]
fn two_updates_of_a_key_lose_nothing() {
    model("I2: an update is one step").check(|| {
        let map = Arc::new(KeyedMap::new());
        let theirs = map.clone();
        let other = thread::spawn_named("other", move || add(&theirs, 7, 1));
        add(&map, 7, 2);
        other.join().unwrap();
        assert_eq!(map.get(&7), Some(3), "I2: an update is lost");
    });
}

#[test]
fn a_reader_sees_the_old_value_or_the_new_one() {
    model("I2: nobody sees a key in the middle of an update").check(|| {
        let map = Arc::new(KeyedMap::new());
        map.insert(7, 1);
        let theirs = map.clone();
        let writer = thread::spawn_named("writer", move || {
            add(&theirs, 7, 1);
            theirs.insert(7, 3)
        });
        let [first, second] = [map.get(&7), map.get(&7)].map(|seen| seen.unwrap_or(0));
        assert!(first != 0 && second != 0, "I2: the key was there all the time");
        assert!(first <= second, "I2: {second} was seen after {first}");
        assert_eq!(writer.join().unwrap(), Some(2));
    });
}

#[test]
fn an_update_comes_before_a_remove_or_after_it() {
    model("I2: an update and a remove come one after the other").check(|| {
        let map = Arc::new(KeyedMap::new());
        map.insert(7, 1);
        let theirs = map.clone();
        let remover = thread::spawn_named("remover", move || theirs.remove(&7));
        add(&map, 7, 10);
        let outcome = (remover.join().unwrap(), map.get(&7));
        let allowed = [(Some(11), None), (Some(1), Some(10))];
        assert!(allowed.contains(&outcome), "I2: removed, left: {outcome:?}");
    });
}

#[test]
fn of_two_inserts_the_second_returns_the_first() {
    model("I2: two inserts come one after the other").check(|| {
        let map = Arc::new(KeyedMap::new());
        let theirs = map.clone();
        let other = thread::spawn_named("other", move || theirs.insert(7, 1));
        let ours = map.insert(7, 2);
        let outcome = (other.join().unwrap(), ours, map.get(&7));
        let allowed = [(None, Some(1), Some(2)), (Some(2), None, Some(1))];
        assert!(allowed.contains(&outcome), "I2: replaced by each, left: {outcome:?}");
    });
}

#[test]
fn the_length_counts_what_is_there_all_the_time() {
    model("I2: a length counts what stays, and nothing that never was").check(|| {
        let map = Arc::new(KeyedMap::new());
        map.insert(1, 1);
        let [inserting, removing] = [map.clone(), map.clone()];
        let inserter = thread::spawn_named("inserter", move || inserting.insert(2, 2));
        let remover = thread::spawn_named("remover", move || removing.remove(&2));
        let length = map.len();
        assert!(
            length == 1 || length == 2,
            "I2: {length} keys, of one that stays and one that comes"
        );
        inserter.join().unwrap();
        remover.join().unwrap();
    });
}
