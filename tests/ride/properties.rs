//! Every order of arrival, and random scripts in which riders give up at any point.

use patterns::ride::Camp::{self, Crab, Gopher};
use patterns::ride::Ride;
use proptest::prelude::*;

use crate::crowd::{Crowd, fill_a_car};
use crate::support::{cases, within_deadline};

/// How many of a naive matcher's riders are left when `camps` have come one by one.
fn left_over(camps: &[Camp]) -> (usize, usize) {
    let (mut crabs, mut gophers) = (0, 0);
    for camp in camps {
        match camp {
            Crab => crabs += 1,
            Gopher => gophers += 1,
        }
        match (crabs, gophers) {
            (4.., _) => crabs -= 4,
            (_, 4..) => gophers -= 4,
            (2.., 2..) => (crabs, gophers) = (crabs - 2, gophers - 2),
            _ => {}
        }
    }
    (crabs, gophers)
}

#[test]
fn every_order_of_nine_fills_the_cars_it_can() {
    within_deadline(|| {
        for order in 0..1 << 9 {
            let camp = |bit: usize| if order >> bit & 1 == 0 { Crab } else { Gopher };
            let camps: Vec<_> = (0..9).map(camp).collect();
            let ride = Ride::new();
            let mut crowd = Crowd::at(&ride);
            for come in 1..=camps.len() {
                crowd.comes(camps[come - 1]);
                assert_eq!(crowd.waiting(), left_over(&camps[..come]), "{:?}", &camps[..come]);
                if order % 3 == 0 {
                    crowd.settle();
                }
            }
            crowd.settle();
            let (crabs, gophers) = left_over(&camps);
            assert_eq!(crowd.present().len(), crabs + gophers, "left of {camps:?}");
            crowd.every_car_is_right();
        }
    });
}

#[derive(Debug, Clone)]
enum Step {
    Comes(bool),
    /// Polls one of those who are there.
    Poll(usize),
    /// Polls one, and drops them if they are not through: they have not left.
    GivesUp(usize),
    /// Drops one unseen, who may have left.
    Vanishes(usize),
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => any::<bool>().prop_map(Step::Comes),
        8 => (0..12usize).prop_map(Step::Poll),
        3 => (0..12usize).prop_map(Step::GivesUp),
        3 => (0..12usize).prop_map(Step::Vanishes),
        1 => Just(Step::Settle),
    ]
}

fn play(steps: &[Step]) {
    let ride = Ride::new();
    let mut crowd = Crowd::at(&ride);
    // Those who vanished: they may have a seat in a car that has left.
    let mut vanished = Vec::new();
    for step in steps {
        let present = crowd.present();
        let pick = |which: usize| present[which % present.len()];
        match *step {
            Step::Comes(crab) => _ = crowd.comes(if crab { Crab } else { Gopher }),
            Step::Settle => crowd.settle(),
            _ if present.is_empty() => {}
            Step::Poll(which) => _ = crowd.poll(pick(which)),
            Step::GivesUp(which) => {
                if !crowd.poll(pick(which)) {
                    crowd.gives_up(pick(which));
                }
            }
            Step::Vanishes(which) => {
                crowd.gives_up(pick(which));
                vanished.push(pick(which));
            }
        }
        let waiting = crowd.waiting();
        assert!(!fill_a_car(waiting), "after {step:?}: {waiting:?} wait, and fill a car");
        assert!(waiting.0 + waiting.1 <= crowd.present().len(), "after {step:?}: a ghost waits");
    }
    crowd.settle();
    let camp_of = |rider: &usize| crowd.camps[*rider];
    let present = crowd.present();
    let crabs = present.iter().filter(|rider| camp_of(rider) == Crab).count();
    let expected = (crabs, present.len() - crabs);
    assert_eq!(crowd.waiting(), expected, "whoever is still there waits for a car, and not in one");
    let mut seats_unseen = 0;
    for (car, riders) in crowd.cars() {
        let crabs = riders.iter().filter(|rider| camp_of(rider) == Crab).count();
        let gophers = riders.len() - crabs;
        assert!(riders.len() <= 4 && (crabs, gophers) != (3, 1) && (crabs, gophers) != (1, 3));
        let drivers = riders.iter().filter(|rider| crowd.seats[*rider].driver).count();
        let missing = 4 - riders.len();
        assert!(drivers == 1 || (drivers == 0 && missing > 0), "drivers of car {car}: {drivers}");
        seats_unseen += missing;
    }
    assert!(seats_unseen <= vanished.len(), "a car has left with fewer than four");
    if vanished.is_empty() {
        crowd.every_car_is_right();
    }
}

#[test]
fn any_script_leaves_nobody_stuck() {
    within_deadline(|| {
        let config = cases(512, 11);
        let steps = proptest::collection::vec(step(), 1..80);
        proptest!(config, |(steps in steps)| play(&steps));
    });
}
