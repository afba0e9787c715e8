//! Every interleaving of riders who come, get in, leave and give up.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::future::join3;
use futures::{FutureExt, future::BoxFuture};
use loomscope::task::block_on;
use loomscope::{Model, thread};
use patterns::ride::Camp::{self, Crab, Gopher};
use patterns::ride::{Ride, Seat};

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/ride")
}

/// A rider who can be handed to another thread.
type Rider = BoxFuture<'static, Seat>;

/// A rider who has come to the stand, and was polled once.
fn comes(ride: &Arc<Ride>, camp: Camp) -> (Rider, Poll<Seat>) {
    let ride = ride.clone();
    let mut rider = async move { ride.board(camp).await }.boxed();
    let answer = poll(&mut rider);
    (rider, answer)
}

/// A rider who waits.
fn waits(ride: &Arc<Ride>, camp: Camp) -> Rider {
    let (rider, answer) = comes(ride, camp);
    assert!(answer.is_pending());
    rider
}

fn poll(rider: &mut Rider) -> Poll<Seat> {
    Pin::new(rider).poll(&mut Context::from_waker(Waker::noop()))
}

fn one_drives(seats: &[Seat]) {
    let drivers = seats.iter().filter(|seat| seat.driver).count();
    assert_eq!(drivers, 1, "I3: one of the four drives");
    assert!(seats.iter().all(|seat| seat.car == seats[0].car), "I1: they leave in one car");
}

#[test]
fn two_who_come_at_once_fill_a_car_with_two_who_wait() {
    model("I2: nobody waits where a car could be filled").check(|| {
        let ride = Arc::new(Ride::new());
        let waiting = [waits(&ride, Crab), waits(&ride, Gopher)];
        let [crab, gopher] = [("crab", Crab), ("gopher", Gopher)].map(|(name, camp)| {
            let ride = ride.clone();
            thread::spawn_named(name, move || block_on(ride.board(camp)))
        });
        let [first, second] = waiting;
        let (first, second) = block_on(futures::future::join(first, second));
        one_drives(&[first, second, crab.join().unwrap(), gopher.join().unwrap()]);
        assert_eq!((ride.waiting(Crab), ride.waiting(Gopher)), (0, 0));
    });
}

#[test]
fn four_who_come_at_once_leave_together() {
    model("I3: the last of the four to get in wakes the others").preemptions(1).check(|| {
        let ride = Arc::new(Ride::new());
        let others = ["second", "third", "fourth"].map(|name| {
            let ride = ride.clone();
            thread::spawn_named(name, move || block_on(ride.board(Crab)))
        });
        let first = block_on(ride.board(Crab));
        let [second, third, fourth] = others.map(|other| other.join().unwrap());
        one_drives(&[first, second, third, fourth]);
    });
}

#[test]
fn one_gives_up_while_the_fourth_comes() {
    model("I5: who gives up before the car leaves was never there").check(|| {
        let ride = Arc::new(Ride::new());
        let mut left = [waits(&ride, Crab), waits(&ride, Crab)];
        let third = waits(&ride, Crab);
        let gives_up = thread::spawn_named("gives up", move || drop(third));
        let theirs = ride.clone();
        let fourth = thread::spawn_named("fourth", move || waits(&theirs, Crab));
        gives_up.join().unwrap();
        let mut fourth = fourth.join().unwrap();
        assert_eq!(ride.waiting(Crab), 3, "I5: three are left, in line");
        assert!(left.iter_mut().all(|rider| poll(rider).is_pending()));
        assert!(poll(&mut fourth).is_pending(), "I3: no car leaves with three");
    });
}

#[test]
fn one_gives_up_while_the_last_gets_in() {
    model("I5: a car leaves with four, or it is dissolved").check(|| {
        let ride = Arc::new(Ride::new());
        let [mut first, mut second, third] = [(); 3].map(|()| waits(&ride, Crab));
        let fourth = waits(&ride, Crab);
        assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());
        let mut last = third;
        let gets_in = thread::spawn_named("gets in", move || {
            let seat = poll(&mut last);
            (last, seat)
        });
        let gives_up = thread::spawn_named("gives up", move || drop(fourth));
        let (mut last, seat) = gets_in.join().unwrap();
        gives_up.join().unwrap();
        match seat {
            Poll::Ready(seat) => {
                assert_eq!(poll(&mut first), Poll::Ready(Seat { driver: false, ..seat }), "I3");
                assert_eq!(poll(&mut second), Poll::Ready(Seat { driver: false, ..seat }), "I3");
                assert!(seat.driver && ride.waiting(Crab) == 0, "I5: the car has left with four");
            }
            Poll::Pending => {
                assert_eq!(ride.waiting(Crab), 3, "I5: three are left, in line");
                let all = [&mut first, &mut second, &mut last];
                assert!(all.into_iter().all(|rider| poll(rider).is_pending()));
            }
        }
    });
}

#[test]
fn who_is_called_anew_is_not_missed() {
    model("I6: who is called is woken, however often").preemptions(2).check(|| {
        let ride = Arc::new(Ride::new());
        let gives_up = waits(&ride, Crab);
        let [second, third] = [(); 2].map(|()| waits(&ride, Crab));
        let theirs = ride.clone();
        // Is called with the other three, or with those who are left.
        let comes = thread::spawn_named("comes", move || block_on(theirs.board(Crab)));
        let leaves = thread::spawn_named("gives up", move || drop(gives_up));
        let (second, third, fourth) = block_on(join3(second, third, ride.board(Crab)));
        leaves.join().unwrap();
        one_drives(&[second, third, fourth, comes.join().unwrap()]);
    });
}

#[test]
fn a_rider_may_move_while_the_car_is_called() {
    model("I6: the waker of the last poll is woken").check(|| {
        let ride = Arc::new(Ride::new());
        let [first, second, third] = [(); 3].map(|()| waits(&ride, Gopher));
        let theirs = ride.clone();
        let fourth = thread::spawn_named("fourth", move || block_on(theirs.board(Gopher)));
        let (first, second, third) = block_on(join3(first, second, third));
        one_drives(&[first, second, third, fourth.join().unwrap()]);
    });
}

#[test]
fn eight_of_two_camps_leave_in_two_cars() {
    model("I1: a car is four of one camp, or two of each").random(8).interleavings(300).check(
        || {
            let ride = Arc::new(Ride::new());
            let riders = [Crab, Gopher, Crab, Crab, Gopher, Crab, Gopher, Gopher].map(|camp| {
                let ride = ride.clone();
                (camp, thread::spawn_named("rider", move || block_on(ride.board(camp))))
            });
            let seats = riders.map(|(camp, rider)| (camp, rider.join().unwrap()));
            for car in [0, 1] {
                let of_car = || seats.iter().filter(|(_, seat)| seat.car == car);
                let crabs = of_car().filter(|(camp, _)| *camp == Crab).count();
                assert!(of_car().count() == 4 && [0, 2, 4].contains(&crabs), "I1: car {car}");
                assert_eq!(of_car().filter(|(_, seat)| seat.driver).count(), 1, "I3: car {car}");
            }
        },
    );
}
