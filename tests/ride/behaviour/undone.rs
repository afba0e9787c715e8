//! Riders who give up, in the line, when called, in the car and when it has left.

use patterns::ride::Camp::{Crab, Gopher};
use patterns::ride::Ride;

use crate::crowd::Crowd;
use crate::support::within_deadline;

#[test]
fn who_gives_up_in_line_was_never_there() {
    within_deadline(|| {
        for which in 0..3 {
            let ride = Ride::new();
            let mut crowd = Crowd::at(&ride);
            crowd.come(&[Crab, Crab, Crab]);
            crowd.gives_up(which);
            assert_eq!(crowd.waiting(), (2, 0));
            crowd.comes(Crab);
            assert_eq!(crowd.waiting(), (3, 0), "three are no car");
            crowd.comes(Crab);
            crowd.settle();
            assert_eq!(crowd.present(), []);
            crowd.every_car_is_right();
        }
    });
}

#[test]
fn who_gives_up_when_called_dissolves_the_car() {
    within_deadline(|| {
        for which in 0..4 {
            let ride = Ride::new();
            let mut crowd = Crowd::at(&ride);
            crowd.come(&[Crab; 4]);
            crowd.gives_up(which);
            assert_eq!(crowd.waiting(), (3, 0), "three are left, and in line again");
            crowd.settle();
            assert_eq!(crowd.present().len(), 3, "no car leaves with three");
            crowd.comes(Crab);
            crowd.settle();
            assert_eq!(crowd.present(), [], "a fourth has come");
            crowd.every_car_is_right();
        }
    });
}

#[test]
fn who_gives_up_aboard_dissolves_the_car() {
    within_deadline(|| {
        for late in 0..3 {
            for which in (0..4).filter(|which| *which != late) {
                let ride = Ride::new();
                let mut crowd = Crowd::at(&ride);
                crowd.come(&[Gopher, Crab, Gopher, Crab]);
                for rider in (0..4).filter(|rider| *rider != late) {
                    assert!(!crowd.poll(rider));
                }
                crowd.gives_up(which);
                crowd.settle();
                assert!(!crowd.poll(late), "no car leaves with three");
                let camp = crowd.camps[which];
                crowd.comes(camp);
                crowd.settle();
                assert_eq!(crowd.present(), [], "another of the same camp has come");
                crowd.every_car_is_right();
            }
        }
    });
}

#[test]
fn those_left_behind_are_called_anew_at_once() {
    within_deadline(|| {
        let ride = Ride::new();
        let mut crowd = Crowd::at(&ride);
        crowd.come(&[Crab, Crab, Gopher, Gopher]);
        crowd.come(&[Crab, Crab]);
        assert_eq!(crowd.waiting(), (2, 0));
        // Two crabs of the car and two in line: four crabs.
        crowd.gives_up(2);
        assert_eq!(crowd.waiting(), (0, 1));
        crowd.settle();
        assert_eq!(crowd.present(), [3], "the gopher waits, the crabs have left");
        crowd.every_car_is_right();
    });
}

#[test]
fn who_comes_back_stands_where_they_stood() {
    within_deadline(|| {
        let ride = Ride::new();
        let mut crowd = Crowd::at(&ride);
        crowd.come(&[Crab, Crab, Crab, Gopher, Gopher]);
        crowd.gives_up(3);
        assert_eq!(crowd.waiting(), (3, 1));
        crowd.comes(Gopher);
        crowd.settle();
        assert_eq!(crowd.cars()[&0], [0, 1, 4, 5], "the third crab came after the other two");
    });
}

#[test]
fn a_dissolved_car_has_no_number() {
    within_deadline(|| {
        let ride = Ride::new();
        let mut crowd = Crowd::at(&ride);
        crowd.come(&[Crab; 4]);
        crowd.gives_up(0);
        crowd.comes(Crab);
        crowd.settle();
        assert_eq!(crowd.cars().into_keys().collect::<Vec<_>>(), [0]);
    });
}

#[test]
fn who_gives_up_when_the_car_has_left_changes_nothing() {
    within_deadline(|| {
        let ride = Ride::new();
        let mut crowd = Crowd::at(&ride);
        crowd.come(&[Crab; 4]);
        assert!(!crowd.poll(0) && !crowd.poll(1));
        assert!(crowd.poll(2), "all are in");
        crowd.gives_up(0);
        assert_eq!(crowd.waiting(), (0, 0), "nobody comes back");
        crowd.settle();
        assert_eq!(crowd.present(), []);
        assert!(crowd.seats.values().all(|seat| seat.car == 0), "the car has left with four");
        crowd.come(&[Gopher; 4]);
        crowd.settle();
        assert_eq!(crowd.cars()[&1], [4, 5, 6, 7]);
    });
}

#[test]
fn many_may_give_up_one_after_the_other() {
    within_deadline(|| {
        let ride = Ride::new();
        let mut crowd = Crowd::at(&ride);
        crowd.come(&[Crab; 4]);
        for next in 4..20 {
            crowd.gives_up(next - 4);
            assert_eq!(crowd.waiting(), (3, 0));
            crowd.comes(Crab);
            assert_eq!(crowd.waiting(), (0, 0), "the four who are there have been called");
        }
        crowd.settle();
        assert_eq!(crowd.cars()[&0], [16, 17, 18, 19]);
    });
}
